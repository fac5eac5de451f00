"""Carries a plan out: each planned sample x epoch x scorer ends as exactly one row.

Everything that is paid for goes through the journal first, and everything else can be made again
from it. So a run that died is carried out by the same code as a new one: replies that the journal
holds cost nothing, and the tables are written anew, in one pass, whenever the last attempt died.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from itertools import repeat

import msgspec

from assay.engine import Stop, work_through
from assay.errors import AuthenticationError, BudgetExceededError, ModelError
from assay.evals import sample_hash
from assay.models import Model
from assay.records import Sample, Score, ScoreRow, Transcript, Unscored, now
from assay.runs.plan import Plan, PlannedEval
from assay.runs.progress import Progress
from assay.runs.tables import RunTables
from assay.scorers import NamedScorer, score_safely
from assay.store.workspace import RunFolder
from assay.version import __version__

_RETRIABLE = ("model_error", "grader_failed", "not_run")


class Evaluation:
    """One pass over a plan.

    Args:
        folder: where the tables go.
        plan: what to do.
        target: the model under test, in its layers.
        added: by eval, names of scorers that are not the plan's, whose scores stay.
        width: how many samples are worked on at once.
        progress: raised as samples finish.
        stop: asks the pass to end early; the rest of the plan is then written as not run.
    """

    def __init__(
        self,
        folder: RunFolder,
        plan: Plan,
        target: Model,
        *,
        added: Mapping[str, Collection[str]],
        width: int,
        progress: Progress,
        stop: Stop,
    ) -> None:
        self._folder = folder
        self._plan = plan
        self._target = target
        self._added = added
        self._width = width
        self._progress = progress
        self._stop = stop
        self._ids = hashlib.blake2b(folder.id.encode(), digest_size=11)
        self.unscored: dict[str, int] = {}

    async def run(self) -> None:
        """Carry the plan out and write both tables.

        Raises:
            AuthenticationError: the key is refused; every other sample would fail as well.
            StoreError: the disk refuses. The journal holds what was finished.
        """
        tasks = self._plan.tasks()
        async with RunTables(self._folder, self._added) as tables:
            self._tables = tables
            try:
                await work_through(tasks, self._work, width=self._width, stop=self._stop)
            except BudgetExceededError as error:
                self._stop.ask(str(error))
            for planned, sample, epoch in tasks:
                await self._not_run(planned, sample, epoch, self._stop.reason or "")

    @property
    def unfinished(self) -> bool:
        """Whether resuming could score what is unscored now."""
        return any(self.unscored.get(reason) for reason in _RETRIABLE)

    async def _work(self, task: tuple[PlannedEval, Sample, int]) -> None:
        planned, sample, epoch = task
        try:
            transcript = await planned.solver.solve(
                sample, self._target, epoch, self._transcript_id(planned, sample, epoch)
            )
            scores = [await score_safely(each.scorer, transcript) for each in planned.scorers]
        except BudgetExceededError as error:
            self._stop.ask(str(error))
            await self._not_run(planned, sample, epoch, str(error))
            return
        except AuthenticationError:
            raise
        except ModelError as error:
            self._progress.meter.errors += 1
            await self._unasked(planned, sample, epoch, "model_error", str(error))
            return
        await self._finish(planned, sample, epoch, transcript, scores)

    async def _not_run(self, planned: PlannedEval, sample: Sample, epoch: int, why: str) -> None:
        await self._unasked(planned, sample, epoch, "not_run", why)

    async def _unasked(
        self, planned: PlannedEval, sample: Sample, epoch: int, reason: Unscored, why: str
    ) -> None:
        """A sample without a reply has its rows all the same, and a transcript that says why."""
        transcript = Transcript(
            transcript_id=self._transcript_id(planned, sample, epoch),
            messages=() if isinstance(sample.input, str) else sample.input,
            task_set=planned.record.name,
            task_id=sample.id,
            task_repeat=epoch,
            model=self._target.name,
            error=why,
            limit="not_run" if reason == "not_run" else None,
            cluster=sample.cluster,
            sample_hash=sample_hash(sample),
            target=sample.target,
            choices=sample.choices,
            pair_id=sample.pair_id,
            polarity=sample.polarity,
            policy_area=sample.policy_area,
            language=sample.language,
            sample_metadata=sample.metadata or None,
        )
        score = Score(unscored=reason, explanation=why)
        await self._finish(planned, sample, epoch, transcript, repeat(score))

    async def _finish(
        self,
        planned: PlannedEval,
        sample: Sample,
        epoch: int,
        transcript: Transcript,
        scores: Iterable[Score],
    ) -> None:
        transcript = msgspec.structs.replace(
            transcript, run_id=self._folder.id, source_type="assay_run", source_id=self._folder.id
        )
        rows = []
        for named, score in zip(planned.scorers, scores, strict=False):
            if score.unscored is not None:
                self.unscored[score.unscored] = self.unscored.get(score.unscored, 0) + 1
            rows.append(score_row(self._folder.id, transcript, named, score, now()))
        self._progress.done += 1
        self._progress.unscored += any(row.unscored is not None for row in rows)
        await self._tables.add(transcript, rows)

    def _transcript_id(self, planned: PlannedEval, sample: Sample, epoch: int) -> str:
        digest = self._ids.copy()
        digest.update(f"\0{planned.record.name}\0{sample.id}\0{epoch}".encode())
        return digest.hexdigest()


def score_row(
    run_id: str, transcript: Transcript, named: NamedScorer, score: Score, scored_at: str
) -> ScoreRow:
    """One row of scores.parquet."""
    judge = getattr(named.scorer, "model", None)
    return ScoreRow(
        transcript_id=transcript.transcript_id,
        run_id=run_id,
        eval=transcript.task_set or "",
        sample_id=transcript.task_id or "",
        epoch=transcript.task_repeat or 1,
        scorer=named.name,
        scorer_version=named.version,
        value=score.value,
        label=score.label,
        unscored=score.unscored,
        explanation=score.explanation,
        citations=score.citations,
        raw=score.raw,
        tokens=score.tokens,
        scored_at=scored_at,
        scored_by=judge.name if judge is not None else f"assay {__version__}",
        cluster=transcript.cluster,
        pair_id=transcript.pair_id,
        polarity=transcript.polarity,
        policy_area=transcript.policy_area,
        language=transcript.language,
    )
