"""What a sweep over usage costs: the refusal scorer over an import, on all cores and on one.

``python -m benchmarks.usage_score`` makes conversations of 150 words, as imports leave them, and
runs ``assay usage score -s refusal``: on all cores, again (nothing is new), and on one core.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.processes import Cost, Program, cost_of

from assay.records import ImportRecord, Message, Transcript, now
from assay.store.tables import write_rows
from assay.usage.folder import UsageFolder
from assay.usage.keeping import PART_ROWS
from assay.version import __version__


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
    _make(UsageFolder(place / "usage" / "made"), rows)
    score = ["score", "-s", "refusal", "--json"]
    _tell(rows, "all cores", _assay(place, score))
    _tell(rows, "again, nothing new", _assay(place, score))
    shutil.rmtree(place / "usage" / "made" / "scores")
    first = str(min(os.sched_getaffinity(0)))
    _tell(rows, "one core", _assay(place, score, before=["taskset", "-c", first]))
    shutil.rmtree(place)


def _make(folder: UsageFolder, rows: int) -> None:
    """An import of so many conversations of five thousand accounts."""
    chance = random.Random(7)
    words = [
        f"{one}{two}" for one in ("ga", "ri", "py", "mo", "ta") for two in ("den", "ver", "ly")
    ]
    folder.transcripts_folder.mkdir(parents=True)
    for number, start in enumerate(range(0, rows, PART_ROWS)):
        several = range(start, min(start + PART_ROWS, rows))
        write_rows(folder.part(number), Transcript, (_chat(row, chance, words) for row in several))
    folder.save(
        ImportRecord(
            name=folder.name,
            created=now(),
            updated=now(),
            assay=__version__,
            status="complete",
            sources=(),
            conversations=rows,
            with_account=rows,
            redacted={},
            languages={"en": rows},
            keeps_raw=False,
            retention_days=None,
        )
    )


def _chat(row: int, chance: random.Random, words: list[str]) -> Transcript:
    said = [
        Message(role, " ".join(chance.choices(words, k=count)))
        for role, count in (("user", 40), ("assistant", 60), ("user", 20), ("assistant", 30))
    ]
    return Transcript(
        transcript_id=f"{row:032x}",
        messages=tuple(said),
        source_type="usage",
        date=f"2026-{1 + row % 12:02}-01T00:00:00+00:00",
        model=f"some/model-{row % 3}",
        account_id=f"{row % 5_000:020x}",
        language="en",
    )


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
