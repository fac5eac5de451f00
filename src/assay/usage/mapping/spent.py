"""How much epsilon the private maps of an import have spent: it adds up over maps."""

from __future__ import annotations

from pathlib import Path

import msgspec

from assay.records import now
from assay.store.files import read_record, write_record


class Spent(msgspec.Struct, frozen=True):
    """One map's epsilon, and when it was made."""

    epsilon: float
    made: str


def spend(file: Path, epsilon: float) -> tuple[Spent, ...]:
    """Write down that a map spends so much, before anything of it is shown.

    Should the map then not be written, it counts all the same.

    Args:
        file: the import's ledger.

    Returns:
        All that was spent, this last.

    Raises:
        StoreError: the ledger is damaged or cannot be written: then nothing may be shown.
    """
    before = read_record(file, tuple[Spent, ...], "", "") if file.exists() else ()
    spent = (*before, Spent(epsilon, now()))
    write_record(file, spent)
    return spent
