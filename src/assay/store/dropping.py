"""Rows taken out of a Parquet file for good: the file is written again without them, or not at all.

The blocks of the old file are the file system's to give away: what a purge promises ends there.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from assay.errors import StoreError

Drop = Callable[[Any], bool]
"""Tells by the value of a column whether a row is to go."""


def columns_of(path: Path) -> list[str]:
    """The names of a file's columns.

    Raises:
        StoreError: it is no Parquet file that can be read.
    """
    import pyarrow.parquet

    with _told(path):
        return list(pyarrow.parquet.read_schema(path).names)


def count_rows(path: Path, column: str, drop: Drop) -> tuple[int, int]:
    """How many rows of a file would go, and how many it has.

    Raises:
        StoreError: it cannot be read.
    """
    import pyarrow.parquet

    going = total = 0
    with _told(path), pyarrow.parquet.ParquetFile(path, pre_buffer=False) as file:
        for batch in file.iter_batches(columns=[column], use_threads=False):
            values = batch.column(0).to_pylist()
            total += len(values)
            going += sum(map(drop, values))
    return going, total


def drop_rows(path: Path, column: str, drop: Drop) -> int:
    """Write a file again without the rows that are to go; how many went.

    A file from which nothing goes is left as it is. Order, columns and types stay.

    Raises:
        StoreError: the file cannot be read, or the disk is full. Then it is as it was.
    """
    going, _ = count_rows(path, column, drop)
    if going:
        part = path.with_name(path.name + ".part")
        try:
            with _told(path):
                _write_kept(path, part, column, drop)
                _sync(part)
                part.replace(path)
                _sync(path.parent)
        finally:
            part.unlink(missing_ok=True)
    return going


def remove_file(path: Path) -> None:
    """Unlink a file, on the disk.

    Raises:
        StoreError: it cannot be removed.
    """
    with _told(path):
        path.unlink(missing_ok=True)
        _sync(path.parent)


def sha256_of_file(path: Path) -> str:
    """The SHA-256 of a file's bytes.

    Raises:
        StoreError: it cannot be read.
    """
    with _told(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write_kept(path: Path, part: Path, column: str, drop: Drop) -> None:
    import pyarrow
    import pyarrow.parquet

    with (
        pyarrow.parquet.ParquetFile(path, pre_buffer=False) as file,
        pyarrow.parquet.ParquetWriter(
            str(part), file.schema_arrow, compression="zstd", write_page_checksum=True
        ) as writer,
    ):
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, use_threads=False)
            values = table.column(column).to_pylist()
            kept = table.filter(pyarrow.array([not drop(value) for value in values], "bool"))
            if kept.num_rows:
                writer.write_table(kept, row_group_size=kept.num_rows)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    import pyarrow

    try:
        yield
    except (pyarrow.ArrowException, OSError, KeyError, UnicodeDecodeError) as error:
        raise StoreError(
            f"rows cannot be taken out of this file ({error}).",
            where=str(path),
            fix="Mend the disk or its permissions, then give the same command again.",
        ) from error
