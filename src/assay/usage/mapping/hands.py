"""Who does the jobs of a map: this process, or plain children beside it, one a core.

The children read from their standard input and end when that is closed: should this process be
killed, none is left behind. Whoever works, the same tables come back, in the order of the given.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Protocol

import msgspec

from assay.errors import AssayError, StoreError
from assay.store.batches import Table, from_bytes, to_bytes
from assay.usage.mapping.jobs import Job, do, job_of
from assay.usage.pipes import receive, send

_AHEAD = 2  # tables that wait for each child, so that none waits for us
_ERROR, _DONE = b"!", b"="


class Hands(Protocol):
    """Whoever can do jobs."""

    def work(self, job: Job, given: Iterable[Table]) -> Iterator[Table]:
        """What becomes of each table, in their order."""
        ...

    def close(self) -> None:
        """Let go of processes and machines."""
        ...


class Alone:
    """This process."""

    def work(self, job: Job, given: Iterable[Table]) -> Iterator[Table]:
        for table in given:
            yield do(job, table)

    def close(self) -> None:
        """There is nothing to let go of."""


class Children:
    """Processes beside this one. Few tables are done here: to start children costs a second.

    Args:
        size: how many; as many as there are cores where it is None.
    """

    def __init__(self, size: int | None = None) -> None:
        self._size = size or len(os.sched_getaffinity(0))
        self._children: list[_Child] = []
        self._threads: list[ThreadPoolExecutor] = []

    def work(self, job: Job, given: Iterable[Table]) -> Iterator[Table]:
        told = msgspec.json.encode(job)
        waiting: deque[Future[bytes]] = deque()
        for number, table in enumerate(given):
            self._start()
            turn = number % self._size
            ask = self._children[turn].do
            waiting.append(self._threads[turn].submit(ask, told, to_bytes(table)))
            if len(waiting) > _AHEAD * self._size:
                yield from_bytes(waiting.popleft().result())
        while waiting:
            yield from_bytes(waiting.popleft().result())

    def _start(self) -> None:
        while len(self._children) < self._size:
            self._children.append(_Child())
            self._threads.append(ThreadPoolExecutor(1, thread_name_prefix="hand"))

    def close(self) -> None:
        for child in self._children:
            child.close()
        for thread in self._threads:
            thread.shutdown(cancel_futures=True)
        self._children, self._threads = [], []


class _Child:
    def __init__(self) -> None:
        paths = [str(Path(__file__).parents[3]), os.environ.get("PYTHONPATH", "")]
        self._process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, paths)),
                "OPENBLAS_NUM_THREADS": "1",
            },
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout

    def do(self, job: bytes, table: bytes) -> bytes:
        try:
            send(self._in, job)
            send(self._in, table)
            answer = receive(self._out)
        except (OSError, EOFError, ValueError) as error:
            raise StoreError(
                f"a process that worked on the map ended early ({error or 'it was killed'}).",
                fix="Is there enough memory? The same command goes on.",
            ) from None
        if answer.startswith(_ERROR):
            raise AssayError(answer[1:].decode())
        return answer[1:]

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._in, self._out):
            with contextlib.suppress(OSError):
                pipe.close()


def serve() -> None:
    """What a child does, until its standard input is closed."""
    given, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing else may speak there
    try:
        while True:
            job, table = job_of(receive(given)), from_bytes(receive(given))
            try:
                answer = _DONE + to_bytes(do(job, table))
            except AssayError as error:
                answer = _ERROR + str(error).encode()
            send(answers, answer)
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return
