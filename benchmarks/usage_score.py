"""What a sweep over usage costs: the refusal scorer over an import, on all cores and on one.

``python -m benchmarks.usage_score`` imports logs as ``benchmarks.usage_import`` makes them, then
runs ``assay usage score -s refusal``: on all cores, again (nothing is new), and on one core.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.processes import Cost, Program, cost_of
from benchmarks.usage_import import make


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    options = parser.parse_args()
    print("| conversations | what | wall | CPU | conversations/s | peak memory of a process |")
    print("|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for rows in options.rows:
            _measure(Path(folder) / str(rows), rows)


def _measure(place: Path, rows: int) -> None:
    place.mkdir()
    log = place / "log.jsonl"
    make(log, rows)
    _assay(place, ["import", str(log)])
    log.unlink()
    score = ["score", "-s", "refusal", "--json"]
    _tell(rows, "all cores", _assay(place, score))
    _tell(rows, "again, nothing new", _assay(place, score))
    shutil.rmtree(place / "usage" / "log" / "scores")
    first = str(min(os.sched_getaffinity(0)))
    _tell(rows, "one core", _assay(place, score, before=["taskset", "-c", first]))
    shutil.rmtree(place)


def _assay(place: Path, arguments: Sequence[str], before: Sequence[str] = ()) -> Cost:
    command = [*before, sys.executable, "-m", "assay", "usage", *arguments]
    return cost_of(Program(command, dict(os.environ), place))


def _tell(rows: int, what: str, cost: Cost) -> None:
    print(
        f"| {rows:,} | {what} | {cost.wall:.1f} s | {cost.cpu:.1f} s "
        f"| {rows / cost.wall:,.0f} | {cost.peak / 1e6:.0f} MB |",
        flush=True,
    )


if __name__ == "__main__":
    main()
