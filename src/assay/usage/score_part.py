"""Scores one part of an import's transcripts: the unit of work, which is done or not done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import msgspec

from assay.records import ScoreRow, Transcript
from assay.runs.run import Controls
from assay.runs.sweep import RETRIABLE, Item, Sweep
from assay.scorers import NamedScorer
from assay.store.tables import TableWriter, read_rows
from assay.store.usage_scores import ScoreTable

_COLUMNS = frozenset({"transcript_id", "account_id", "language", "error", "limit"})
"""What rows without a score need of a transcript."""


@dataclass(frozen=True)
class Sheet:
    """A scorer, and the table that its rows go to."""

    named: NamedScorer
    table: ScoreTable


@dataclass(frozen=True)
class Work:
    """What is to do of a part: by the scorer's name, the sheet and the ids that it lacks."""

    due: Mapping[str, tuple[Sheet, Set[str]]]
    done: int


def work_of(part: Path, sheets: Sequence[Sheet], old: Set[str], chosen: Set[str] | None) -> Work:
    """Which conversations of a part lack which scores.

    Args:
        old: ids of those that a later version replaces.
        chosen: ids of those that are to be scored; None for all.
    """
    wanted = {
        each.transcript_id
        for each in read_rows(part, Transcript, {"transcript_id"})
        if each.transcript_id not in old and (chosen is None or each.transcript_id in chosen)
    }
    due = {}
    lacking = set[str]()
    for sheet in sheets:
        ids = wanted - _final(sheet.table.part(part.name))
        if ids:
            due[sheet.named.name] = (sheet, ids)
            lacking |= ids
    return Work(due, len(wanted) - len(lacking))


def _final(scores: Path) -> Set[str]:
    """Ids of the conversations that need not be scored again."""
    if not scores.exists():
        return set()
    return {
        row.transcript_id
        for row in read_rows(scores, ScoreRow, {"transcript_id", "unscored"})
        if row.unscored not in RETRIABLE
    }


async def score_part(owner: str, part: Path, work: Work, controls: Controls, width: int) -> bool:
    """Score a part's conversations that lack scores; each table of the part is whole, or as before.

    Accounts are the clusters: what one account says has one origin.

    Returns:
        Whether something is missing that scoring again could bring.
    """

    def filed(transcript: Transcript) -> Transcript:
        return msgspec.structs.replace(
            transcript,
            task_set=owner,
            task_id=transcript.transcript_id,
            task_repeat=1,
            cluster=transcript.account_id,
        )

    with ExitStack() as stack:
        tables = {}
        for name, (sheet, ids) in work.due.items():
            table = TableWriter(sheet.table.part(part.name), ScoreRow)
            tables[name] = stack.enter_context(table)
            if table.path.exists():
                for row in read_rows(table.path, ScoreRow):
                    if row.transcript_id not in ids:
                        table.write(row)
        sweep = Sweep(owner, controls, lambda row: tables[row.scorer].write(row), filed)
        stopped = controls.stop.reason is not None
        columns = _COLUMNS if stopped else None
        await sweep.run(_items(read_rows(part, Transcript, columns), work), width)
    return sweep.unfinished


def _items(transcripts: Iterator[Transcript], work: Work) -> Iterator[Item]:
    due = list(work.due.values())
    for transcript in transcripts:
        scorers = [sheet.named for sheet, ids in due if transcript.transcript_id in ids]
        if scorers:
            yield transcript, scorers
