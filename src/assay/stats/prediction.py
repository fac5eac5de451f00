"""A run's true mean from people's labels of a random part of it, with the scorer's values helping.

The part must be drawn at random with known chances. Then nothing needs to be assumed of the scorer:
a poor one widens the interval, and never moves it.
"""

from __future__ import annotations

from math import hypot, inf, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.stats.cluster import clustered_mean, sums_by_cluster
from assay.stats.distributions import t_quantile, tail
from assay.stats.interval import Interval
from assay.stats.mean import FEWEST, as_rate, check_bounds, enough_for_skewness
from assay.stats.paired import tango_limits

Column = NDArray[np.float64]


def audited_mean(
    labels: ArrayLike,
    predictions: ArrayLike,
    *,
    chances: ArrayLike | None = None,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
    bounds: tuple[float, float] | None = None,
) -> Interval:
    """The mean that labels of the whole run would have, from labels of a random part of it.

    Prediction-powered with the tuned weight (PPI++) where every sample had the same chance of being
    labelled; elsewhere each labelled sample stands for 1 / chance of them (inverse probability),
    and the scorer's values take away what variance they can in the same way; Student's t over the
    labels. Where these have bounds, and fewer than ten labels' worth of events or of disagreement
    was seen, or it is too skewed for t, the mean is the predictions' plus what the labels say they
    miss, at Tango's limits. ``audited_rate`` does better for rare events.

    Args:
        labels: people's scores, shape (n,), NaN where a sample was not labelled.
        predictions: the scorer's values for every sample, shape (n,).
        chances: each sample's chance of being labelled, above 0, up to a common factor; None where
            all were alike.
        clusters: what each sample was derived from; None where all are independent.
        bounds: the least and greatest possible label and prediction. Without them the result can
            only warn where t does not hold.

    Raises:
        ValueError: fewer than two labels, arrays of different lengths, chances of 0.

    Sources: Angelopoulos, Duchi and Zrnic (2023), arXiv 2311.01453 (PPI++ for a mean
    and its weight); Sarndal, Swensson and Wretman (1992), Model Assisted Survey Sampling, chapter 6
    (the difference estimator under unequal chances).
    """
    y, f, weight, greatest = _checked(labels, predictions, chances, bounds)
    groups = np.arange(len(y)) if clusters is None else np.asarray(clusters)
    known = weight > 0
    truth = np.where(known, y, 0.0)
    units = len(np.unique(groups[known]))
    name = "prediction-powered" if chances is None else "inverse-probability"
    estimate, half, holds = _by_t(truth, f, weight, groups, units, confidence)
    low, high, method = estimate - half, estimate + half, f"{name} t"
    if bounds is not None:
        span = bounds[1] - bounds[0]
        missed = np.where(known, y - f, 0.0) / span
        worth = len(y) / max(greatest, float(sums_by_cluster(groups, weight)[0].max()))
        # As many labels as if each cluster counted once, and as much as the heaviest could.
        place = as_rate(float(weight @ truth) / len(y), bounds)
        seen = worth * min(float(weight @ np.abs(missed)) / len(y), place, 1 - place)
        if not holds or seen < FEWEST:
            estimate, low, high = _by_tango(f, missed, weight, groups, worth, confidence, bounds)
            method, holds = f"{name} Tango score", True
        low, high = max(low, bounds[0]), min(high, bounds[1])
        estimate = min(max(estimate, bounds[0]), bounds[1])
    return Interval(
        estimate=estimate,
        low=low,
        high=high,
        confidence=confidence,
        method=method,
        n=int(np.count_nonzero(known)),
        clusters=units,
        warning="" if holds else "too few labels for so skewed a disagreement: give bounds",
    )


def _checked(
    labels: ArrayLike,
    predictions: ArrayLike,
    chances: ArrayLike | None,
    bounds: tuple[float, float] | None,
) -> tuple[Column, Column, Column, float]:
    """Labels, predictions, weights that are 0 where unlabelled and sum to n; the greatest possible.

    The greatest is that of any sample, labelled or not: a label that might have been drawn.
    """
    y, f = np.asarray(labels, dtype=np.float64), np.asarray(predictions, dtype=np.float64)
    chance = np.ones(len(y)) if chances is None else np.asarray(chances, dtype=np.float64)
    if not y.shape == f.shape == chance.shape or y.ndim != 1:
        raise ValueError("labels, predictions and chances must be flat arrays of the same length")
    known = ~np.isnan(y)
    if known.sum() < 2 or not np.isfinite(f).all():
        raise ValueError("needs two labels or more, and a prediction for every sample")
    if not (chance > 0).all():
        raise ValueError("each sample needs a chance above 0 of being labelled")
    if bounds is not None:
        check_bounds(y[known], bounds)
        check_bounds(f, bounds)
    weight = np.where(known, 1 / chance, 0.0)
    scale = len(y) / float(weight.sum())
    return y, f, weight * scale, scale / float(chance.min())


def _by_t(
    truth: Column,
    f: Column,
    weight: Column,
    groups: NDArray[np.generic],
    units: int,
    confidence: float,
) -> tuple[float, float, bool]:
    """The estimate with the tuned weight, its half-width, and whether t holds for it."""
    n = len(f)
    own = weight * (truth - weight @ truth / n)
    helping = f - f.mean() - weight * (f - weight @ f / n)
    spread = float(helping @ helping)
    tuned = -float(own @ helping) / spread if spread > 0 else 0.0
    estimate = float(weight @ truth + tuned * (f.sum() - weight @ f)) / n
    influence, _ = sums_by_cluster(groups, own + tuned * helping)
    if units < 2:
        return estimate, inf, False
    error = sqrt(float(influence @ influence) * units / (units - 1)) / n
    holds = units >= FEWEST and enough_for_skewness(influence)
    return estimate, t_quantile(1 - tail(confidence), units - 1) * error, holds


def _by_tango(
    f: Column,
    missed: Column,
    weight: Column,
    groups: NDArray[np.generic],
    worth: float,
    confidence: float,
    bounds: tuple[float, float],
) -> tuple[float, float, float]:
    """The predictions' mean plus what they miss; the errors of the two as sides of a triangle."""
    n, span = len(f), bounds[1] - bounds[0]
    scored = clustered_mean(*sums_by_cluster(groups, f), bounds=bounds, confidence=confidence)
    raised = worth * float(weight @ np.maximum(missed, 0.0)) / n
    lowered = worth * float(weight @ np.maximum(-missed, 0.0)) / n
    below, above = tango_limits(raised, lowered, worth, confidence)
    gap = span * (raised - lowered) / worth
    estimate = scored.estimate + gap
    low = estimate - hypot(scored.estimate - scored.low, gap - span * below)
    return estimate, low, estimate + hypot(scored.high - scored.estimate, span * above - gap)
