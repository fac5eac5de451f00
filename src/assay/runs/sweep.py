"""Scores what is stored, of a run or of usage: one code path, one row a transcript and scorer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence

from assay.engine import work_through
from assay.errors import BudgetExceededError
from assay.records import Score, ScoreRow, Transcript, Unscored, now
from assay.runs.evaluate import score_row
from assay.runs.run import Controls
from assay.scorers import NamedScorer, score_safely

RETRIABLE = ("grader_failed", "not_run")
"""Reasons of rows that scoring again could turn into scores."""

Item = tuple[Transcript, Sequence[NamedScorer]]
"""A stored transcript, and the scorers whose word on it is due."""

_BREATH = 64  # transcripts between two looks at what else the event loop has to do


def _as_stored(transcript: Transcript) -> Transcript:
    return transcript


class Sweep:
    """One pass over stored transcripts.

    Args:
        owner: the run that the rows belong to, or the import.
        controls: progress is raised with each transcript; a stop ends the pass early.
        write: takes each row. It is called in the event loop, one row after another.
        filed: the transcript as the columns of its rows should tell of it; scorers see it as it is
            stored.
    """

    def __init__(
        self,
        owner: str,
        controls: Controls,
        write: Callable[[ScoreRow], None],
        filed: Callable[[Transcript], Transcript] = _as_stored,
    ) -> None:
        self._owner = owner
        self._controls = controls
        self._take = write
        self._filed = filed
        self._count = 0
        self.unfinished = False
        """Whether something is missing that doing it again could bring."""
        self.exhausted: BudgetExceededError | None = None
        """The budget, where it ended the pass."""

    async def run(self, items: Iterator[Item], width: int) -> None:
        """Score each transcript; those that an early stop leaves are written as not run.

        A budget that is used up is such a stop: its reason is in the controls.
        """
        stop = self._controls.stop
        await work_through(items, self._score, width=width, stop=stop)
        for transcript, scorers in items:
            self._unscored(transcript, scorers, "not_run", stop.reason or "")

    async def _score(self, item: Item) -> None:
        transcript, scorers = item
        self._count += 1
        if self._count % _BREATH == 0:
            await asyncio.sleep(0)  # rules never wait, and Ctrl-C must be heard
        if transcript.error is not None:
            reason: Unscored = "not_run" if transcript.limit == "not_run" else "model_error"
            self._unscored(transcript, scorers, reason, transcript.error)
            return
        try:
            scores = [await score_safely(named.scorer, transcript) for named in scorers]
        except BudgetExceededError as error:
            self.exhausted = error
            self._controls.stop.ask(str(error))
            self._unscored(transcript, scorers, "not_run", str(error))
            return
        self._write(transcript, scorers, scores)

    def _unscored(
        self, transcript: Transcript, scorers: Sequence[NamedScorer], reason: Unscored, why: str
    ) -> None:
        score = Score(unscored=reason, explanation=why)
        self._write(transcript, scorers, [score] * len(scorers))

    def _write(
        self, transcript: Transcript, scorers: Sequence[NamedScorer], scores: Sequence[Score]
    ) -> None:
        filed = self._filed(transcript)
        for named, score in zip(scorers, scores, strict=True):
            self.unfinished |= score.unscored in RETRIABLE
            self._take(score_row(self._owner, filed, named, score, now()))
        self._controls.progress.done += 1
        self._controls.progress.unscored += any(score.unscored is not None for score in scores)
