"""Chat Completions as JSON: what a request looks like on the wire, and what a reply means.

OpenAI, Azure, vLLM, SGLang, Ollama, OpenRouter and llama.cpp speak it alike. Only the fields that
we use are decoded; the rest of a reply is skipped unread.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import msgspec

from assay.errors import RequestRejectedError
from assay.records import Message, Reply, Request, StopReason, ToolCall


class ChatRequest(msgspec.Struct, omit_defaults=True):
    """The request's fields, in the protocol's names."""

    messages: tuple[Message, ...] | list[Any]
    model: str | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    logprobs: bool = False
    top_logprobs: int = 0
    response_format: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None


class Function(msgspec.Struct):
    name: str = ""
    arguments: str | dict[str, Any] | None = None


class FunctionCall(msgspec.Struct):
    function: Function
    id: str | None = None
    index: int = 0


class ReplyMessage(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None
    tool_calls: list[FunctionCall] | None = None


class Alternative(msgspec.Struct):
    token: str
    logprob: float


class Token(msgspec.Struct):
    token: str
    logprob: float
    top_logprobs: list[Alternative] | None = None


class Logprobs(msgspec.Struct):
    content: list[Token] | None = None


class Choice(msgspec.Struct):
    message: ReplyMessage
    finish_reason: str | None = None
    logprobs: Logprobs | None = None


class Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class Completion(msgspec.Struct):
    """The reply's fields. Some servers send ``error`` with status 200 in place of choices."""

    choices: list[Choice] | None = None
    usage: Usage | None = None
    error: Any = None


_STOPS: dict[str | None, StopReason] = {
    "stop": "stop",
    "length": "max_tokens",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}
_encoder = msgspec.json.Encoder()
_NO_USAGE = Usage()


def chat_request(request: Request, *, limit: str = "max_tokens") -> ChatRequest:
    """The request in the protocol's terms, but for the model's name.

    Args:
        request: what to ask.
        limit: the name under which the server takes the greatest length of a reply.
    """
    asked = request.parameters
    told = ChatRequest(
        wire_messages(request.messages),
        temperature=asked.temperature,
        top_p=asked.top_p,
        seed=seed_of(request),
        stop=asked.stop,
    )
    if asked.max_tokens is not None:
        setattr(told, limit, asked.max_tokens)
    if asked.top_logprobs:
        told.logprobs, told.top_logprobs = True, asked.top_logprobs
    if asked.response_schema is not None:
        strict = asked.response_schema.get("additionalProperties") is False
        named = {"name": "reply", "schema": asked.response_schema, "strict": strict}
        told.response_format = {"type": "json_schema", "json_schema": named}
    if asked.tools:
        told.tools = [{"type": "function", "function": tool} for tool in asked.tools]
    return told


def seed_of(request: Request) -> int | None:
    """The seed to send: epochs after the first count on from it, so that they differ."""
    seed = request.parameters.seed
    return None if seed is None else seed + request.epoch - 1


def wire_messages(messages: tuple[Message, ...]) -> tuple[Message, ...] | list[Any]:
    """The messages in the protocol's shape, which is ours wherever no tool is called."""
    if not any(message.tool_calls for message in messages):
        return messages
    return [_with_calls(message) if message.tool_calls else message for message in messages]


def _with_calls(message: Message) -> dict[str, Any]:
    calls = [
        {
            "id": call.id,
            "type": "function",
            "function": {
                "name": call.function,
                "arguments": msgspec.json.encode(call.arguments).decode(),
            },
        }
        for call in message.tool_calls
    ]
    return {"role": message.role, "content": message.content or None, "tool_calls": calls}


def encode(told: Any, where: str) -> bytes:
    """JSON of a request.

    Raises:
        RequestRejectedError: its text cannot be written as UTF-8.
    """
    try:
        return _encoder.encode(told)
    except UnicodeEncodeError:
        raise RequestRejectedError(
            "the request's text holds half a character (a lone surrogate).",
            where=where,
            fix="Read the sample's file as UTF-8.",
        ) from None


def reply_of(completion: Completion, latency: float) -> Reply | None:
    """The first choice as a reply; None where there is no choice.

    Args:
        completion: what the server said.
        latency: seconds that it took.
    """
    if not completion.choices:
        return None
    choice = completion.choices[0]
    message, usage = choice.message, completion.usage or _NO_USAGE
    return Reply(
        text=message.refusal or message.content or "",
        stop_reason=_STOPS.get(choice.finish_reason, "unknown"),
        tool_calls=tuple(map(tool_call, message.tool_calls)) if message.tool_calls else (),
        input_tokens=usage.prompt_tokens or 0,
        output_tokens=usage.completion_tokens or 0,
        latency=latency,
        logprobs=first_alternatives(choice.logprobs) if choice.logprobs else None,
    )


def tool_call(call: FunctionCall) -> ToolCall:
    """A call as the model made it. Arguments that are no JSON object stand under ``_unparsed``."""
    told = call.function.arguments
    arguments = told if isinstance(told, dict) else _arguments(told or "{}")
    return ToolCall(call.id or f"call_{call.index}", call.function.name, arguments)


def _arguments(text: str) -> dict[str, Any]:
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except (msgspec.MsgspecError, RecursionError):
        return {"_unparsed": text}


def first_alternatives(logprobs: Logprobs) -> dict[str, float] | None:
    """The first token's alternatives, natural log-probabilities; those of one text are added up."""
    if not logprobs.content:
        return None
    first = logprobs.content[0]
    alternatives: Iterable[Alternative | Token] = first.top_logprobs or (first,)
    merged: dict[str, float] = {}
    for each in alternatives:
        logprob = min(each.logprob, 0.0)
        if each.token in merged:
            low, high = sorted((merged[each.token], logprob))
            logprob = min(high + math.log1p(math.exp(low - high)), 0.0)
        merged[each.token] = logprob
    return merged
