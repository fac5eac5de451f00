"""Audits a detector by group: where its rate and the map's concern disagree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from assay.records import Cluster
from assay.stats import Interval, benjamini_hochberg, correlation, p_value
from assay.usage.explore.changes import FALSE_ALARMS

FEWEST_GROUPS = 10
MOST_TOLD = 30


class Candidate(msgspec.Struct, frozen=True, array_like=True):
    """A group whose rate is not what its concern suggests. Rates are None where not to be told."""

    group: int
    concern: float
    rate: float | None
    low: float | None
    high: float | None
    expected: float
    q: float


class Audit(msgspec.Struct, frozen=True, kw_only=True):
    """A detector beside the concern of the groups of the base.

    ``misses``: more concern than flags; ``alarms``: more flags than concern. Both are candidates
    for a person to read, not findings. ``correlation`` is None where nothing can be said, and
    ``why`` tells why.
    """

    scorer: str
    version: str
    groups: int
    pearson: tuple[float, float, float] | None
    spearman: tuple[float, float, float] | None
    method: str
    warning: str
    why: str
    misses: tuple[Candidate, ...]
    alarms: tuple[Candidate, ...]


def audit(
    scorer: str,
    version: str,
    clusters: Sequence[Cluster],
    intervals: Mapping[int, Interval],
    told: Mapping[int, bool],
) -> Audit:
    """Where a detector and the concern disagree.

    What a concern suggests is the line through the groups' rates, weighted by their size. A group
    is a candidate where its interval leaves the line out, at the stated share of false alarms over
    all groups; how sure the line itself is does not enter.

    Args:
        clusters: the shown groups; their numbers are one more than their places.
        intervals: each group's rate.
        told: by group, whether its rate may be told.
    """
    known = [
        (number, cluster.concern, intervals[number])
        for number, cluster in enumerate(clusters, start=1)
        if cluster.level == 0 and cluster.concern is not None and number in intervals
    ]
    why = ""
    if not any(cluster.concern is not None for cluster in clusters):
        why = "The map was made without a model, so no group's concern is known."
    elif len(known) < FEWEST_GROUPS:
        why = f"Only {len(known)} groups have both a concern and scores: too few to tell."
    concern = np.array([each[1] for each in known])
    rate = np.array([each[2].estimate for each in known])
    if not why and (np.ptp(concern) == 0 or np.ptp(rate) == 0):
        why = "The concern, or the rate, is the same in every group."
    if why:
        return Audit(scorer=scorer, version=version, groups=len(known), pearson=None, spearman=None,
                     method="", warning="", why=why, misses=(), alarms=())  # fmt: skip
    pearson, spearman = correlation(concern, rate), correlation(concern, rate, ranks=True)
    expected = _line(concern, rate, np.array([each[2].n for each in known], dtype=np.float64))
    q = benjamini_hochberg(
        [p_value(each[2], float(e)) for each, e in zip(known, expected, strict=True)]
    )
    found = [
        Candidate(number, float(c), *_ends(interval, told[number]), float(e), float(own))
        for (number, c, interval), e, own in zip(known, expected, q, strict=True)
        if own <= FALSE_ALARMS and c is not None
    ]
    by_gap = sorted(found, key=lambda each: intervals[each.group].estimate - each.expected)
    gap = {each.group: intervals[each.group].estimate - each.expected for each in found}
    return Audit(
        scorer=scorer,
        version=version,
        groups=len(known),
        pearson=(pearson.estimate, pearson.low, pearson.high),
        spearman=(spearman.estimate, spearman.low, spearman.high),
        method=f"{pearson.method}; {spearman.method}",
        warning=pearson.warning,
        why="",
        misses=tuple(each for each in by_gap if gap[each.group] < 0)[:MOST_TOLD],
        alarms=tuple(each for each in reversed(by_gap) if gap[each.group] > 0)[:MOST_TOLD],
    )


def _ends(interval: Interval, told: bool) -> tuple[float | None, float | None, float | None]:
    return (interval.estimate, interval.low, interval.high) if told else (None, None, None)


def _line(
    x: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The rate that the weighted least-squares line gives each concern, from 0 to 1."""
    slope, level = np.polyfit(x, y, 1, w=np.sqrt(weights))
    return np.asarray(np.clip(slope * x + level, 0.0, 1.0))
