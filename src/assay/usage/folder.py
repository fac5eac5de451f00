"""Where an import lies on disk, and how its conversations are read back."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from assay.errors import NotFoundError
from assay.records import Transcript
from assay.records.usage import ImportRecord
from assay.store.files import held, read_record, write_record
from assay.store.import_state import superseded
from assay.store.tables import read_rows
from assay.store.workspace import Workspace

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")


class UsageFolder:
    """``usage/<name>/``: import.json, the parts of transcripts, and where the import stands."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = path.name
        self.record_file = path / "import.json"
        self.state_file = path / "import.sqlite"
        self.rejected_file = path / "rejected.parquet"
        self.transcripts_folder = path / "transcripts"
        self.raw_folder = path / "raw"
        self.facets_folder = path / "facets"
        self.facets_journal = path / "facets.sqlite"

    def part(self, number: int) -> Path:
        """The file of a part of the transcripts, from 0."""
        return self.transcripts_folder / f"part-{number:05d}.parquet"

    def raw_part(self, number: int) -> Path:
        """The file that holds what the transcripts of a part were before redaction."""
        return self.raw_folder / f"part-{number:05d}.parquet"

    def parts(self) -> list[Path]:
        """The closed parts of the transcripts, in order. They are never written again."""
        return sorted(self.transcripts_folder.glob("part-*.parquet"))

    def sources(self) -> list[Path]:
        """The files that :meth:`transcripts` is made from."""
        return self.parts()

    def concerns(self) -> Iterator[float]:
        """The concern of every conversation, where a model was asked; here none is known."""
        return iter(())

    def notes(self) -> list[str]:
        """What a reader of what is made of the transcripts must know; here nothing."""
        return []

    def told_by(self, part: Path) -> Path | None:
        """The file of what stands for a part's own words; None where they stand for themselves."""
        return None

    def superseded(self) -> set[str]:
        """Ids of stored transcripts of which a longer version came later."""
        return superseded(self.state_file)

    def transcripts(self, columns: Collection[str] | None = None) -> Iterator[Transcript]:
        """Every conversation in its last version, in a stream.

        Args:
            columns: the fields to read; the others are empty. ``transcript_id`` is always read.
        """
        old = self.superseded()
        wanted = None if columns is None else {"transcript_id", *columns}
        for part in self.parts():
            for transcript in read_rows(part, Transcript, wanted):
                if transcript.transcript_id not in old:
                    yield transcript

    def read(self) -> ImportRecord:
        """The import's record.

        Raises:
            NotFoundError: there is no such import.
            StoreError: import.json is damaged.
        """
        fix = "See the folder usage/."
        return read_record(self.record_file, ImportRecord, "there is no such import.", fix)

    def save(self, record: ImportRecord) -> None:
        """Write import.json as a whole or not at all."""
        write_record(self.record_file, record)

    def lock(self) -> contextlib.AbstractContextManager[int]:
        """Hold the import for this process. The lock dies with the process.

        Raises:
            StoreError: another process holds it.
        """
        return held(self.path / "lock", "another process is working on this import.")


def usage_folder(workspace: Workspace, name: str) -> UsageFolder:
    """The folder of an import, whether or not it is there yet.

    Raises:
        NotFoundError: no import can have that name.
    """
    if not _NAME.fullmatch(name):
        raise NotFoundError(
            f"an import cannot be called {name!r}.",
            fix="Use small letters, digits, dots and dashes.",
        )
    return UsageFolder(workspace.usage_folder / name)


def usage_folders(workspace: Workspace) -> list[UsageFolder]:
    """Every import of a workspace, by name."""
    found = workspace.usage_folder.glob("*/import.json")
    return [UsageFolder(file.parent) for file in sorted(found)]


def existing_import(place: Workspace, name: str | None) -> UsageFolder:
    """An import that is there; the only one, where it is not named.

    Raises:
        NotFoundError: there is none of that name, or none or several to choose from.
    """
    folders = usage_folders(place)
    named = folders if name is None else [usage_folder(place, name)]
    if len(named) == 1 and named[0].record_file.exists():
        return named[0]
    what = f"there is no import {name!r}." if name is not None else "there is no import."
    if name is None and folders:
        what = "there are several imports."
    names = ", ".join(each.name for each in folders)
    raise NotFoundError(
        what,
        where=str(place.root),
        fix=f"Name one: {names}." if names else "Make one: assay usage import FILE",
    )


def slug(text: str) -> str:
    """A name for an import, from any text."""
    plain = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return plain[:60].strip("-") or "usage"
