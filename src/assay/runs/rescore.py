"""Scores a finished run again, from its stored transcripts: the model under test is not asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from assay.engine import work_through
from assay.errors import NotFoundError
from assay.evals.yaml_file import read_yaml
from assay.records import RunRecord, Score, ScoreRow, Transcript, Unscored, now
from assay.runs.evaluate import score_row
from assay.runs.models import OpenModels
from assay.runs.plan import scorer_record
from assay.runs.run import Controls
from assay.runs.settings import Settings
from assay.scorers import NamedScorer, build_scorer, score_safely
from assay.store.journal import Journal, remove_journal
from assay.store.tables import TableWriter, read_rows
from assay.store.workspace import RunFolder


async def rescore(
    folder: RunFolder,
    settings: Settings,
    specs: Sequence[str | dict[str, Any]],
    roles: Mapping[str, str],
    controls: Controls,
) -> RunFolder:
    """Score every transcript of a run with more scorers; rows of the same name are replaced.

    Args:
        specs: scorers as an eval.yaml names them.
        roles: model names by role, for scorers that ask a model.

    Raises:
        NotFoundError: the run has no transcripts yet.
        AssayError: nothing was lost; the same command goes on.
    """
    if not folder.transcripts_file.exists():
        raise NotFoundError(
            "this run has no transcripts yet.",
            where=folder.id,
            fix=f"Finish it first: assay resume {folder.id}",
        )
    async with OpenModels(roles, settings) as models:
        scorers = [build_scorer(spec, models.by_role) for spec in specs]
        with folder.lock():
            record = folder.read()
            journal = Journal(folder.rescoring_file)
            try:
                models.wire(journal, controls.progress.meter, controls.spending, controls.patience)
                unfinished = await _Rescoring(folder, record, scorers, controls).run(models.width)
            finally:
                await journal.close()
            folder.save(_with_scorers(record, scorers))
            if not unfinished:
                remove_journal(folder.rescoring_file)
    return folder


def read_spec(text: str) -> str | dict[str, Any]:
    """A scorer as a command line names it: a kind, or a YAML file that describes one.

    Raises:
        NotFoundError: there is no such file.
        DefinitionError: the file is no scorer.
    """
    if not text.endswith((".yaml", ".yml")):
        return text
    return read_yaml(Path(text)).data


class _Rescoring:
    """One pass over the stored transcripts. The new table replaces the old one when it is whole."""

    def __init__(
        self,
        folder: RunFolder,
        record: RunRecord,
        scorers: Sequence[NamedScorer],
        controls: Controls,
    ) -> None:
        self._folder = folder
        self._scorers = scorers
        self._controls = controls
        self._unfinished = False
        controls.progress.title = f"rescoring {record.id}"
        controls.progress.planned = sum(each.samples * each.epochs for each in record.evals)

    async def run(self, width: int) -> bool:
        """Whether a judge failed somewhere, so that doing it again could score more."""
        names = {named.name for named in self._scorers}
        transcripts = read_rows(self._folder.transcripts_file, Transcript)
        with TableWriter(self._folder.scores_file, ScoreRow) as self._table:
            for row in read_rows(self._folder.scores_file, ScoreRow):
                if row.scorer not in names:
                    self._table.write(row)
            await work_through(transcripts, self._score, width=width, stop=self._controls.stop)
            for transcript in transcripts:  # those that an early stop left
                self._write_unscored(transcript, "not_run", self._controls.stop.reason or "")
        return self._unfinished

    async def _score(self, transcript: Transcript) -> None:
        if transcript.error is not None:
            reason: Unscored = "not_run" if transcript.limit == "not_run" else "model_error"
            self._write_unscored(transcript, reason, transcript.error)
            return
        scores = [await score_safely(named.scorer, transcript) for named in self._scorers]
        self._write(transcript, scores)

    def _write_unscored(self, transcript: Transcript, reason: Unscored, why: str) -> None:
        score = Score(unscored=reason, explanation=why)
        self._write(transcript, [score] * len(self._scorers))

    def _write(self, transcript: Transcript, scores: Sequence[Score]) -> None:
        for named, score in zip(self._scorers, scores, strict=True):
            self._unfinished |= score.unscored in ("grader_failed", "not_run")
            self._table.write(score_row(self._folder.id, transcript, named, score, now()))
        self._controls.progress.done += 1


def _with_scorers(record: RunRecord, scorers: Sequence[NamedScorer]) -> RunRecord:
    added = tuple(scorer_record(named) for named in scorers)
    names = {each.name for each in added}
    evals = tuple(
        msgspec.structs.replace(
            each, scorers=(*(s for s in each.scorers if s.name not in names), *added)
        )
        for each in record.evals
    )
    return msgspec.structs.replace(record, evals=evals)
