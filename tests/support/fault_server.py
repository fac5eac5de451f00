"""A model server on a loopback socket that misbehaves as it is told, and counts what it is asked.

It speaks Chat Completions and Messages, in a thread of its own, so tests of any kind can use it::

    from tests.support.fault_server import ...

    with FaultServer(in_turn(status(429, retry_after="1"), reply("Paris."))) as server:
        model = open_model("openai/any", ModelSettings(base_url=server.url))

A behaviour is ``async (seen, writer) -> bool``: it writes the response; True keeps the connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Seen:
    """One request as it came. ``headers`` have lower-case names."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def last_message(self) -> str:
        """Text of the last message."""
        return str(self.json["messages"][-1]["content"])


Behaviour = Callable[[Seen, asyncio.StreamWriter], Awaitable[bool]]


@dataclass
class FaultServer:
    """Runs between ``with`` and its end. ``counts`` counts requests by body, ``seen`` holds all."""

    behaviour: Behaviour
    seen: list[Seen] = field(default_factory=list)
    counts: Counter[bytes] = field(default_factory=Counter)
    in_flight: int = 0
    most_in_flight: int = 0
    port: int = 0

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """The base URL for ``openai/``; ``anthropic/`` takes it as well."""
        return f"{self.origin}/v1"

    def __enter__(self) -> Self:
        started = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def _run(self, started: threading.Event) -> None:
        asyncio.run(self._serve(started))

    async def _serve(self, started: threading.Event) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        self._loop.set_exception_handler(lambda *_: None)  # broken connections are the point
        tasks: set[asyncio.Task[None]] = set()

        def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(self._talk(reader, writer))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=2**24, backlog=2048)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await self._stop.wait()
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (seen := await _read(reader)) is not None:
                self.seen.append(seen)
                self.counts[seen.body] += 1
                self.in_flight += 1
                self.most_in_flight = max(self.most_in_flight, self.in_flight)
                try:
                    kept = await self.behaviour(seen, writer)
                finally:
                    self.in_flight -= 1
                if not kept:
                    break
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            with contextlib.suppress(OSError):
                writer.close()


async def _read(reader: asyncio.StreamReader) -> Seen | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {}
    for line in filter(None, lines):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Seen(first.split(" ")[1], headers, body)


# What a server may do. Each function makes a behaviour.


def completion(text: str, path: str = "/v1/chat/completions", **choice: Any) -> bytes:
    """A good reply's body in the protocol that the path belongs to."""
    if path.endswith("/messages"):
        usage = {"input_tokens": 7, "output_tokens": 3}
        content = [{"type": "text", "text": text}]
        told: dict[str, Any] = {"type": "message", "role": "assistant", "content": content}
        return json.dumps({**told, "stop_reason": "end_turn", "usage": usage, **choice}).encode()
    message = {"role": "assistant", "content": text}
    first = {"index": 0, "message": message, "finish_reason": "stop", **choice}
    usage = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    return json.dumps({"id": "x", "choices": [first], "usage": usage}).encode()


def reply(text: str | Callable[[Seen], str] = "ok", *, latency: float = 0.0) -> Behaviour:
    """A good reply, after ``latency`` seconds."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        if latency:
            await asyncio.sleep(latency)
        told = text if isinstance(text, str) else text(seen)
        return await _send(writer, 200, completion(told, seen.path))

    return behave


def status(
    code: int, body: bytes | str = b'{"error": {"message": "no"}}', **headers: str
) -> Behaviour:
    """A reply of this status; underscores in header names stand for hyphens."""
    told = body.encode() if isinstance(body, str) else body

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        return await _send(writer, code, told, headers)

    return behave


def body(told: bytes, content_type: str = "application/json", **headers: str) -> Behaviour:
    """Status 200 with exactly this body."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        return await _send(writer, 200, told, {"content_type": content_type, **headers})

    return behave


def redirect(to: str, code: int = 307) -> Behaviour:
    """A redirect to another place."""
    return status(code, b"", location=to)


def echo_headers(code: int) -> Behaviour:
    """A fault whose body repeats all that was sent, the key among it."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        told = {"error": {"message": f"bad request: {seen.headers}"}}
        return await _send(writer, code, json.dumps(told).encode())

    return behave


def hang(seconds: float = 3600.0) -> Behaviour:
    """Nothing for a long time."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        await asyncio.sleep(seconds)
        return False

    return behave


def reset() -> Behaviour:
    """The connection is reset before any reply."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        writer.transport.abort()
        return False

    return behave


def reset_midway() -> Behaviour:
    """The connection breaks off in the middle of the body."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        writer.write(_head(200, 5000, {}) + b'{"choices": [')
        await writer.drain()
        await asyncio.sleep(0.05)
        return False

    return behave


def drip(seconds: float = 1.0) -> Behaviour:
    """A good reply, one byte at a time."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        told = completion("too slow", seen.path)
        for byte in _head(200, len(told), {}) + told:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(seconds)
        return True

    return behave


def huge(megabytes: int = 200, *, chunked: bool = False) -> Behaviour:
    """A body of so many MiB of spaces, with its length told beforehand or not."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        block = b" " * 2**20
        if chunked:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n")
            writer.write(b"transfer-encoding: chunked\r\n\r\n")
            block = b"100000\r\n" + block + b"\r\n"
        else:
            writer.write(_head(200, megabytes * 2**20, {}))
        for _ in range(megabytes):
            writer.write(block)
            await writer.drain()
        return False

    return behave


def not_http() -> Behaviour:
    """Bytes that are no HTTP."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
        await writer.drain()
        return False

    return behave


def in_turn(*behaviours: Behaviour) -> Behaviour:
    """One after another, over all requests; the last one from then on."""
    left = list(behaviours)

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        now = left.pop(0) if len(left) > 1 else left[0]
        return await now(seen, writer)

    return behave


def chosen(choose: Callable[[Seen], Behaviour]) -> Behaviour:
    """Whatever ``choose`` says for this request."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        return await choose(seen)(seen, writer)

    return behave


async def _send(
    writer: asyncio.StreamWriter, code: int, told: bytes, headers: dict[str, str] | None = None
) -> bool:
    writer.write(_head(code, len(told), headers or {}) + told)
    await writer.drain()
    return True


def _head(code: int, length: int, headers: dict[str, str]) -> bytes:
    told = {"content-type": "application/json", "content-length": str(length)}
    told |= {name.replace("_", "-").lower(): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"HTTP/1.1 {code} Told\r\n{lines}\r\n".encode("latin-1")
