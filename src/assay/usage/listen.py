"""A live endpoint for OpenTelemetry: OTLP over HTTP, as JSON or in its binary form."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import signal
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar, TypeVarTuple

from assay.errors import AssayError, StoreError
from assay.formats.otel_protobuf import Signal, encode_answer, encode_status
from assay.records import ImportRecord
from assay.usage.endpoint import BadExportError, Endpoint, Taken
from assay.usage.folder import UsageFolder
from assay.usage.ingest import Retention, finish, keeping, opened

if TYPE_CHECKING:
    from aiohttp import web

MOST_BYTES = 16 << 20
"""Bytes that one export may have, unpacked."""
STORE_EVERY = 300.0
"""Seconds for which exports wait before they become a part; readers see them only then."""

_MOST_WAITING = 100
_JSON, _BINARY = "application/json", "application/x-protobuf"
_INVALID, _UNAVAILABLE = 3, 14  # google.rpc.Code

Given = TypeVarTuple("Given")
Result = TypeVar("Result")
Ready = Callable[[str], None]


def listen(
    folder: UsageFolder,
    secret: bytes,
    retention: Retention,
    *,
    host: str,
    port: int,
    ready: Ready | None = None,
    store_every: float = STORE_EVERY,
) -> ImportRecord:
    """Take exports in until the process is asked to end (SIGINT or SIGTERM); then store them.

    Args:
        ready: is told the address, once the endpoint is there.

    Raises:
        StoreError: the port is taken, another process works on the import, or the disk is full.
    """
    with folder.lock(), opened(folder) as state, keeping(folder, state) as keeper:
        endpoint = Endpoint(folder, state, keeper, secret, retention)
        server = _Server(endpoint, host, port, store_every)
        asyncio.run(server.run(ready))
        return finish(folder, state, retention)


class _Server:
    """One thread works on exports, so that the event loop goes on answering."""

    def __init__(self, endpoint: Endpoint, host: str, port: int, store_every: float) -> None:
        self._endpoint = endpoint
        self._host, self._port, self._store_every = host, port, store_every
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="endpoint")
        self._waiting = 0
        self._over = asyncio.Event()
        self._fault: AssayError | None = None

    async def run(self, ready: Ready | None) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(ValueError, RuntimeError):  # not in the main thread
            for each in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(each, self._over.set)
        async with self._listening() as address:
            if ready is not None:
                ready(address)
            while not self._over.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._over.wait(), self._store_every)
                if self._fault is not None:
                    raise self._fault
                await self._do(self._endpoint.store)
        await self._do(self._endpoint.store)
        self._thread.shutdown()

    @contextlib.asynccontextmanager
    async def _listening(self) -> AsyncIterator[str]:
        from aiohttp import web

        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_post("/v1/traces", self._traces)
        app.router.add_post("/v1/logs", self._logs)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        try:
            site = web.TCPSite(runner, self._host, self._port)
            try:
                await site.start()
            except (OSError, OverflowError) as error:
                why = getattr(error, "strerror", None) or error
                raise StoreError(
                    f"nothing can listen there ({why}).",
                    where=f"{self._host}:{self._port}",
                    fix="Choose another --port.",
                ) from None
            yield f"http://{_shown(self._host)}:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()

    async def _traces(self, request: web.Request) -> web.Response:
        return await self._answer(request, "traces")

    async def _logs(self, request: web.Request) -> web.Response:
        return await self._answer(request, "logs")

    async def _answer(self, request: web.Request, kind: Signal) -> web.Response:
        """As OTLP says: 200 with what was rejected, 400 for good, 503 to be tried again."""
        from aiohttp import http_exceptions, web

        binary = request.content_type == _BINARY
        if not binary and request.content_type != _JSON:
            return web.Response(status=415, text=f"Send {_JSON} or {_BINARY}.\n")
        if self._waiting >= _MOST_WAITING:
            return _failed(503, _UNAVAILABLE, "too many exports wait", binary)
        self._waiting += 1
        try:
            body = await request.read()
            taken: Taken = await self._do(self._endpoint.accept, kind, body, binary)
        except BadExportError as error:
            return _failed(400, _INVALID, str(error), binary)
        except (web.RequestPayloadError, http_exceptions.HttpProcessingError):
            return _failed(400, _INVALID, "the body cannot be unpacked", binary)
        except AssayError as error:
            self._fault = error
            self._over.set()
            return _failed(503, _UNAVAILABLE, "the export cannot be stored", binary)
        finally:
            self._waiting -= 1
        return _accepted(kind, taken, binary)

    async def _do(self, work: Callable[[*Given], Result], *given: *Given) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *given)


def _accepted(kind: Signal, taken: Taken, binary: bool) -> web.Response:
    from aiohttp import web

    if binary:
        return web.Response(
            body=encode_answer(kind, taken.rejected, taken.why), content_type=_BINARY
        )
    told = {}
    if taken.rejected:
        name = "rejectedSpans" if kind == "traces" else "rejectedLogRecords"
        told = {"partialSuccess": {name: str(taken.rejected), "errorMessage": taken.why}}
    return web.Response(text=json.dumps(told), content_type=_JSON)


def _failed(status: int, code: int, message: str, binary: bool) -> web.Response:
    from aiohttp import web

    headers = {"Retry-After": "1"} if status == 503 else {}
    if binary:
        body = encode_status(code, message)
        return web.Response(status=status, body=body, content_type=_BINARY, headers=headers)
    text = json.dumps({"code": code, "message": message})
    return web.Response(status=status, text=text, content_type=_JSON, headers=headers)


def _shown(host: str) -> str:
    """A host as an address shows it."""
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(host).version == 6:
            return f"[{host}]"
    return host
