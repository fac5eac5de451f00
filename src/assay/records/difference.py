"""The difference of two runs as it is printed: never a bare number, never bold inside the noise."""

from __future__ import annotations

from typing import Literal

import msgspec

from assay.records.estimate import Good

Verdict = Literal["worse", "better", "lower", "higher", "unclear", "nothing to compare"]
"""``worse`` and ``better`` are said by what is good; ``lower`` and ``higher`` where that is not
known; ``unclear`` wherever chance, missing scores or a method that warns could explain it."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """A candidate's figure less a baseline's, with all that it needs to be trusted.

    ``paired``: on the samples that both runs planned, each against itself; else the difference of
    two figures that were made apart. ``value`` with its interval ``low`` to ``high`` is None where
    no sample has both scores; an end is infinite (null in JSON) where the data set no bound.
    ``candidate`` and ``baseline`` are the two means that it is between, each with an interval of
    its own; these may overlap where the difference is clear, since pairs share much. ``n`` counts
    what they rest on (pairs, where paired), ``clusters`` the independent groups of it. ``better``
    is the direction that is good; None where that is not known.

    ``matched`` counts the sample x epochs planned in both runs. ``candidate_missing`` and
    ``baseline_missing`` count, by reason, those of them without a score. ``worst`` and ``best`` are
    the difference with every missing score counted against the candidate and for it; ``least`` and
    ``greatest`` are the ends of the intervals around these two. All four are None where scores are
    missing and have no bounds. Not matched, so not compared: ``only_candidate`` and
    ``only_baseline`` are planned in one run; ``changed`` have one id in both but other content;
    ``repeated`` stand several times in a run, so that none can be told from another.

    ``raised`` and ``lowered`` count pairs whose score is higher and lower with the candidate.
    ``p_value`` is of no difference, by ``test``; ``adjusted`` is it after Benjamini and Hochberg,
    over all slices of the comparison (None for overall figures). ``warning`` says why it should
    not be relied on.
    """

    eval: str
    scorer: str
    slice: dict[str, str]
    good: Good
    better: Literal["high", "low"] | None
    verdict: Verdict
    value: float | None
    low: float | None
    high: float | None
    confidence: float
    method: str
    paired: bool
    candidate: float | None
    baseline: float | None
    n: int
    clusters: int
    matched: int
    candidate_missing: dict[str, int]
    baseline_missing: dict[str, int]
    worst: float | None
    best: float | None
    least: float | None
    greatest: float | None
    only_candidate: int = 0
    only_baseline: int = 0
    changed: int = 0
    repeated: int = 0
    raised: int = 0
    lowered: int = 0
    p_value: float | None = None
    adjusted: float | None = None
    test: str = ""
    warning: str = ""
    candidate_interval: tuple[float, float] | None = None
    baseline_interval: tuple[float, float] | None = None

    @property
    def overall(self) -> bool:
        """Whether it covers the whole eval, or one polarity where that decides what is good."""
        return set(self.slice) == ({"polarity"} if self.good == "by_polarity" else set())

    @property
    def missing(self) -> int:
        """Scores that are missing on either side."""
        return sum(self.candidate_missing.values()) + sum(self.baseline_missing.values())

    @property
    def unmatched(self) -> int:
        """What could not be compared, because it does not stand once in both runs."""
        return self.only_candidate + self.only_baseline + self.changed + self.repeated
