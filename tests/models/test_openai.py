from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import (
    AuthenticationError,
    ContextTooLongError,
    RateLimitError,
    RequestRejectedError,
)
from assay.models import Model, ModelSettings, Secret, choice_distribution, open_model
from assay.models.chat import Alternative, Logprobs, Token, first_alternatives
from assay.models.openai import OpenAI
from assay.records import Message, Parameters, Reply, Request, ToolCall
from tests.models.conftest import LlamaServer
from tests.support import fault_server as fault
from tests.support.fault_server import FaultServer

HELLO = Request((Message("user", "hello"),))


async def ask(behaviour: fault.Behaviour, request: Request = HELLO) -> tuple[Reply, Any]:
    """The reply, and the JSON that was sent."""
    with FaultServer(behaviour) as server:
        model = open_model("openai/any", ModelSettings(base_url=server.url))
        reply = await model.generate(request)
        await model.close()
    assert server.seen[0].path == "/v1/chat/completions"
    return reply, server.seen[0].json


async def test_a_plain_request_sends_only_what_is_set() -> None:
    reply, sent = await ask(fault.reply("Hi."))
    assert sent == {"model": "any", "messages": [{"role": "user", "content": "hello"}]}
    assert (reply.text, reply.stop_reason) == ("Hi.", "stop")
    assert (reply.input_tokens, reply.output_tokens, reply.logprobs) == (7, 3, None)
    assert 0 < reply.latency < 5


async def test_every_parameter_has_its_name() -> None:
    schema = {"type": "object", "additionalProperties": False}
    tool = {"name": "look", "description": "Look.", "parameters": {"type": "object"}}
    asked = Parameters(
        max_tokens=9,
        temperature=0,
        top_p=0.5,
        seed=100,
        stop=("a", "b"),
        top_logprobs=3,
        response_schema=schema,
        tools=(tool,),
    )
    _, sent = await ask(fault.reply(), Request(HELLO.messages, asked, epoch=3))
    del sent["messages"], sent["model"]
    assert sent == {
        "max_tokens": 9,
        "temperature": 0,
        "top_p": 0.5,
        "seed": 102,  # epochs differ
        "stop": ["a", "b"],
        "logprobs": True,
        "top_logprobs": 3,
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "reply", "schema": schema, "strict": True},
        },
        "tools": [{"type": "function", "function": tool}],
    }


async def test_tool_calls_go_out_and_come_in() -> None:
    call = ToolCall("c1", "look", {"where": "Zürich"})
    talk = (
        Message("user", "look"),
        Message("assistant", "", (call,)),
        Message("tool", "sunny", tool_call_id="c1"),
    )
    wire = {"id": "c2", "type": "function", "function": {"name": "look", "arguments": '{"a": 1}'}}
    odd = {"id": "c3", "type": "function", "function": {"name": "look", "arguments": '{"a": '}}
    message = {"role": "assistant", "content": None, "tool_calls": [wire, odd]}
    told = fault.body(fault.completion("", message=message, finish_reason="tool_calls"))
    reply, sent = await ask(told, Request(talk))
    assert sent["messages"][1]["content"] is None
    function = sent["messages"][1]["tool_calls"][0]["function"]
    assert (function["name"], json.loads(function["arguments"])) == ("look", {"where": "Zürich"})
    assert sent["messages"][2] == {"role": "tool", "content": "sunny", "tool_call_id": "c1"}
    assert (reply.text, reply.stop_reason) == ("", "tool_calls")
    assert reply.tool_calls[0] == ToolCall("c2", "look", {"a": 1})
    assert reply.tool_calls[1].arguments == {"_unparsed": '{"a": '}


@pytest.mark.parametrize(
    ("finish", "reason"),
    [
        ("stop", "stop"),
        ("length", "max_tokens"),
        ("content_filter", "content_filter"),
        ("function_call", "tool_calls"),
        ("whatever", "unknown"),
        (None, "unknown"),
    ],
)
async def test_finish_reasons(finish: str | None, reason: str) -> None:
    reply, _ = await ask(fault.body(fault.completion("x", finish_reason=finish)))
    assert reply.stop_reason == reason


async def test_a_filter_and_a_refusal_are_replies() -> None:
    body = json.dumps({"error": {"code": "content_filter", "message": "filtered"}})
    reply, _ = await ask(fault.status(400, body))
    assert (reply.text, reply.stop_reason) == ("", "content_filter")
    refused = {"role": "assistant", "content": None, "refusal": "I can't help with that."}
    reply, _ = await ask(fault.body(fault.completion("", message=refused)))
    assert reply.text == "I can't help with that."


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": None}, {"total_tokens": 3}])
async def test_a_reply_without_usage_counts_nothing(usage: object) -> None:
    body = json.dumps({"choices": [{"message": {"content": "x"}}], "usage": usage}).encode()
    reply, _ = await ask(fault.body(body))
    assert (reply.text, reply.input_tokens, reply.output_tokens) == ("x", 0, 0)


async def test_a_gateways_error_with_status_200_is_what_it_says() -> None:
    with pytest.raises(RateLimitError):
        await ask(fault.body(b'{"error": {"code": 429, "message": "slow down"}}'))


async def test_half_a_character_is_refused_before_it_is_sent() -> None:
    with FaultServer(fault.reply()) as server:
        model = open_model("openai/any", ModelSettings(base_url=server.url))
        with pytest.raises(RequestRejectedError, match="surrogate"):
            await model.generate(Request((Message("user", "a\ud800b"),)))
        await model.close()
    assert server.seen == []


async def test_text_of_any_language_survives() -> None:
    text = 'é 中文 عربي 😀 \u2028 \x00 "quoted" \\ </script>'
    reply, sent = await ask(
        fault.reply(lambda seen: seen.last_message), Request((Message("user", text),))
    )
    assert sent["messages"][0]["content"] == text
    assert reply.text == text


async def test_first_alternatives_come_from_the_first_token_only() -> None:
    tokens = [
        {"token": "A", "logprob": -0.1, "top_logprobs": [{"token": "A", "logprob": -0.1}]},
        {"token": "B", "logprob": -0.2, "top_logprobs": []},
    ]
    reply, _ = await ask(fault.body(fault.completion("AB", logprobs={"content": tokens})))
    assert reply.logprobs == {"A": -0.1}


@settings(max_examples=50)
@given(st.lists(st.tuples(st.sampled_from("AB"), st.floats(-9999, 0.001)), min_size=1, max_size=20))
def test_alternatives_of_one_text_are_added_up(told: list[tuple[str, float]]) -> None:
    alternatives = [Alternative(token, logprob) for token, logprob in told]
    merged = first_alternatives(Logprobs([Token("A", 0.0, alternatives)]))
    assert merged is not None
    assert set(merged) == {token for token, _ in told}
    for token, logprob in merged.items():
        assert max(x for t, x in told if t == token) - 1e-9 <= logprob + 0.001
        assert logprob <= 0


def test_openai_and_azure_take_the_newer_limit_and_azure_its_own_header() -> None:
    for url, limit, header in [
        ("https://api.openai.com/v1", "max_completion_tokens", "Authorization"),
        ("https://r.openai.azure.com/openai/v1", "max_completion_tokens", "api-key"),
        ("https://openrouter.ai/api/v1", "max_tokens", "Authorization"),
        ("https://openai.azure.com.evil.example/v1", "max_tokens", "Authorization"),
    ]:
        model = OpenAI("gpt", ModelSettings(base_url=url, api_key=Secret("some-key")))
        assert model._limit == limit
        assert header in model._wire._headers


def served(llama: LlamaServer, key: str | None = None) -> Model:
    settings = ModelSettings(base_url=f"{llama.origin}/v1", api_key=Secret(key or llama.key))
    return open_model("openai/smollm2", settings)


async def test_a_real_server_answers(llama_server: LlamaServer) -> None:
    model = served(llama_server)
    asked = Parameters(max_tokens=12, temperature=0, top_logprobs=5, seed=1)
    question = Message("user", "What is the capital of France? Answer in one sentence.")
    reply = await model.generate(Request((question,), asked))
    assert "Paris" in reply.text
    assert reply.stop_reason == "stop"
    assert reply.input_tokens > 20
    assert 0 < reply.output_tokens <= 12
    assert reply.logprobs is not None
    assert len(reply.logprobs) == 5
    assert max(reply.logprobs, key=lambda token: reply.logprobs[token]) == "The"
    await model.close()


async def test_a_real_server_keeps_to_a_schema(llama_server: LlamaServer) -> None:
    model = served(llama_server)
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    asked = Parameters(max_tokens=30, temperature=0, response_schema=schema)
    reply = await model.generate(Request((Message("user", "Is water wet?"),), asked))
    assert isinstance(json.loads(reply.text)["ok"], bool)
    await model.close()


async def test_a_real_server_spreads_a_choice(llama_server: LlamaServer) -> None:
    model = served(llama_server)
    question = "Which is a fruit?\nA) apple\nB) car\nAnswer with the letter only."
    told = await choice_distribution(model, Request((Message("user", question),)), ("A", "B"))
    assert told.method == "logprobs"
    assert told.probabilities is not None
    assert sum(told.probabilities.values()) == pytest.approx(1)
    assert told.mass > 0.1
    await model.close()


async def test_a_real_servers_refusals_have_their_errors(llama_server: LlamaServer) -> None:
    long = Request((Message("user", "word " * 3000),), Parameters(max_tokens=1))
    model = served(llama_server)
    with pytest.raises(ContextTooLongError):
        await model.generate(long)
    await model.close()
    stranger = served(llama_server, "another-key")
    with pytest.raises(AuthenticationError) as caught:
        await stranger.generate(HELLO)
    assert "another-key" not in str(caught.value)
    await stranger.close()
