"""llama.cpp in this process: a few servers in threads, each answering one request at a time.

A server that answers one request at a time, and reuses no prompt, gives the same greedy reply every
time; batched together, replies may differ. So where weights are small, several servers of few
threads each work side by side: that is faster than one server of many threads, and does not fall
apart when another program keeps a core busy. Measured on two cores with 135M weights: 115 to 123
tokens/s against 60 to 107.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

from assay.errors import (
    MissingPackageError,
    ModelConnectionError,
    ModelTimeoutError,
    RequestRejectedError,
    TransientModelError,
)

SMALL = 500 * 2**20
"""Bytes of weights up to which every core may have a copy of its own."""

_MOST_SERVERS = 8
_loading = threading.Lock()  # llama.cpp sets up its globals once, unguarded


@dataclass(frozen=True)
class Layout:
    """How the machine is shared out: servers, threads in each, and tokens that each can hold."""

    servers: int
    threads: int
    context: int


def layout_for(size: int, cores: int, busy: float) -> Layout:
    """A layout for weights of ``size`` bytes on ``cores`` cores, of which ``busy`` are at work.

    The threads of one server wait for each other: with another busy core, two threads fall to a
    third of their speed. So a single server leaves out the cores that are busy.
    """
    if size <= SMALL:
        servers = max(1, min(cores, _MOST_SERVERS))
        return Layout(servers, max(1, cores // servers), 4096)
    return Layout(1, max(1, cores - round(busy)), 8192)


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def busy_cores(seconds: float = 0.1) -> float:
    """How many cores are at work now, measured over a moment; 0 where the system does not say."""
    try:
        before = _ticks()
        time.sleep(seconds)
        after = _ticks()
    except (OSError, ValueError):
        return 0.0
    return (after - before) / os.sysconf("SC_CLK_TCK") / seconds


def _ticks() -> int:
    """Clock ticks that all cores together have spent at work (user, nice and system time)."""
    return sum(map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:4]))


def load_package() -> Any:
    """The package ``xllamacpp``.

    Raises:
        MissingPackageError: it is not installed.
    """
    try:
        import xllamacpp
    except ImportError:
        raise MissingPackageError(
            "local models need the package xllamacpp.", fix="pip install xllamacpp"
        ) from None
    return xllamacpp


class Llama:
    """The servers, started when they are first needed.

    Args:
        where: the model's name, for errors.
        path: the GGUF file.
        layout: servers, threads and context.
        timeout: seconds that one reply may take, not counting the wait for a free server.
    """

    def __init__(self, where: str, path: Path, layout: Layout, timeout: float) -> None:
        self._where, self._path, self._layout, self._timeout = where, path, layout, timeout
        self._own = threading.local()
        self._servers: list[Any] = []
        self._threads: ThreadPoolExecutor | None = None
        self._stopping = threading.Event()

    async def chat(self, body: bytes) -> tuple[list[bytes], float]:
        """Send a streaming chat request; the chunks that came, and the seconds that it took.

        A cancelled call stops the generation at its next token.

        Raises:
            ModelTimeoutError: it took longer than the timeout.
            ModelConnectionError: the model was closed meanwhile.
            RequestRejectedError: llama.cpp cannot load the weights, or will not take the request.
        """
        if self._threads is None:
            self._stopping.clear()
            self._threads = ThreadPoolExecutor(self._layout.servers, "assay-local")
        cancelled = threading.Event()
        work = asyncio.get_running_loop().run_in_executor(
            self._threads, self._chat, body, cancelled
        )
        try:
            return await work
        except asyncio.CancelledError:
            cancelled.set()
            raise

    async def close(self) -> None:
        """Stop generating and let go of the memory. May be called more than once."""
        threads, self._threads = self._threads, None
        if threads is None:
            return
        self._stopping.set()
        await asyncio.to_thread(threads.shutdown, wait=True, cancel_futures=True)
        self._own = threading.local()
        self._servers.clear()

    def _chat(self, body: bytes, cancelled: threading.Event) -> tuple[list[bytes], float]:
        server = self._server()
        chunks: list[bytes] = []
        broken_off: TransientModelError | None = None
        start = time.perf_counter()
        deadline = start + self._timeout

        def take(chunk: bytes) -> bool:
            nonlocal broken_off
            chunks.append(chunk)
            if cancelled.is_set() or self._stopping.is_set():
                broken_off = ModelConnectionError("the model was closed.", where=self._where)
            elif time.perf_counter() > deadline:
                late = f"no reply within {self._timeout:g} s."
                broken_off = ModelTimeoutError(late, where=self._where)
            return broken_off is not None

        self._ask(server, body, take)
        if broken_off is not None:  # half a reply is none
            raise broken_off
        return chunks, time.perf_counter() - start

    def _ask(self, server: Any, body: bytes, take: Callable[[bytes], bool]) -> None:
        try:
            server.handle_chat_completions(body, take)
        except (ValueError, RuntimeError) as error:
            said = str(error)[:300]
            raise RequestRejectedError(f"llama.cpp answered: {said}", where=self._where) from None

    def _server(self) -> Any:
        """This thread's server."""
        server = getattr(self._own, "server", None)
        if server is None:
            with _loading:
                server = self._start()
            self._own.server = server
            self._servers.append(server)
        return server

    def _start(self) -> Any:
        package = load_package()
        settings = package.CommonParams()
        settings.model.path = str(self._path)
        settings.verbosity = -1  # nothing on stdout or stderr
        settings.n_ctx = self._layout.context
        settings.n_parallel = 1
        settings.n_batch = 256  # a stop takes effect between batches
        settings.cache_prompt = False
        settings.cache_ram_mib = 0
        settings.warmup = False
        settings.cpuparams.n_threads = self._layout.threads
        settings.cpuparams_batch.n_threads = self._layout.threads
        # The package listens on a loopback port in any case: nobody has the key to it.
        settings.api_keys = [token_hex(32)]
        settings.n_threads_http = 1
        settings.ui = False
        with suppress(RuntimeError):
            return package.Server(settings)
        raise RequestRejectedError(
            "llama.cpp cannot load these weights.",
            where=f"{self._where} ({self._path})",
            fix="Is the file whole, and does it fit into memory?",
        )
