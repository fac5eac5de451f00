"""Who does the jobs of a map: this process, or children beside it, one a core.

Whoever works, the same tables come back, in the order of the given.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import Protocol

import msgspec

from assay.errors import AssayError
from assay.store.batches import Table, from_bytes, to_bytes
from assay.usage.mapping.jobs import Job, do, job_of
from assay.usage.pipes import Child, Pool, receive, send

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
        program = f"from {__name__} import serve; serve()"
        cores = len(os.sched_getaffinity(0))
        self.pool = Pool(lambda: Child(program, "worked on the map"), size or cores)

    def work(self, job: Job, given: Iterable[Table]) -> Iterator[Table]:
        told = msgspec.json.encode(job)
        answers = self.pool.work(map(to_bytes, given), lambda child, table: _do(child, told, table))
        return map(from_bytes, answers)

    def close(self) -> None:
        self.pool.close()


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
