"""Other people's chat messages as ours: Inspect's, OpenAI's and Anthropic's shapes, as text.

Content that is a list of parts becomes text: text parts are joined by line ends, and what is not
text leaves a mark such as ``[image]``. A model's private reasoning is left out, as it is no part of
the reply.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from assay.records import Message, Role, ToolCall

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "human": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
_ATTACHMENT = "attachment://"
_TEXT = ("text", "input_text", "output_text")
_REASONING = ("reasoning", "thinking", "redacted_thinking")


def messages_of(raw: Any, attachments: Mapping[str, str] | None = None) -> tuple[Message, ...]:
    """A conversation from the JSON values of another tool's.

    Args:
        raw: a list of objects with ``role`` and ``content``.
        attachments: text by hash, for contents such as ``attachment://HASH``.

    Raises:
        ValueError: says which message is at fault, counted from 1, and why.
    """
    if not isinstance(raw, list):
        raise ValueError("messages must be a list")
    messages: list[Message] = []
    for number, each in enumerate(raw, 1):
        try:
            messages.extend(_split(each, attachments or {}))
        except (ValueError, TypeError) as error:
            raise ValueError(f"message {number}: {error}") from None
    return tuple(messages)


def text_of(content: Any, attachments: Mapping[str, str] | None = None) -> str:
    """Content as text: a string, a list of parts, or nothing.

    Raises:
        ValueError: it is something else.
    """
    parts = content if isinstance(content, list) else [content]
    texts = [_part(part, attachments or {}) for part in parts]
    return "\n".join(text for text in texts if text is not None)


def _split(raw: Any, attachments: Mapping[str, str]) -> list[Message]:
    """One message; Anthropic's tool results, which travel inside a user's, become messages."""
    if not isinstance(raw, dict):
        raise ValueError("it must be an object with role and content")
    said = raw.get("role")
    role = _ROLES.get(said) if isinstance(said, str) else None
    if role is None:
        raise ValueError(f"the role {said!r} is unknown (use {', '.join(_ROLES)})")
    content = raw.get("content")
    calls = [_call(call) for call in raw.get("tool_calls") or ()]
    if not isinstance(content, list):
        return [_message(role, text_of(content, attachments), calls, raw)]
    results = []
    rest = []
    for part in content:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "tool_result":
            text = text_of(part.get("content"), attachments)
            results.append(_message("tool", text, [], {"tool_call_id": part.get("tool_use_id")}))
        elif kind == "tool_use" and "input" in part:
            told = {"name": part.get("name"), "arguments": part["input"]}
            calls.append(_call({"id": part.get("id"), "function": told}))
        else:
            rest.append(part)
    if results and not rest:
        return results
    return [*results, _message(role, text_of(rest, attachments), calls, raw)]


def _message(role: Role, text: str, calls: list[ToolCall], raw: dict[str, Any]) -> Message:
    call_id = raw.get("tool_call_id")
    error = raw.get("error")
    if role == "tool" and not text and isinstance(error, dict):
        text = str(error.get("message", ""))
    return Message(role, text, tuple(calls), None if call_id is None else str(call_id))


def _part(part: Any, attachments: Mapping[str, str]) -> str | None:
    if part is None:
        return ""
    if isinstance(part, str):
        if part.startswith(_ATTACHMENT):
            return attachments.get(part.removeprefix(_ATTACHMENT), part)
        return part
    if not isinstance(part, dict):
        raise ValueError(f"content must be text or a list of parts, not {type(part).__name__}")
    kind = part.get("type", "text")
    if kind in _TEXT:
        return _part(str(part.get("text", "")), attachments)
    if kind in _REASONING:
        return None
    if kind == "refusal":
        return str(part.get("refusal", ""))
    name = part.get("name") or part.get("filename")
    return f"[{kind}: {name}]" if name else f"[{kind}]"


def _call(raw: Any) -> ToolCall:
    if not isinstance(raw, dict):
        raise ValueError("a tool call must be an object")
    function = raw.get("function")
    told = function if isinstance(function, dict) else raw
    name = told.get("name") if told is function else function
    if not isinstance(name, str):
        raise ValueError("a tool call must name its function")
    return ToolCall(
        id=str(raw.get("id") or ""),
        function=name,
        arguments=_arguments(told.get("arguments")),
        type=str(raw.get("type") or "function"),
    )


def _arguments(raw: Any) -> dict[str, Any]:
    """Arguments as an object; those that are none, or broken JSON, are kept under ``arguments``."""
    value = raw
    if isinstance(raw, str):
        try:
            value = msgspec.json.decode(raw) if raw.strip() else {}
        except msgspec.DecodeError:
            value = raw
    if value is None:
        return {}
    return value if isinstance(value, dict) else {"arguments": value}
