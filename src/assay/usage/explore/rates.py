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
from assay.usage.explore.limits import Minima
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

    The denominator is all conversations of a group: those without a value are missing.
    """
    value = np.full(len(columns), np.nan)
    value[scored.rows] = scored.values
    intervals: dict[int, Interval] = {}
    told = []
    whose = columns.whose
    for group, rows in groups.members(columns):
        each, interval = _one(group, value[rows], whose[rows], scored, minima)
        told.append(each)
        if interval is not None:
            intervals[group] = interval
    time = now()
    own = certificate_for(certificates, scored.version, "", time)
    others = sum(each.version == scored.version for each in certificates) - 1
    whole = intervals.get(ALL)
    fair = own is not None and whole is not None and scored.binary
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


def _one(
    group: int,
    values: NDArray[np.float64],
    whose: NDArray[np.int32],
    scored: Scored,
    minima: Minima,
) -> tuple[Rate, Interval | None]:
    has = ~np.isnan(values)
    n, missing = int(has.sum()), int((~has).sum())
    if not n:
        return Rate(group, None, None, None, 0, missing, why="nothing scored"), None
    sums, counts = sums_by_cluster(whose[has], values[has])
    interval = clustered_mean(
        sums, counts, binary=scored.binary, bounds=(0.0, 1.0) if scored.bounded else None
    )
    why = _why_not_told(values[has], whose[has], missing, len(counts), scored, minima)
    if why:
        return Rate(group, None, None, None, None, None, why=why), interval
    low, high = (each if np.isfinite(each) else None for each in (interval.low, interval.high))
    return Rate(group, interval.estimate, low, high, n, missing, interval.warning), interval


def _why_not_told(
    values: NDArray[np.float64],
    whose: NDArray[np.int32],
    missing: int,
    people: int,
    scored: Scored,
    minima: Minima,
) -> str:
    """Why a figure would tell of too few; empty where it may be told."""
    if not minima.enough(len(values), people):
        return f"fewer than {minima.conversations} scored"
    if 0 < missing < minima.conversations:
        return f"fewer than {minima.conversations} unscored, which the figure would count"
    if scored.binary:
        for name, is_ in (("flagged", values == 1), ("not flagged", values == 0)):
            if is_.any() and not minima.enough(int(is_.sum()), len(np.unique(whose[is_]))):
                return f"fewer than {minima.conversations} {name}"
    return ""
