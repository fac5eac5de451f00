"""A scorer's rate in each group of a map, and what vouches for the scorer."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from assay.records import Certificate, Second
from assay.records.clock import now
from assay.runs.certificates import certificate_for
from assay.runs.trust import corrected_by
from assay.stats import Interval, clustered_mean, sums_by_cluster
from assay.usage.explore.columns import Columns
from assay.usage.explore.groups import ALL, Groups
from assay.usage.explore.limits import BLANK, FEW, Minima, told_cells
from assay.usage.explore.scores import Scored

NEVER = "never scored"


class Rate(msgspec.Struct, frozen=True, array_like=True):
    """One group's figure. ``value`` is None where it may not be told; ``why`` says so in words.

    ``n`` conversations have a value, ``missing`` of the group's have none; None where that may not
    be told.
    """

    group: int
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    missing: int | None
    warning: str = ""
    why: str = ""


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """One scorer version's figures, the first of all conversations. ``rate`` where all are 0 or 1.

    ``corrected`` is the rate of all conversations freed of the scorer's error. ``missing`` counts
    the conversations without a value, by reason.
    """

    scorer: str
    version: str
    standing: str
    certificate: str
    corrected: Second | None
    method: str
    rate: bool
    bounded: bool
    planned: int
    missing: dict[str, int]
    elsewhere: int
    rates: tuple[Rate, ...]

    def of(self) -> dict[int, Rate]:
        """By group."""
        return {each.group: each for each in self.rates}


def rates_of(
    scored: Scored,
    groups: Groups,
    columns: Columns,
    certificates: Sequence[Certificate],
    minima: Minima,
) -> tuple[Rates, dict[int, Interval]]:
    """The figures that may be told; and, for use within, every group's interval.

    The denominator is all conversations of a group: those without a value are missing. What may
    be told of the flagged and of the others follows the rules of all cells; how many have no value
    is always told, since it says nothing of what people did.
    """
    value = np.full(len(columns), np.nan)
    value[scored.rows] = scored.values
    whose = columns.whose
    intervals: dict[int, Interval] = {}
    missing_of: dict[int, int] = {}
    parts = (0.0, 1.0) if scored.binary else (None,)
    counts = np.zeros((len(groups), len(parts)), dtype=np.int64)
    people = np.zeros_like(counts)
    for group, rows in groups.members(columns):
        values, has = value[rows], ~np.isnan(value[rows])
        missing_of[group] = int((~has).sum())
        for part, wanted in enumerate(parts):
            own = has if wanted is None else values == wanted
            counts[group, part] = own.sum()
            people[group, part] = len(np.unique(whose[rows][own]))
        if has.any():
            sums, sizes = sums_by_cluster(whose[rows][has], values[has])
            intervals[group] = clustered_mean(
                sums, sizes, binary=scored.binary, bounds=(0.0, 1.0) if scored.bounded else None
            )
    cells = told_cells(counts, people, groups.parents, minima)
    told = [
        _rate(group, missing, intervals.get(group), _why_not(cells[group], scored, minima))
        for group, missing in missing_of.items()
    ]
    time = now()
    own = certificate_for(certificates, scored.version, "", time)
    others = sum(each.version == scored.version for each in certificates) - 1
    whole = intervals.get(ALL)
    fair = own is not None and whole is not None and scored.binary and (cells[ALL] >= 0).all()
    missing = {**scored.reasons, NEVER: len(columns) - len(scored.rows) - len(scored.missing)}
    return (
        Rates(
            scorer=scored.scorer,
            version=scored.version,
            standing=own.standing(time) if own else "uncertified",
            certificate=own.id if own else "",
            corrected=corrected_by(own, whole, others) if fair and own and whole else None,
            method=whole.method if whole else "",
            rate=scored.binary,
            bounded=scored.bounded,
            planned=len(columns),
            missing={reason: number for reason, number in missing.items() if number},
            elsewhere=scored.elsewhere,
            rates=tuple(told),
        ),
        intervals,
    )


def _rate(group: int, missing: int, interval: Interval | None, why: str) -> Rate:
    if interval is None:
        return Rate(group, None, None, None, 0, missing, why="nothing scored")
    if why:
        return Rate(group, None, None, None, None, None, why=why)
    low, high = (each if np.isfinite(each) else None for each in (interval.low, interval.high))
    return Rate(group, interval.estimate, low, high, interval.n, missing, interval.warning)


def _why_not(cells: NDArray[np.int64], scored: Scored, minima: Minima) -> str:
    """Why a figure may not be told; empty where it may."""
    names = ("not flagged", "flagged") if scored.binary else ("scored",)
    few = [name for name, cell in zip(names, cells.tolist(), strict=True) if cell == FEW]
    if few:
        return f"fewer than {minima.conversations} {few[-1]}"
    if (cells == BLANK).any():
        return "too few people, or it would give a smaller figure away"
    return ""
