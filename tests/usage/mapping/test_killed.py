"""A map that is killed again and again ends as one that was left alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from assay.usage.folder import UsageFolder
from assay.usage.mapping.folder import MapFolder
from assay.usage.mapping.make import make_map
from assay.usage.mapping.settings import MapSettings
from tests.usage.mapping.made import about, import_of

MOMENTS = 5

PROGRAM = """
import sys, time
from pathlib import Path
from assay.usage.folder import UsageFolder
from assay.usage.mapping.make import make_map
from assay.usage.mapping.settings import MapSettings
from tests.usage.mapping.test_killed import Slow
print("begun", flush=True)
make_map(UsageFolder(Path(sys.argv[1])), MapSettings(embedder="slow"), Slow())
"""


class Slow:
    """Letters counted, a little at a time: there is a moment to be killed in."""

    name = "slow"
    version = "1"
    dimensions = 26

    def embed(self, texts: list[str]) -> object:
        import numpy as np

        time.sleep(0.05)
        found = np.array(
            [[text.count(chr(97 + each)) for each in range(26)] for text in texts], np.float32
        )
        return found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1)


def test_killed_at_random_moments_it_ends_the_same(tmp_path: Path) -> None:
    transcripts = about(1500)
    alone = import_of(tmp_path / "alone", transcripts)
    begun = time.perf_counter()
    wanted = make_map(alone, MapSettings(embedder="slow"), Slow())  # type: ignore[arg-type]
    whole = time.perf_counter() - begun
    usage = import_of(tmp_path / "killed", transcripts)
    choose = random.Random(7)
    killed = 0
    for _ in range(MOMENTS):
        killed += _run(usage, choose.uniform(0, whole))
    assert killed, "it was too quick to be killed"
    assert not _run(usage, None)
    place, other = MapFolder(usage.path), MapFolder(alone.path)
    assert place.clusters_file.read_bytes() == other.clusters_file.read_bytes()
    assert place.conversations_file.read_bytes() == other.conversations_file.read_bytes()
    assert msgspec.structs.replace(place.read(), created=wanted.created) == wanted
    assert not list(place.path.rglob("*.part"))


def _run(usage: UsageFolder, after: float | None) -> bool:
    """Make the map in a process of its own, and kill it so long after it began; whether it was."""
    root = Path(__file__).parents[3]
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(usage.path)],
        env={**os.environ, "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"},
        stdout=subprocess.PIPE,
        cwd=root,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"begun\n"
    if after is not None:
        time.sleep(after)
        process.send_signal(signal.SIGKILL)
    code = process.wait(timeout=120)
    process.stdout.close()
    assert code in (0, -signal.SIGKILL)
    return code != 0
