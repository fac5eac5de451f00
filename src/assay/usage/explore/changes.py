"""What is new, rising or falling between two periods, or differs between two models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from math import sqrt

import msgspec
import numpy as np
from numpy.typing import NDArray

from assay.stats import (
    Interval,
    benjamini_hochberg,
    clustered_mean,
    difference,
    p_value,
    rate,
)
from assay.usage.explore.columns import Codes, Columns
from assay.usage.explore.groups import Groups
from assay.usage.explore.kinds import Kind
from assay.usage.explore.limits import BLANK, FEW, Cells, Minima

FALSE_ALARMS = 0.05
"""Of the changes that are called clear, this share is false on average."""
FEWEST = 25
"""A group with fewer conversations on both sides is not tested: it would tell nothing."""
MOST_COMPARED = 5
"""So many models, surfaces or languages are compared, each with each."""
MOST_TOLD = 150
"""So many clear changes of a comparison are told, the greatest first."""


Rows = NDArray[np.int64]


class Change(msgspec.Struct, frozen=True, array_like=True):
    """One group's share of one side and of the other, and their difference with its interval.

    A side is None where it is too small to be told. The difference is then a bound, the least that
    it can be: the hidden side counts as the most that it can be. The interval then reaches over
    every count that the hidden side can have. ``q`` is the p-value of the bound, adjusted for all
    groups of the comparison.
    """

    group: int
    before: float | None
    after: float | None
    difference: float
    low: float
    high: float
    q: float


class FromFew(msgspec.Struct, frozen=True, array_like=True):
    """A group that cannot be compared, of whose greater side something is known all the same.

    One side is of fewer than the minimum; the other, which is not told either, is at least the
    share ``least`` of its own part, and so greater than the small one. ``rising``: the small side
    is the first. Nothing is tested.
    """

    group: int
    least: float
    rising: bool


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """Two parts of a kind, group by group. ``changes`` are the clear ones; the others are counted.

    ``untold`` counts groups that cannot be compared since a side may not be told, and ``few``
    those that are too small; ``from_few`` are those of the untold that surely grew from few or
    shrank to few. ``conversations`` and ``principals`` are of the two sides.
    """

    kind: str
    first: int
    second: int
    tested: int
    clear: int
    few: int
    untold: int
    conversations: tuple[int, int]
    principals: tuple[int, int]
    changes: tuple[Change, ...]
    from_few: tuple[FromFew, ...]


def compare_parts(
    groups: Groups, columns: Columns, kind: Kind, told: Cells, minima: Minima
) -> list[Compared]:
    """Every pair of periods, or of the commonest values, that may be compared.

    Shares are of all conversations of a side, and their intervals are clustered by principal where
    accounts are known. The two sides are taken as independent: principals who act on both make the
    difference surer than its interval says.
    """
    own = kind.compared if kind.name == "time" else kind.compared[:MOST_COMPARED]
    own = [part for part in own if told[0, part] > 0]
    shares = Shares(groups, columns, kind, own, told, minima)
    totals = [len(columns), *(each.conversations for each in groups.clusters)]
    found = []
    for n, a in enumerate(own):
        for b in own[n + 1 :]:
            sure = from_few(told, totals, (a, b), minima)
            found.append(_compared(kind, shares, a, b, told, sure))
    return found


def from_few(
    told: Cells, totals: Sequence[int], parts: tuple[int, int], minima: Minima
) -> tuple[FromFew, ...]:
    """Groups that surely grew from few or shrank to few, though neither side may be told.

    All of it follows from what the page tells anyway: each group's size, the cells that are told,
    and that a small cell is below the minimum. Counts are not looked at, so that nothing of a
    hidden one can be had from what is said here.

    Args:
        totals: the size of each group, which is told; the first is of all.
        parts: the two sides. Their own sizes, in the first row, are told.
    """
    most, found = minima.conversations - 1, []
    for group, (a, b) in enumerate(told[:, parts].tolist()):
        if not group or {a, b} != {FEW, BLANK}:
            continue
        rising = a == FEW
        small, great = parts if rising else parts[::-1]
        row = told[group]
        least = minima.conversations  # what is smaller is FEW
        if (row == BLANK).sum() == 1:
            others = int(row[row > 0].sum()) + most * int((row == FEW).sum())
            least = max(least, totals[group] - others)
        share = least / int(told[0, great])
        if share > most / int(told[0, small]):
            found.append(FromFew(group, share, rising))
    return tuple(sorted(found, key=lambda each: (-each.least, each.group))[:MOST_TOLD])


class Shares:
    """Each group's share of each part, with its interval, computed when first asked for.

    Tests take their p-values from intervals of the confidence ``strict``, at which one test among
    as many as there are groups counts: intervals of 95% tell too little of the tails. Where p is
    larger this errs on the careful side.
    """

    def __init__(
        self,
        groups: Groups,
        columns: Columns,
        kind: Kind,
        parts: Sequence[int],
        told: Cells,
        minima: Minima,
    ) -> None:
        self.told = told
        self._minima = minima
        self._clustered = columns.principal is not None
        self._sizes: dict[int, NDArray[np.float64]] = {}
        self._sums: dict[tuple[int, int], tuple[Rows, Rows]] = {}
        levels = groups.by_level(columns)
        for part in parts:
            rows = np.flatnonzero(kind.of == part)
            people, place = np.unique(columns.whose[rows], return_inverse=True)
            self._sizes[part] = np.bincount(place, minlength=len(people)).astype(np.float64)
            if self._clustered:
                self._take(part, levels, rows, place)
        self.strict = 1 - FALSE_ALARMS / max(len(groups), 1)
        self.interval = cache(self._interval)

    def _take(
        self, part: int, levels: Sequence[tuple[Codes, Codes]], rows: Rows, place: Rows
    ) -> None:
        """Each group's conversations of a part by principal, as far as there are any."""
        size = len(self._sizes[part])
        at = np.full(int(rows.max(initial=-1)) + 1, -1, dtype=np.int64)
        at[rows] = place
        for held, group in levels:
            inside = held < len(at)
            person, own = at[held[inside]], group[inside].astype(np.int64)
            mine = person >= 0
            cells, counts = np.unique(own[mine] * size + person[mine], return_counts=True)
            edges = np.flatnonzero(np.diff(cells // size) > 0) + 1
            for cell, number in zip(np.split(cells, edges), np.split(counts, edges), strict=True):
                if len(cell):
                    self._sums[int(cell[0] // size), part] = cell % size, number

    def size(self, part: int) -> int:
        """Conversations of a part."""
        return int(self._sizes[part].sum())

    def people(self, part: int) -> int:
        """Principals of a part."""
        return len(self._sizes[part])

    def p_value(self, group: int, first: int, second: int) -> float:
        """Of no difference. Where conversations on their own show none, people do not either:
        clusters only widen an interval, so that the longer sums can be left out there."""
        quick = difference(*(self._alone(group, part, 0.95) for part in (second, first)))
        sided = {first: 1, second: -1}
        for part, sign in sided.items():
            if self.told[group, part] == FEW and sign * quick.estimate <= 0:
                return 1.0  # it counts from the most that it can be, which shows nothing then
        p = p_value(quick)
        if p > FALSE_ALARMS:
            return p
        return p_value(self._gap(group, first, second, None, self.strict))

    def gap(self, group: int, first: int, second: int) -> tuple[float, float, float]:
        """The second part's share less the first's: the difference, low and high.

        Where a side is hidden, the difference is the least that it can be, and the interval
        reaches over those of every count that it can have. They move one way with the count, so
        the intervals of none and of the most hold all others.
        """
        hidden = next((part for part in (first, second) if self.told[group, part] == FEW), None)
        nearest = self._gap(group, first, second, None, 0.95)
        if hidden is None:
            return nearest.estimate, nearest.low, nearest.high
        farthest = self._gap(group, first, second, 0, 0.95)
        ends = min(nearest.low, farthest.low), max(nearest.high, farthest.high)
        return nearest.estimate, *ends

    def _gap(
        self, group: int, first: int, second: int, hidden: int | None, confidence: float
    ) -> Interval:
        """The difference if a hidden side holds so many conversations; None: the most."""
        told = {
            part: self.interval(group, part, confidence)
            for part in (first, second)
            if self.told[group, part] != FEW
        }
        like = next(iter(told.values()))
        sides = [
            told[part] if part in told else self._if_hidden(part, hidden, like)
            for part in (second, first)
        ]
        return difference(*sides)

    def _most(self, part: int) -> int:
        """The most conversations that a hidden cell can hold."""
        return min(self._minima.conversations - 1, self.size(part))

    def _if_hidden(self, part: int, counted: int | None, like: Interval) -> Interval:
        """The interval of a hidden side, if it held so many.

        How its people act may not be told, so that it is taken to be as much wider for them as the
        interval of the side that is told.
        """
        counted = self._most(part) if counted is None else counted
        alone = rate(counted, self.size(part), confidence=like.confidence)
        wider = sqrt(max(like.design_effect or 1.0, 1.0))
        middle = alone.estimate
        return replace(
            alone,
            low=max(0.0, middle - wider * (middle - alone.low)),
            high=min(1.0, middle + wider * (alone.high - middle)),
        )

    def _alone(self, group: int, part: int, confidence: float) -> Interval:
        """The interval if every conversation stood alone, and a hidden side held the most."""
        counted = int(self.told[group, part])
        return rate(
            self._most(part) if counted == FEW else counted,
            self.size(part),
            confidence=confidence,
        )

    def _interval(self, group: int, part: int, confidence: float) -> Interval:
        """The interval of a side that is told."""
        if not self._clustered:
            return self._alone(group, part, confidence)
        sums = np.zeros_like(self._sizes[part])
        if (group, part) in self._sums:
            people, counts = self._sums[group, part]
            sums[people] = counts
        return clustered_mean(sums, self._sizes[part], binary=True, confidence=confidence)


def _compared(
    kind: Kind,
    shares: Shares,
    first: int,
    second: int,
    told: Cells,
    sure: tuple[FromFew, ...],
) -> Compared:
    found, p, few, untold = [], [], 0, 0
    for group, (a, b) in enumerate(told[:, (first, second)].tolist()):
        if not group:
            continue
        if a < FEW or b < FEW or (a == FEW and b == FEW):
            untold += 1
        elif max(a, b) < FEWEST:
            few += 1
        else:
            p.append(shares.p_value(group, first, second))
            found.append(group)
    adjusted = benjamini_hochberg(p).tolist() if p else []
    clear = [
        _change(shares, group, first, second, q)
        for group, q in zip(found, adjusted, strict=True)
        if q <= FALSE_ALARMS
    ]
    clear.sort(key=lambda each: (-abs(each.difference), each.group))
    return Compared(
        kind=kind.name,
        first=first,
        second=second,
        tested=len(found),
        clear=len(clear),
        few=few,
        untold=untold,
        conversations=(shares.size(first), shares.size(second)),
        principals=(shares.people(first), shares.people(second)),
        changes=tuple(clear[:MOST_TOLD]),
        from_few=sure,
    )


def _change(shares: Shares, group: int, first: int, second: int, q: float) -> Change:
    gap = shares.gap(group, first, second)
    before, after = (
        None if shares.told[group, part] == FEW else shares.interval(group, part, 0.95).estimate
        for part in (first, second)
    )
    return Change(group, before, after, *gap, q)
