"""The difference of two figures that share no samples, from the interval of each."""

from __future__ import annotations

from math import hypot

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
