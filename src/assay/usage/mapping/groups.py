"""The groups of a map, level by level: who is in them, where they stand, what may be shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.usage.mapping.hierarchy import parents
from assay.usage.mapping.kmeans import (
    Clustering,
    Done,
    Labels,
    Matrix,
    Vectors,
    cluster,
    middles_of,
    similarities,
)
from assay.usage.mapping.rare import find_rare

STABILITY_ROWS = 10_000
"""Conversations of which two clusterings are compared, at most."""
_FEWEST, _SMALLEST = 20, 50  # clusters that small imports are cut into, of so many each


@dataclass(frozen=True)
class Grouped:
    """The base clusters and the levels above.

    Attributes:
        labels: the base cluster of each conversation; -1 where it has no known word.
        middles: of the base clusters.
        rare: which of them the pass for small tight groups found.
        levels: for each level above: the parent of each group below, and the parents' middles.
    """

    labels: Labels
    middles: Matrix
    rare: NDArray[np.bool_]
    levels: list[tuple[Labels, Matrix]]

    def labels_at(self, level: int) -> Labels:
        """The group of each conversation at a level, 0 being the base."""
        labels = self.labels
        for parent, _ in self.levels[:level]:
            labels = np.where(labels >= 0, parent[labels], -1).astype(np.int32)
        return labels

    def middles_at(self, level: int) -> Matrix:
        """The middles of a level's groups."""
        return self.middles if level == 0 else self.levels[level - 1][1]


def how_many(conversations: int, size: int) -> int:
    """How many base clusters: ``size`` conversations each, or smaller where that gives but few."""
    return max(1, round(conversations / size), min(_FEWEST, conversations // _SMALLEST))


def group(
    vectors: Vectors, size: int, seed: int, done: Done, *, look_for_rare: bool = True
) -> Grouped:
    """Cluster, find rare groups, and group the groups."""
    first = cluster(vectors, how_many(len(vectors), size), seed, done)
    with_rare, rare = first, np.zeros(len(first.middles), dtype=bool)
    if look_for_rare:
        with_rare, rare = _with_rare(vectors, first)
    order = _largest_first(with_rare, rare)
    rank = np.empty(len(order) + 1, dtype=np.int32)
    rank[order] = np.arange(len(order))
    rank[-1] = -1
    labels, middles = rank[with_rare.labels], with_rare.middles[order]
    sizes = np.bincount(labels[labels >= 0], minlength=len(middles))
    weights = (
        sizes if look_for_rare else np.ones_like(sizes)
    )  # exact sizes stay out of private maps
    return Grouped(labels, middles, rare[order], parents(middles, weights, seed))


def stability(vectors: Vectors, size: int, seed: int) -> tuple[Labels, Labels]:
    """Two clusterings of the same conversations, or of a sample of them, from two seeds."""
    rows = np.arange(len(vectors))
    if len(rows) > STABILITY_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, STABILITY_ROWS, replace=False))
    own = np.asarray(vectors[rows])
    k = how_many(len(rows), size)
    one, other = (cluster(own, k, each).labels for each in (seed, seed + 1))
    return one[one >= 0], other[one >= 0]


def cohesion(vectors: Vectors, labels: Labels, middles: Matrix) -> NDArray[np.float64]:
    """The mean cosine of each group's conversations to its middle."""
    cosines = similarities(vectors, labels, middles)
    there = labels >= 0
    sums = np.bincount(labels[there], cosines[there], len(middles))
    return np.asarray(sums / np.maximum(np.bincount(labels[there], minlength=len(middles)), 1))


def principals_in(labels: Labels, whose: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    """How many principals each group holds."""
    there = labels >= 0
    pairs = np.unique(labels[there].astype(np.int64) * (int(whose.max()) + 1) + whose[there])
    return np.bincount(pairs // (int(whose.max()) + 1), minlength=count)


def _with_rare(vectors: Vectors, found: Clustering) -> tuple[Clustering, NDArray[np.bool_]]:
    labels = found.labels.copy()
    count = len(found.middles)
    groups = find_rare(vectors, found.labels, found.middles)
    for number, rows in enumerate(groups, start=count):
        labels[rows] = number
    there = np.bincount(labels[labels >= 0], minlength=count + len(groups)) > 0
    renumbered = np.append(np.cumsum(there) - 1, -1).astype(np.int32)
    labels = renumbered[labels]
    rare = (np.arange(count + len(groups)) >= count)[there]
    return Clustering(labels, middles_of(vectors, labels, int(there.sum()))), rare


def _largest_first(found: Clustering, rare: NDArray[np.bool_]) -> NDArray[np.int64]:
    sizes = np.bincount(found.labels[found.labels >= 0], minlength=len(found.middles))
    return np.lexsort((np.arange(len(sizes)), -sizes, rare))
