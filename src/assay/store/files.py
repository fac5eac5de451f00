"""Files that are there whole or not at all, records in files of their own, and locks."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from assay.errors import NotFoundError, StoreError

Record = TypeVar("Record")


def read_record(file: Path, kind: type[Record], missing: str, fix: str) -> Record:
    """The record that a JSON file holds.

    Args:
        missing: what to say where there is none.
        fix: and what to do about it.

    Raises:
        NotFoundError: there is no such file.
        StoreError: it is damaged.
    """
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except FileNotFoundError:
        raise NotFoundError(missing, where=str(file.parent), fix=fix) from None
    except msgspec.MsgspecError as error:
        raise StoreError(f"{file.name} is damaged ({error}).", where=str(file)) from error


def write_record(file: Path, record: Any) -> None:
    """Write a record as a whole or not at all, so that people can read it too."""
    write_whole(file, msgspec.json.format(msgspec.json.encode(record), indent=2))


def write_whole(path: Path, content: bytes | str) -> None:
    """Replace a file in one step, so that a crash leaves the old one or the new one.

    Raises:
        StoreError: the disk is full or refuses.
    """
    data = content.encode() if isinstance(content, str) else content
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StoreError(
            f"could not be written ({error.strerror}).",
            where=str(path),
            fix="Free some space or mend the permissions, then try again.",
        ) from error


@contextlib.contextmanager
def held(file: Path, taken: str) -> Iterator[int]:
    """Hold a lock file for this process, and give its handle. The lock dies with the process.

    Args:
        taken: what to say where another process holds it.

    Raises:
        StoreError: another process holds it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        if not _take(handle, patience=0.5):
            raise StoreError(taken, where=str(file.parent), fix="Wait for it, or stop it.")
        yield handle
    finally:
        os.close(handle)


def is_held(file: Path) -> bool:
    """Whether a living process holds a lock file."""
    try:
        handle = os.open(file, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _take(handle, patience=0.0)
    finally:
        os.close(handle)


def _take(handle: int, patience: float) -> bool:
    """Try to lock; with patience, outlast those who only look whether it is locked."""
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.02)
        else:
            return True
