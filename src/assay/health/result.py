"""What is found of an eval's health: each figure with its interval, each gap with its name."""

from __future__ import annotations

from math import isfinite
from typing import Literal

import msgspec

from assay.runs.retirement import Retired
from assay.runs.saturation import State
from assay.stats import Interval

Verdict = Literal["keep", "refresh", "split", "retire", "cannot tell"]
"""``cannot tell`` is a verdict too: its reason says what is missing."""

Answer = Literal["yes", "no", "unknown", "for a person"]


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured figure. ``low`` and ``high`` are None where the data cannot bound it."""

    value: float | None
    low: float | None
    high: float | None
    confidence: float
    method: str
    n: int
    clusters: int
    warning: str = ""

    @classmethod
    def of(cls, interval: Interval) -> Figure:
        """The same as the statistics give it, without infinities."""
        ends = (interval.estimate, interval.low, interval.high)
        value, low, high = (each if isfinite(each) else None for each in ends)
        return cls(
            value=value,
            low=low,
            high=high,
            confidence=interval.confidence,
            method=interval.method,
            n=interval.n,
            clusters=interval.clusters,
            warning=interval.warning,
        )


class CellHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One scorer on the samples of one polarity (None: those that have none), over all models.

    ``best`` is the best model's mean; ``headroom`` its distance from perfect in standard errors.
    ``all_pass`` and ``all_fail`` are the shares of items on which every model has the best, or the
    worst, possible score. ``ratio`` is the true spread of models over the noise, ``spread`` and
    ``noise`` are standard deviations in the scorer's units; ``detectable`` is the smallest
    difference of two models that this noise lets the eval show at 95% confidence with 80% power.
    ``reliability`` is Cronbach's alpha (KR-20 for yes-or-no scores); ``halves`` the same from
    halves that keep samples of one origin together. ``discrimination`` is the mean correlation of
    an item with the rest, ``negative`` the items whose correlation is below 0 beyond chance; both
    need many models. ``items`` counts those that every model was scored on: ``incomplete`` others
    were left out of what compares models. ``design_effect`` is the median over models;
    ``effective_n`` the items divided by it. ``flips`` is the share of samples asked several times
    whose scores differ (within a model). ``unscored`` is the share of planned rows without a
    score, ``missing`` counts them by reason. ``gaps`` names what could not be measured and what it
    would need.
    """

    scorer: str
    scorer_version: str
    polarity: str | None
    state: State
    models: int
    items: int
    origins: int
    incomplete: int
    planned: int
    missing: dict[str, int]
    unscored: Figure
    best_model: str | None
    best: Figure | None
    worst: Figure | None
    headroom: float | None
    all_pass: Figure | None
    all_fail: Figure | None
    ratio: Figure | None
    spread: float | None
    noise: float | None
    detectable: float | None
    reliability: Figure | None
    halves: float | None
    discrimination: float | None
    negative: int | None
    design_effect: float | None
    effective_n: float | None
    flips: Figure | None
    gaps: tuple[str, ...]


class Disagreement(msgspec.Struct, frozen=True, kw_only=True):
    """Two scorers of one eval on one scale: the share of replies on which they differ."""

    first: str
    second: str
    share: Figure


class Duplicates(msgspec.Struct, frozen=True, kw_only=True):
    """Samples that ask the same, or nearly the same, as another of no common cluster or pair.

    ``across`` maps other evals to the number of this one's samples that they have too.
    ``compared`` is less than ``samples`` where there were too many texts.
    """

    samples: int
    compared: int
    exact: int
    near: int
    across: dict[str, int]


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """How much better a model does on public samples than on their held-back twins, paired.

    Above 0 it does better in public, whichever way the scorer's values are better.
    """

    model: str
    scorer: str
    difference: Figure


class Probe(msgspec.Struct, frozen=True, kw_only=True):
    """How much of the second half of a sample's text a model writes when given the first.

    ``own`` is the mean share of the second half's four-word runs that its continuation holds,
    ``other`` the share of another sample's, and ``excess`` their paired difference. ``whole``
    counts samples of which it wrote four fifths or more. ``eval_hash`` is that of the eval's
    content then.
    """

    eval: str
    eval_hash: str
    model: str
    made: str
    asked: int
    too_short: int
    failed: int
    own: Figure
    other: Figure
    excess: Figure
    whole: int


class Contamination(msgspec.Struct, frozen=True, kw_only=True):
    """Signs that models know the samples. ``canary``: the strings that the eval's files carry.

    ``leaked`` counts replies that repeat one (None where there is none to look for). ``held_back``
    counts samples that are marked so.
    """

    canary: tuple[str, ...]
    leaked: int | None
    probes: tuple[Probe, ...]
    gaps: tuple[Gap, ...]
    held_back: int


class Upkeep(msgspec.Struct, frozen=True, kw_only=True):
    """What people owe the eval.

    ``labels`` counts human labels of its runs and ``newest_label`` is their latest day;
    ``certificates`` maps each scorer that needs one to its standing and day. ``review`` is the
    card's review date, ``card_problems`` what `assay check` says of the card. ``policy`` tells
    whether the policy's text has changed.
    """

    labels: int
    newest_label: str | None
    certificates: dict[str, str]
    review: str | None
    overdue: bool
    card_problems: tuple[str, ...]
    policy: str
    policy_changed: bool | None


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A sample that is worth a look, and every reason why."""

    sample: str
    reasons: tuple[str, ...]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the checklist: what is asked, at which stage, the answer, what it rests on."""

    stage: str
    question: str
    answer: Answer
    evidence: str


class EvalHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One eval as it is now, over the newest complete run of each model.

    ``left_out`` says which runs were not pooled, and why. ``items`` and ``checklist`` are empty
    unless they were asked for.
    """

    eval: str
    version: str
    hash: str
    verdict: Verdict
    reasons: tuple[str, ...]
    models: tuple[str, ...]
    runs: tuple[str, ...]
    left_out: tuple[str, ...]
    cells: tuple[CellHealth, ...]
    disagreements: tuple[Disagreement, ...]
    duplicates: Duplicates | None
    contamination: Contamination | None
    upkeep: Upkeep | None
    retired: Retired | None = None
    items: tuple[Item, ...] = ()
    checklist: tuple[Check, ...] = ()
