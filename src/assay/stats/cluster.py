"""Intervals for means and rates of observations that come in clusters, from one sum a cluster.

Paraphrases of one prompt, turns of one conversation and repeated attempts at one item resemble
each other: a hundred of them tell less than a hundred strangers would. All that the intervals need
is the sum and the count of each cluster, so a million observations arrive as one aggregate query.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.stats.distributions import normal_quantile, t_quantile, tail
from assay.stats.interval import Interval
from assay.stats.mean import (
    FEWEST,
    as_rate,
    check_bounds,
    enough_for_skewness,
    mean,
    without_rounding,
)
from assay.stats.proportion import exact_limits, rate, rate_limits

ALIKE = "exact, each cluster as one observation"


@dataclass(frozen=True, kw_only=True, slots=True)
class WorstCase:
    """The figure with every missing score counted as the least value, and as the greatest.

    ``low`` and ``high`` span both and their sampling errors: whatever the missing scores are, the
    truth lies between them with at least the stated confidence.
    """

    all_low: Interval
    all_high: Interval
    missing: int

    @property
    def low(self) -> float:
        """The lower end with every missing score at its least."""
        return self.all_low.low

    @property
    def high(self) -> float:
        """The upper end with every missing score at its greatest."""
        return self.all_high.high


@dataclass(frozen=True, slots=True)
class Spread:
    """What clusters tell of a mean's precision.

    ``residuals`` holds each cluster's sum less what the mean would give it; ``error`` is the
    mean's cluster-robust standard error (infinite for one cluster); ``clusters`` is Kish's
    effective number of them, fewer where sizes differ; ``n`` counts observations.
    """

    residuals: NDArray[np.float64]
    error: float
    clusters: float
    n: int

    @property
    def df(self) -> float:
        """The degrees of freedom with which the standard error is known."""
        return self.clusters - 1


def clustered_mean(
    sums: ArrayLike,
    counts: ArrayLike,
    *,
    confidence: float = 0.95,
    bounds: tuple[float, float] | None = None,
    binary: bool = False,
    sum_squares: ArrayLike | None = None,
) -> Interval:
    """The interval of a mean over observations that share origins, from each cluster's sum.

    Unbounded scores: Student's t with the cluster-robust standard error. Rates, and bounded scores
    too skewed for t: Wilson's or the exact limits for a rate seen in as many independent
    observations as carry the same information. That effective size is never above n nor below the
    effective number of clusters, which is what it falls to where clusters cannot be told to
    differ, as at 0% and 100%. With one observation a cluster the unclustered method is used. Fewer
    than 10 clusters warn, and up to 20 whose scores are lopsided.

    Args:
        sums: each cluster's sum of scores, shape (clusters,).
        counts: each cluster's number of observations; clusters with none are left out.
        bounds: the least and greatest possible score; (0, 1) is understood where binary.
        binary: whether each score is 0 or 1.
        sum_squares: the sum of all squared scores (a number, or one for each cluster): needed only
            for the design effect of scores that are not binary.

    Raises:
        ValueError: no observations, or sums that the counts and bounds do not allow.

    Sources: Miller (2024), arXiv 2411.00640 (the clustered standard error); Korn and
    Graubard (1998), Survey Methodology 24:193 (exact limits at the effective sample size);
    Kish (1965), Survey Sampling (unequal sizes).
    """
    totals, sizes = _checked(sums, counts, (0.0, 1.0) if binary else bounds)
    if binary:
        bounds = (0.0, 1.0)
    n = int(sizes.sum())
    if sizes.max() == 1:
        if binary:
            return rate(round(float(totals.sum())), n, confidence=confidence)
        return mean(totals, confidence=confidence, bounds=bounds)
    centre = float(totals.sum()) / n
    spread = spread_of(totals, sizes, centre)
    trusted = len(totals) >= FEWEST and enough_for_skewness(spread.residuals)
    if bounds is not None and (binary or not trusted):
        place, span = as_rate(centre, bounds), bounds[1] - bounds[0]
        telling = len(totals)
        if binary:
            telling = int(np.count_nonzero(totals if place <= 0.5 else totals < sizes))
        size = effective_size(place * (1 - place) * span**2, spread, telling, confidence)
        low, high, method = _by_effective_size(place, size, spread, confidence)
        low, high = bounds[0] + span * low, bounds[0] + span * high
    else:
        size = None
        low, high, method = _by_t(centre, spread, bounds, confidence)
    return Interval(
        estimate=centre,
        low=low,
        high=high,
        confidence=confidence,
        method=method,
        n=n,
        clusters=len(totals),
        effective_n=size,
        design_effect=_design_effect(centre, spread, binary, sum_squares),
        warning=_warning(spread, method, binary=binary, holds=trusted or bounds is not None),
    )


def worst_case(
    sums: ArrayLike,
    counts: ArrayLike,
    missing: ArrayLike,
    *,
    bounds: tuple[float, float],
    confidence: float = 0.95,
    binary: bool = False,
) -> WorstCase:
    """How far the missing scores could move the figure, sampling error included.

    Nothing is assumed of why scores are missing: the mean is taken once with all of them at the
    least possible value and once at the greatest (Manski 1989, Journal of Human Resources 24:343;
    intervals around both ends as in Horowitz and Manski 2000, JASA 95:77).

    Args:
        sums, counts: as for ``clustered_mean``, over the scored observations.
        missing: each cluster's number of unscored observations.
        bounds: the least and greatest possible score; it must be (0, 1) where binary.
    """
    totals, sizes = np.asarray(sums, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    absent = np.asarray(missing, dtype=np.float64)
    if absent.shape != sizes.shape or (absent < 0).any():
        raise ValueError("missing needs one count, 0 or more, for each cluster")
    if binary and tuple(bounds) != (0, 1):
        raise ValueError(f"the bounds of binary scores are (0, 1), not {bounds}")

    def at(value: float) -> Interval:
        return clustered_mean(
            totals + value * absent,
            sizes + absent,
            confidence=confidence,
            bounds=bounds,
            binary=binary,
        )

    return WorstCase(all_low=at(bounds[0]), all_high=at(bounds[1]), missing=int(absent.sum()))


def _checked(
    sums: ArrayLike, counts: ArrayLike, bounds: tuple[float, float] | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    totals, sizes = np.asarray(sums, dtype=np.float64), np.asarray(counts, dtype=np.float64)
    if totals.ndim != 1 or totals.shape != sizes.shape:
        raise ValueError("sums and counts must be flat arrays of the same length")
    if (sizes < 0).any() or not np.isfinite(totals).all():
        raise ValueError("counts must not be negative and sums must be finite")
    held = sizes > 0
    if not held.all():
        totals, sizes = totals[held], sizes[held]
    if len(totals) == 0:
        raise ValueError("a mean needs at least one observation")
    if bounds is not None:
        check_bounds(totals / sizes, bounds)
    return totals, sizes


def spread_of(totals: NDArray[np.float64], sizes: NDArray[np.float64], centre: float) -> Spread:
    """The cluster-robust standard error of a mean (Miller 2024) and what it rests on."""
    units, n = len(totals), float(sizes.sum())
    residuals = without_rounding(totals - centre * sizes, totals)
    error = sqrt(float(residuals @ residuals) * units / (units - 1)) / n if units > 1 else inf
    return Spread(residuals, error, n * n / float(sizes @ sizes), int(n))


def sums_by_cluster(clusters: ArrayLike, *columns: ArrayLike) -> tuple[NDArray[np.float64], ...]:
    """Each column's sum within each cluster, then each cluster's count.

    Args:
        clusters: which cluster each observation belongs to, shape (n,): whole numbers or names.
        columns: values, each of shape (n,).
    """
    _, codes = np.unique(np.asarray(clusters), return_inverse=True)
    ones = np.ones(len(codes))
    weights = [np.asarray(column, dtype=np.float64) for column in (*columns, ones)]
    return tuple(np.bincount(codes, weight).astype(np.float64) for weight in weights)


def effective_size(variance: float, spread: Spread, telling: int, confidence: float) -> float:
    """How many independent observations tell as much as the clustered ones (Korn and Graubard).

    It is reduced by how poorly the standard error itself is known: by the number of ``telling``
    clusters, those in which something happened, and by a few that carry most of the spread. It lies
    between the effective number of clusters and n.

    Args:
        variance: what one observation's variance would be, were they independent.
    """
    df = min(spread.df, telling - 1, _told_by_few(spread.residuals))
    if df <= 0 or not 0 < spread.error < inf:
        return spread.clusters
    upper = 1 - tail(confidence)
    discount = (normal_quantile(upper) / t_quantile(upper, df)) ** 2
    return min(max(variance / spread.error**2 * discount, spread.clusters), float(spread.n))


def _told_by_few(residuals: NDArray[np.float64]) -> float:
    """Degrees of freedom of a variance that a few units may dominate.

    A variance estimated from units of kurtosis k is as precise as 2 units / (k - 1) degrees of
    freedom make it: two where a single unit carries all of the spread.
    """
    squares = residuals * residuals
    total = float(squares.sum())
    kurtosis = len(squares) * float(squares @ squares) / total**2 if total > 0 else inf
    return 2 * len(squares) / (kurtosis - 1) if kurtosis > 1 else inf


def _by_t(
    centre: float, spread: Spread, bounds: tuple[float, float] | None, confidence: float
) -> tuple[float, float, str]:
    upper = 1 - tail(confidence)
    half = t_quantile(upper, spread.df) * spread.error if spread.df > 0 else inf
    least, greatest = bounds or (-inf, inf)
    return max(centre - half, least), min(centre + half, greatest), "clustered t"


def _by_effective_size(
    place: float, size: float, spread: Spread, confidence: float
) -> tuple[float, float, str]:
    if size <= spread.clusters:
        return *exact_limits(place * size, size, confidence), ALIKE
    low, high, method = rate_limits(place, size, confidence)
    return low, high, f"clustered {method}"


def _design_effect(
    centre: float, spread: Spread, binary: bool, sum_squares: ArrayLike | None
) -> float | None:
    """The clustered variance of the mean over that of n independent observations."""
    n = spread.n
    if binary:
        independent = centre * (1 - centre) / n
    elif sum_squares is not None:
        squares = float(np.sum(np.asarray(sum_squares, dtype=np.float64)))
        independent = (squares / n - centre**2) / n
        if independent <= 1e-12 * centre**2 / n:
            return None
    else:
        return None
    if independent <= 0 or spread.error == inf:
        return None
    return spread.error**2 / independent


def _warning(spread: Spread, method: str, *, binary: bool, holds: bool) -> str:
    units, residuals = len(spread.residuals), spread.residuals
    if units == 1:
        return "all observations share one cluster: nothing tells how far another would differ"
    if units < FEWEST:
        return f"only {units} clusters: fewer than {FEWEST} tell little of how clusters differ"
    if binary or method == ALIKE:
        return ""
    if not residuals.any():
        return "all clusters agree, so their spread is unknown and the interval is too narrow"
    lopsided = units <= 2 * FEWEST and not enough_for_skewness(residuals, factor=50)
    if lopsided or not holds:
        return f"the clusters are too lopsided for {units} of them: the interval may be too narrow"
    return ""
