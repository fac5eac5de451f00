"""What import.sqlite tells whoever only reads an import: the import itself keeps it."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

from assay.errors import StoreError


def superseded(state: Path) -> set[str]:
    """Ids of an import's transcripts of which a longer version came later, or that were purged.

    Raises:
        StoreError: the file is damaged.
    """
    return {row[0] for row in _asked(state, "SELECT transcript_id FROM superseded")}


def waiting(state: Path) -> int:
    """Batches that an endpoint has taken in and not yet stored.

    Raises:
        StoreError: the file is damaged.
    """
    return sum(row[0] for row in _asked(state, "SELECT count(*) FROM inbox"))


def _asked(state: Path, question: str) -> list[tuple[Any, ...]]:
    if not state.is_file():
        return []
    with contextlib.closing(sqlite3.connect(state, timeout=30)) as connection:
        try:
            return connection.execute(question).fetchall()
        except sqlite3.Error as error:
            raise StoreError(
                f"this is not where an import stands ({error}).",
                where=str(state),
                fix="Put back a copy of it. Without one: assay usage purge NAME "
                "--everything, then import again.",
            ) from error
