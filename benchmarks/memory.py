"""Whether a large run takes more memory than a small one, and what its end and its resuming cost.

``python -m benchmarks.memory`` runs 100,000 and 1,000,000 samples on the fast local server. When
the last reply of the large run has been sent, the process is frozen for a moment and its workspace
copied: the copy is what a machine that lost power would hold, and it is resumed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.contestants import assay_program, environment, start_assay
from benchmarks.processes import Cost, Program, Running, cost_of, split_cores
from benchmarks.server import Server, running

CONNECTIONS = 100
_POLL = 0.002  # seconds between questions to the server as the end draws near


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--small", type=int, default=100_000, help="samples of the small run")
    parser.add_argument("--large", type=int, default=1_000_000, help="samples of the large run")
    options = parser.parse_args()
    cores = split_cores()
    with running(cores.server) as server, tempfile.TemporaryDirectory() as folder:
        small = _run(Path(folder) / "small", options.small, server)
        print(_table(options.small, small), file=sys.stderr)
        work, copy = Path(folder) / "large", Path(folder) / "copy"
        large, paused = _run_with_copy(work, copy, options.large, server)
        print(_table(options.large, large), file=sys.stderr)
        shown = cost_of(_assay(work, server, "show", "latest", "--json"))
        server.reset()
        resumed = cost_of(_assay(copy, server, "resume", "latest", "--json"))
        asked = server.count().requests
    print(_report(options, small, large, paused, shown, resumed, asked))


def _run(work: Path, number: int, server: Server) -> Cost:
    work.mkdir()
    server.reset()
    return cost_of(start_assay(work, number, CONNECTIONS, server.url))


def _run_with_copy(work: Path, copy: Path, number: int, server: Server) -> tuple[Cost, float]:
    """Run; when every reply has been sent, freeze the process and copy its workspace.

    Returns:
        What the run cost, and for how many seconds of its time it was frozen.
    """
    work.mkdir()
    program = start_assay(work, number, CONNECTIONS, server.url)
    server.reset()
    process = Running(program)
    while (asked := server.count().requests) < number:
        left = number - asked
        time.sleep(_POLL if left < 5_000 else left / 100_000)
    os.kill(process.pid, signal.SIGSTOP)
    try:
        start = time.perf_counter()
        if not any(work.glob("runs/*/journal.sqlite")):
            sys.exit("The run ended before it could be frozen: try again.")
        shutil.copytree(work, copy)
        paused = time.perf_counter() - start
    finally:
        os.kill(process.pid, signal.SIGCONT)
    return process.cost(), paused


def _assay(work: Path, server: Server, *arguments: str) -> Program:
    return Program(assay_program(*arguments), environment(server.url), work)


def _table(number: int, cost: Cost) -> str:
    return f"{number:,} samples: {cost.cpu:.1f} s CPU, {cost.wall:.1f} s, {cost.peak / 1e6:.0f} MB"


def _report(
    options: argparse.Namespace,
    small: Cost,
    large: Cost,
    paused: float,
    shown: Cost,
    resumed: Cost,
    asked: int,
) -> str:
    rows = [
        (f"`assay run`, {options.small:,} samples", small, 0.0),
        (f"`assay run`, {options.large:,} samples", large, paused),
        (f"`assay show` of that run of {options.large:,}", shown, 0.0),
        (f"`assay resume` of it, {asked:,} replies not yet journalled", resumed, 0.0),
    ]
    lines = ["| | wall | CPU | peak memory |", "|---|---|---|---|"]
    for name, cost, frozen in rows:
        lines.append(
            f"| {name} | {cost.wall - frozen:.1f} s | {cost.cpu:.1f} s | {cost.peak / 1e6:.0f} MB |"
        )
    lines.append(
        f"\nPeak at {options.large:,} samples: {large.peak / small.peak:.3f} times that at "
        f"{options.small:,}."
    )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
