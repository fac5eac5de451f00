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
import pytest

from assay.embeddings import Cached
from assay.embeddings.endpoint import Endpoint
from assay.errors import RequestRejectedError
from assay.models import ModelSettings
from assay.models.patience import Patience
from assay.usage.folder import UsageFolder
from assay.usage.mapping.folder import MapFolder
from assay.usage.mapping.make import make_map
from assay.usage.mapping.settings import MapSettings
from tests.embeddings.conftest import vectors
from tests.support.fault_server import FaultServer, in_turn, status
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


def test_an_endpoint_that_fails_midway_ends_the_same_and_is_not_paid_twice(tmp_path: Path) -> None:
    settings = MapSettings(embedder="openai/any")
    quota = status(429, b'{"error": {"code": "insufficient_quota"}}')
    with FaultServer(in_turn(*[vectors()] * 5, quota)) as server:

        def made(name: str) -> MapFolder:
            usage = UsageFolder(tmp_path / name / "usage" / "made")
            if not usage.parts():
                import_of(tmp_path / name, about(700))
            told = ModelSettings(base_url=server.url)
            endpoint = Endpoint("any", told, Patience(tries=2, first_pause=0.01))
            embedder = Cached(endpoint, MapFolder(usage.path).vectors_folder)
            try:
                make_map(usage, settings, embedder)
            finally:
                embedder.close()
            return MapFolder(usage.path)

        with pytest.raises(RequestRejectedError, match="quota"):
            made("failed")
        paid = [seen for seen in server.seen if b"How many" not in seen.body][:4]
        server.behaviour = vectors()
        server.seen.clear()
        failed = made("failed")
        asked = [text for seen in server.seen for text in seen.json["input"]]
        assert len(asked) < 700
        assert not set(asked) & {text for seen in paid for text in seen.json["input"]}
        alone = made("alone")
    assert failed.clusters_file.read_bytes() == alone.clusters_file.read_bytes()
    assert failed.conversations_file.read_bytes() == alone.conversations_file.read_bytes()
