"""Scores a finished run again, from its stored transcripts: the model under test is not asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from assay.errors import NotFoundError
from assay.evals.yaml_file import read_yaml
from assay.records import RunRecord, ScoreRow, Transcript
from assay.runs.models import OpenModels
from assay.runs.plan import scorer_record
from assay.runs.run import Controls
from assay.runs.settings import Settings
from assay.runs.sweep import Sweep
from assay.scorers import NamedScorer, build_scorer
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
                controls.progress.title = f"rescoring {record.id}"
                controls.progress.planned = sum(each.samples * each.epochs for each in record.evals)
                unfinished = await _rescore(folder, scorers, controls, models.width)
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


async def _rescore(
    folder: RunFolder, scorers: Sequence[NamedScorer], controls: Controls, width: int
) -> bool:
    """One pass over the stored transcripts. The new table replaces the old one when it is whole.

    Returns:
        Whether a judge failed somewhere, so that doing it again could score more.
    """
    names = {named.name for named in scorers}
    with TableWriter(folder.scores_file, ScoreRow) as table:
        for row in read_rows(folder.scores_file, ScoreRow):
            if row.scorer not in names:
                table.write(row)
        sweep = Sweep(folder.id, controls, table.write)
        transcripts = read_rows(folder.transcripts_file, Transcript)
        await sweep.run(((each, scorers) for each in transcripts), width)
        if sweep.exhausted is not None:
            raise sweep.exhausted
    return sweep.unfinished


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
