"""Intervals for one rate of independent yes-or-no observations, at 0% and 100% as well."""

from __future__ import annotations

from math import sqrt

from assay.stats.distributions import beta_quantile, normal_quantile, tail
from assay.stats.interval import Interval

FEW = 10
"""Wilson's interval covers as low as 92.7% with 6 successes of 100 or more, 93.5% from 11 on."""

WILSON = "Wilson"
EXACT = "exact (Clopper-Pearson)"


def rate(successes: int, n: int, *, confidence: float = 0.95) -> Interval:
    """The interval of a rate: Wilson's, or the exact one where Wilson's covers too little.

    The exact interval is used when n < 100 or when at most 10 observations went either way.
    It covers at least ``confidence`` whatever the rate; Wilson's elsewhere covers 93.5% or more
    for a nominal 95%, and 95% on average.

    Args:
        successes: how many of the n had the property, 0 to n.
        n: observations, at least 1.

    Raises:
        ValueError: n < 1, or successes outside 0..n, or a confidence outside (0, 1).

    Sources: Wilson (1927), JASA 22:209; Clopper and Pearson (1934), Biometrika 26:404; Brown, Cai
    and DasGupta (2001), Statistical Science 16:101.
    """
    if n < 1:
        raise ValueError("a rate needs at least one observation")
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n} observations")
    low, high, method = rate_limits(successes / n, n, confidence)
    return Interval(
        estimate=successes / n,
        low=low,
        high=high,
        confidence=confidence,
        method=method,
        n=int(n),
        clusters=int(n),
        effective_n=float(n),
    )


def zero_failures_bound(n: int, *, confidence: float = 0.95) -> float:
    """The greatest rate that seeing no failure in n independent trials leaves plausible.

    One-sided: 1 - (1 - confidence)^(1/n), about 3/n at 95% (Hanley and Lippman-Hand 1983, JAMA
    249:1743).
    """
    if n < 1:
        raise ValueError("a bound needs at least one trial")
    tail(confidence)
    return float(1 - (1 - confidence) ** (1 / n))


def rate_limits(rate: float, n: float, confidence: float) -> tuple[float, float, str]:
    """Low, high and method for a rate seen in n observations, where n may be an effective size."""
    successes = rate * n
    if n < 100 or min(successes, n - successes) <= FEW:
        return *exact_limits(successes, n, confidence), EXACT
    return *wilson_limits(rate, n, confidence), WILSON


def exact_limits(successes: float, n: float, confidence: float) -> tuple[float, float]:
    """Clopper and Pearson's limits, from Beta quantiles; neither argument need be whole."""
    outside = tail(confidence)
    failures = max(n - successes, 0.0)
    low = beta_quantile(outside, successes, failures + 1)
    high = beta_quantile(1 - outside, successes + 1, failures)
    return min(low, successes / n), max(high, successes / n)


def wilson_limits(rate: float, n: float, confidence: float) -> tuple[float, float]:
    """Wilson's score limits; n need not be whole."""
    z = normal_quantile(1 - tail(confidence))
    shrink = 1 + z * z / n
    centre = (rate + z * z / (2 * n)) / shrink
    half = z / shrink * sqrt(rate * (1 - rate) / n + (z / (2 * n)) ** 2)
    return max(0.0, centre - half), min(1.0, centre + half)
