from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from assay.embeddings import Cached, cached
from assay.embeddings.base import Keep, Vectors
from assay.embeddings.hashed import Hashed
from assay.errors import ServerError, StoreError
from tests.support.memory import PEAK

TEXTS = [f"conversation number {i} about topic {i % 7}" for i in range(300)]


class Counting(Hashed):
    """Counts what it embeds, tells in parts of 50, and fails when it is told to."""

    name = "test/counting"
    worth_caching = True
    dimensions = Hashed.dimensions

    def __init__(self, fail_after: int | None = None) -> None:
        self.embedded: list[str] = []
        self.fail_after = fail_after

    def embed(self, texts: Sequence[str], keep: Keep | None = None) -> Vectors:
        found = np.zeros((len(texts), self.dimensions), np.float32)
        for start in range(0, len(texts), 50):
            if self.fail_after is not None and len(self.embedded) >= self.fail_after:
                raise ServerError("the server failed.")
            some = texts[start : start + 50]
            self.embedded += some
            found[start : start + 50] = super().embed(some)
            if keep is not None:
                keep(range(start, start + len(some)), found[start : start + 50])
        return found


def test_no_text_is_embedded_twice(tmp_path: Path) -> None:
    inner = Counting()
    embedder = Cached(inner, tmp_path / "cache")
    first = embedder.embed([*TEXTS, *TEXTS[:10], ""])
    assert sorted(inner.embedded) == sorted([*TEXTS, ""])
    embedder.close()
    other = Counting()
    again = Cached(other, tmp_path / "cache")
    assert np.array_equal(again.embed([*TEXTS, *TEXTS[:10], ""]), first)
    assert other.embedded == []
    assert again.dimensions == 256
    assert (again.name, again.version) == ("test/counting", "1")


def test_what_it_gives_is_near_what_was_made(tmp_path: Path) -> None:
    embedder = Cached(Counting(), tmp_path)
    given, made = embedder.embed([*TEXTS, ""]), Hashed().embed([*TEXTS, ""])
    assert np.allclose(given, made, atol=1e-3)
    assert np.allclose(np.linalg.norm(given[:-1], axis=1), 1, atol=1e-6)
    assert not given[-1].any()


def test_an_embedder_that_fails_midway_keeps_what_it_has(tmp_path: Path) -> None:
    with pytest.raises(ServerError):
        Cached(Counting(fail_after=150), tmp_path).embed(TEXTS)
    inner = Counting()
    Cached(inner, tmp_path).embed(TEXTS)
    assert inner.embedded == TEXTS[150:]


def test_another_version_has_another_cache(tmp_path: Path) -> None:
    Cached(Counting(), tmp_path).embed(TEXTS[:5])
    changed = Counting()
    changed.version = "2"
    Cached(changed, tmp_path).embed(TEXTS[:5])
    assert changed.embedded == TEXTS[:5]
    assert len(list(tmp_path.glob("*.sqlite"))) == 2


def test_a_name_is_no_way_out_of_the_folder(tmp_path: Path) -> None:
    inner = Counting()
    inner.name = "openai/../../etc/passwd\n\x00"
    embedder = Cached(inner, tmp_path / "cache")
    assert embedder.path.parent == tmp_path / "cache"
    assert embedder.path.is_file()


def test_no_text_is_on_the_disk(tmp_path: Path) -> None:
    secret = "the rain in Spain stays mainly in the plain"
    embedder = Cached(Counting(), tmp_path)
    embedder.embed([secret])
    embedder.close()
    held = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"Spain" not in held


def test_hostile_texts_have_keys_of_their_own(tmp_path: Path) -> None:
    texts = ["\ud800", "\ufffd", "\x00", "\x00\x00", "' OR 1=1 --"]
    inner = Counting()
    Cached(inner, tmp_path).embed(texts)
    assert inner.embedded == texts


def test_only_what_is_worth_it_is_cached(tmp_path: Path) -> None:
    cheap, dear = Hashed(), Counting()
    assert cached(cheap, tmp_path) is cheap
    assert isinstance(cached(dear, tmp_path), Cached)


SCRIPT = """
import sys, time
from pathlib import Path
from assay.embeddings import Cached
from tests.embeddings.test_cache import TEXTS, Counting

class Slow(Counting):
    def embed(self, texts, keep=None):
        def told(rows, vectors):
            keep(rows, vectors)
            print(rows[-1] + 1, flush=True)
            time.sleep(60 if rows[-1] == 149 else 0)
        return super().embed(texts, told)

Cached(Slow(), Path(sys.argv[1])).embed(TEXTS)
"""


def test_killed_it_goes_on_where_it_was(tmp_path: Path) -> None:
    expected = Cached(Counting(), tmp_path / "undisturbed").embed(TEXTS)
    root = Path(__file__).parents[2]
    paths = [str(root), str(root / "src"), os.environ.get("PYTHONPATH", "")]
    working = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "killed")],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )
    assert working.stdout is not None
    while working.stdout.readline() not in ("150\n", ""):
        pass
    working.send_signal(signal.SIGKILL)
    working.communicate()
    inner = Counting()
    found = Cached(inner, tmp_path / "killed").embed(TEXTS)
    assert inner.embedded == TEXTS[150:]
    assert np.array_equal(found, expected)


def test_two_at_once_share_a_cache(tmp_path: Path) -> None:
    expected = Cached(Counting(), tmp_path / "alone").embed(TEXTS)
    found: list[Vectors] = []

    def work() -> None:
        found.append(Cached(Counting(), tmp_path / "shared").embed(TEXTS))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(np.array_equal(each, expected) for each in found)


def test_a_file_that_is_no_cache_is_a_clear_error(tmp_path: Path) -> None:
    path = Cached(Counting(), tmp_path).path
    for file in tmp_path.iterdir():
        file.unlink()
    path.write_bytes(b"not SQLite" * 1000)
    with pytest.raises(StoreError, match="delete the file"):
        Cached(Counting(), tmp_path)


def test_vectors_of_two_lengths_are_a_clear_error(tmp_path: Path) -> None:
    first = Cached(Counting(), tmp_path)
    first.embed(TEXTS[:5])
    with sqlite3.connect(first.path) as connection:
        connection.execute("UPDATE vectors SET vector = substr(vector, 1, 100) WHERE rowid > 2")
    with pytest.raises(StoreError, match="hold 50 numbers and some 256"):
        Cached(Counting(), tmp_path).embed(TEXTS[:5])


def test_memory_stays_flat(tmp_path: Path) -> None:
    """Once its own pages are full, 60,000 more texts take next to nothing."""
    script = (
        PEAK + "import sys\n"
        "from pathlib import Path\n"
        "from assay.embeddings import Cached\n"
        "from tests.embeddings.test_cache import Counting\n"
        "embedder = Cached(Counting(), Path(sys.argv[1]))\n"
        "def run(first, last):\n"
        "    for start in range(first, last, 1000):\n"
        "        embedder.embed([f'text {i}' for i in range(start, start + 1000)])\n"
        "        embedder.inner.embedded.clear()\n"
        "    return peak()\n"
        "print(run(0, 100_000), run(100_000, 160_000))\n"
    )
    root = Path(__file__).parents[2]
    paths = [str(root), str(root / "src")]
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
    )
    before, after = map(int, done.stdout.split())
    assert after - before < 4 * 1024  # KiB; the vectors alone would be 30,000 on the disk
