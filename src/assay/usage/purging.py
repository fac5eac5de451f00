"""What every purge of usage shares: what it says that it removed, and the audit trail.

A purge is written down twice: before, so that a kill hides nothing, and after what is left was read
back. Both lines hold the hashes of the files as they were.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from assay.errors import StoreError
from assay.records import RawRow
from assay.store.catalogue import Catalogue
from assay.store.dropping import sha256_of_file
from assay.store.import_state import waiting
from assay.store.tables import read_rows
from assay.store.workspace import Workspace
from assay.usage.folder import UsageFolder

BEGUN = "begins to purge usage"
DONE = "purged usage"


class Purged(msgspec.Struct, frozen=True, kw_only=True):
    """What one purge of an import removed, and what was read back afterwards.

    ``rows`` maps each file to the rows that went from it; ``unlinked`` are files removed whole;
    ``sha256`` are the hashes of all these files as they were. ``oldest_kept``: when the oldest raw
    text that is left was taken in.
    """

    import_name: str
    what: str
    rows: dict[str, int]
    unlinked: tuple[str, ...]
    sha256: dict[str, str]
    conversations: int
    oldest_kept: str | None
    verified: str


def write_down(
    place: Workspace, what: str, folder: UsageFolder, details: Mapping[str, Any]
) -> None:
    """A line of the audit trail."""
    with Catalogue(place.root) as catalogue, catalogue.change():
        catalogue.note(what, folder.name, details)


def finished(place: Workspace, folder: UsageFolder, purged: Purged) -> Purged:
    """Write down what was removed and verified."""
    write_down(place, DONE, folder, msgspec.to_builtins(purged))
    return purged


def hashes_of(folder: UsageFolder, files: Iterable[Path]) -> dict[str, str]:
    """The files' hashes, by their names within the import."""
    return {name_of(folder, each): sha256_of_file(each) for each in files}


def name_of(folder: UsageFolder, file: Path) -> str:
    """A file's name within the import."""
    return file.relative_to(folder.path).as_posix()


def raw_parts(folder: UsageFolder) -> list[Path]:
    """The parts of raw text, oldest first."""
    return sorted(folder.raw_folder.glob("part-*.parquet"))


def oldest_raw(folder: UsageFolder) -> tuple[str, Path] | None:
    """When the oldest raw text that is left was taken in, and where it lies; all of it is read."""
    rows = (
        (row.imported, part)
        for part in raw_parts(folder)
        for row in read_rows(part, RawRow, {"imported"})
    )
    return min(rows, default=None)


def leftovers(folder: UsageFolder) -> list[Path]:
    """What killed processes left: half-written files, and copies of sources in the making.

    Call it while the import is held, so that no living process has them open.
    """
    return sorted([*folder.path.rglob("*.part"), *folder.path.glob("source.*")])


def refuse_unstored(folder: UsageFolder) -> None:
    """Stop where an endpoint has taken in what is not stored yet: a purge would overlook it.

    Raises:
        StoreError: there is some.
    """
    batches = waiting(folder.state_file)
    if batches:
        raise StoreError(
            f"{batches} batches were taken in that are not stored yet.",
            where=folder.name,
            fix="Start the endpoint that took them in; it stores them. Stop it, then purge.",
        )
