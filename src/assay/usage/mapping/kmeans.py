"""K-means on the unit sphere that stays quick when the clusters are many: a tree, then repairs.

Flat k-means takes n x k steps, and k grows with n. Here points are split coarse to fine, at most
256 ways at a time, each split fitted on a bounded sample; the first is as fine as may be, so that
what is apart parts there. How many clusters a branch gets goes by how much its points differ, not
by how many they are: a thousand near copies need one. Then every point may move to the nearest of
the clusters around its own, a few times over, and clusters that are empty or hardly needed are
given to where one cluster holds two: this mends what the splits got wrong. Time grows as n log n.
Small inputs are clustered flat by the same code: a tree of one level.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

Labels = NDArray[np.int32]
Matrix = NDArray[np.float32]
Vectors = NDArray[Any]
"""A row a conversation, each of length one or zero; float16 or float32, in memory or on disk."""

MOST_WAYS = 256
"""A split of the tree has at most so many branches."""
_SAMPLE = 64  # points a branch that a split is fitted on
_FEW = 32_000  # points on which a split is fitted whole
_STEPS = 15  # of Lloyd's algorithm, at most
_DRAWN = 20  # points a cluster from which first middles are drawn
_NEAR = 24  # clusters around its own that a point may move to
_ROUNDS = 8  # of repairs, the last two without moving clusters elsewhere
_MOVED = 0.3  # of the clusters, at most, that one round moves elsewhere
_BLOCK = 8192  # rows at a time

Done = Callable[[int, int], None]


@dataclass(frozen=True)
class Clustering:
    """The cluster of each row (-1: the row is zero) and the middles, of length one."""

    labels: Labels
    middles: Matrix


def cluster(
    vectors: Vectors, k: int, seed: int, done: Done = lambda _done, _all: None
) -> Clustering:
    """Cut the rows into about ``k`` clusters. The same seed gives the same clusters.

    Args:
        done: called with how many rows have their first place.
    """
    rows = _not_zero(vectors)
    labels = np.full(len(vectors), -1, dtype=np.int32)
    if not len(rows):
        return Clustering(labels, np.zeros((0, vectors.shape[1]), dtype=np.float32))
    k = max(1, min(k, len(rows)))
    random = np.random.default_rng(seed)
    waiting, leaves, settled = [(rows, k)], 0, 0
    parents: list[int] = []  # of each leaf: the branch above it, so that neighbours are found soon
    branches = 0
    while waiting:
        own, parts = waiting.pop()
        ways = _ways(parts) if branches else min(parts, MOST_WAYS)
        split, far = _split(vectors, own, ways, random)
        shares = _shares(np.bincount(split, minlength=ways), far, parts)
        order = np.argsort(split, kind="stable")
        bounds = np.searchsorted(split[order], np.arange(len(shares) + 1))
        for number, share in enumerate(shares):
            members = own[order[bounds[number] : bounds[number + 1]]]
            if share > 1 and parts > ways and len(members) < len(own):
                waiting.append((members, share))
            elif len(members):
                labels[members] = leaves
                parents.append(branches)
                leaves += 1
                settled += len(members)
        branches += 1
        done(settled, len(rows))
    parents += [0] * (k - leaves)  # clusters that nobody is in yet
    return _repair(vectors, labels, np.array(parents), k, random)


def middles_of(vectors: Vectors, labels: Labels, count: int) -> Matrix:
    """The middle of each cluster: the mean of its rows, of length one."""
    sums = np.zeros((count, vectors.shape[1]), dtype=np.float32)
    for start in range(0, len(labels), _BLOCK):
        own = labels[start : start + _BLOCK]
        block = np.asarray(vectors[start : start + _BLOCK], dtype=np.float32)
        there = np.flatnonzero(own >= 0)
        ones = np.ones(len(there), dtype=np.float32)
        sums += csr_array((ones, (own[there], there)), shape=(count, len(own))) @ block
    return unit(sums)


def similarities(vectors: Vectors, labels: Labels, middles: Matrix) -> Matrix:
    """The cosine of each row to the middle of its cluster; 0 where it has none."""
    found = np.zeros(len(labels), dtype=np.float32)
    if not len(middles):
        return found
    for start in range(0, len(labels), _BLOCK):
        own = labels[start : start + _BLOCK]
        block = np.asarray(vectors[start : start + _BLOCK], dtype=np.float32)
        cosines = np.einsum("ij,ij->i", block, middles[own])
        found[start : start + _BLOCK] = np.where(own >= 0, cosines, 0)
    return found


def unit(rows: Matrix) -> Matrix:
    """The rows, each of length one; zero stays zero."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return (rows / np.where(lengths > 0, lengths, 1)).astype(np.float32)


def members_of(labels: Labels, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows in the order of their clusters, and where each cluster begins (and the last ends)."""
    order = np.argsort(labels, kind="stable")
    return order, np.searchsorted(labels[order], np.arange(count + 1))


def nearest(middles: Matrix, branch_of: NDArray[np.int64], count: int) -> NDArray[np.int32]:
    """The nearest middles of each, itself first, as far as they lie in the branches nearby.

    Comparing all with all would be quadratic in the number of clusters.
    """
    count = min(count, len(middles))
    if not count:
        return np.zeros((0, 0), dtype=np.int32)
    branches = int(branch_of.max()) + 1
    found = np.zeros((len(middles), count), dtype=np.int32)
    centres = middles_of(middles, branch_of.astype(np.int32), branches)
    close = np.argsort(-(centres @ centres.T), axis=1, kind="stable")
    order, bounds = members_of(branch_of.astype(np.int32), branches)
    for branch in range(branches):
        own = order[bounds[branch] : bounds[branch + 1]]
        others: list[NDArray[np.int64]] = []
        for number, other in enumerate(close[branch]):
            others.append(order[bounds[other] : bounds[other + 1]])
            if number >= 7 and sum(map(len, others)) >= 2 * count:
                break
        pool = np.concatenate(others)
        cosines = middles[own] @ middles[pool].T
        cosines[own[:, None] == pool[None, :]] = np.inf
        best = np.argsort(-cosines, axis=1, kind="stable")[:, :count]
        found[own] = pool[best]
    return found


def _not_zero(vectors: Vectors) -> NDArray[np.int64]:
    kept = [
        start + np.flatnonzero(np.asarray(vectors[start : start + _BLOCK]).any(axis=1))
        for start in range(0, len(vectors), _BLOCK)
    ]
    return np.concatenate(kept) if kept else np.zeros(0, dtype=np.int64)


def _ways(k: int) -> int:
    """Branches at a split, so that it and those below it split alike."""
    levels = max(1, math.ceil(math.log(k) / math.log(MOST_WAYS))) if k > 1 else 1
    return min(MOST_WAYS, math.ceil(math.pow(k, 1 / levels)))


def _split(
    vectors: Vectors, rows: NDArray[np.int64], ways: int, random: np.random.Generator
) -> tuple[Labels, NDArray[np.float64]]:
    """The branch of each row; and how far the rows of each branch are from its middle, in all."""
    far = np.zeros(ways)
    if ways < 2 or len(rows) <= ways:
        return np.arange(len(rows), dtype=np.int32) % ways, far
    most = max(_FEW, ways * _SAMPLE)
    sample = rows
    if len(rows) > most:
        sample = np.sort(random.choice(rows, most, replace=False))
    middles = lloyd(np.asarray(vectors[sample], dtype=np.float32), ways, random)
    split = np.empty(len(rows), dtype=np.int32)
    for start in range(0, len(rows), _BLOCK):
        block = np.asarray(vectors[rows[start : start + _BLOCK]], dtype=np.float32)
        cosines = block @ middles.T
        best = cosines.argmax(axis=1)
        split[start : start + _BLOCK] = best
        far += np.bincount(best, 1 - cosines[np.arange(len(best)), best], ways)
    return split, far


def lloyd(points: Matrix, k: int, random: np.random.Generator) -> Matrix:
    """The middles of ``k`` clusters of points in memory: k-means++, then Lloyd's algorithm."""
    middles = _spread(points[:: max(1, len(points) // (k * _DRAWN))], k, random)
    before = None
    for _ in range(_STEPS):
        labels = np.concatenate(
            [
                (points[start : start + _BLOCK] @ middles.T).argmax(axis=1)
                for start in range(0, len(points), _BLOCK)
            ]
        ).astype(np.int32)
        if before is not None and (labels != before).sum() * 200 < len(labels):
            break
        before = labels
        found = middles_of(points, labels, k)
        middles = np.where(found.any(axis=1, keepdims=True), found, middles)
    return middles


def _spread(points: Matrix, k: int, random: np.random.Generator) -> Matrix:
    """First middles as k-means++ draws them: points far from those that are drawn already."""
    drawn = [int(random.integers(len(points)))]
    away = np.maximum(1 - points @ points[drawn[0]], 0).astype(np.float64)
    for _ in range(k - 1):
        chances = np.cumsum(away)
        if chances[-1] <= 0:
            drawn.append(int(random.integers(len(points))))
            continue
        next_one = int(np.searchsorted(chances, random.random() * chances[-1], side="right"))
        drawn.append(min(next_one, len(points) - 1))
        np.minimum(away, np.maximum(1 - points @ points[drawn[-1]], 0), out=away)
    return points[drawn].copy()


def _shares(sizes: NDArray[np.int64], far: NDArray[np.float64], parts: int) -> list[int]:
    """How many clusters each branch gets: by how far its rows are from its middle, in all.

    At least one where there are rows, no more than there are rows, and ``parts`` in all or fewer.
    """
    if len(sizes) >= parts:
        return [1] * len(sizes)
    weights = np.maximum(far, 0) + 1e-9 * sizes
    exact = weights / weights.sum() * parts
    shares = np.where(sizes > 0, np.maximum(1, np.floor(exact)), 0).astype(int)
    while shares.sum() < parts:
        shares[int(np.argmax(exact - shares))] += 1
    while shares.sum() > parts and shares.max() > 1:
        shares[int(np.argmax(np.where(shares > 1, shares - exact, -np.inf)))] -= 1
    return [int(min(share, size)) for share, size in zip(shares, sizes, strict=True)]


def _repair(
    vectors: Vectors,
    labels: Labels,
    branch_of: NDArray[np.int64],
    count: int,
    random: np.random.Generator,
) -> Clustering:
    """Let rows move to the nearest cluster around, and clusters to where more are needed."""
    middles = middles_of(vectors, labels, count)
    second = labels.copy()
    for round_ in range(_ROUNDS):
        near = nearest(middles, branch_of, _NEAR)
        order, bounds = members_of(labels, count)
        spread, needed = np.zeros(count), np.zeros(count)
        changed = 0
        for number in range(count):
            around = near[number]
            for start in range(bounds[number], bounds[number + 1], _BLOCK):
                rows = order[start : min(start + _BLOCK, bounds[number + 1])]
                cosines = np.asarray(vectors[rows], dtype=np.float32) @ middles[around].T
                best = cosines.argmax(axis=1)
                top = np.take_along_axis(cosines, best[:, None], axis=1)[:, 0].astype(np.float64)
                np.put_along_axis(cosines, best[:, None], -np.inf, axis=1)
                runner = cosines.argmax(axis=1) if len(around) > 1 else best
                gap = top - cosines.max(axis=1) if len(around) > 1 else top
                changed += int((around[best] != number).sum())
                labels[rows], second[rows] = around[best], around[runner]
                spread[around] += np.bincount(best, 1 - top, len(around))
                needed[around] += np.bincount(best, gap, len(around))
        if round_ < _ROUNDS - 2 and count > 2:
            changed += _move_clusters(vectors, labels, second, branch_of, spread, needed, random)
        middles = middles_of(vectors, labels, count)
        if changed * 1000 < len(labels):
            break
    return _without_empty(labels, middles, count)


def _move_clusters(
    vectors: Vectors,
    labels: Labels,
    second: Labels,
    branch_of: NDArray[np.int64],
    spread: NDArray[np.float64],
    needed: NDArray[np.float64],
    random: np.random.Generator,
) -> int:
    """Give clusters that are hardly needed to those that hold two; how many rows that moves.

    Args:
        second: the cluster that each row would be in, were its own not there.
        spread: by cluster, how far its rows are from its middle, in all.
        needed: by cluster, how much farther its rows would be from their second.
    """
    count = len(spread)
    order, bounds = members_of(labels, count)
    halves: list[tuple[float, int, NDArray[np.int64]]] = []
    for number in np.argsort(-spread, kind="stable")[: max(1, int(count * _MOVED))].tolist():
        rows = order[bounds[number] : bounds[number + 1]]
        if len(rows) >= 4:
            sample = rows if len(rows) <= 1000 else np.sort(random.choice(rows, 1000, False))
            two = lloyd(np.asarray(vectors[sample], dtype=np.float32), 2, random)
            cosines = np.asarray(vectors[rows], dtype=np.float32) @ two.T
            gain = spread[number] - float((1 - cosines.max(axis=1)).sum())
            halves.append((gain, number, rows[cosines.argmax(axis=1) == 1]))
    halves.sort(key=lambda half: (-half[0], half[1]))
    kept = {number for _, number, _ in halves}  # these, and those that take in others' rows
    gone = set[int]()
    spare = iter(np.argsort(needed, kind="stable").tolist())
    moved = 0
    for gain, number, half in halves:
        for given in spare:
            rows = order[bounds[given] : bounds[given + 1]]
            heirs = set(second[rows].tolist())
            if given not in kept and not heirs & gone:
                break
        else:
            break
        if gain <= needed[given]:
            break
        labels[rows] = second[rows]
        kept |= heirs
        gone.add(given)
        labels[half] = given
        branch_of[given] = branch_of[number]
        moved += len(rows) + len(half)
    return moved


def _without_empty(labels: Labels, middles: Matrix, count: int) -> Clustering:
    there = np.bincount(labels[labels >= 0], minlength=count) > 0
    number = np.cumsum(there, dtype=np.int32) - 1
    labels[labels >= 0] = number[labels[labels >= 0]]
    return Clustering(labels, middles[there])
