"""What importing usage costs: time by stage in one process, and the whole with its memory.

``python -m benchmarks.usage_import`` makes ShareGPT-shaped logs of conversations of 150 words from
plain words, an address of mail in every tenth, and imports them as ``assay usage import`` does.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.processes import Cost, Program, cost_of

from assay.formats.usage_registry import conversations, parse
from assay.formats.usage_units import Unit, json_units
from assay.usage.door import Door
from assay.usage.language import language_of
from assay.usage.redact import Redactor

_SECRET = b"k" * 32
_SAMPLE = 5_000  # conversations by which stages are measured
_TURNS = (("human", 40), ("gpt", 60), ("human", 20), ("gpt", 30))
_COMMON = (
    "the of and to a in is it that for you with on as are this be I can how what please not or "
    "from your have we my do if about write some would like when which more will one so"
)
_OTHER = (
    "garden river python function explain history model because several people table summary "
    "contract market recipe simple question answer example number letter school travel music "
    "energy language computer health science budget holiday sentence window engine paper story"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        wholes = []
        for rows in options.rows:
            log = work / f"usage-{rows}.jsonl"
            size = make(log, rows)
            if not wholes:
                print(_stages(log), flush=True)
            wholes.append((rows, size, _whole(work, log)))
            log.unlink()
    print(_table(wholes))


def make(path: Path, rows: int) -> int:
    """Write a log of so many conversations; its bytes."""
    chance = random.Random(7)
    words = _COMMON.split() * 4 + _OTHER.split()
    with path.open("w", encoding="utf-8") as file:
        for number in range(rows):
            said = [
                {"from": who, "value": " ".join(chance.choices(words, k=count)).capitalize() + "."}
                for who, count in _TURNS
            ]
            if number % 10 == 0:
                said[-1]["value"] += f" Write to person{number}@example.org."
            row = {
                "id": f"chat-{number}",
                "conversations": said,
                "model": "some-model",
                "timestamp": 1_772_359_200 + number,
                "user_id": f"user-{number % 5_000}",
            }
            file.write(json.dumps(row) + "\n")
    return path.stat().st_size


def _stages(log: Path) -> str:
    units = [unit for unit, _ in zip(json_units(log), range(_SAMPLE), strict=False)]
    values = [parse(unit.data)[0] for unit in units]
    found = [each for value in values for each in conversations(value, "chat", {})]
    texts = [[message.content for message in each.messages] for each in found]  # type: ignore[union-attr]
    redact = Redactor(_SECRET).redact
    today = datetime.datetime.now(datetime.UTC)
    door = Door(_SECRET, log.name, "chat", {}, keep_raw=False, today=today)
    language_of("The first call loads what the identifier knows.")
    stages: list[tuple[str, Callable[[], object]]] = [
        ("find the lines", lambda: _all(json_units(log), len(units))),
        ("parse", lambda: [parse(unit.data) for unit in units]),
        ("read the format", lambda: [list(conversations(each, "chat", {})) for each in values]),
        ("redact", lambda: [redact(text) for each in texts for text in each]),
        ("tell the language", lambda: [language_of("\n".join(each[::2])) for each in texts]),
        ("all of the door, with hashes and JSON", lambda: list(door.admit(units))),
    ]
    size = sum(len(unit.data) for unit in units)
    lines = ["| stage | CPU a conversation | of the log, MB/s a core |", "|---|---|---|"]
    for name, work in stages:
        start = time.process_time()
        work()
        spent = time.process_time() - start
        lines.append(f"| {name} | {spent / len(units) * 1e6:.0f} us | {size / spent / 1e6:.0f} |")
    return "\n".join(lines)


def _all(units: Iterator[Unit], most: int) -> None:
    for _ in zip(units, range(most), strict=False):
        pass


def _whole(work: Path, log: Path) -> Cost:
    command = [sys.executable, "-m", "assay", "usage", "import", str(log), "--json"]
    place = work / f"workspace-{log.stem}"
    place.mkdir()
    return cost_of(Program(command, dict(os.environ), place))


def _table(wholes: list[tuple[int, int, Cost]]) -> str:
    lines = [
        "| conversations | log | wall | CPU | conversations/s | MB/s | peak memory of a process |",
        "|---|---|---|---|---|---|---|",
    ]
    for rows, size, cost in wholes:
        lines.append(
            f"| {rows:,} | {size / 1e6:.0f} MB | {cost.wall:.1f} s | {cost.cpu:.1f} s "
            f"| {rows / cost.wall:,.0f} | {size / cost.wall / 1e6:.1f} | {cost.peak / 1e6:.0f} MB |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
