"""Reads OpenTelemetry's GenAI spans and events from OTLP, in the conventions of today and before.

A call to a model is a span (or, since 2025, one event) whose attributes hold its messages; before
that, events beside the span held a message each, or one prompt and one completion; some libraries
number attributes instead. Each call holds what was said before it, so the calls of one conversation
in an export become one: what another call repeats is left out.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterator
from typing import Any

from assay.formats.otel_messages import messages_of_call
from assay.formats.usage_base import Conversation, RowError, count, first, list_of, object_of, word
from assay.records import Message

_TOPS = ("resourceSpans", "resourceLogs", "resource_spans", "resource_logs")
_OPTIONS = ("temperature", "top_p", "max_tokens", "seed")
_NO_CALLS = ("execute_tool", "embeddings", "create_agent", "invoke_agent")
_ACCOUNT = (
    "enduser.id",
    "user.id",
    "enduser.pseudo.id",
    "traceloop.association.properties.user_id",
    "langfuse.user.id",
)
_ORG = ("organization.id", "tenant.id", "openai.organization")
_THREAD = (
    "gen_ai.conversation.id",
    "session.id",
    "traceloop.association.properties.session_id",
    "langfuse.session.id",
)
_AGENT_NAME = re.compile(r"^(gen_ai\.|llm\.|input\.value|openinference\.)")
_DEEPEST = 64


def fits(row: dict[str, Any]) -> bool:
    """Whether the row is an OTLP export."""
    return any(isinstance(row.get(name), list) for name in _TOPS)


def read_otel(row: dict[str, Any]) -> Iterator[Conversation | RowError]:
    """The conversations of one export, in order of time; and why other spans are none.

    Raises:
        RowError: it is no export.
    """
    calls: list[tuple[str | None, Conversation]] = []
    found = False
    for call in [*_spans(row), *_logs(row)]:
        found = True
        try:
            calls.append((call["trace"], _conversation(call)))
        except ValueError as error:
            reason = error.reason if isinstance(error, RowError) else "bad_message"
            yield RowError(reason, str(error))
    if not found:
        raise RowError("no_spans", "the export holds no spans")
    yield from _joined(calls)


def _spans(row: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for resource, scope in _scopes(row, "resourceSpans", "scopeSpans"):
        for span in map(object_of, list_of(scope.get("spans"))):
            events = [
                (str(event.get("name", "")), attributes(event.get("attributes")))
                for event in map(object_of, list_of(span.get("events")))
            ]
            status = object_of(span.get("status"))
            failed = status.get("code") in (2, "STATUS_CODE_ERROR")
            yield {
                "trace": word(span.get("traceId")),
                "id": word(span.get("spanId")),
                "start": _nanoseconds(span.get("startTimeUnixNano")),
                "end": _nanoseconds(span.get("endTimeUnixNano")),
                "held": resource | attributes(span.get("attributes")),
                "events": events,
                "error": (str(status.get("message") or "the call failed"))[:500]
                if failed
                else None,
            }


def _logs(row: dict[str, Any]) -> list[dict[str, Any]]:
    """Calls told in log records: those of one span are one call."""
    calls: dict[Any, dict[str, Any]] = {}
    for resource, scope in _scopes(row, "resourceLogs", "scopeLogs"):
        for number, record in enumerate(map(object_of, list_of(scope.get("logRecords")))):
            held = attributes(record.get("attributes"))
            name = str(record.get("eventName") or held.get("event.name") or "")
            body = value_of(record.get("body"))
            start = _nanoseconds(first(record, "timeUnixNano", "observedTimeUnixNano"))
            span = word(record.get("spanId")) or f"log {len(calls)}.{number}"
            call = calls.setdefault(
                (record.get("traceId"), span),
                {
                    "trace": word(record.get("traceId")),
                    "id": word(record.get("spanId")),
                    "start": start,
                    "end": 0,
                    "held": dict(resource),
                    "events": [],
                    "error": None,
                },
            )
            call["held"] |= held
            call["events"].append((name, held | (body if isinstance(body, dict) else {})))
    return list(calls.values())


def _scopes(
    row: dict[str, Any], top: str, inner: str
) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for resource in map(object_of, list_of(row.get(top))):
        about = attributes(object_of(resource.get("resource")).get("attributes"))
        kept: dict[str, Any] = {
            key: about[key] for key in ("service.name", "tenant.id") if key in about
        }
        for scope in map(object_of, list_of(resource.get(inner))):
            yield kept, scope


def _conversation(call: dict[str, Any]) -> Conversation:
    held: dict[str, Any] = call["held"]
    operation = word(first(held, "gen_ai.operation.name", "llm.request.type"))
    if not any(_AGENT_NAME.match(key) for key in held) and not any(
        name.startswith("gen_ai.") for name, _ in call["events"]
    ):
        raise RowError("no_model_call", "the span is no call to a model")
    if operation in _NO_CALLS:
        raise RowError("no_model_call", f"the span's operation is {operation[:40]!r}")
    messages = messages_of_call(held, call["events"])
    if not messages:
        raise RowError("no_content", "the span holds no messages: its recorder left them out")
    options = {name: held[key] for name in _OPTIONS if (key := f"gen_ai.request.{name}") in held}
    agents = {
        "user_agent": first(held, "user_agent.original", "http.user_agent"),
        "api_key": first(held, "api_key.id"),
    }
    start, end = call["start"], call["end"]
    return Conversation(
        messages=messages,
        id=word(held.get("gen_ai.response.id")) or call["id"],
        thread=word(first(held, *_THREAD)) or call["trace"],
        date=start or None,
        account=word(first(held, *_ACCOUNT)),
        org=word(first(held, *_ORG)),
        surface=word(held.get("service.name")),
        model=word(first(held, "gen_ai.response.model", "gen_ai.request.model", "llm.model_name")),
        client={name: said for name, value in agents.items() if (said := word(value))},
        network=word(first(held, "client.address", "http.client_ip", "net.peer.ip")),
        agent=word(held.get("gen_ai.agent.name")),
        model_options=options or None,
        stop_reason=_stop(held),
        error=call["error"],
        input_tokens=count(first(held, "gen_ai.usage.input_tokens", "gen_ai.usage.prompt_tokens")),
        output_tokens=count(
            first(held, "gen_ai.usage.output_tokens", "gen_ai.usage.completion_tokens")
        ),
        latency=(end - start) / 1e9 if end > start > 0 else None,
        flags=("conversation_id",) if first(held, *_THREAD) is not None else (),
    )


def _stop(held: dict[str, Any]) -> str | None:
    reasons = held.get("gen_ai.response.finish_reasons")
    return word(reasons[0] if isinstance(reasons, list) and reasons else reasons)


def _joined(calls: list[tuple[str | None, Conversation]]) -> Iterator[Conversation]:
    """The calls of each conversation as one, where one goes on from another.

    Calls that share a conversation's id and hold only what is new are put one after the other.
    """
    open_: dict[str | None, list[Conversation]] = {}
    for _, call in sorted(calls, key=lambda pair: pair[1].date or 0):
        named = "conversation_id" in call.flags
        call.flags = ()
        held = open_.setdefault(call.thread, [])
        for index, before in enumerate(held):
            joined = _one(before, call, named)
            if joined is not None:
                held[index] = joined
                break
        else:
            held.append(call)
    for held in open_.values():
        yield from held


def _one(before: Conversation, after: Conversation, named: bool) -> Conversation | None:
    """The two as one conversation; None where neither goes on from the other."""
    said, now = _spoken(before.messages), _spoken(after.messages)
    if now[: len(said)] == said:
        after.date, after.latency = before.date, None
        longer = after
    elif said[: len(now)] == now:
        longer = before
    elif named and not (set(map(_key, said)) & set(map(_key, now))):
        before.messages = (*before.messages, *now)
        before.id, before.stop_reason = after.id, after.stop_reason
        longer = before
    else:
        return None
    longer.flags = tuple(sorted({*before.flags, *after.flags, "spans_joined"}))
    return longer


def _key(message: Message) -> tuple[str, str, int]:
    return message.role, message.content, len(message.tool_calls)


def _spoken(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    return tuple(message for message in messages if message.role != "system")


def attributes(listed: Any) -> dict[str, Any]:
    """OTLP's list of keys and values as a dictionary."""
    if isinstance(listed, dict):
        return listed
    return {
        str(each.get("key")): value_of(each.get("value"))
        for each in map(object_of, list_of(listed))
    }


def value_of(value: Any, depth: int = 0) -> Any:
    """OTLP's AnyValue as a plain value."""
    if not isinstance(value, dict) or depth > _DEEPEST:
        return None if depth > _DEEPEST else value
    for name, held in value.items():
        if name in ("stringValue", "boolValue", "doubleValue"):
            return held
        if name == "intValue":
            try:
                return int(held)
            except (TypeError, ValueError, OverflowError):
                return None
        if name == "bytesValue":
            return None
        if name == "arrayValue":
            inner = list_of(object_of(held).get("values"))
            return [value_of(each, depth + 1) for each in inner]
        if name == "kvlistValue":
            inner = list_of(object_of(held).get("values"))
            return {
                str(each.get("key")): value_of(each.get("value"), depth + 1)
                for each in map(object_of, inner)
            }
    return value or None


def hex_ids(row: Any) -> Any:
    """An export of protobuf's own JSON, in which ids are base64, as OTLP's JSON has it: in hex."""
    if isinstance(row, dict):
        return {
            key: base64.b64decode(value).hex()
            if key in ("traceId", "spanId", "parentSpanId") and isinstance(value, str)
            else hex_ids(value)
            for key, value in row.items()
        }
    return [hex_ids(each) for each in row] if isinstance(row, list) else row


def _nanoseconds(value: Any) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 25:
        return int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return int(value)
    return 0
