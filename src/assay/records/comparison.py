"""Two runs compared, or many: their differences, and all that speaks against reading them."""

from __future__ import annotations

from typing import Literal

import msgspec

from assay.records.difference import Difference, Verdict
from assay.records.estimate import Estimate
from assay.records.run import RunRecord, RunStatus


class ComparedRun(msgspec.Struct, frozen=True):
    """One of the runs that are compared."""

    id: str
    model: str
    created: str
    status: RunStatus

    @classmethod
    def of(cls, record: RunRecord) -> ComparedRun:
        """The part of a run's record by which a reader knows it."""
        return cls(record.id, record.model, record.created, record.status)


class Contrast(msgspec.Struct, frozen=True):
    """Something besides the model in which the two runs differ. ``eval`` is empty for the whole."""

    eval: str
    what: str
    baseline: str
    candidate: str


class Uncompared(msgspec.Struct, frozen=True):
    """An eval (or one scorer of it) for which there is no difference, and why."""

    eval: str
    scorer: str
    why: str


class Unmatched(msgspec.Struct, frozen=True):
    """A sample that could not be compared, and why."""

    eval: str
    sample_id: str
    why: Literal["only in the candidate", "only in the baseline", "content changed", "repeated"]


class Flip(msgspec.Struct, frozen=True):
    """A sample whose score changed, with the ids of both transcripts."""

    eval: str
    scorer: str
    sample_id: str
    epoch: int
    polarity: str | None
    policy_area: str | None
    language: str | None
    verdict: Verdict
    baseline: float
    candidate: float
    baseline_transcript: str
    candidate_transcript: str


class Bridge(msgspec.Struct, frozen=True, kw_only=True):
    """What part of a change is the eval's, and what the model's.

    The bridge is a run of the old model on the new eval. ``total`` is the new run less the old one;
    ``from_eval`` is the bridge less the old run: one model on two versions of the eval;
    ``from_model`` is the new run less the bridge: two models on one version. ``unchanged`` is the
    part of ``from_eval`` that is seen on samples that both versions have: what comes of prompts,
    parameters and scorers (None where there are none). Where the new run and the bridge miss other
    samples, the two parts do not add up to the whole; ``rest`` is what is left.
    """

    eval: str
    scorer: str
    slice: dict[str, str]
    total: Difference
    from_eval: Difference
    from_model: Difference
    unchanged: Difference | None
    rest: float | None


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate against a baseline.

    Read ``contrasts`` first: what differs besides the model. ``overall`` and ``slices`` stand in
    the order in which they deserve a look: clear regressions, then what is unclear, then clear
    improvements, each from the worst. ``unmatched`` lists samples, at most 100 for each eval; the
    differences count all of them. ``flips`` are empty unless they were asked for.
    """

    baseline: ComparedRun
    candidate: ComparedRun
    contrasts: tuple[Contrast, ...]
    overall: tuple[Difference, ...]
    slices: tuple[Difference, ...]
    uncompared: tuple[Uncompared, ...]
    unmatched: tuple[Unmatched, ...]
    flips: tuple[Flip, ...] = ()
    bridge: ComparedRun | None = None
    bridges: tuple[Bridge, ...] = ()


class MatrixRow(msgspec.Struct, frozen=True):
    """One figure for every run: an estimate of its own, and its difference from the first run's.

    ``estimates`` and ``differences`` have one entry a run, in the matrix's order; None where a run
    has no such figure, or cannot be compared with the first. The first run's difference is None.
    """

    eval: str
    scorer: str
    slice: dict[str, str]
    estimates: tuple[Estimate | None, ...]
    differences: tuple[Difference | None, ...]


class Matrix(msgspec.Struct, frozen=True):
    """Several runs side by side, each paired with the first. ``contrasts`` has one entry a run."""

    runs: tuple[ComparedRun, ...]
    contrasts: tuple[tuple[Contrast, ...], ...]
    rows: tuple[MatrixRow, ...]
