"""Writes a transcript into a prompt such that nothing in it can pass for what surrounds it.

Each message stands between lines that bear a mark. The mark is a hash of all that is written
between those lines, so the same transcript always makes the same prompt (and a journal can hold the
judge's reply to it). It needs no secret: to forge a line, a text would have to contain the hash of
itself, and finding such a text takes about 2**96 tries.
"""

from __future__ import annotations

import hashlib
import json

from assay.records import Message, Transcript
from assay.scorers.reply import encodable


def delimited(transcript: Transcript) -> str:
    """The conversation with roles and tool calls, and the sample's target, between marked lines."""
    parts = [(_title(message), _body(message)) for message in transcript.messages]
    if transcript.stop_reason == "content_filter":
        parts.append(("note", "The provider's content filter ended the last reply."))
    if transcript.target:
        parts.append(
            ("the sample's target, which the model did not see", "\n".join(transcript.target))
        )
    mark = _mark(parts)
    lines = [f"=== transcript {mark} begins ==="]
    for number, (title, body) in enumerate(parts, start=1):
        lines += [f"--- {mark} part {number}: {title} ---", body]
    lines.append(f"=== transcript {mark} ends ===")
    return encodable("\n".join(lines))


def _title(message: Message) -> str:
    if message.role == "tool":
        return f"tool (result of the call {message.tool_call_id!r})"
    return message.role


def _body(message: Message) -> str:
    calls = [
        f"(calls the tool {call.function!r}, id {call.id!r}, with "
        f"{json.dumps(call.arguments, ensure_ascii=False, sort_keys=True, default=str)})"
        for call in message.tool_calls
    ]
    return "\n".join([message.content, *calls] if message.content else calls) or "(empty)"


def _mark(parts: list[tuple[str, str]]) -> str:
    content = repr(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(b"assay transcript mark\0" + content).hexdigest()[:24]
