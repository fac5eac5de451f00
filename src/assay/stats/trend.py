"""Whether a figure rises or falls along something: model generations, sizes, dates."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.stats.distributions import normal_quantile, t_quantile, tail
from assay.stats.interval import Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class Trend:
    """A straight line through estimates.

    ``slope`` is in the estimate's units for each unit of x. ``scatter`` is the standard deviation
    around the line that the points' own errors do not explain, in the estimate's units (None for
    two points): where it is large the line does not tell the whole story.
    """

    slope: Interval
    intercept: float
    scatter: float | None


def trend(
    x: ArrayLike, estimates: ArrayLike, errors: ArrayLike, *, confidence: float = 0.95
) -> Trend:
    """The slope of estimates along x, each known with its own error.

    A regression in which each point has its own error and one scatter common to all, chosen so that
    the points lie as far from the line as that explains; with Student's t of points - 2 degrees of
    freedom. A trend over three models is known poorly, and the interval shows it.

    Args:
        x: where each estimate stands: a generation's number, the logarithm of a size, a date in
            years; shape (points,), at least two different values.
        estimates: the figures, shape (points,).
        errors: their standard errors, above 0 (half an interval's width over 1.96 will do).

    Raises:
        ValueError: fewer than two points, equal x, errors of 0.

    Sources: Paule and Mandel (1982), Journal of Research of the National Bureau of Standards 87:377
    (the scatter); Knapp and Hartung (2003), Statistics in Medicine 22:2693 (t, and the factor);
    Rover, Knapp and Friede (2015), BMC Medical Research Methodology 15:99 (a factor of 1 or more).
    """
    at, y, s = (np.asarray(values, dtype=np.float64) for values in (x, estimates, errors))
    if at.ndim != 1 or not at.shape == y.shape == s.shape or len(at) < 2 or np.ptp(at) == 0:
        raise ValueError("a trend needs two points or more, at different x, each with its error")
    if not np.isfinite(np.concatenate([at, y, s])).all() or (s <= 0).any():
        raise ValueError("x, estimates and errors must be finite, and errors above 0")
    points, outside = len(at), tail(confidence)
    scatter = _scatter(at, y, s) if points > 2 else None
    line = _fit(at, y, 1 / (s**2 + (scatter or 0.0) ** 2))
    factor = sqrt(max(line.excess / (points - 2), 1.0)) if points > 2 else 1.0
    reach = t_quantile(1 - outside, points - 2) if points > 2 else normal_quantile(1 - outside)
    half = reach * factor * line.error
    return Trend(
        slope=Interval(
            estimate=line.slope,
            low=line.slope - half,
            high=line.slope + half,
            confidence=confidence,
            method="random-effects regression, t" if points > 2 else "difference of two, normal",
            n=points,
            clusters=points,
            warning="" if points > 2 else "two points: nothing tells whether the line is straight",
        ),
        intercept=line.intercept,
        scatter=scatter,
    )


@dataclass(frozen=True, slots=True)
class _Line:
    """A weighted fit; ``excess`` is the weighted sum of squared residuals."""

    slope: float
    intercept: float
    error: float
    excess: float


def _fit(x: NDArray[np.float64], y: NDArray[np.float64], weights: NDArray[np.float64]) -> _Line:
    centre, level = float(np.average(x, weights=weights)), float(np.average(y, weights=weights))
    leverage = float(weights @ (x - centre) ** 2)
    slope = float(weights @ ((x - centre) * (y - level))) / leverage
    residuals = y - level - slope * (x - centre)
    return _Line(slope, level - slope * centre, 1 / sqrt(leverage), float(weights @ residuals**2))


def _scatter(x: NDArray[np.float64], y: NDArray[np.float64], s: NDArray[np.float64]) -> float:
    """The scatter that makes the residuals as large as they should be (Paule and Mandel)."""
    freedom = len(x) - 2

    def excess(scatter: float) -> float:
        return _fit(x, y, 1 / (s**2 + scatter**2)).excess

    if excess(0.0) <= freedom:
        return 0.0
    low, high = 0.0, float(np.ptp(y))
    for _ in range(45):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > freedom else (low, middle)
    return high
