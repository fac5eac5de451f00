"""OTLP's binary form, as the JSON that the reader of spans knows, and its answers."""

from __future__ import annotations

from typing import Any, Literal

from assay.errors import MissingPackageError
from assay.formats.usage_otel import hex_ids

Signal = Literal["traces", "logs"]


def decode_export(data: bytes, signal: Signal) -> dict[str, Any]:
    """An export request as OTLP's JSON has it.

    Raises:
        ValueError: the bytes are no such request.
        MissingPackageError: the package ``opentelemetry-proto`` is not installed.
    """
    request, _ = _messages(signal)
    from google.protobuf.json_format import MessageToDict
    from google.protobuf.message import DecodeError

    try:
        request.ParseFromString(data)
        told: dict[str, Any] = hex_ids(MessageToDict(request))
    except (DecodeError, RecursionError, TypeError) as error:
        raise ValueError(f"the bytes are no OTLP export ({error})") from None
    return told


def encode_answer(signal: Signal, rejected: int, why: str) -> bytes:
    """The answer to an export: how many of its items were rejected, and why."""
    _, answer = _messages(signal)
    if rejected:
        name = "rejected_spans" if signal == "traces" else "rejected_log_records"
        setattr(answer.partial_success, name, rejected)
        answer.partial_success.error_message = why
    encoded: bytes = answer.SerializeToString()
    return encoded


def encode_status(code: int, message: str) -> bytes:
    """The body of an answer that is an error: a google.rpc.Status."""
    text = message.encode()[:2000]
    return b"\x08" + bytes([code]) + b"\x12" + _varint(len(text)) + text


def _varint(number: int) -> bytes:
    found = b""
    while number > 0x7F:
        found += bytes([number & 0x7F | 0x80])
        number >>= 7
    return found + bytes([number])


def _messages(signal: Signal) -> tuple[Any, Any]:
    """An empty request and an empty answer."""
    try:
        from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces
    except ImportError:
        raise MissingPackageError(
            "OTLP's binary form is read by opentelemetry-proto, which is not installed.",
            fix="Install it: pip install 'assay[usage]'; or send JSON.",
        ) from None
    if signal == "traces":
        return traces.ExportTraceServiceRequest(), traces.ExportTraceServiceResponse()
    return logs.ExportLogsServiceRequest(), logs.ExportLogsServiceResponse()
