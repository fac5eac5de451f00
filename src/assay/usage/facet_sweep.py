"""Asks a model for the facets of an import's conversations, a part of the transcripts at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass, field
from pathlib import Path

from assay.engine import work_through
from assay.errors import AuthenticationError, BudgetExceededError, ModelError
from assay.models.base import Model
from assay.records import Facets, Transcript
from assay.runs.models import OpenModels
from assay.runs.run import Controls
from assay.store.journal import Journal, remove_journal
from assay.store.tables import TableWriter, read_rows
from assay.usage.facets import facets_request, facets_version, read_facets, without_facets
from assay.usage.folder import UsageFolder
from assay.usage.redact import Redactor

ROLE = "facets"
"""The role of the model that is asked."""
_RETRIABLE = ("model_error", "not_run")


@dataclass
class Tally:
    """What a sweep found, over all conversations that were asked about."""

    described: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    concern: Counter[int] = field(default_factory=Counter)

    def count(self, row: Facets) -> None:
        """Add a conversation."""
        if row.missing is not None:
            self.missing[row.missing] += 1
        else:
            self.described += 1
            self.concern[row.concern or 0] += 1

    @property
    def resumable(self) -> bool:
        """Whether asking again could bring what is missing."""
        return any(self.missing[reason] for reason in _RETRIABLE)


class FacetSweep:
    """One pass over an import, which must be held. What is on the disk is not asked for again.

    Args:
        chosen: ids of the conversations to ask about; None for all.
    """

    def __init__(
        self,
        folder: UsageFolder,
        models: OpenModels,
        redactor: Redactor,
        controls: Controls,
        chosen: Set[str] | None,
    ) -> None:
        self._folder = folder
        self._models = models
        self._model: Model = models.by_role[ROLE]
        self._version = facets_version(self._model)
        self._redactor = redactor
        self._controls = controls
        self._chosen = chosen
        self._old = folder.superseded()
        self.tally = Tally()

    async def run(self) -> None:
        """Go through all parts; each is written as a whole when it is done.

        Raises:
            AuthenticationError: the key is refused.
            StoreError: the disk refuses. The journal holds what was answered.
        """
        controls = self._controls
        controls.progress.title = f"facets of {self._folder.name}"
        journal = Journal(self._folder.facets_journal)
        try:
            self._models.wire(
                journal, controls.progress.meter, controls.spending, controls.patience
            )
            for part in self._folder.parts():
                await self._part(part)
        finally:
            await journal.close()
        if not self.tally.resumable:
            remove_journal(self._folder.facets_journal)

    async def _part(self, part: Path) -> None:
        wanted = {
            each.transcript_id
            for each in read_rows(part, Transcript, {"transcript_id"})
            if each.transcript_id not in self._old
            and (self._chosen is None or each.transcript_id in self._chosen)
        }
        file = self._folder.facets_folder / part.name
        lacking = set(wanted)
        for row in self._rows(file):
            if row.transcript_id in wanted and self._is_final(row):
                lacking.discard(row.transcript_id)
                self.tally.count(row)
                self._controls.progress.done += 1
        if not lacking:
            return
        file.parent.mkdir(exist_ok=True)
        with TableWriter(file, Facets) as self._table:
            for row in self._rows(file):
                if row.transcript_id not in lacking:
                    self._table.write(row)
            due = (each for each in read_rows(part, Transcript) if each.transcript_id in lacking)
            stop = self._controls.stop
            await work_through(due, self._ask, width=self._models.width, stop=stop)
            for each in due:  # those that an early stop left
                self._without(each, "not_run", stop.reason or "")

    def _rows(self, file: Path) -> Iterator[Facets]:
        return read_rows(file, Facets) if file.exists() else iter(())

    def _is_final(self, row: Facets) -> bool:
        return row.version == self._version and row.missing not in _RETRIABLE

    async def _ask(self, transcript: Transcript) -> None:
        try:
            reply = await self._model.generate(facets_request(transcript))
        except BudgetExceededError as error:
            self._controls.stop.ask(str(error))
            self._without(transcript, "not_run", str(error))
        except AuthenticationError:
            raise
        except ModelError as error:
            self._controls.progress.meter.errors += 1
            self._without(transcript, "model_error", f"{type(error).__name__}: {error}")
        else:
            name = self._model.name
            self._keep(read_facets(transcript, reply, name, self._version, self._redactor))

    def _without(self, transcript: Transcript, missing: str, why: str) -> None:
        name, version = self._model.name, self._version
        self._keep(without_facets(transcript.transcript_id, missing, why, name, version))

    def _keep(self, row: Facets) -> None:
        self._table.write(row)
        self.tally.count(row)
        self._controls.progress.done += 1
        self._controls.progress.unscored += row.missing is not None
