"""Who does the jobs of a map: this process, or children beside it, one a core.

Whoever works, the same tables come back, in the order of the given.
"""

from __future__ import annotations

import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol

import msgspec

from assay.errors import AssayError
from assay.store.batches import Table, from_bytes, to_bytes
from assay.usage.mapping.jobs import Job, do, job_of
from assay.usage.pipes import Child, receive, send

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
        self._children: list[Child] = []
        self._threads: list[ThreadPoolExecutor] = []

    def work(self, job: Job, given: Iterable[Table]) -> Iterator[Table]:
        told = msgspec.json.encode(job)
        waiting: deque[Future[bytes]] = deque()
        for number, table in enumerate(given):
            self._start()
            turn = number % self._size
            data = to_bytes(table)
            waiting.append(self._threads[turn].submit(_do, self._children[turn], told, data))
            if len(waiting) > _AHEAD * self._size:
                yield from_bytes(waiting.popleft().result())
        while waiting:
            yield from_bytes(waiting.popleft().result())

    def _start(self) -> None:
        while len(self._children) < self._size:
            program = f"from {__name__} import serve; serve()"
            self._children.append(Child(program, "worked on the map"))
            self._threads.append(ThreadPoolExecutor(1, thread_name_prefix="hand"))

    def close(self) -> None:
        for child in self._children:
            child.close()
        for thread in self._threads:
            thread.shutdown(cancel_futures=True)
        self._children, self._threads = [], []


def _do(child: Child, job: bytes, table: bytes) -> bytes:
    answer = child.ask(job, table)
    if answer.startswith(_ERROR):
        raise AssayError(answer[1:].decode())
    return answer[1:]


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
