"""The messages of one GenAI call, wherever the conventions of its day put them."""

from __future__ import annotations

import json
import re
from typing import Any

from assay.formats.chat import messages_of
from assay.formats.usage_base import first, list_of, object_of, word
from assay.records import Message

Events = list[tuple[str, dict[str, Any]]]

_EVENT = re.compile(r"gen_ai\.(system|user|assistant|tool)\.message")
_NUMBERED = re.compile(
    r"(?:gen_ai\.(prompt|completion)|llm\.(input|output)_messages)\.(\d{1,4})\.(?:message\.)?(.+)"
)
_CALL = re.compile(r"tool_calls\.(\d{1,3})\.(?:tool_call\.)?(?:function\.)?(id|name|arguments)")


def messages_of_call(held: dict[str, Any], events: Events) -> tuple[Message, ...]:
    """The conversation of a call, from its attributes and the events beside it.

    Raises:
        ValueError: what is there cannot be read.
    """
    told = [held, *(inside for _, inside in events)]
    messages = _in_parts(told) or _numbered(held) or _in_events(events) or _as_text(told)
    return messages_of(messages)


def _in_parts(places: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Since 2025: input, output and instructions, each message a list of parts."""
    sent = list_of(first(places, "gen_ai.input.messages"))
    came = list_of(first(places, "gen_ai.output.messages"))
    if not sent and not came:
        return []
    instructions = first(places, "gen_ai.system_instructions")
    system = list_of(instructions) or ([instructions] if isinstance(instructions, str) else [])
    found = [{"role": "system", "content": [_part(each) for each in system]}] if system else []
    for role, listed in (("user", sent), ("assistant", came)):
        for message in map(object_of, listed):
            found.extend(_message(message, role))
    return found


def _message(message: dict[str, Any], role: str) -> list[dict[str, Any]]:
    found: dict[str, Any] = {"role": word(message.get("role")) or role, "content": []}
    results: list[dict[str, Any]] = []
    parts = list_of(message.get("parts")) or [message.get("content")]
    for part in parts:
        held = part if isinstance(part, dict) else {}
        kind = held.get("type")
        if kind == "tool_call":
            call = {
                "id": held.get("id"),
                "function": {"name": held.get("name"), "arguments": held.get("arguments")},
            }
            found.setdefault("tool_calls", []).append(call)
        elif kind == "tool_call_response":
            said = first(held, "response", "result", "content")
            text = said if isinstance(said, str) else _json(said)
            told = {"role": "tool", "content": text, "tool_call_id": held.get("id")}
            results.append(told)
        elif part is not None:
            found["content"].append(_part(part))
    if results and not found["content"] and "tool_calls" not in found:
        return results
    return [*results, found]


def _part(part: Any) -> Any:
    """A part as other readers know it: its text is called content here."""
    if isinstance(part, dict) and part.get("type", "text") == "text":
        return {"type": "text", "text": first(part, "content", "text") or ""}
    return part if isinstance(part, dict | str) else str(part)


def _numbered(held: dict[str, Any]) -> list[dict[str, Any]]:
    """Attributes such as gen_ai.prompt.0.content, as OpenLLMetry and OpenInference write them."""
    found: dict[tuple[bool, int], dict[str, Any]] = {}
    calls: dict[tuple[bool, int, int], dict[str, Any]] = {}
    for key, value in held.items():
        match = _NUMBERED.fullmatch(key)
        if match is None:
            continue
        reply = match[1] == "completion" or match[2] == "output"
        message = found.setdefault(
            (reply, int(match[3])), {"role": "assistant" if reply else "user"}
        )
        if match[4] in ("role", "content", "tool_call_id"):
            message[match[4]] = value
        elif call := _CALL.fullmatch(match[4]):
            calls.setdefault((reply, int(match[3]), int(call[1])), {})[call[2]] = value
    for (reply, number, _), call_held in sorted(calls.items()):
        told = {"id": call_held.get("id"), "function": call_held}
        found[reply, number].setdefault("tool_calls", []).append(told)
    return [message for _, message in sorted(found.items(), key=lambda pair: pair[0])]


def _in_events(events: Events) -> list[dict[str, Any]]:
    """2024 and 2025: an event for each message, and one for each choice."""
    sent: list[dict[str, Any]] = []
    came: list[dict[str, Any]] = []
    for name, told in events:
        match = _EVENT.fullmatch(name)
        if match:
            message = dict(told) | {"role": word(told.get("role")) or match[1]}
            message["content"] = _text(told.get("content"))
            message["tool_call_id"] = word(told.get("id")) if match[1] == "tool" else None
            message["tool_calls"] = list_of(told.get("tool_calls"))
            sent.append(message)
        elif name == "gen_ai.choice" and not came:
            inner = object_of(told.get("message")) or told
            said = _text(first(inner, "content") or (told.get("message") if inner is told else ""))
            calls = list_of(inner.get("tool_calls"))
            came.append({"role": "assistant", "content": said, "tool_calls": calls})
    return [*sent, *came]


def _as_text(places: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Before that: one prompt and one completion, as text or as JSON."""
    found: list[dict[str, Any]] = []
    for role, name in (("user", "gen_ai.prompt"), ("assistant", "gen_ai.completion")):
        said = first(places, name)
        listed = list_of(said)
        if listed and all(isinstance(each, dict) for each in listed):
            found.extend({"role": role, **each} for each in listed)
        elif said is not None:
            found.append({"role": role, "content": _text(said)})
    return found


def _text(value: Any) -> Any:
    if isinstance(value, str | list):
        return value
    return "" if value is None else _json(value)


def _json(value: Any) -> str:
    return "" if value is None else json.dumps(value, ensure_ascii=False)
