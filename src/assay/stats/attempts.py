"""Several attempts at each item: what varies between and within items, success at k attempts."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.stats.cluster import clustered_mean, sums_by_cluster
from assay.stats.distributions import log_choose
from assay.stats.interval import Interval
from assay.stats.mean import mean


@dataclass(frozen=True, kw_only=True, slots=True)
class Components:
    """The variance of one score, split: ``between`` items' true means, and ``within`` an item.

    ``intraclass`` is the share that lies between items, 0 to 1 (None where nothing varies).
    """

    between: float
    within: float
    intraclass: float | None
    items: int
    attempts: int

    def standard_error(self, items: int, attempts: int) -> float:
        """What the mean's standard error would be with so many items and attempts at each.

        sqrt((between + within / attempts) / items): Miller (2024), arXiv 2411.00640, on resampling.
        """
        return sqrt((self.between + self.within / attempts) / items)


def variance_components(sums: ArrayLike, counts: ArrayLike, sum_squares: ArrayLike) -> Components:
    """The variance between items and within them, from each item's sums over its attempts.

    Args:
        sums, counts, sum_squares: the sum of each item's scores, their number (1 or more; they may
            differ), and the sum of their squares; shape (items,).

    Raises:
        ValueError: fewer than two items, or no item with two attempts.

    Source: Searle, Casella and McCulloch (1992), Variance Components (the analysis of
    variance estimators for unequal counts); a negative variance between items is given as 0.
    """
    totals, sizes, squares = (np.asarray(x, dtype=np.float64) for x in (sums, counts, sum_squares))
    items, n = len(totals), float(sizes.sum())
    if items < 2 or (sizes < 1).any() or n <= items:
        raise ValueError("needs two items or more, and two attempts or more at one of them")
    means = totals / sizes
    centre = float(totals.sum()) / n
    inside = max(float(squares.sum() - totals @ means), 0.0) / (n - items)
    outside = float(sizes @ (means - centre) ** 2) / (items - 1)
    typical = (n - float(sizes @ sizes) / n) / (items - 1)
    between = max(0.0, (outside - inside) / typical)
    whole = between + inside
    return Components(
        between=between,
        within=inside,
        intraclass=between / whole if whole > 0 else None,
        items=items,
        attempts=int(n),
    )


def success_at_k(
    successes: ArrayLike,
    attempts: ArrayLike,
    k: int,
    *,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Interval:
    """The rate at which at least one of k attempts at an item succeeds, averaged over items.

    Unbiased where an item's attempts are exchangeable: each counts 1 - C(n - c, k) / C(n, k) for c
    successes in n. The interval is over items, so n is their number, whatever the attempts. Where
    each attempt learns from the last they are not exchangeable: use ``success_within_budget``.

    Args:
        successes, attempts: each item's successes and attempts, shape (items,).
        k: at least 1, at most the fewest attempts at any item.
        clusters: what each item was derived from; None where all are independent.

    Source: Chen et al. (2021), arXiv 2107.03374, eq. 1.
    """
    won, tried = np.asarray(successes, dtype=np.float64), np.asarray(attempts, dtype=np.float64)
    if won.shape != tried.shape or won.ndim != 1 or (won < 0).any() or (won > tried).any():
        raise ValueError("each item needs its successes, 0 or more, and as many attempts or more")
    if not 1 <= k <= tried.min(initial=np.inf):
        raise ValueError(f"k = {k} needs {k} attempts at each item; one has {tried.min():g}")
    lost = tried - won
    chances = np.ones(len(won))
    some = lost >= k
    chances[some] = 1 - np.exp(log_choose(lost[some], k) - log_choose(tried[some], k))
    return _over_items(np.clip(chances, 0.0, 1.0), clusters, confidence)


def success_within_budget(
    succeeded: ArrayLike, *, clusters: ArrayLike | None = None, confidence: float = 0.95
) -> Interval:
    """The share of items broken at least once within the budget of attempts.

    For attackers that adapt: attempts at an item depend on each other, so each item counts once.

    Args:
        succeeded: whether any attempt at the item succeeded, shape (items,).
    """
    broken = np.asarray(succeeded)
    if not np.isin(broken, (0, 1)).all():
        raise ValueError("each item is either broken (1) or not (0)")
    return _over_items(broken.astype(np.float64), clusters, confidence)


def _over_items(
    chances: NDArray[np.float64], clusters: ArrayLike | None, confidence: float
) -> Interval:
    if clusters is None:
        return mean(chances, confidence=confidence, bounds=(0.0, 1.0))
    sums, counts = sums_by_cluster(clusters, chances)
    binary = bool(np.isin(chances, (0.0, 1.0)).all())
    return clustered_mean(sums, counts, confidence=confidence, bounds=(0.0, 1.0), binary=binary)
