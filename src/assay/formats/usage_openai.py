"""Reads logs of OpenAI's API: chat completions, the responses API, completions, batch outputs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assay.formats.chat import messages_of, text_of
from assay.formats.usage_base import (
    Conversation,
    count,
    first,
    list_of,
    object_of,
    seconds,
    word,
)
from assay.formats.usage_requests import Exchange, is_chunk, unwrap
from assay.records import Message

_OPTIONS = (
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "reasoning_effort",
    "seed",
)


def fits(row: dict[str, Any]) -> bool:
    """Whether the row is a call of this API."""
    call = unwrap(row)
    if any(map(is_chunk, call.chunks)):
        return True
    if list_of(call.reply.get("choices")) or call.reply.get("object") in (
        "chat.completion",
        "response",
    ):
        return True
    url = str(first([row, object_of(row.get("request"))], "url", "path", "endpoint") or "")
    return "/chat/completions" in url or "/v1/responses" in url or "/v1/completions" in url


def read_openai(row: dict[str, Any]) -> Iterator[Conversation]:
    """The conversation of one call: what was sent, and what came back.

    Raises:
        RowError: there is none.
    """
    call = unwrap(row)
    usage = object_of(call.reply.get("usage"))
    options = {name: call.request[name] for name in _OPTIONS if _is_number(call.request.get(name))}
    yield call.conversation(
        call.messages(_sent, _came),
        model=word(first([call.reply, call.request, row], "model")),
        model_options=options or None,
        stop_reason=_stop(call.reply),
        input_tokens=count(first(usage, "prompt_tokens", "input_tokens")),
        output_tokens=count(first(usage, "completion_tokens", "output_tokens")),
        latency=seconds(first(row, "latency", "duration", "response_time")),
    )


def _sent(request: dict[str, Any]) -> tuple[Message, ...]:
    if (messages := list_of(request.get("messages"))) != []:
        return messages_of(messages)
    system = request.get("instructions")
    before = (Message("system", system),) if isinstance(system, str) and system else ()
    asked = request.get("input", request.get("prompt"))
    if isinstance(asked, str) and asked:
        return (*before, Message("user", asked))
    return (*before, *items(list_of(asked)))


def _came(call: Exchange) -> tuple[Message, ...]:
    reply = call.reply
    if call.chunks:
        return _joined(call.chunks)
    if output := list_of(reply.get("output")):
        return items(output)
    choice = object_of(next(iter(list_of(reply.get("choices"))), None))
    if message := object_of(choice.get("message")):
        content = message.get("content")
        if content is None and isinstance(message.get("refusal"), str):
            content = message["refusal"]
        return messages_of([{**message, "role": "assistant", "content": content}])
    text = choice.get("text")
    return (Message("assistant", text),) if isinstance(text, str) else ()


def items(listed: list[Any]) -> tuple[Message, ...]:
    """Messages of the responses API's items; a call that follows a reply is part of it."""
    messages: list[Any] = []
    for each in listed:
        item = {"role": "user", "content": each} if isinstance(each, str) else object_of(each)
        kind = item.get("type")
        if kind in ("function_call", "custom_tool_call"):
            call = {
                "id": first(item, "call_id", "id"),
                "function": {
                    "name": item.get("name"),
                    "arguments": first(item, "arguments", "input"),
                },
            }
            if not (messages and messages[-1]["role"] == "assistant"):
                messages.append({"role": "assistant", "content": ""})
            messages[-1].setdefault("tool_calls", []).append(call)
        elif kind in ("function_call_output", "custom_tool_call_output"):
            output = item.get("output")
            text = text_of(output) if isinstance(output, str | list) else ""
            told = {"role": "tool", "content": text, "tool_call_id": item.get("call_id")}
            messages.append(told)
        elif "role" in item:
            messages.append({"role": item["role"], "content": item.get("content")})
        elif kind != "reasoning" and isinstance(kind, str):
            messages.append({"role": "assistant", "content": f"[{kind[:40]}]"})
    return messages_of(messages)


def _joined(chunks: list[dict[str, Any]]) -> tuple[Message, ...]:
    """A streamed reply, from its pieces."""
    text: list[str] = []
    calls: dict[int, dict[str, Any]] = {}
    for chunk in chunks:
        choice = object_of(next(iter(list_of(chunk.get("choices"))), None))
        delta = object_of(choice.get("delta"))
        if isinstance(said := delta.get("content"), str):
            text.append(said)
        for piece in map(object_of, list_of(delta.get("tool_calls"))):
            index = count(piece.get("index")) or 0
            call = calls.setdefault(index, {"id": None, "name": "", "arguments": ""})
            call["id"] = word(piece.get("id")) or call["id"]
            function = object_of(piece.get("function"))
            call["name"] += word(function.get("name")) or ""
            arguments = function.get("arguments")
            call["arguments"] += arguments if isinstance(arguments, str) else ""
    told = [{"id": call["id"], "function": call} for _, call in sorted(calls.items())]
    if not text and not told:
        return ()
    return messages_of([{"role": "assistant", "content": "".join(text), "tool_calls": told}])


def _stop(reply: dict[str, Any]) -> str | None:
    choice = object_of(next(iter(list_of(reply.get("choices"))), None))
    return word(choice.get("finish_reason")) or word(reply.get("status"))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and len(value) < 20)
