"""Builds and runs the fake server, which answers faster than anything that is measured on it."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_SOURCE = Path(__file__).with_name("server.c")


class Count(NamedTuple):
    """What the server saw: ``seconds`` from the first request read to the last reply sent."""

    requests: int
    seconds: float


class Server:
    """A running server. ``url`` is the base URL that a client is given."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}/v1"
        self._root = f"http://127.0.0.1:{port}"

    def count(self) -> Count:
        """The requests since the start or the last reset."""
        return self._ask("/count")

    def reset(self) -> Count:
        """The requests so far; then count from zero."""
        return self._ask("/reset")

    def _ask(self, path: str) -> Count:
        with urllib.request.urlopen(self._root + path, timeout=10) as answer:
            return Count(**json.load(answer))


@contextlib.contextmanager
def running(core: int, latency_ms: float = 0) -> Iterator[Server]:
    """Compile the server, start it on one core, and stop it at the end.

    Args:
        core: the processor that it is pinned to.
        latency_ms: how long it holds each reply back.
    """
    with tempfile.TemporaryDirectory(prefix="assay-bench-server-") as folder:
        program = _compiled(Path(folder))
        process = subprocess.Popen(
            [str(program), str(latency_ms)], stdout=subprocess.PIPE, text=True
        )
        try:
            os.sched_setaffinity(process.pid, {core})
            assert process.stdout is not None
            yield Server(process, int(process.stdout.readline()))
        finally:
            process.kill()
            process.communicate()


def _compiled(folder: Path) -> Path:
    compiler = shutil.which(os.environ.get("CC", "cc"))
    if compiler is None:
        sys.exit("The fake server is compiled with cc, which is not here: apt install gcc")
    program = folder / "server"
    subprocess.run([compiler, "-O2", "-o", program, _SOURCE], check=True)
    return program
