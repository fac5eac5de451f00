"""Sweeps scorers over an import: the same sweep as over a run, a part of the transcripts at a time.

What a part's table holds is not scored again by the same version of a scorer, so the same command
goes on where it was stopped or killed, and after a further import it scores what is new.
"""

from __future__ import annotations

import hashlib
import heapq
import itertools
import os
from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any

import msgspec

from assay.records import UsageScorer, now
from assay.runs.models import OpenModels
from assay.runs.plan import scorer_record
from assay.runs.run import Controls
from assay.scorers import NamedScorer
from assay.store.journal import Journal, remove_journal
from assay.store.usage_scores import ScoresFolder, import_owner
from assay.usage.folder import UsageFolder
from assay.usage.score_crew import ScoreAnswer, ScoreTask, score_by_crew
from assay.usage.score_part import Sheet, score_part, work_of
from assay.version import __version__

_ALONE = 5_000
"""Conversations up to which other processes cost more time to start than they save."""
_MOST_CHILDREN = 8


@dataclass(frozen=True)
class Selection:
    """Which conversations are scored: all, the first, or a random sample of them.

    The sample is those whose ids hash lowest, so that a larger one holds a smaller one, and nothing
    is paid for twice.
    """

    limit: int | None = None
    sample: int | None = None

    def ids(self, folder: UsageFolder) -> Set[str] | None:
        """The ids of the chosen; None for all."""
        if self.limit is None and self.sample is None:
            return None
        there = (each.transcript_id for each in folder.transcripts(()))
        if self.limit is not None:
            return set(itertools.islice(there, self.limit))
        return set(heapq.nsmallest(self.sample or 0, there, key=_lot))

    def told(self, conversations: int) -> str:
        """Which they are, in words."""
        if self.limit is not None and self.limit < conversations:
            return f"the first {self.limit:,} of {conversations:,}, which speak for no others"
        if self.sample is not None and self.sample < conversations:
            return f"{self.sample:,} of {conversations:,}, drawn at random"
        return "all"


def _lot(transcript_id: str) -> bytes:
    return hashlib.blake2b(transcript_id.encode(), digest_size=8, person=b"usage sample").digest()


async def score_import(
    folder: UsageFolder,
    scorers: Sequence[NamedScorer],
    specs: Sequence[str | dict[str, Any]],
    chosen: Set[str] | None,
    models: OpenModels,
    controls: Controls,
) -> bool:
    """Score what is not scored yet. The import must be held.

    Args:
        specs: what the scorers were made from, for other processes.
        chosen: the ids to score; None for all.

    Returns:
        Whether something is missing that the same command could still bring.
    """
    place = ScoresFolder(folder.path)
    records = [
        UsageScorer(scorer=scorer_record(named), assay=__version__, updated=now())
        for named in scorers
    ]
    tables = [place.begin(record) for record in records]
    sheets = [Sheet(*each) for each in zip(scorers, tables, strict=True)]
    for record, table in zip(records, tables, strict=True):
        table.save(record)  # unfinished, until it is known to be finished
    controls.progress.title = f"scoring {folder.name}"
    controls.progress.planned = folder.read().conversations if chosen is None else len(chosen)
    if chosen is None and controls.progress.planned > _ALONE and _are_rules(scorers):
        unfinished = await _by_crew(folder, sheets, specs, models, controls)
    else:
        unfinished = await _here(folder, sheets, chosen, models, controls)
    for record, table in zip(records, tables, strict=True):
        place.finish(table, msgspec.structs.replace(record, finished=not unfinished, updated=now()))
    if not place.unfinished():
        remove_journal(place.journal_file)
    return unfinished


def _are_rules(scorers: Sequence[NamedScorer]) -> bool:
    """Whether no scorer asks a model, so that any process can do it."""
    return all(getattr(named.scorer, "model", None) is None for named in scorers)


async def _here(
    folder: UsageFolder,
    sheets: Sequence[Sheet],
    chosen: Set[str] | None,
    models: OpenModels,
    controls: Controls,
) -> bool:
    journal = None if _are_rules([each.named for each in sheets]) else _journal(folder)
    try:
        if journal is not None:
            models.wire(journal, controls.progress.meter, controls.spending, controls.patience)
        unfinished = False
        old = folder.superseded()
        for part in folder.parts():
            work = work_of(part, sheets, old, chosen)
            controls.progress.done += work.done
            if work.due:
                owner = import_owner(folder.name)
                unfinished |= await score_part(owner, part, work, controls, models.width)
        return unfinished
    finally:
        if journal is not None:
            await journal.close()


def _journal(folder: UsageFolder) -> Journal:
    return Journal(ScoresFolder(folder.path).journal_file)


async def _by_crew(
    folder: UsageFolder,
    sheets: Sequence[Sheet],
    specs: Sequence[str | dict[str, Any]],
    models: OpenModels,
    controls: Controls,
) -> bool:
    """Part by part in other processes; after a stop, the rest is written as not run here."""
    answers: list[ScoreAnswer] = []

    def told(answer: ScoreAnswer) -> None:
        answers.append(answer)
        controls.progress.done += answer.conversations
        controls.progress.unscored += answer.unscored

    tables = [str(each.table.path) for each in sheets]
    tasks = [ScoreTask(str(folder.path), part.name, list(specs), tables) for part in folder.parts()]
    size = min(len(os.sched_getaffinity(0)), _MOST_CHILDREN, len(tasks))
    await score_by_crew(tasks, size, controls.stop, told)
    if controls.stop.reason is None:
        return any(answer.unfinished for answer in answers)
    controls.progress.done = controls.progress.unscored = 0
    return await _here(folder, sheets, None, models, controls)
