"""The live endpoint, spoken to by OpenTelemetry's own SDK and by hand: durable, redacted, exact."""

from __future__ import annotations

import contextlib
import gzip
import json
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from assay.formats.otel_protobuf import decode_export, encode_answer, encode_status
from assay.usage.folder import UsageFolder
from assay.usage.listen import MOST_BYTES
from tests.formats import usage_examples as ex
from tests.usage.logs import rejected, stored

MAIL = "ann@example.org"


@contextlib.contextmanager
def listening(workspace: Path) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """``assay usage listen`` in a process of its own; it is ended, if it has not been."""
    process = subprocess.Popen(
        [sys.executable, "-m", "assay", "usage", "listen", "--port", "0"],
        cwd=workspace,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    told = process.stderr.readline()
    try:
        yield told.split()[2].removesuffix("/v1/traces"), process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=60)


def folder(workspace: Path) -> UsageFolder:
    return UsageFolder(workspace / "usage" / "live")


def post(
    address: str, body: bytes, kind: str = "application/json", **headers: str
) -> tuple[int, bytes]:
    request = urllib.request.Request(address, body, {"Content-Type": kind, **headers})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def traced(address: str, turns: int, compression: Compression) -> None:
    """An application's conversation, told by the SDK."""
    provider = TracerProvider(resource=Resource.create({"service.name": "shop"}))
    exporter = OTLPSpanExporter(endpoint=f"{address}/v1/traces", compression=compression)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("tests")
    history: list[dict[str, Any]] = []
    for turn in range(turns):
        history.append(ex.said("user", f"Question {turn} of {MAIL} about the garden?"))
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.conversation.id": f"c-{compression.name}",
            "gen_ai.request.model": "gpt-x",
            "user.id": MAIL,
            "gen_ai.input.messages": json.dumps(history),
        }
        with tracer.start_as_current_span("chat gpt-x", attributes=attributes) as span:
            history.append(ex.said("assistant", f"Answer {turn}."))
            span.set_attribute("gen_ai.output.messages", json.dumps([history[-1]]))
        if turn == 1:
            assert provider.force_flush()
    with tracer.start_as_current_span("GET /"):
        pass
    provider.shutdown()


def test_the_sdk_is_heard(tmp_path: Path) -> None:
    with listening(tmp_path) as (address, process):
        traced(address, 3, Compression.Gzip)
        traced(address, 1, Compression.NoCompression)
        process.terminate()
        process.communicate(timeout=60)
        assert process.returncode == 0
    record = folder(tmp_path).read()
    assert (record.status, record.conversations, record.superseded) == ("complete", 2, 1)
    long, short = sorted(stored(tmp_path, "live"), key=lambda each: -len(each.messages))
    assert [message.content for message in long.messages][1::2] == [
        "Answer 0.",
        "Answer 1.",
        "Answer 2.",
    ]
    assert (long.surface, long.model, len(short.messages)) == ("shop", "gpt-x", 2)
    assert long.account_id == short.account_id is not None
    assert {row.reason for row in rejected(tmp_path, "live")} == {"no_model_call"}
    for file in (tmp_path / "usage").rglob("*"):
        assert not file.is_file() or MAIL.encode() not in file.read_bytes(), file


def test_what_was_answered_survives_a_kill(tmp_path: Path) -> None:
    with listening(tmp_path) as (address, process):
        assert post(f"{address}/v1/traces", json.dumps(ex.OTEL_PRESENT).encode()) == (200, b"{}")
        process.kill()
        process.communicate()
    assert not folder(tmp_path).parts()
    with listening(tmp_path) as (address, _):
        pass
    [found] = stored(tmp_path, "live")
    assert [message.content for message in found.messages] == [ex.ASKED, ex.REPLY]
    with listening(tmp_path) as (address, _):  # sent again, as by an exporter that saw no answer
        assert post(f"{address}/v1/traces", json.dumps(ex.OTEL_PRESENT).encode())[0] == 200
    [source] = folder(tmp_path).read().sources
    assert (source.rows, source.added, source.duplicates) == (2, 1, 1)


def test_answers_are_as_otlp_says(tmp_path: Path) -> None:
    empty = ex.export(ex.span({"gen_ai.operation.name": "chat", "gen_ai.request.model": "m"}))
    with listening(tmp_path) as (address, _):
        traces = f"{address}/v1/traces"
        status, body = post(traces, json.dumps(empty).encode())
        assert status == 200
        assert json.loads(body) == {
            "partialSuccess": {"rejectedSpans": "1", "errorMessage": "no_content: 1"}
        }
        data = gzip.compress(json.dumps(ex.OTEL_EVENTS).encode())
        assert post(traces, data, **{"Content-Encoding": "gzip"}) == (200, b"{}")
        assert post(f"{address}/v1/logs", json.dumps(ex.OTEL_LOGS).encode()) == (200, b"{}")
        for bad in (b"{", b"[1]", b"[" * 100_000, b"\xff\xfe"):
            status, body = post(traces, bad)
            assert status == 400
            assert json.loads(body)["code"] == 3
        status, body = post(traces, b"\xff" * 20, "application/x-protobuf")
        assert (status, body[:2]) == (400, b"\x08\x03")
        assert post(traces, b"{}", "text/plain")[0] == 415
        assert post(f"{address}/v1/metrics", b"{}")[0] == 404
        assert post(traces, b" " * (MOST_BYTES + 1))[0] == 413
        bomb = gzip.compress(b" " * (MOST_BYTES * 4))
        assert post(traces, bomb, **{"Content-Encoding": "gzip"})[0] in (400, 413)
        assert post(traces, b"no gzip", **{"Content-Encoding": "gzip"})[0] == 400
        assert post(traces, b"", "application/x-protobuf") == (200, b"")
    assert folder(tmp_path).read().conversations == 2  # of two models


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with listening(tmp_path) as (address, _):
        port = address.rpartition(":")[2]
        told = subprocess.run(
            [sys.executable, "-m", "assay", "usage", "listen", "--port", port, "--name", "other"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert told.returncode == 1
    assert "nothing can listen there" in told.stderr


def test_the_binary_form() -> None:
    from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as service

    request = service.ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id = bytes(range(16)), bytes(range(8))
    span.attributes.add(key="n").value.int_value = 3
    told = decode_export(request.SerializeToString(), "traces")
    [found] = told["resourceSpans"][0]["scopeSpans"][0]["spans"]
    assert found["traceId"] == bytes(range(16)).hex()
    assert found["attributes"] == [{"key": "n", "value": {"intValue": "3"}}]
    with pytest.raises(ValueError, match="no OTLP export"):
        decode_export(b"\xff\xff", "traces")
    answer = service.ExportTraceServiceResponse.FromString(encode_answer("traces", 2, "why"))
    assert answer.partial_success.rejected_spans == 2
    assert answer.partial_success.error_message == "why"
    assert encode_status(3, "x" * 300)[:2] == b"\x08\x03"
