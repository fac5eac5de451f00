"""Each shape of log gives the conversation that it holds; any value gives one or a reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import NotFoundError
from assay.formats.usage_base import Conversation, RowError, at, may_have
from assay.formats.usage_registry import (
    FORMATS,
    check_format,
    check_mapping,
    conversations,
    detect,
    parse,
)
from assay.records import ToolCall
from tests.formats import usage_examples as ex


def read(row: Any, name: str | None = None, **mapping: str) -> list[Conversation]:
    name = name or detect([row], mapping)
    assert name is not None
    found = list(conversations(row, name, mapping))
    for each in found:
        assert isinstance(each, Conversation), each
    return found  # type: ignore[return-value]


def told(found: Conversation) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in found.messages]


SPOON = [("user", ex.ASKED), ("assistant", ex.REPLY)]


@pytest.mark.parametrize(
    ("row", "name"),
    [
        (ex.OPENAI, "openai"),
        (ex.OPENAI_TOOLS, "openai"),
        (ex.OPENAI_RESPONSES, "openai"),
        (ex.OPENAI_RESPONSES["response"], "openai"),
        (ex.OPENAI_BATCH, "openai"),
        (ex.OPENAI_STREAMED, "openai"),
        (ex.ANTHROPIC, "anthropic"),
        (ex.ANTHROPIC_BATCH, "anthropic"),
        (ex.ANTHROPIC_BATCH_FAILED, "anthropic"),
        (ex.SHAREGPT, "chat"),
        (ex.LMSYS, "chat"),
        (ex.WILDCHAT, "chat"),
        (ex.ARENA, "chat"),
        (ex.CHATGPT, "chat"),
        (ex.ALPACA, "chat"),
        (ex.PAIR, "chat"),
        ({"transcript_id": "t", "messages": []}, "transcripts"),
        *((row, "otel") for row in ex.OTEL.values()),
        ({"colour": "green"}, None),
    ],
)
def test_the_format_is_told_from_a_row(row: dict[str, Any], name: str | None) -> None:
    assert detect([row], {}) == name


def test_an_openai_call() -> None:
    [found] = read(ex.OPENAI)
    assert told(found) == [("system", "Be brief."), *SPOON]
    assert (found.id, found.account, found.model) == ("chatcmpl-1", "ann", "gpt-x-2026")
    assert found.network == "203.0.113.9, 10.0.0.1"
    assert found.client == {"user_agent": "client/1.0"}
    assert (found.input_tokens, found.output_tokens, found.stop_reason) == (20, 9, "stop")
    assert found.model_options == {"temperature": 0.2}
    assert found.date == "2026-03-01T10:00:00Z"


def test_bodies_may_be_text() -> None:
    row = {
        "request": json.dumps(ex.OPENAI["request"]),
        "response": json.dumps(ex.OPENAI["response"]),
    }
    assert told(read(row)[0]) == told(read(ex.OPENAI)[0])


def test_tool_calls_are_kept() -> None:
    [found] = read(ex.OPENAI_TOOLS)
    assert found.messages[1].tool_calls == (ToolCall("call_1", "weather", {"city": "Oslo"}),)
    assert found.messages[2].tool_call_id == "call_1"
    [found] = read(ex.ANTHROPIC)
    assert told(found) == [
        ("system", "Be brief."),
        ("user", "Is it raining in Oslo?"),
        ("assistant", "I look."),
        ("tool", "rain"),
        ("assistant", "Yes."),
    ]
    assert found.messages[2].tool_calls[0].arguments == {"city": "Oslo"}
    assert found.messages[3].tool_call_id == "t1"
    assert (found.account, found.stop_reason, found.output_tokens) == ("ann", "end_turn", 3)


def test_the_responses_api() -> None:
    [found] = read(ex.OPENAI_RESPONSES)
    assert told(found) == [
        ("system", "Be brief."),
        ("user", ex.ASKED),
        ("assistant", ""),
        ("tool", "wood"),
        ("assistant", ex.REPLY),
    ]
    assert found.messages[2].tool_calls[0].function == "find"
    assert (found.id, found.input_tokens) == ("resp_1", 20)


def test_batches() -> None:
    [found] = read(ex.OPENAI_BATCH)
    assert told(found) == [("assistant", ex.REPLY)]
    assert found.flags == ("request_missing",)
    assert found.id == "chatcmpl-1"
    assert told(read(ex.ANTHROPIC_BATCH)[0]) == [("assistant", "Yes.")]
    [error] = conversations(ex.ANTHROPIC_BATCH_FAILED, "anthropic", {})
    assert isinstance(error, RowError)
    assert (error.reason, error.detail) == ("failed_request", "too long")


def test_streamed_replies_are_joined() -> None:
    assert told(read(ex.OPENAI_STREAMED)[0]) == SPOON
    nameless = [{"choices": each["choices"]} for each in ex.OPENAI_STREAMED["response"]]
    assert told(read({**ex.OPENAI_STREAMED, "response": nameless})[0]) == SPOON
    events = [
        {"type": "message_start", "message": {"id": "m"}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Ye"}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "s."}},
        {
            "type": "content_block_start",
            "index": 1,
            "content_block": {"type": "tool_use", "id": "t", "name": "weather", "input": {}},
        },
        {
            "type": "content_block_delta",
            "index": 1,
            "delta": {"type": "input_json_delta", "partial_json": '{"city": '},
        },
        {
            "type": "content_block_delta",
            "index": 1,
            "delta": {"type": "input_json_delta", "partial_json": '"Oslo"}'},
        },
    ]
    [found] = read({"request": ex.ANTHROPIC["request"], "response": events})
    assert found.messages[-1].content == "Yes."
    assert found.messages[-1].tool_calls[0].arguments == {"city": "Oslo"}


def as_events(pieces: list[Any], end: str = "\n") -> str:
    """Pieces as a server sends them."""
    lines = (f"event: e{end}data: {json.dumps(each)}{end}{end}" for each in pieces)
    return f": ping{end}{end}" + "".join(lines)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_event_streams_are_read(end: str) -> None:
    text = as_events(ex.OPENAI_STREAMED["response"], end) + f"data: [DONE]{end}{end}"
    for held in (text, {"status": 200, "body": text}):
        [found] = read({**ex.OPENAI_STREAMED, "response": held})
        assert (told(found), found.flags) == (SPOON, ())
    anthropic = [
        {"type": "message_start", "message": {"id": "m"}},
        {"type": "content_block_delta", "index": 0, "delta": {"text": "Two\u2028lines"}},
    ]
    [found] = read({"request": ex.ANTHROPIC["request"], "response": as_events(anthropic, end)})
    assert found.messages[-1].content == "Two\u2028lines"


def test_event_streams_of_the_responses_api_are_read_whole_or_as_far_as_they_came() -> None:
    whole = ex.OPENAI_RESPONSES["response"]
    deltas = [{"type": "response.output_text.delta", "delta": piece} for piece in ("As f", "ar.")]
    ended = as_events([*deltas, {"type": "response.completed", "response": whole}])
    [found] = read({"request": ex.OPENAI_RESPONSES["request"], "response": ended})
    assert (found.id, found.messages[-1].content) == ("resp_1", ex.REPLY)
    cut = as_events(deltas) + 'data: {"type": "response.output_te'
    [found] = read({"request": ex.OPENAI_RESPONSES["request"], "response": cut}, "openai")
    assert found.messages[-1].content == "As far."
    assert found.flags == ("stream_damaged",)


def test_an_export_of_chatgpt_gives_the_branch_that_was_read_last() -> None:
    [found] = read(ex.CHATGPT)
    assert told(found) == SPOON
    assert (found.id, found.model, found.date) == ("c-1", "gpt-x", 1_772_359_200.5)
    circle = json.loads(json.dumps(ex.CHATGPT))
    circle["mapping"]["b"]["parent"] = "d"
    [error] = conversations(circle, "chat", {})
    assert isinstance(error, RowError)
    assert error.reason == "bad_message"


def test_data_sets_of_chats() -> None:
    for row, ident in ((ex.SHAREGPT, "sg_1"), (ex.LMSYS, "c1"), (ex.WILDCHAT, "h1")):
        [found] = read(row)
        assert told(found) == SPOON
        assert found.id == ident
    assert found.network == "aa11"
    assert found.client == {"user_agent": "browser", "accept_language": "en"}
    assert found.metadata == {"turn": 1, "toxic": False, "country": "Norway"}
    battle = read(ex.ARENA)
    assert [(each.id, each.model) for each in battle] == [("q1-a", "a-x"), ("q1-b", "b-x")]
    assert told(read(ex.ALPACA)[0])[0] == ("user", f"Make it shorter.\n\n{ex.ASKED}")
    [found] = read(ex.PAIR)
    assert (told(found), found.account) == (SPOON, "ann")


@pytest.mark.parametrize("name", ex.OTEL)
def test_spans_of_every_convention(name: str) -> None:
    [found] = read(ex.OTEL[name])
    assert told(found) == SPOON
    assert found.surface == "shop"
    assert found.date == 1_772_359_200_000_000_000 + (name != "logs")


def test_what_a_span_tells() -> None:
    [found] = read(ex.OTEL_PRESENT)
    assert (found.account, found.network, found.model) == ("ann", "203.0.113.9", "gpt-x")
    assert (found.input_tokens, found.output_tokens, found.stop_reason) == (20, 9, "stop")
    assert found.latency == 1.0


def conversation(turns: int, **more: Any) -> dict[str, Any]:
    """Attributes of the last call of a conversation of so many turns."""
    history = [ex.said("user", "Question 0?")]
    for turn in range(1, turns):
        history += [ex.said("assistant", f"Answer {turn - 1}.")]
        history += [ex.said("user", f"Question {turn}?")]
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.input.messages": json.dumps(history),
        "gen_ai.output.messages": json.dumps([ex.said("assistant", f"Answer {turns - 1}.")]),
        **more,
    }


def test_calls_of_one_trace_that_go_on_are_one_conversation() -> None:
    spans = [ex.span(conversation(turns), number=turns) for turns in (1, 2, 3)]
    other = ex.span(
        {**conversation(1), "gen_ai.input.messages": '[{"content": "Else?"}]'}, number=9
    )
    found = read(ex.export(spans[2], other, spans[0], spans[1]))
    assert [len(each.messages) for each in found] == [6, 2]
    assert found[0].flags == ("spans_joined",)


def test_calls_of_one_conversation_that_hold_only_what_is_new_are_put_together() -> None:
    named = {"gen_ai.conversation.id": "c", "gen_ai.operation.name": "chat"}
    spans = [
        ex.span(
            {
                **named,
                "gen_ai.input.messages": json.dumps([ex.said("user", f"Question {turn}?")]),
                "gen_ai.output.messages": json.dumps([ex.said("assistant", f"Answer {turn}.")]),
            },
            number=turn,
        )
        for turn in (1, 2)
    ]
    [found] = read(ex.export(*spans))
    assert [text for _, text in told(found)] == [
        "Question 1?",
        "Answer 1.",
        "Question 2?",
        "Answer 2.",
    ]


def test_spans_of_tools_in_the_present_conventions() -> None:
    history = [
        ex.said("user", "Is it raining in Oslo?"),
        {
            "role": "assistant",
            "parts": [
                {"type": "tool_call", "id": "t1", "name": "weather", "arguments": {"city": "Oslo"}}
            ],
        },
        {
            "role": "tool",
            "parts": [{"type": "tool_call_response", "id": "t1", "response": {"sky": "rain"}}],
        },
    ]
    row = {**ex.PRESENT, "gen_ai.input.messages": json.dumps(history)}
    [found] = read(ex.export(ex.span(row)))
    assert found.messages[1].tool_calls == (ToolCall("t1", "weather", {"city": "Oslo"}),)
    assert (found.messages[2].role, found.messages[2].content) == ("tool", '{"sky": "rain"}')


def test_spans_without_a_conversation_say_why() -> None:
    row = ex.export(
        ex.span({"http.method": "GET"}),
        ex.span({"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-x"}),
        ex.span({"gen_ai.operation.name": "embeddings"}),
    )
    reasons = [error.reason for error in conversations(row, "otel", {})]  # type: ignore[union-attr]
    assert reasons == ["no_model_call", "no_content", "no_model_call"]


def test_columns_are_mapped_to_fields() -> None:
    row = {"Frage": ex.ASKED, "Antwort": ex.REPLY, "wer": {"konto": "ann"}, "input": "no"}
    [found] = read(row, prompt="Frage", reply="Antwort", account="wer.konto", surface="input")
    assert (told(found), found.account, found.surface) == (SPOON, "ann", "no")


def test_paths() -> None:
    row = {"a": {"b": [{"c": 1}]}, "a.b": 2}
    assert (at(row, "a.b"), at(row, "a.b.0.c")) == (2, 1)
    assert (at({"a": 1}, "a.b.c"), at([], "x")) == (None, None)
    assert all(may_have(row, path) for path in ("a", "a.b", "a.b.0.c"))
    assert not any(may_have(row, path) for path in ("b", "a.c", "a.b.0.d", "a.b.1", "a.b.c"))
    assert may_have({"a": None}, "a.b")
    assert not may_have({"a": 1}, "a.b")


def test_unknown_formats_and_fields_are_refused() -> None:
    with pytest.raises(NotFoundError, match="there is no format 'x'"):
        check_format("x")
    with pytest.raises(NotFoundError, match="there is no field 'colour'"):
        check_mapping({"colour": "x"})
    with pytest.raises(NotFoundError, match="Map id, role and content"):
        check_mapping({"role": "x"})


@pytest.mark.parametrize(
    ("data", "value", "flags"),
    [
        (b'{"a": "caf\xe9 \xe2\x82\xac"}', {"a": "caf\u00e9 \u20ac"}, ("mixed_encoding",)),
        (b'{"a": "x\\u0000y"}', {"a": "x\ufffdy"}, ("zero_characters",)),
        (b'{"a": "\\ud83d"}', {"a": "\ufffd"}, ("half_characters",)),
        (b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}, ()),
        (b'{"a": "tab\there"}', {"a": "tab\there"}, ()),
        (b'{"a": "bell\x07"}', {"a": "bell\x07"}, ("control_characters",)),
        ("{'a'}".encode("utf-16"), RowError, ()),
        (b"\0\0\0", RowError, ()),
        (b"[" * 100_000, RowError, ()),
        (b'{"a": NaN}', {"a": pytest.approx(float("nan"), nan_ok=True)}, ()),
    ],
)
def test_bytes_become_values(data: bytes, value: Any, flags: tuple[str, ...]) -> None:
    if value is RowError:
        with pytest.raises(RowError):
            parse(data)
    else:
        assert parse(data) == (value, flags)


def test_right_to_left_and_zero_width_text_is_kept_as_it_is() -> None:
    text = "\u05e9\u05dc\u05d5\u05dd\u202e\u200b\u200d\ufeff \u0645\u0631\u062d\u0628\u0627"
    row = {"messages": [{"role": "user", "content": text}]}
    assert parse(json.dumps(row).encode()) == (row, ())
    assert read(row)[0].messages[0].content == text


EXAMPLES = [value for name, value in vars(ex).items() if name.isupper() and name != "OTEL"]


def keys_of(value: Any) -> set[str]:
    """Every key in a value."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = set(value) if isinstance(value, dict) else set()
    return own.union(*map(keys_of, inner))


KEYS = sorted(set().union(*map(keys_of, EXAMPLES)))
leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
leaves |= st.sampled_from(["user", "assistant", "tool", "[]", "{}", "[{}]", '{"messages": 1}'])
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(value=values, name=st.sampled_from(FORMATS))
def test_any_value_gives_conversations_or_reasons(value: Any, name: str) -> None:
    found = list(conversations(value, name, {}))
    assert found
    assert all(isinstance(each, Conversation | RowError) for each in found)
    detect([value], {})


@st.composite
def broken(draw: st.DrawFn) -> Any:
    """A sound row in which one value was replaced by another."""
    row = json.loads(json.dumps(draw(st.sampled_from([r for r in EXAMPLES if type(r) is dict]))))
    place: Any = row
    for _ in range(draw(st.integers(1, 6))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = draw(st.sampled_from(keys))
        if isinstance(place[key], dict | list) and draw(st.integers(0, 4)):
            place = place[key]
        else:
            place[key] = draw(values)
            break
    return row


@settings(max_examples=300, deadline=None)
@given(row=broken())
def test_a_broken_row_gives_conversations_or_reasons(row: Any) -> None:
    for name in {detect([row], {}) or "chat", "openai", "otel"}:
        assert all(
            isinstance(each, Conversation | RowError) for each in conversations(row, name, {})
        )
