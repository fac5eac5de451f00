"""Reads logs of Anthropic's API: messages with tool use, streamed replies, batch results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from assay.formats.chat import messages_of, text_of
from assay.formats.loose_json import decode
from assay.formats.usage_base import (
    Conversation,
    count,
    first,
    list_of,
    object_of,
    seconds,
    word,
)
from assay.formats.usage_requests import Exchange, unwrap
from assay.records import Message

_OPTIONS = ("temperature", "top_p", "top_k", "max_tokens")
_EVENTS = ("message_start", "content_block_delta", "content_block_start")


def fits(row: dict[str, Any]) -> bool:
    """Whether the row is a call of this API."""
    call = unwrap(row)
    if any(chunk.get("type") in _EVENTS for chunk in call.chunks):
        return True
    if call.reply.get("type") == "message" and isinstance(call.reply.get("content"), list):
        return True
    if object_of(row.get("result")).get("type") in ("succeeded", "errored", "canceled", "expired"):
        return True
    url = str(first([row, object_of(row.get("request"))], "url", "path", "endpoint") or "")
    model = str(first([call.request, row], "model") or "")
    return "/v1/messages" in url or ("claude" in model and bool(call.request.get("messages")))


def read_anthropic(row: dict[str, Any]) -> Iterator[Conversation]:
    """The conversation of one call: what was sent, and what came back.

    Raises:
        RowError: there is none.
    """
    call = unwrap(row)
    usage = object_of(call.reply.get("usage"))
    options = {
        name: call.request[name]
        for name in _OPTIONS
        if isinstance(call.request.get(name), int | float)
    }
    yield call.conversation(
        call.messages(_sent, _came),
        model=word(first([call.reply, call.request, row], "model")),
        model_options=options or None,
        stop_reason=word(call.reply.get("stop_reason")),
        input_tokens=count(usage.get("input_tokens")),
        output_tokens=count(usage.get("output_tokens")),
        latency=seconds(first(row, "latency", "duration")),
    )


def _sent(request: dict[str, Any]) -> tuple[Message, ...]:
    system = request.get("system")
    text = text_of(system) if isinstance(system, str | list) else ""
    before = (Message("system", text),) if text else ()
    return (*before, *messages_of(list_of(request.get("messages"))))


def _came(call: Exchange) -> tuple[Message, ...]:
    content = call.reply.get("content")
    if call.chunks:
        content = _blocks(call.chunks)
    if not isinstance(content, str | list) or not content:
        return ()
    return messages_of([{"role": "assistant", "content": content}])


def _blocks(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The blocks of a streamed reply, from its events."""
    blocks: dict[int, dict[str, Any]] = {}
    arguments: dict[int, str] = {}
    for event in events:
        index = count(event.get("index")) or 0
        if event.get("type") == "content_block_start":
            blocks[index] = dict(object_of(event.get("content_block")))
        elif event.get("type") == "content_block_delta":
            delta, block = object_of(event.get("delta")), blocks.setdefault(index, {"type": "text"})
            if isinstance(said := delta.get("text"), str):
                block["text"] = str(block.get("text", "")) + said
            if isinstance(piece := delta.get("partial_json"), str):
                arguments[index] = arguments.get(index, "") + piece
    for index, text in arguments.items():
        try:
            blocks[index]["input"] = decode(text)
        except ValueError:
            blocks[index]["input"] = text
    return [block for _, block in sorted(blocks.items())]
