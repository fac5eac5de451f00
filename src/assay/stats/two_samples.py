"""The difference of two figures that share no samples, from the interval of each."""

from __future__ import annotations

from math import erfc, hypot, inf, sqrt

from assay.stats.distributions import normal_quantile, tail
from assay.stats.interval import Interval


def difference(candidate: Interval, baseline: Interval) -> Interval:
    """The interval of candidate less baseline, where the two are independent.

    Each limit lies as far from the difference as the two nearer ends lie from their estimates,
    taken together as the sides of a right triangle. For two Wilson intervals this is Newcombe's
    method 10; it serves as well for exact, clustered or corrected intervals, and keeps what they
    guard against. Where samples match, ``paired`` tells far more.

    Raises:
        ValueError: the two intervals were made with different confidence.

    Sources: Newcombe (1998), Statistics in Medicine 17:873, method 10; Zou and Donner (2008),
    Statistics in Medicine 27:1693 (the general form, MOVER).
    """
    if candidate.confidence != baseline.confidence:
        raise ValueError(
            f"one interval has confidence {candidate.confidence}, the other {baseline.confidence}"
        )
    gap = candidate.estimate - baseline.estimate
    down = hypot(candidate.estimate - candidate.low, baseline.high - baseline.estimate)
    up = hypot(candidate.high - candidate.estimate, baseline.estimate - baseline.low)
    methods = dict.fromkeys((candidate.method, baseline.method))
    warnings = dict.fromkeys(w for w in (candidate.warning, baseline.warning) if w)
    return Interval(
        estimate=gap,
        low=gap - down,
        high=gap + up,
        confidence=candidate.confidence,
        method=f"unpaired (Newcombe) of {' and '.join(methods)}",
        n=candidate.n + baseline.n,
        clusters=candidate.clusters + baseline.clusters,
        warning="; ".join(warnings),
    )


def p_value(interval: Interval, null: float = 0.0) -> float:
    """The two-sided p-value of a null value, from an interval.

    The half of the interval that lies towards the null value is taken as so many standard errors
    as its confidence asks for. So p is below ``1 - confidence`` exactly where the interval leaves
    the null value out, and a method that is careful or clustered stays so.

    Source: Altman and Bland (2011), BMJ 343:d2304; each side by itself, as intervals of rates and
    of their differences are not symmetric.
    """
    gap = interval.estimate - null
    half = interval.estimate - interval.low if gap > 0 else interval.high - interval.estimate
    if gap == 0 or half == inf:
        return 1.0
    if half <= 0:
        return 0.0
    z = abs(gap) / half * normal_quantile(1 - tail(interval.confidence))
    return erfc(z / sqrt(2))
