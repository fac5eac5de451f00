"""Decides, from counts alone, whether a change is established: no I/O, so that it can be simulated.

A look asks samples that are drawn anew, once each. Whatever an unchanged model is like, the look's
total then has a mean that is the figure times n, and is spread no wider than that of n independent
replies. That is all that the intervals and the detector need, so that looks may be added up even
though they ask the same samples again and again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.stats import (
    Interval,
    chance_of_spread,
    find_change,
    rate_at_any_time,
    strongest_since,
)
from assay.watch.result import Counts, Standing

SHOWN = 0.95
"""The confidence of intervals where the promise is a patience and not a chance."""


SWAYS = 0.001
"""Below this chance of their spread, looks are said to differ more than chance explains."""


@dataclass(frozen=True, slots=True)
class Range:
    """Where a share is expected to lie, from a number or from a baseline with its error."""

    low: float
    high: float

    def widened(self, margin: float) -> Range:
        """With the changes that are too small to matter."""
        return Range(self.low - margin, self.high + margin)


@dataclass(frozen=True, slots=True)
class Expected:
    """What a claim is held against: ranges of the share, margin included.

    ``least`` is for totals in which missing replies count 0, ``most`` for those in which they count
    1. ``falls`` tells whether a share below the range is a change as well.
    """

    least: Range
    most: Range
    falls: bool = True


@dataclass(frozen=True, slots=True)
class Totals:
    """Each look's replies and the two totals, shape (looks,)."""

    planned: NDArray[np.float64]
    least: NDArray[np.float64]
    most: NDArray[np.float64]

    @classmethod
    def of_scores(cls, looks: Sequence[Counts]) -> Totals:
        """The totals of the scores."""
        planned = np.array([each.planned for each in looks], dtype=np.float64)
        least = np.array([each.total for each in looks], dtype=np.float64)
        scored = np.array([each.scored for each in looks], dtype=np.float64)
        least = np.clip(least, 0, scored)  # rounding in the sums
        return cls(planned, least, least + (planned - scored))

    @classmethod
    def of_missing(cls, looks: Sequence[Counts]) -> Totals:
        """How many replies have no score."""
        planned = np.array([each.planned for each in looks], dtype=np.float64)
        absent = planned - np.array([each.scored for each in looks], dtype=np.float64)
        return cls(planned, absent, absent)


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a claim stands: both intervals, what is established, and since which look.

    ``back`` tells that the share is shown to lie within the range, and ``sways`` that looks differ
    more than independent replies of one rate would.
    """

    least: Interval
    most: Interval
    standing: Standing
    since: int | None
    back: bool
    sways: bool


def share_of_chance(chance: float, claims: int, sequence: int, *, baseline: bool) -> float:
    """The part of a watch's chance of false alarms that one sequence of one claim may use up.

    The parts of the sequences 1, 2, 3, ... add up to one claim's part, since 1 / (r (r + 1)) adds
    up to 1, and the claims' parts to the whole: so it holds over all claims and restarts together.
    A baseline's own interval takes half.
    """
    return chance / claims / (sequence * (sequence + 1)) / (2 if baseline else 1)


def decide_by_chance(totals: Totals, expected: Expected, chance: float) -> Decision:
    """By intervals that hold at all looks at once, but for this chance.

    A rise is established where the share exceeds its range both with missing replies as 0 and as 1,
    and so for a fall: missing replies alone establish neither.
    """
    n = int(totals.planned.sum())
    least, most = (
        rate_at_any_time(min(float(part.sum()), n), n, confidence=1 - chance)
        for part in (totals.least, totals.most)
    )
    rises = least.low > expected.least.high and most.low > expected.most.high
    falls = expected.falls and most.high < expected.most.low and least.high < expected.least.low
    return _decided(totals, expected, least, most, rises, falls)


def decide_by_patience(totals: Totals, expected: Expected, patience: float) -> Decision:
    """By the change detector, with so many looks or more on average before a false alarm."""
    n = int(totals.planned.sum())
    least, most = (
        rate_at_any_time(min(float(part.sum()), n), n, confidence=SHOWN)
        for part in (totals.least, totals.most)
    )
    rises = all(
        _alarmed(part, totals.planned, patience, at_most=edge.high)
        for part, edge in ((totals.least, expected.least), (totals.most, expected.most))
    )
    falls = expected.falls and all(
        _alarmed(part, totals.planned, patience, at_least=edge.low)
        for part, edge in ((totals.least, expected.least), (totals.most, expected.most))
    )
    return _decided(totals, expected, least, most, rises, falls)


def _alarmed(
    won: NDArray[np.float64],
    tried: NDArray[np.float64],
    patience: float,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
) -> bool:
    """Whether the detector has alarmed; never where the range ends at 0 or 1."""
    edge = at_most if at_most is not None else at_least
    if edge is None or not 0 < edge < 1:
        return False
    found = find_change(won, tried, at_most=at_most, at_least=at_least, patience=patience)
    return found.alarm is not None


def _decided(
    totals: Totals, expected: Expected, least: Interval, most: Interval, rises: bool, falls: bool
) -> Decision:
    standing: Standing = "as expected"
    since = None
    if rises:
        standing = "higher"
        edge = _inside(expected.most.high)
        since = strongest_since(totals.least, totals.planned, at_most=edge)
    elif falls:
        standing = "lower"
        edge = _inside(expected.least.low)
        since = strongest_since(totals.most, totals.planned, at_least=edge)
    back = least.low >= expected.least.low and most.high <= expected.most.high
    sways = chance_of_spread(totals.least, totals.planned, since=since or 0) < SWAYS
    return Decision(least, most, standing, since, back, sways)


def _inside(edge: float) -> float:
    return min(max(edge, 1e-6), 1 - 1e-6)
