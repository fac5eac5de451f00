"""Runs a program to its end as a child and says what it cost: CPU, time, memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

LONGEST = 3600.0  # seconds; a child that takes longer is killed


class Program(NamedTuple):
    """What to run: arguments, environment, and the folder to run it in."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    folder: Path


@dataclass(frozen=True)
class Cost:
    """What a process and its own children cost.

    ``cpu``: user and system seconds. ``wall``: seconds. ``peak``: the most memory that it held at
    once, in bytes; never less than the few megabytes of the process that measures it.
    """

    cpu: float
    wall: float
    peak: int
    output: str


class Cores(NamedTuple):
    """The processor of what is measured, and the server's."""

    client: int
    server: int


def split_cores() -> Cores:
    """Pin this process and all that it starts to one core, and leave another to the server."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) == 1:
        print("One core only: the server and its clients share it.", file=sys.stderr)
    os.sched_setaffinity(0, {cores[0]})
    return Cores(client=cores[0], server=cores[-1])


class Running:
    """A started program."""

    def __init__(self, program: Program) -> None:
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - read and closed by cost()
        self._program = program
        self._start = time.perf_counter()
        self._process = subprocess.Popen(
            list(program.arguments),
            env=dict(program.environment),
            cwd=program.folder,
            stdin=subprocess.DEVNULL,
            stdout=self._output,
            stderr=subprocess.STDOUT,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def cost(self) -> Cost:
        """Wait for the end.

        Raises:
            SystemExit: it failed; its output is shown.
        """
        watch = threading.Timer(LONGEST, self._process.kill)
        watch.start()
        _, status, usage = os.wait4(self._process.pid, 0)
        wall = time.perf_counter() - self._start
        watch.cancel()
        self._process.returncode = os.waitstatus_to_exitcode(status)
        with self._output as file:
            file.seek(0)
            output = file.read().decode(errors="replace")
        if self._process.returncode != 0:
            told = " ".join(self._program.arguments)
            sys.exit(f"{told}\nended with {self._process.returncode}:\n{output[-4000:]}")
        return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024, output)


def cost_of(program: Program) -> Cost:
    """Run a program to its end."""
    return Running(program).cost()
