"""Two runs on the same samples: their difference, paired, clustered, with the flips behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import copysign, inf, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.stats.cluster import clustered_mean, effective_size, spread_of, sums_by_cluster
from assay.stats.distributions import binomial_at_most, normal_quantile, t_two_sided, tail
from assay.stats.interval import Interval
from assay.stats.mean import FEWEST, check_bounds

TINY = 16
"""Up to so many clusters that differ, every way of flipping their signs is tried."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Paired:
    """A candidate against a baseline on the samples that both were scored on.

    ``difference`` is candidate less baseline. ``raised`` and ``lowered`` count the samples whose
    score is higher and lower with the candidate (``flips`` finds them). ``correlation`` is the
    scores' (None where one of them never varies). ``p_value`` tests that there is no difference,
    by the method that ``test`` names. What has only one of the two scores is counted, not used.
    """

    difference: Interval
    candidate: float
    baseline: float
    raised: int
    lowered: int
    correlation: float | None
    p_value: float
    test: str
    only_candidate: int
    only_baseline: int
    neither: int


def paired(
    candidate: ArrayLike,
    baseline: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
    bounds: tuple[float, float] | None = None,
    binary: bool = False,
) -> Paired:
    """The paired difference of two runs' scores, candidate less baseline.

    Binary scores: Tango's score interval, at the effective sample size where clustered. Others:
    Student's t on the differences, clustered; where these are too few or too skewed for t and the
    scores have bounds, Tango's interval on the rises and falls as shares of the range, which is
    wider because no bounded change varies more than a whole one.

    The test is exact where it can be: McNemar's for independent binary scores; the permutation test
    that flips clusters' signs where at most 16 clusters differ; else t's.

    Args:
        candidate, baseline: each run's score for the same samples, shape (n,); NaN where a sample
            was not scored or is not in that run.
        clusters: what each sample was derived from, shape (n,); None where all are independent.
        bounds: the least and greatest possible score; (0, 1) is understood where binary.

    Raises:
        ValueError: arrays of different lengths, no sample scored in both, scores outside bounds.

    Sources: Miller (2024), arXiv 2411.00640 (paired differences, clustered); Tango (1998),
    Statistics in Medicine 17:891; McNemar (1947), Psychometrika 12:153.
    """
    new, old = _same_length(candidate, baseline)
    has_new, has_old = ~np.isnan(new), ~np.isnan(old)
    both = has_new & has_old
    if not both.any():
        raise ValueError("no sample was scored in both runs, so they cannot be paired")
    x, y = new[both], old[both]
    if binary:
        bounds = (0.0, 1.0)
        if not np.isin(x, (0, 1)).all() or not np.isin(y, (0, 1)).all():
            raise ValueError("binary scores are 0 or 1")
    if bounds is not None:
        check_bounds(x, bounds)
        check_bounds(y, bounds)
    change = x - y
    if clusters is None:
        sums, moved, sizes = change, np.abs(change), np.ones(len(change))
    else:
        labels = np.asarray(clusters)[both]
        sums, moved, sizes = sums_by_cluster(labels, change, np.abs(change))
    difference = clustered_mean(sums, sizes, confidence=confidence)
    if bounds is not None and (binary or difference.warning):
        span = bounds[1] - bounds[0]
        difference = _by_score(sums, moved, sizes, span, confidence)
    p_value, test = _test(sums, sizes, independent_binary=binary and sizes.max() == 1)
    return Paired(
        difference=difference,
        candidate=float(x.mean()),
        baseline=float(y.mean()),
        raised=int(np.count_nonzero(change > 0)),
        lowered=int(np.count_nonzero(change < 0)),
        correlation=_correlation(x, y),
        p_value=p_value,
        test=test,
        only_candidate=int(np.count_nonzero(has_new & ~has_old)),
        only_baseline=int(np.count_nonzero(has_old & ~has_new)),
        neither=int(np.count_nonzero(~has_new & ~has_old)),
    )


def flips(candidate: ArrayLike, baseline: ArrayLike) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Where the candidate scores higher, and where lower: two arrays of positions.

    Each is ordered by the size of the change, greatest first, then by position.
    """
    new, old = _same_length(candidate, baseline)
    change = new - old
    return _largest(change), _largest(-change)


def tango_limits(raised: float, lowered: float, n: float, confidence: float) -> tuple[float, float]:
    """Tango's score limits of (raised - lowered) / n; the arguments need not be whole.

    The limits are the differences d at which the score statistic
    (raised - lowered - n d) / sqrt(n (2 q + d (1 - d))) is z and -z, where q, the rate of lowered
    pairs most likely under d, solves a quadratic (Tango 1998).
    """
    z = normal_quantile(1 - tail(confidence))
    centre = (raised - lowered) / n

    def statistic(d: float) -> float:
        a, c = 2 * n, -lowered * d * (1 - d)
        b = -raised - lowered + (2 * n - raised + lowered) * d
        q = (sqrt(max(b * b - 4 * a * c, 0.0)) - b) / (2 * a)
        variance, gap = n * (2 * q + d * (1 - d)), raised - lowered - n * d
        return gap / sqrt(variance) if variance > 0 else copysign(inf, gap)

    return _crossing(statistic, z, -1.0, centre), _crossing(statistic, -z, centre, 1.0)


def _crossing(falling: Callable[[float], float], target: float, low: float, high: float) -> float:
    """Where a falling function passes the target, by halving."""
    for _ in range(50):
        middle = (low + high) / 2
        if falling(middle) > target:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _by_score(
    sums: NDArray[np.float64],
    moved: NDArray[np.float64],
    sizes: NDArray[np.float64],
    span: float,
    confidence: float,
) -> Interval:
    """Tango's interval; ``moved`` is each cluster's sum of absolute changes."""
    n, total, change = int(sizes.sum()), float(sums.sum()), float(moved.sum())
    raised, lowered = (change + total) / 2 / span, (change - total) / 2 / span
    mean, size, method, effect = total / n, float(n), "Tango score", None
    if sizes.max() > 1:
        spread = spread_of(sums, sizes, mean)
        variance = span * change / n - mean**2
        size = effective_size(variance, spread, int(np.count_nonzero(moved)), confidence)
        alone = size <= spread.clusters
        method = "Tango score, each cluster as one pair" if alone else "clustered Tango score"
        effect = spread.error**2 * n / variance if variance > 0 and spread.error < inf else None
    low, high = tango_limits(raised * size / n, lowered * size / n, size, confidence)
    few = sizes.max() > 1 and len(sums) < FEWEST
    return Interval(
        estimate=mean,
        low=span * low,
        high=span * high,
        confidence=confidence,
        method=method,
        n=n,
        clusters=len(sums),
        design_effect=effect,
        effective_n=size,
        warning=f"only {len(sums)} clusters: fewer than {FEWEST} tell little" if few else "",
    )


def _test(
    sums: NDArray[np.float64], sizes: NDArray[np.float64], *, independent_binary: bool
) -> tuple[float, str]:
    """The two-sided p-value of no difference, and the name of its test."""
    differing = sums[sums != 0]
    if independent_binary:
        fewer = int(min(np.count_nonzero(sums > 0), np.count_nonzero(sums < 0)))
        return min(1.0, 2 * binomial_at_most(fewer, len(differing), 0.5)), "McNemar, exact"
    if len(differing) <= TINY:
        possible = np.zeros(1)
        for value in differing:
            possible = np.concatenate([possible + value, possible - value])
        extreme = np.abs(possible) >= abs(differing.sum()) * (1 - 1e-12)
        return float(extreme.mean()), "permutation of signs, exact"
    mean = float(sums.sum() / sizes.sum())
    spread = spread_of(sums, sizes, mean)
    if spread.error == 0:  # all clusters differ alike: no flipping of signs but two is so extreme
        return 2.0 ** (1 - len(differing)), "permutation of signs, exact"
    return t_two_sided(mean / spread.error, spread.df), "t"


def _correlation(x: NDArray[np.float64], y: NDArray[np.float64]) -> float | None:
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    return float(np.corrcoef(x, y)[0, 1])


def _largest(change: NDArray[np.float64]) -> NDArray[np.intp]:
    """Positions of positive changes, greatest first; NaN is not positive."""
    where = np.flatnonzero(change > 0)
    return where[np.argsort(-change[where], kind="stable")]


def _same_length(
    candidate: ArrayLike, baseline: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    new, old = np.asarray(candidate, dtype=np.float64), np.asarray(baseline, dtype=np.float64)
    if new.ndim != 1 or new.shape != old.shape:
        raise ValueError("candidate and baseline must be flat arrays of the same length")
    return new, old
