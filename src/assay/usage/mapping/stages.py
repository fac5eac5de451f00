"""Stages that survive being killed: each ends in a folder that is there whole or not at all.

A stage's folder bears a hash of all that went into it, so the same command finds what an earlier
one finished, and another seed or another import never does.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from assay.errors import StoreError
from assay.store.files import write_whole

Make = Callable[[Path], None]


class Stages:
    """The stages of one map, below a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._used = set[str]()

    def reach(self, name: str, key: str, make: Make, *, goes_on: bool = False) -> Path:
        """The folder of a stage, made by ``make`` where it is not there yet.

        Args:
            key: a hash of everything that the result depends on.
            make: writes the result into the folder that it is given.
            goes_on: ``make`` can go on with what an earlier call of it left behind.
        """
        done = self.folder / f"{name}-{key[:16]}"
        self._used.add(done.name)
        if done.is_dir():
            return done
        part = done.with_name(done.name + ".part")
        self._used.add(part.name)
        if part.exists() and not goes_on:
            shutil.rmtree(part)
        try:
            part.mkdir(parents=True, exist_ok=True)
            make(part)
            for file in part.iterdir():
                _sync(file)
            _sync(part)
            part.rename(done)
            _sync(self.folder)
        except OSError as error:
            raise StoreError(
                f"could not be written ({error.strerror}).",
                where=str(part),
                fix="Free some space, then give the same command again.",
            ) from error
        return done

    def drop_others(self, *, keep: str) -> None:
        """Remove every stage but the current one of that name: it is all that is worth keeping."""
        for folder in self.folder.iterdir():
            if folder.name not in self._used or not folder.name.startswith(f"{keep}-"):
                shutil.rmtree(folder, ignore_errors=True)


def key_of(*parts: Any) -> str:
    """A hash of values, in order."""
    return hashlib.sha256(msgspec.json.encode(parts, order="deterministic")).hexdigest()


def hash_of_file(path: Path) -> str:
    """The SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def save(folder: Path, **arrays: Any) -> None:
    """Arrays as .npy files of their names."""
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array, allow_pickle=False)


def load(folder: Path, name: str) -> Any:
    """An array as it lies on the disk: read where it is touched."""
    return np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)


def save_json(folder: Path, name: str, value: Any) -> None:
    """A value as JSON."""
    write_whole(folder / f"{name}.json", msgspec.json.encode(value))


def load_json(folder: Path, name: str, kind: Any) -> Any:
    """The inverse of :func:`save_json`.

    Raises:
        StoreError: the file is damaged.
    """
    path = folder / f"{name}.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError) as error:
        raise StoreError(
            f"is damaged ({error}).",
            where=str(path),
            fix="Remove the folder map/work and give the same command again.",
        ) from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
