"""Children of this process, and the pipes between: messages of bytes, each after its length.

A child reads from its standard input and ends when that is closed: should this process be killed,
none is left behind.
"""

from __future__ import annotations

import contextlib
import os
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import IO, TypeVar

from assay.errors import StoreError

Task = TypeVar("Task")
Done = TypeVar("Done")

_AHEAD = 2  # tasks that wait for each child, so that none waits for us
_LENGTH = struct.Struct("<Q")


class Child:
    """A process that answers messages.

    Args:
        program: what it runs: Python, with this package at hand.
        task: what it does, for the error that tells of its end.
    """

    def __init__(self, program: str, task: str) -> None:
        paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
        self._task = task
        self.process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={
                **os.environ,
                "PYTHONPATH": os.pathsep.join(filter(None, paths)),
                "OPENBLAS_NUM_THREADS": "1",  # there is a child a core
            },
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self._in, self._out = self.process.stdin, self.process.stdout

    def tell(self, message: bytes) -> None:
        """Send what needs no answer."""
        with contextlib.suppress(BrokenPipeError):  # the next question tells that it has ended
            send(self._in, message)

    def ask(self, *messages: bytes) -> bytes:
        """Send messages and wait for the answer.

        Raises:
            StoreError: the child has ended.
        """
        try:
            for message in messages:
                send(self._in, message)
            return receive(self._out)
        except (OSError, EOFError, ValueError) as error:
            raise StoreError(
                f"a process that {self._task} ended early ({error or 'it was killed'}).",
                fix="Is there enough memory? The same command goes on.",
            ) from None

    def close(self) -> None:
        """Let it end."""
        self.process.kill()
        self.process.wait()
        for pipe in (self._in, self._out):
            with contextlib.suppress(OSError):
                pipe.close()


class Pool:
    """Children that do tasks beside each other, begun when the first task comes.

    Args:
        start: begins a child.
        size: how many.
    """

    def __init__(self, start: Callable[[], Child], size: int) -> None:
        self._start = start
        self._size = size
        self.children: list[Child] = []
        self._threads: list[ThreadPoolExecutor] = []

    def work(self, tasks: Iterable[Task], do: Callable[[Child, Task], Done]) -> Iterator[Done]:
        """What ``do`` gives of each task, in order; a few are done ahead."""
        waiting: deque[Future[Done]] = deque()
        for number, task in enumerate(tasks):
            while len(self.children) < self._size:
                self.children.append(self._start())
                self._threads.append(ThreadPoolExecutor(1, thread_name_prefix="child"))
            turn = number % self._size
            waiting.append(self._threads[turn].submit(do, self.children[turn], task))
            if len(waiting) > _AHEAD * self._size:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def close(self) -> None:
        """Let the children end."""
        for child in self.children:
            child.close()
        for thread in self._threads:
            thread.shutdown(cancel_futures=True)
        self.children, self._threads = [], []


def send(pipe: IO[bytes], data: bytes) -> None:
    """Send a message.

    Raises:
        BrokenPipeError: nobody reads any more.
    """
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes:
    """The next message.

    Raises:
        EOFError: the other side has ended.
    """
    (length,) = _LENGTH.unpack(_exactly(pipe, _LENGTH.size))
    return _exactly(pipe, length)


def _exactly(pipe: IO[bytes], size: int) -> bytes:
    data = pipe.read(size)
    if len(data) < size:
        raise EOFError
    return data
