"""How many items a question needs, and the smallest difference that so many can show.

Everywhere ``confidence`` is that of the two-sided interval that will decide, and ``power`` the
chance that it does so when the truth is as supposed.
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil, log1p, sqrt

from assay.stats.distributions import binomial_at_most, normal_quantile, tail

MOST = 10**9
"""Beyond so many items the answer is that no eval will settle it."""


def items_for_difference(
    margin: float,
    variance: float,
    *,
    power: float = 0.8,
    confidence: float = 0.95,
    design_effect: float = 1.0,
) -> int:
    """Items needed to show a true difference (or to rule out a margin, where there is none).

    n = (z + z)^2 variance / margin^2, times the design effect: Miller (2024), arXiv 2411.00640, on
    power.

    Args:
        margin: the difference, not 0, in the scores' units.
        variance: of one item's difference: see ``paired_variance``, ``paired_rate_variance``; for
            unpaired runs the sum of the two runs' variances, with the answer needed in each.
    """
    if margin == 0:
        raise ValueError("no number of items shows a difference of 0")
    needed = _spread_needed(power, confidence) ** 2 * variance / margin**2 * design_effect
    return max(1, ceil(needed - 1e-9))


def smallest_difference(
    items: int,
    variance: float,
    *,
    power: float = 0.8,
    confidence: float = 0.95,
    design_effect: float = 1.0,
) -> float:
    """The smallest true difference that so many items show with the given power.

    The inverse of ``items_for_difference``: Miller (2024).
    """
    if items < 1:
        raise ValueError("needs at least one item")
    return _spread_needed(power, confidence) * sqrt(variance * design_effect / items)


def paired_variance(
    between: float,
    within_candidate: float,
    within_baseline: float,
    *,
    attempts_candidate: int = 1,
    attempts_baseline: int = 1,
) -> float:
    """The variance of one item's paired difference, with several attempts at each item.

    Args:
        between: the variance over items of the difference of their true means,
            Var(x_A) + Var(x_B) - 2 Cov(x_A, x_B); Miller's omega squared.
        within_candidate, within_baseline: each model's variance from attempt to attempt.
    """
    return between + within_candidate / attempts_candidate + within_baseline / attempts_baseline


def paired_rate_variance(raised: float, lowered: float) -> float:
    """The variance of one item's paired yes-or-no difference, from the rates of both flips.

    Connor (1987), Biometrics 43:207.
    """
    if raised < 0 or lowered < 0 or raised + lowered > 1:
        raise ValueError("the rates of flips must be 0 or more and at most 1 together")
    return raised + lowered - (raised - lowered) ** 2


def rate_variance(rate: float) -> float:
    """The variance of one yes-or-no observation."""
    if not 0 <= rate <= 1:
        raise ValueError(f"a rate lies between 0 and 1, not at {rate}")
    return rate * (1 - rate)


def items_for_rate(
    rate: float, limit: float, *, power: float = 0.8, confidence: float = 0.95
) -> int:
    """Independent items needed for the exact interval of a rate to lie wholly below a limit.

    Exact, not by the normal approximation: for each number of events allowed, the fewest items with
    which the upper Clopper-Pearson limit stays below the limit, until the true rate gives that few
    events with the given power. With a rate above the limit, items for the interval to lie above.

    Raises:
        ValueError: the rate equals the limit, or a billion items would not do.
    """
    if not 0 <= rate <= 1 or not 0 < limit < 1 or rate == limit:
        raise ValueError("needs a rate from 0 to 1 and another limit strictly between 0 and 1")
    if rate > limit:
        rate, limit = 1 - rate, 1 - limit
    _spread_needed(power, confidence)  # refuses an impossible power or confidence

    def enough(events: int) -> bool:
        return binomial_at_most(events, _items_allowing(events, limit, confidence), rate) >= power

    reach = 1
    while not enough(reach):
        reach *= 2
        if reach / limit > MOST:
            raise ValueError(f"more than {MOST:,} items: {rate:g} is too close to {limit:g}")
    fewest = _first(enough, 0, reach)
    return _items_allowing(fewest, limit, confidence)


def items_for_no_failures(limit: float, *, confidence: float = 0.95) -> int:
    """Items that must all pass for the failure rate to be shown below a limit, one-sided.

    The inverse of ``zero_failures_bound``: 299 for 1% at 95%.
    """
    if not 0 < limit < 1:
        raise ValueError("the limit must lie strictly between 0 and 1")
    tail(confidence)
    return ceil(log1p(-confidence) / log1p(-limit) - 1e-9)


def _spread_needed(power: float, confidence: float) -> float:
    """How many standard errors the truth must lie from what is to be ruled out."""
    if not 0 < power < 1:
        raise ValueError(f"power must lie between 0 and 1 (such as 0.8), not {power}")
    return normal_quantile(1 - tail(confidence)) + normal_quantile(power)


def _items_allowing(events: int, limit: float, confidence: float) -> int:
    """The fewest items with which so many events leave the exact upper limit below ``limit``."""
    outside = tail(confidence)

    def below(items: int) -> bool:
        return binomial_at_most(events, items, limit) <= outside

    reach = events + 1
    while not below(reach):
        reach *= 2
    return _first(below, events + 1, reach)


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The least whole number from low to high that holds, where all after it do; high does."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return high
