"""The envelope of a request log: where a line keeps the request, the reply, and who asked.

Gateways, proxies and vendors' own exports wrap the same two bodies in different ways. Here they are
unwrapped; the vendors' readers know what stands in the bodies.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from assay.formats.usage_base import Conversation, RowError, first, list_of, object_of, word
from assay.formats.usage_hints import THREAD, named, places_of, who
from assay.records import Message

_REQUESTS = ("request", "request_body", "requestBody", "body", "input", "params", "kwargs")
_REPLIES = ("response", "response_body", "responseBody", "output", "completion", "result", "reply")


Sent: TypeAlias = "Callable[[dict[str, Any]], tuple[Message, ...]]"
Came: TypeAlias = "Callable[[Exchange], tuple[Message, ...]]"


@dataclass
class Exchange:
    """One call: the request's body, the reply's body, and the line that holds them.

    ``chunks`` are the pieces of a streamed reply. ``error`` says why there was no reply. ``flags``
    say what was amiss.
    """

    row: dict[str, Any]
    request: dict[str, Any]
    reply: dict[str, Any]
    chunks: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None
    flags: tuple[str, ...] = ()

    def conversation(self, messages: tuple[Message, ...], **known: Any) -> Conversation:
        """A conversation of these messages, with what the envelope says of who asked and when.

        Raises:
            RowError: there are no messages.
        """
        if not messages:
            raise RowError("failed_request" if self.error else "no_messages", self._why())
        places = places_of(self.row, self.request)
        found = who(places)
        flags = self.flags
        if not any(message.role == "user" for message in messages):
            flags += ("request_missing",)
        if messages[-1].role != "assistant":
            flags += ("reply_missing",)
        ident = word(first([self.reply, self.row], "id", "request_id", "uuid", "custom_id"))
        if not self.reply:
            ident = None  # a line's number or a batch's own id is no name
        found["date"] = found["date"] or first(self.reply, "created", "created_at")
        thread = named(places, *THREAD)
        return Conversation(
            messages=messages,
            id=ident,
            thread=thread or _begun(found["account"], messages),
            guessed=thread is None,
            error=self.error,
            flags=flags,
            **(found | known),
        )

    def messages(self, sent: Sent, came: Came) -> tuple[Message, ...]:
        """What was sent, and what came back, by the readers of a vendor's two bodies.

        Raises:
            RowError: one of them is no message.
        """
        try:
            return (*sent(self.request), *came(self))
        except RowError:
            raise
        except ValueError as error:
            raise RowError("bad_message", str(error)) from None

    def _why(self) -> str:
        return self.error or "there are no messages in the request or the reply"


def _begun(account: str | None, messages: tuple[Message, ...]) -> str | None:
    """A name for what an account began with these words; requests that go on share it."""
    if account is None:
        return None
    asked = next((message.content for message in messages if message.role == "user"), "")
    text = f"{account}\0{asked}"
    return "begun-" + hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def unwrap(row: dict[str, Any]) -> Exchange:
    """The call that a line of a log tells of.

    Raises:
        RowError: it is no call.
    """
    request = _request(row)
    if first(row, "object", "type") in _BARE:
        return Exchange(row, request, row, [], _error(row, row))
    for name in _REPLIES:
        held = row.get(name)
        pieces, flags = _pieces(held)
        if whole := _ended(pieces):
            return Exchange(row, request, whole, [], _error(row, whole), flags)
        if any(map(_is_streamed, pieces)):
            return Exchange(row, request, {}, pieces, _error(row, pieces[-1]), flags)
        reply = {"output": pieces} if pieces else _body(object_of(held))
        if reply:
            return Exchange(row, request, reply, [], _error(row, reply))
    return Exchange(row, request, {}, [], _error(row, {}))


def _pieces(held: Any) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The pieces of a reply, in a list or as server-sent events; and what was amiss."""
    bodies = [held, *(held.get(name) for name in _BODIES)] if isinstance(held, dict) else [held]
    for body in bodies:
        if isinstance(body, str) and body.lstrip().startswith(_STREAM):
            return _server_sent(body)
    return [each for each in list_of(held) if isinstance(each, dict)], ()


def _server_sent(text: str) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The JSON objects of an event stream (WHATWG HTML, 9.2.6); one that is none is left out."""
    pieces: list[dict[str, Any]] = []
    flags: tuple[str, ...] = ()
    data: list[str] = []
    for line in (*_LINE_END.split(text), ""):
        if line.startswith("data:"):
            data.append(line.removeprefix("data:").removeprefix(" "))
        elif not line and data:
            told, data = "\n".join(data), []
            piece = object_of(told)
            if piece:
                pieces.append(piece)
            elif told.strip() != "[DONE]":
                flags = ("stream_damaged",)
    return pieces, flags


def _ended(pieces: list[dict[str, Any]]) -> dict[str, Any]:
    """The reply that the responses API's events hold, as far as it came; empty for others."""
    last = next((each for each in pieces if each.get("type") in _ENDED), {})
    if whole := object_of(last.get("response")):
        return whole
    said = [each.get("delta") for each in pieces if each.get("type") == _SAID]
    text = "".join(each for each in said if isinstance(each, str))
    return {"output": [{"role": "assistant", "content": text}]} if text else {}


def _is_streamed(piece: dict[str, Any]) -> bool:
    return is_chunk(piece) or piece.get("type") in _EVENTS


def is_chunk(piece: dict[str, Any]) -> bool:
    """Whether this is a piece of a streamed chat completion; some servers do not name them so."""
    if piece.get("object") == "chat.completion.chunk":
        return True
    return any("delta" in object_of(choice) for choice in list_of(piece.get("choices")))


_EVENTS = ("message_start", "content_block_delta", "content_block_start")
_ENDED = ("response.completed", "response.incomplete", "response.failed")
_SAID = "response.output_text.delta"
_BODIES = ("body", "data", "text")
_STREAM = ("data:", "event:", ":")
_LINE_END = re.compile(r"\r\n|\n|\r")
_BARE = ("chat.completion", "text_completion", "response", "message")


def _request(row: dict[str, Any]) -> dict[str, Any]:
    for name in _REQUESTS:
        held = object_of(row.get(name))
        body = _body(held)
        if "messages" in body or "input" in body or "prompt" in body:
            return body | {key: held[key] for key in ("headers",) if key in held}
    return {key: value for key, value in row.items() if key not in _REPLIES}


def _body(held: dict[str, Any]) -> dict[str, Any]:
    """What travels: some logs keep the method, headers and status beside it; batches, a message."""
    for name in ("body", "json", "message", "data"):
        inner = object_of(held.get(name))
        if inner and "choices" not in held and "content" not in held:
            return inner
    return held


def _error(row: dict[str, Any], reply: dict[str, Any]) -> str | None:
    result = object_of(row.get("result"))
    for place in (row, reply, result):
        error = place.get("error")
        if isinstance(error, dict):
            inner = error.get("error")
            told = inner if isinstance(inner, dict) else error
            return str(first(told, "message", "type", "code") or "the request failed")[:500]
        if isinstance(error, str) and error:
            return error[:500]
    kind = result.get("type")
    return str(kind)[:100] if kind in ("errored", "canceled", "expired") else None
