"""Groups of groups: the levels above the base clusters, as Clio spaces them, and none too large.

Groups are joined two at a time, each time the two whose members are most alike on average (average
linkage; Sokal and Michener 1958), a group weighing as many conversations as it holds; small groups
a little sooner, so that what is like nothing else is no group of the top. Linkage that minds sizes
fully (Ward 1963) puts all that is like nothing else into one group.
What all groups have in common is taken from their middles first: it is how people write, not what
about.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from assay.usage.mapping.kmeans import Labels, Matrix, cluster, unit

TOP = 10
"""Groups at the top, about."""
LARGEST = 0.35
"""Of all conversations: no two groups are joined to a larger one while others can be."""
_SMALL_FIRST = 0.15
"""How much sizes count: at 0 not at all (average linkage), at 1 as much as with Ward. On four sets
of texts with known topics, here as good as at 0 for most, and no group of the top is tiny."""
_EACH = 12  # groups in a group, about: decides how many levels there are
_MOST = 1000  # groups that are joined two at a time; of more, k-means makes fewer first


def level_sizes(base: int) -> list[int]:
    """How many groups each level above the base has: (top / base) ** (1 / (levels - 1)) apart."""
    if base < 2 * TOP:
        return []
    steps = max(1, round(math.log(base / TOP) / math.log(_EACH)))
    ratio = (TOP / base) ** (1 / steps)
    return [max(TOP, round(base * ratio**step)) for step in range(1, steps + 1)]


def parents(middles: Matrix, weights: NDArray[np.int64], seed: int) -> list[tuple[Labels, Matrix]]:
    """For each level above the base: the parent of each group below, and the parents' middles.

    Args:
        weights: how many conversations each base group holds.
    """
    levels = []
    below, heavy = middles, weights.astype(np.float64)
    for size in level_sizes(len(middles)):
        if size >= len(below):
            break
        if len(below) > _MOST:
            labels = np.maximum(cluster(below, size, seed).labels, 0)
            labels = np.unique(labels, return_inverse=True)[1].astype(np.int32)
        else:
            labels = joined(below, heavy, size)
        sums = np.zeros((int(labels.max()) + 1, below.shape[1]))
        np.add.at(sums, labels, below * heavy[:, None])
        below, heavy = unit(sums.astype(np.float32)), np.bincount(labels, heavy).astype(np.float64)
        levels.append((labels, below))
    return levels


def joined(middles: Matrix, weights: NDArray[np.float64], count: int) -> Labels:
    """Join groups until ``count`` are left; the heaviest is number 0."""
    heavy = np.maximum(weights, 1e-9)
    points = middles - np.average(middles, axis=0, weights=heavy)
    points = unit(points.astype(np.float32)).astype(np.float64)
    most = LARGEST * heavy.sum()
    labels = np.arange(len(points))
    apart = np.full((len(points), len(points)), np.inf)
    for one in range(len(points) - 1):
        apart[one, one + 1 :] = _apart(points, heavy, one, np.arange(one + 1, len(points)), most)
    for _ in range(len(points) - count):
        one, other = divmod(int(apart.argmin()), len(points))
        both = heavy[one] + heavy[other]
        points[one] = (points[one] * heavy[one] + points[other] * heavy[other]) / both
        heavy[one] = both
        labels[labels == other] = one
        apart[other], apart[:, other] = np.inf, np.inf
        left = np.unique(labels)
        left = left[left != one]
        apart[np.minimum(left, one), np.maximum(left, one)] = _apart(points, heavy, one, left, most)
    left, labels = np.unique(labels, return_inverse=True)
    rank = np.argsort(np.argsort(-heavy[left], kind="stable"), kind="stable")
    return np.asarray(rank[labels], dtype=np.int32)


def _apart(
    points: NDArray[np.float64],
    heavy: NDArray[np.float64],
    one: int,
    others: NDArray[np.int64],
    most: float,
) -> NDArray[np.float64]:
    """How unlike a group's members are to others', on average; too large a join comes last.

    Points are means of vectors of length 1, so their products are means of the members' cosines.
    """
    both = heavy[one] + heavy[others]
    size = (heavy[one] * heavy[others] / both / heavy.sum()) ** _SMALL_FIRST
    apart = (1 - points[others] @ points[one]) * size
    return np.asarray(np.where(both > most, apart + 4, apart))
