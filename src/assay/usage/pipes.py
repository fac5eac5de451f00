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
from pathlib import Path
from typing import IO

from assay.errors import StoreError

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
