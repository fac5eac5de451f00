"""An import whose conversations are told by a model's facets, for maps of what was asked for."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from pathlib import Path

import msgspec

from assay.errors import NotFoundError
from assay.records import Facets, Message, Transcript
from assay.store.tables import read_rows
from assay.usage.folder import UsageFolder


class FacetedFolder(UsageFolder):
    """An import in which the request of its facets stands for what a person wrote.

    A conversation without facets is told by its own words, and :meth:`notes` says how many are.

    Raises:
        NotFoundError: no facets were made.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        if not self._files():
            raise NotFoundError(
                "this import has no facets.",
                where=str(path),
                fix=f"Make them: assay usage facets {self.name} --model provider/model",
            )

    def sources(self) -> list[Path]:
        """The transcripts and the facets."""
        return [*self.parts(), *self._files()]

    def transcripts(self, columns: Collection[str] | None = None) -> Iterator[Transcript]:
        """Every conversation in its last version, with its request as all that was said."""
        old = self.superseded()
        wanted = None if columns is None else {"transcript_id", *columns}
        for part in self.parts():
            told = self._told(part) if wanted is None or "messages" in wanted else {}
            for each in read_rows(part, Transcript, wanted):
                if each.transcript_id in old:
                    continue
                yield in_short(each, told)

    def concerns(self) -> Iterator[float]:
        """The concern of every conversation, in order; NaN where it is not known."""
        old = self.superseded()
        for part in self.parts():
            told = self._told(part)
            for each in read_rows(part, Transcript, {"transcript_id"}):
                if each.transcript_id not in old:
                    facets = told.get(each.transcript_id)
                    yield float(facets.concern or 0) if facets is not None else float("nan")

    def notes(self) -> list[str]:
        """What a reader of what is made of the facets must know."""
        known = [not math.isnan(concern) for concern in self.concerns()]
        models = sorted({row.model for file in self._files() for row in _rows(file, {"model"})})
        found = [
            f"Texts are what {' and '.join(models)} said that people asked for. Its concern, 1 to "
            "5, is a model's word, whose error is not known."
        ]
        if lacking := len(known) - sum(known):
            found.append(
                f"{lacking:,} of {len(known):,} conversations have no facets: they are told by "
                "their own words, redacted, and count in no mean concern."
            )
        return found

    def told_by(self, part: Path) -> Path | None:
        """The facets of a part's conversations, if there are any."""
        file = self.facets_folder / part.name
        return file if file.exists() else None

    def _told(self, part: Path) -> dict[str, Facets]:
        file = self.told_by(part)
        return {} if file is None else facets_in(file)

    def _files(self) -> list[Path]:
        return sorted(self.facets_folder.glob("part-*.parquet"))


def facets_in(file: Path) -> dict[str, Facets]:
    """The facets of conversations by their ids, where there are any."""
    rows = _rows(file, {"transcript_id", "request", "concern", "missing"})
    return {row.transcript_id: row for row in rows if row.missing is None}


def in_short(transcript: Transcript, told: dict[str, Facets]) -> Transcript:
    """A conversation with its request as all that was said; as it is where that is not known."""
    facets = told.get(transcript.transcript_id)
    if facets is None:
        return transcript
    return msgspec.structs.replace(transcript, messages=(Message("user", facets.request),))


def _rows(file: Path, columns: Collection[str]) -> Iterator[Facets]:
    return read_rows(file, Facets, columns)
