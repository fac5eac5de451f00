"""Intervals for the mean of independent scores: t where it holds, a bounded method where not."""

from __future__ import annotations

from dataclasses import replace
from math import inf, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.stats.distributions import t_quantile, tail
from assay.stats.interval import Interval
from assay.stats.proportion import exact_limits, rate

FEWEST = 10
"""Below this many independent units no method rests on their spread."""

BOUNDED = "exact for bounded scores"


def mean(
    values: ArrayLike, *, confidence: float = 0.95, bounds: tuple[float, float] | None = None
) -> Interval:
    """The interval of a mean of independent scores.

    Student's t with n - 1 degrees of freedom where the sample is large enough for its skewness
    (n > 25 skewness squared, Cochran's rule) and holds at least 10 values. Elsewhere, where the
    scores have bounds, they are treated as rates with the same mean: no bounded score varies more
    than a yes-or-no one, so Clopper and Pearson's limits hold, and are never of zero width. Without
    bounds t is all there is, and the result warns. Scores that are all at one bound or the other
    are a rate.

    Args:
        values: the scores, shape (n,), at least one, all finite.
        bounds: the least and the greatest possible score.

    Raises:
        ValueError: no values, a value that is not finite or lies outside the bounds.

    Sources: Cochran (1977), Sampling Techniques, 3rd ed., section 2.15 (the rule for skewness).
    """
    scores = as_scores(values)
    n = len(scores)
    if bounds is not None:
        check_bounds(scores, bounds)
        at_top = scores == bounds[1]
        if np.all(at_top | (scores == bounds[0])):
            return rescaled(rate(int(at_top.sum()), n, confidence=confidence), bounds)
    centre = float(scores.mean())
    residuals = without_rounding(scores - centre, scores)
    trusted = n >= FEWEST and enough_for_skewness(residuals)
    if bounds is not None and not trusted:
        span = bounds[1] - bounds[0]
        low, high = exact_limits(n * as_rate(centre, bounds), n, confidence)
        low, high, method = bounds[0] + span * low, bounds[0] + span * high, BOUNDED
    else:
        half = t_half_width(residuals, confidence)
        low, high, method = centre - half, centre + half, "t"
        if bounds is not None:
            low, high = max(low, bounds[0]), min(high, bounds[1])
    return Interval(
        estimate=centre,
        low=low,
        high=high,
        confidence=confidence,
        method=method,
        n=n,
        clusters=n,
        warning="" if trusted or bounds is not None else _why_not(residuals),
    )


def as_scores(values: ArrayLike) -> NDArray[np.float64]:
    """A flat array of finite floats, at least one."""
    scores = np.asarray(values, dtype=np.float64)
    if scores.ndim != 1 or len(scores) == 0:
        raise ValueError("scores must be a flat array of at least one value")
    if not np.isfinite(scores).all():
        raise ValueError("scores must be finite: leave unscored rows out and count them as missing")
    return scores


def check_bounds(scores: NDArray[np.float64], bounds: tuple[float, float]) -> None:
    """Raise ValueError unless low < high and every score lies within, rounding forgiven."""
    low, high = bounds
    if not -inf < low < high < inf:
        raise ValueError(f"bounds must be two finite numbers in order, not {bounds}")
    slack = 1e-9 * (high - low)
    if scores.min() < low - slack or scores.max() > high + slack:
        outside = scores.min() if scores.min() < low - slack else scores.max()
        raise ValueError(f"a score of {outside:g} lies outside the bounds {low:g} to {high:g}")


def enough_for_skewness(residuals: NDArray[np.float64], *, factor: float = 25) -> bool:
    """Whether the mean of so many units is near normal: n > 25 skewness squared (Cochran 1977).

    False where all units are alike, since then nothing is known of their spread.
    """
    second = float(np.mean(residuals**2))
    if second <= 0:
        return False
    skewness = float(np.mean(residuals**3) / second**1.5)
    return bool(len(residuals) > factor * skewness**2)


def without_rounding(
    residuals: NDArray[np.float64], totals: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Residuals that are only the rounding of their totals' sums become 0."""
    residuals[np.abs(residuals) <= 1e-11 * np.abs(totals).max()] = 0.0
    return residuals


def as_rate(centre: float, bounds: tuple[float, float]) -> float:
    """The place of a mean between its bounds, 0 to 1."""
    return min(max((centre - bounds[0]) / (bounds[1] - bounds[0]), 0.0), 1.0)


def t_half_width(residuals: NDArray[np.float64], confidence: float) -> float:
    """Student's t half-width of the mean; infinite for a single value."""
    n = len(residuals)
    tail(confidence)
    if n < 2:
        return inf
    error = sqrt(float(residuals @ residuals) / (n - 1) / n)
    return t_quantile(1 - tail(confidence), n - 1) * error


def rescaled(interval: Interval, bounds: tuple[float, float]) -> Interval:
    """The same interval moved from the scale 0 to 1 onto ``bounds``."""
    low, span = bounds[0], bounds[1] - bounds[0]
    return replace(
        interval,
        estimate=low + span * interval.estimate,
        low=low + span * interval.low,
        high=low + span * interval.high,
    )


def _why_not(residuals: NDArray[np.float64]) -> str:
    if len(residuals) < 2:
        return "one value says nothing of the spread"
    if not residuals.any():
        return "all values are equal, so their spread is unknown and the interval is too narrow"
    if len(residuals) < FEWEST:
        return f"fewer than {FEWEST} values: the interval holds only if scores are near normal"
    return "the scores are too skewed for so few of them: the interval may be too narrow"
