"""Kill -9 at moments from the first row to the finished map: resumed, the same result."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import msgspec
import pyarrow.parquet as pq

from assay.records import ImportRecord, MapRecord
from assay.usage.folder import UsageFolder
from assay.usage.mapping.folder import MapFolder
from tests.usage.logs import write
from tests.usage.mapping.made import SMALL

MOMENTS = 8
ROOT = Path(__file__).parents[3]


def test_killed_at_moments_of_the_whole_pipeline(tmp_path: Path) -> None:
    log = write(tmp_path / "made.jsonl", [_row(n, text) for n, (_, text) in _texts()])
    (steps,) = _runs(log, tmp_path / "alone", [0])
    assert int(steps) > 3 * MOMENTS
    wanted = _result(tmp_path / "alone" / "0")
    assert {"en", "de"} <= _languages(tmp_path / "alone" / "0")
    choose = random.Random(11)
    share = int(steps) / MOMENTS  # one moment in each part of the way
    moments = [max(1, int(share * (each + choose.random()))) for each in range(MOMENTS)]
    assert _runs(log, tmp_path / "killed", moments) == ["killed"] * MOMENTS
    stages = {
        each.name.partition("-")[0]
        for each in (tmp_path / "killed").glob("*/usage/made/map/work/*")
    }
    assert {"read", "embed", "cluster"} <= stages, "killed in too few stages"
    assert "killed" not in _runs(log, tmp_path / "killed", [0] * MOMENTS)
    for number in range(MOMENTS):
        place = tmp_path / "killed" / str(number)
        assert _result(place) == wanted, f"killed at step {moments[number]} of {steps}"
        assert not list(place.rglob("*.part"))


def _texts() -> list[tuple[int, tuple[int, str]]]:
    return list(enumerate(SMALL.texts(500)))


ASKED = ("how can I do this, please, and what is the", "wie kann ich das bitte machen, und was ist")


def _row(number: int, text: str) -> dict[str, object]:
    """A third in another language, so that vectors are compared within languages."""
    asked = ASKED[number % 3 == 0]
    said = [
        {"role": "user", "content": f"{asked} {text} mail{number}@example.org"},
        {"role": "assistant", "content": "Certainly."},
    ]
    return {"id": f"c{number}", "user_id": f"u{number % 200}", "messages": said}


def _languages(place: Path) -> set[str]:
    told = UsageFolder(place / "usage" / "made").read().languages
    return {language for language, count in told.items() if count >= 50}


def _runs(log: Path, folder: Path, moments: list[int]) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.usage.mapping.pipeline", log, folder, *map(str, moments)],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"},
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        check=True,
    )
    return done.stdout.split()


def _result(place: Path) -> tuple[object, ...]:
    """All that an import and its map hold, without what clocks change."""
    usage = UsageFolder(place / "usage" / "made")
    found = MapFolder(usage.path)
    imported: ImportRecord = msgspec.structs.replace(usage.read(), created="", updated="")
    mapped: MapRecord = msgspec.structs.replace(found.read(), created="")
    return (
        [row for part in usage.parts() for row in pq.read_table(part).to_pylist()],
        pq.read_table(usage.rejected_file).to_pylist(),
        imported,
        mapped,
        found.clusters_file.read_bytes(),
        found.conversations_file.read_bytes(),
    )
