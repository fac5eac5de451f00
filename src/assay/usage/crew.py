"""Other processes that let rows in, so that redaction uses every core."""

from __future__ import annotations

import datetime
import functools
import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from assay.errors import AssayError
from assay.formats.usage_units import Unit
from assay.usage.door import Door, Passed
from assay.usage.pipes import Child, Pool, receive, send

Label = TypeVar("Label")


class Task(msgspec.Struct, frozen=True, array_like=True):
    """Units of one source, and what their door must know."""

    source: str
    format: str
    mapping: dict[str, str]
    keep_raw: bool
    today: datetime.datetime
    units: list[Unit]


class _Answer(msgspec.Struct, frozen=True, array_like=True):
    passed: list[Passed]
    error: str | None = None


_encoder = msgspec.msgpack.Encoder()
_tasks = msgspec.msgpack.Decoder(Task)
_answers = msgspec.msgpack.Decoder(_Answer)


class Doors:
    """Does tasks in this process."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._door = functools.lru_cache(maxsize=8)(self._make)

    def do(self, task: Task) -> list[Passed]:
        """What becomes of each unit."""
        mapping = tuple(sorted(task.mapping.items()))
        door = self._door(task.source, task.format, mapping, task.keep_raw, task.today)
        return list(door.admit(task.units))

    def _make(
        self,
        source: str,
        name: str,
        mapping: tuple[tuple[str, str], ...],
        keep_raw: bool,
        today: datetime.datetime,
    ) -> Door:
        return Door(self._secret, source, name, dict(mapping), keep_raw=keep_raw, today=today)


class Crew:
    """Does tasks in other processes, in order.

    Args:
        secret: the workspace's; it reaches the children through a pipe alone.
        size: how many processes; 0 for none but this one.
    """

    def __init__(self, secret: bytes, size: int) -> None:
        self._here = Doors(secret)

        def start() -> Child:
            child = Child("from assay.usage.crew import serve; serve()", "read the log")
            child.tell(secret)
            return child

        self._pool = Pool(start, size) if size else None

    def work(self, tasks: Iterable[tuple[Label, Task]]) -> Iterator[tuple[Label, list[Passed]]]:
        """Each task's label with what became of its units, in order; a few are done ahead."""
        if self._pool is None:
            return ((label, self._here.do(task)) for label, task in tasks)
        return self._pool.work(tasks, _do)

    def close(self) -> None:
        """Let the children end."""
        if self._pool is not None:
            self._pool.close()


def _do(child: Child, labelled: tuple[Label, Task]) -> tuple[Label, list[Passed]]:
    label, task = labelled
    answer = _answers.decode(child.ask(_encoder.encode(task)))
    if answer.error is not None:
        raise AssayError(answer.error)
    return label, answer.passed


def serve() -> None:
    """What a child does, until its standard input is closed."""
    tasks, answers = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing else may speak there
    try:
        doors = Doors(receive(tasks))
        while True:
            task = _tasks.decode(receive(tasks))
            try:
                answer = _Answer(doors.do(task))
            except AssayError as error:
                answer = _Answer([], str(error))
            send(answers, _encoder.encode(answer))
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        return
