import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.formats.chat import messages_of, text_of
from assay.records import Message, ToolCall, encode_messages


def test_plain_messages() -> None:
    raw = [
        {"role": "developer", "content": "Be kind."},
        {"role": "human", "content": "Hi", "id": "x", "source": "input"},
        {"role": "assistant", "content": None},
        {"role": "function", "content": "42", "name": "f"},
    ]
    assert messages_of(raw) == (
        Message("system", "Be kind."),
        Message("user", "Hi"),
        Message("assistant", ""),
        Message("tool", "42"),
    )


def test_parts_become_text_and_what_is_not_text_leaves_a_mark() -> None:
    parts = [
        {"type": "reasoning", "reasoning": "secret thought"},
        {"type": "text", "text": "Look:"},
        {"type": "image", "image": "data:image/png;base64,AAAA"},
        {"type": "document", "document": "...", "filename": "a.pdf"},
        {"type": "refusal", "refusal": "No."},
        "bare",
    ]
    assert text_of(parts) == "Look:\n[image]\n[document: a.pdf]\nNo.\nbare"


def test_attachments_are_resolved() -> None:
    raw = [{"role": "user", "content": "attachment://0123"}]
    assert messages_of(raw, {"0123": "long text"}) == (Message("user", "long text"),)
    assert messages_of(raw, {}) == (Message("user", "attachment://0123"),)


def test_inspects_tool_calls() -> None:
    raw = [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": "c1", "function": "search", "arguments": {"q": 1}, "type": "function"}
            ],
        },
        {
            "role": "tool",
            "content": "",
            "tool_call_id": "c1",
            "error": {"type": "timeout", "message": "It took too long."},
        },
    ]
    assert messages_of(raw) == (
        Message("assistant", "", (ToolCall("c1", "search", {"q": 1}),)),
        Message("tool", "It took too long.", tool_call_id="c1"),
    )


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ('{"q": 1}', {"q": 1}),
        ("", {}),
        (None, {}),
        ("{broken", {"arguments": "{broken"}),
        ("[1]", {"arguments": [1]}),
    ],
)
def test_openais_tool_calls(arguments: object, expected: dict[str, object]) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": arguments}}
    [message] = messages_of([{"role": "assistant", "content": None, "tool_calls": [call]}])
    assert message.tool_calls == (ToolCall("c", "f", expected),)


def test_anthropics_tool_use_and_results() -> None:
    raw = [
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm"},
                {"type": "text", "text": "I look."},
                {"type": "tool_use", "id": "c1", "name": "f", "input": {"a": 1}},
            ],
        },
        {
            "role": "user",
            "content": [
                {
                    "type": "tool_result",
                    "tool_use_id": "c1",
                    "content": [{"type": "text", "text": "42"}],
                },
                {"type": "text", "text": "Well?"},
            ],
        },
    ]
    assert messages_of(raw) == (
        Message("assistant", "I look.", (ToolCall("c1", "f", {"a": 1}),)),
        Message("tool", "42", tool_call_id="c1"),
        Message("user", "Well?"),
    )


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({}, "must be a list"),
        ([1], "message 1: it must be an object"),
        ([{"role": "user", "content": "x"}, {"content": "y"}], "message 2: the role None"),
        ([{"role": "pope", "content": "x"}], "message 1: the role 'pope' is unknown"),
        ([{"role": ["user"], "content": "x"}], "message 1"),
        ([{"role": "user", "content": 4}], "message 1: content must be text"),
        ([{"role": "user", "content": [4]}], "message 1: content must be text"),
        ([{"role": "assistant", "tool_calls": [3]}], "a tool call must be an object"),
        ([{"role": "assistant", "tool_calls": [{"id": "x"}]}], "must name its function"),
        ([{"role": "assistant", "tool_calls": 5}], "message 1"),
        ([{"role": "user", "content": [{"type": "tool_use", "input": {}}]}], "message 1"),
    ],
)
def test_what_is_no_conversation_is_said(raw: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        messages_of(raw)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["role", "content", "type", "text", "tool_calls", "function", "id", "name"]
            )
            | st.text(max_size=3),
            inner | st.sampled_from(["user", "assistant", "tool_use", "tool_result", "text"]),
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_anything_gives_messages_or_a_value_error(raw: object) -> None:
    try:
        messages = messages_of(raw)
    except ValueError:
        return
    assert all(isinstance(message.content, str) for message in messages)
    encode_messages(messages)


@given(
    st.lists(
        st.builds(
            Message,
            st.sampled_from(["system", "user", "assistant", "tool"]),
            st.text(st.characters(exclude_categories=["Cs"])),
        )
    )
)
def test_our_own_messages_are_unchanged(messages: list[Message]) -> None:
    assert messages_of(msgspec.to_builtins(messages)) == tuple(messages)
