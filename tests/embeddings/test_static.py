"""The real table for what it means; a table of 400 wordpieces for how it is made."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from assay.embeddings import distil as distilling
from assay.embeddings import static as room
from assay.embeddings.distil import DIMENSIONS, distil
from assay.embeddings.minilm import open_tokenizer
from assay.embeddings.static import Static


@pytest.fixture(scope="session")
def few(weights: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The real tokenizer with its marks and 300 of its words."""
    told = json.loads(weights.with_name("minilm-l6.tokenizer.json").read_text())
    words = sorted(told["model"]["vocab"].items(), key=lambda item: item[1])
    kept = words[:110] + words[2000:2300]
    told["model"]["vocab"] = {word: row for row, (word, _) in enumerate(kept)}
    file = tmp_path_factory.mktemp("few") / "few.json"
    file.write_text(json.dumps(told))
    return file


@pytest.fixture
def fresh(weights: Path, few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache, where the small table would be made; its file."""
    monkeypatch.setenv("ASSAY_CACHE", str(tmp_path))
    monkeypatch.setattr(room, "model_files", lambda: (weights, few))
    return tmp_path / "weights" / "static-256.npy"


def left_behind(file: Path) -> list[str]:
    return sorted(each.name for each in file.parent.iterdir() if each.suffix != ".lock")


def test_what_is_about_the_same_is_near(static: Static) -> None:
    topics = [
        ["My sourdough bread does not rise in the oven.", "Which flour for baking a loaf?"],
        ["The striker scored two goals in the final.", "Which team won the football match?"],
        ["Refactor this Python function.", "My code throws an exception when compiled."],
    ]
    one, other = (static.embed([topic[side] for topic in topics]) for side in (0, 1))
    cosines = one @ other.T
    assert np.all(cosines.argmax(axis=1) == np.arange(3))
    assert np.diag(cosines).min() > cosines[~np.eye(3, dtype=bool)].max()


def test_common_words_hardly_count(static: Static) -> None:
    bare, full, other = static.embed(["volcano", "what is it with the volcano and me", "opera"])
    assert bare @ full > 0.8
    assert bare @ other < 0.5


def test_a_text_is_the_sum_of_its_wordpieces(static: Static, weights: Path) -> None:
    """Against the table and the tokenizer by hand, over texts that fill and empty what is kept."""
    table = np.load(room.cache_folder() / "weights" / "static-256.npy")
    tokens = open_tokenizer(weights.with_name("minilm-l6.tokenizer.json"))
    texts = ["Unbelievably, re-heating; isn't it?", "x" * 41 + " tokenization", "naïve CAFÉ 123,45"]
    for text, found in zip(texts, static.embed(texts), strict=True):
        by_hand = table[tokens.encode(text, add_special_tokens=False).ids].sum(axis=0)
        assert np.allclose(found, by_hand / np.linalg.norm(by_hand), atol=1e-5)


def test_texts_beyond_one_slice_get_their_own_vectors(static: Static) -> None:
    texts = [["volcano", "opera", ""][i % 3] for i in range(20_000)] + ["opera " * 10**6, "volcano"]
    found = static.embed(texts)
    three = static.embed(["volcano", "opera", ""])
    assert np.array_equal(found[:-2], three[np.arange(20_000) % 3])
    assert np.allclose(found[-2:], three[[1, 0]], atol=1e-4)


def test_what_is_kept_of_chunks_is_bounded(static: Static, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_KEPT", 100)
    texts = [f"word{i} " + "y" * 50 + str(i) for i in range(150)]
    expected = static.embed(texts)
    assert static.embed(["one"]).any()
    assert len(static._pieces) <= 100
    assert all(len(chunk) <= 40 for chunk in static._pieces)
    assert np.array_equal(static.embed(texts), expected)


def test_the_record_says_what_the_table_was_made_of(static: Static) -> None:
    file = room.cache_folder() / "weights" / "static-256.npy"
    told = hashlib.sha256(file.read_bytes()).hexdigest()
    assert static.details["sha256"] == told
    assert static.version == told[:16]
    assert static.details["source_sha256"].startswith("8199be6f699a395f")
    assert static.details["recipe"] == distilling.RECIPE


def test_distilling_repeats_and_says_how_far_it_is(weights: Path, few: Path) -> None:
    told: list[tuple[int, int]] = []
    table = distil(weights, few, lambda done, total: told.append((done, total)))
    assert table.shape == (410, DIMENSIONS)
    assert np.array_equal(table, distil(weights, few))
    assert told[-1] == (410, 410)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert not table[:110].any()  # marks are no wordpieces
    assert table[110:].any(axis=1).all()


def test_the_reduction_against_an_independent_one() -> None:
    """Weighted PCA by the singular values of the weighted rows, on made-up vectors."""
    random = np.random.default_rng(0)
    vectors = (random.normal(size=(900, 300)) * np.linspace(3, 1, 300)).astype(np.float32)
    probability = distilling.frequencies(np.arange(900) >= 5)
    table = distilling.reduced(vectors, probability)
    weight = np.where(probability > 0, 3e-4 / (3e-4 + probability), 0)
    share = weight * probability / (weight * probability).sum()
    centred = vectors - np.average(vectors, axis=0, weights=share)
    _, values, axes = np.linalg.svd(centred * np.sqrt(share)[:, None], full_matrices=False)
    expected = weight[:, None] * (centred @ axes[:256].T) / np.sqrt(values[:256])
    # The same but for the axes' signs and one scale for all.
    assert np.allclose(np.abs(table) * np.abs(expected).max() / np.abs(table).max(), abs(expected))
    assert not table[:5].any()


def test_a_table_is_made_once_and_found_again(fresh: Path) -> None:
    told: list[int] = []
    one = Static()
    one.prepare(lambda done, total: told.append(done))
    assert told
    assert left_behind(fresh) == ["static-256.json", "static-256.npy"]
    other = Static()
    other.prepare(lambda done, total: told.append(-1))
    assert -1 not in told
    assert one.version == other.version


@pytest.mark.parametrize("state", ["no record", "another recipe", "another source", "half a table"])
def test_a_table_that_is_not_whole_or_not_this_one_is_made_anew(fresh: Path, state: str) -> None:
    Static().prepare()
    right, record_file = fresh.read_bytes(), fresh.with_suffix(".json")
    record = json.loads(record_file.read_bytes())
    fresh.write_bytes(right[:5000] if state == "half a table" else right[::-1])
    if state == "no record":
        record_file.unlink()
        fresh.with_suffix(".part").write_bytes(b"half")
    elif state == "another recipe":
        record_file.write_text(json.dumps({**record, "recipe": 0}))
    elif state == "another source":
        record_file.write_text(json.dumps({**record, "source_sha256": "0" * 64}))
    Static().prepare()
    assert fresh.read_bytes() == right
    assert json.loads(record_file.read_bytes()) == record
    assert left_behind(fresh) == ["static-256.json", "static-256.npy"]


SCRIPT = """
import sys, time
from pathlib import Path
from assay.embeddings import static as room
room.model_files = lambda: (Path(sys.argv[1]), Path(sys.argv[2]))
embedder = room.Static()
def progress(done, total):
    print("distilling", flush=True)
    time.sleep(float(sys.argv[3]))
embedder.prepare(progress)
print(embedder.version, flush=True)
"""


def start(weights: Path, few: Path, pause: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", SCRIPT, str(weights), str(few), str(pause)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ.copy())


def test_killed_while_it_distils_it_starts_afresh(fresh: Path, weights: Path, few: Path) -> None:
    working = start(weights, few, 60)
    assert working.stdout is not None
    assert working.stdout.readline() == "distilling\n"
    working.send_signal(signal.SIGKILL)
    working.communicate()
    assert left_behind(fresh) == []
    Static().prepare()
    assert left_behind(fresh) == ["static-256.json", "static-256.npy"]


def test_two_processes_at_once_distil_once(fresh: Path, weights: Path, few: Path) -> None:
    both = [start(weights, few, 0.3) for _ in range(2)]
    said = [each.communicate(timeout=100)[0].split() for each in both]
    assert sorted("distilling" in each for each in said) == [False, True]
    assert said[0][-1] == said[1][-1] == Static().version


def test_a_full_disk_is_a_clear_error(fresh: Path, weights: Path, few: Path) -> None:
    script = (
        "import resource, signal\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script + SCRIPT, str(weights), str(few), "0"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ASSAY_CACHE" in done.stderr.splitlines()[-1]
    assert "StoreError" in done.stderr.splitlines()[-1]
    Static().prepare()
    assert left_behind(fresh) == ["static-256.json", "static-256.npy"]
