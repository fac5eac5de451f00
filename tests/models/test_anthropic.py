from __future__ import annotations

from typing import Any

import pytest

from assay.errors import AuthenticationError, OverloadedError
from assay.models import ModelSettings, Secret, open_model
from assay.records import Message, Parameters, Reply, Request, ToolCall
from tests.models.conftest import LlamaServer
from tests.support import fault_server as fault
from tests.support.fault_server import FaultServer

HELLO = Request((Message("user", "hello"),))


async def ask(behaviour: fault.Behaviour, request: Request = HELLO) -> tuple[Reply, fault.Seen]:
    with FaultServer(behaviour) as server:
        settings = ModelSettings(base_url=server.origin, api_key=Secret("key-123456"))
        model = open_model("anthropic/claude", settings)
        reply = await model.generate(request)
        await model.close()
    return reply, server.seen[0]


async def test_a_plain_request() -> None:
    reply, seen = await ask(fault.reply("Hi."))
    assert seen.path == "/v1/messages"
    assert seen.headers["x-api-key"] == "key-123456"
    assert seen.headers["anthropic-version"] == "2023-06-01"
    messages = [{"role": "user", "content": "hello"}]
    assert seen.json == {"model": "claude", "max_tokens": 1024, "messages": messages}
    assert (reply.text, reply.stop_reason) == ("Hi.", "stop")
    assert (reply.input_tokens, reply.output_tokens) == (7, 3)


async def test_the_base_url_may_end_in_v1() -> None:
    with FaultServer(fault.reply()) as server:
        model = open_model("anthropic/claude", ModelSettings(base_url=f"{server.origin}/v1/"))
        await model.generate(HELLO)
        await model.close()
    assert server.seen[0].path == "/v1/messages"


async def test_parameters_and_system_messages_have_their_places() -> None:
    tool = {"name": "look", "description": "Look.", "parameters": {"type": "object"}}
    schema = {"type": "object"}
    asked = Parameters(
        max_tokens=9,
        temperature=0.5,
        top_p=0.9,
        seed=1,
        stop=("a",),
        top_logprobs=3,
        response_schema=schema,
        tools=(tool,),
    )
    talk = (Message("system", "Be brief."), Message("user", "a"), Message("user", "b"))
    _, seen = await ask(fault.reply(), Request(talk, asked))
    assert seen.json == {
        "model": "claude",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}],
        "system": "Be brief.",
        "temperature": 0.5,
        "top_p": 0.9,
        "stop_sequences": ["a"],
        "output_config": {"format": {"type": "json_schema", "schema": schema}},
        "tools": [{"name": "look", "description": "Look.", "input_schema": {"type": "object"}}],
    }


async def test_tool_calls_go_out_and_come_in() -> None:
    calls = (ToolCall("c1", "look", {"a": 1}), ToolCall("c2", "look", {"a": 2}))
    talk = (
        Message("user", "look"),
        Message("assistant", "I look.", calls),
        Message("tool", "one", tool_call_id="c1"),
        Message("tool", "two", tool_call_id="c2"),
        Message("user", "and?"),
    )
    content = [
        {"type": "thinking", "thinking": "hm"},
        {"type": "text", "text": "Once "},
        {"type": "text", "text": "more."},
        {"type": "tool_use", "id": "c3", "name": "look", "input": {"a": 3}},
    ]
    told = fault.completion("", "/v1/messages", content=content, stop_reason="tool_use")
    reply, seen = await ask(fault.body(told), Request(talk))
    sent: Any = seen.json["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "user", "user"]
    assert [block["type"] for block in sent[1]["content"]] == ["text", "tool_use", "tool_use"]
    assert sent[1]["content"][1] == {
        "type": "tool_use",
        "id": "c1",
        "name": "look",
        "input": {"a": 1},
    }
    assert [block["tool_use_id"] for block in sent[2]["content"]] == ["c1", "c2"]
    assert (reply.text, reply.stop_reason) == ("Once more.", "tool_calls")
    assert reply.tool_calls == (ToolCall("c3", "look", {"a": 3}),)


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "max_tokens"),
        ("model_context_window_exceeded", "max_tokens"),
        ("refusal", "content_filter"),
        ("pause_turn", "unknown"),
        (None, "unknown"),
    ],
)
async def test_stop_reasons(told: str | None, reason: str) -> None:
    reply, _ = await ask(fault.body(fault.completion("x", "/v1/messages", stop_reason=told)))
    assert reply.stop_reason == reason


async def test_cached_tokens_count_as_input() -> None:
    usage = {"input_tokens": 5, "cache_read_input_tokens": 100, "output_tokens": 1}
    reply, _ = await ask(fault.body(fault.completion("x", "/v1/messages", usage=usage)))
    assert reply.input_tokens == 105


async def test_overload_is_named_in_the_body() -> None:
    body = b'{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}'
    with pytest.raises(OverloadedError):
        await ask(fault.status(529, body))


async def test_a_real_server_answers_and_wants_its_key(llama_server: LlamaServer) -> None:
    settings = ModelSettings(base_url=llama_server.origin, api_key=Secret(llama_server.key))
    model = open_model("anthropic/smollm2", settings)
    talk = (Message("system", "Answer in one sentence."), Message("user", "Capital of France?"))
    reply = await model.generate(Request(talk, Parameters(max_tokens=12, temperature=0)))
    assert "Paris" in reply.text
    assert reply.input_tokens > 10
    assert reply.output_tokens > 0
    await model.close()
    stranger = open_model(
        "anthropic/smollm2",
        ModelSettings(base_url=llama_server.origin, api_key=Secret("wrong-key")),
    )
    with pytest.raises(AuthenticationError):
        await stranger.generate(HELLO)
    await stranger.close()
