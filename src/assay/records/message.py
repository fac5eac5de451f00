"""What passes between a user, a model and its tools; the JSON is Inspect's ChatMessage."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

Role = Literal["system", "user", "assistant", "tool"]


class ToolCall(msgspec.Struct, frozen=True, omit_defaults=False):
    """A call that the model asked for: its id, the tool's name and its arguments."""

    id: str
    function: str
    arguments: dict[str, Any]
    type: str = "function"


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message. ``tool_call_id`` says which call a tool's message answers."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


def encode_messages(messages: tuple[Message, ...]) -> str:
    """JSON list of messages, as Scout's ``messages`` column holds it."""
    return _encoder.encode(messages).decode()


def decode_messages(text: str | bytes) -> tuple[Message, ...]:
    """The inverse of :func:`encode_messages`."""
    return _decoder.decode(text)


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(tuple[Message, ...])
