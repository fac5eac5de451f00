"""Finds rare tight groups that k-means drowns: a few conversations far more alike than is usual.

Twelve near-identical requests among a hundred thousand others end up in some cluster of a hundred.
Within each cluster, and in the clusters beside it, those that have several neighbours far nearer
than is usual anywhere on the map are joined. Where they are also less like the rest of the cluster
than most of the rest is, and than conversations are to the middle of any cluster, they do not
belong there, and become a cluster of their own. A cluster that is small, tight and far from the
others already counts as such a group.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from assay.usage.mapping.kmeans import (
    Labels,
    Matrix,
    Vectors,
    members_of,
    similarities,
    unit,
)

LEAST = 5
"""A group has at least so many conversations."""
_MOST_SHARE = 0.8  # of its cluster: beyond that the cluster is the group
_SMALL = 0.5  # of the mean size: a cluster that is a group is rare below that
_STRANGE = 25  # percentile of nearness to a cluster's middle, below which a group is strange to it
_DEVIATIONS = 6.0  # above the usual nearness, robustly measured
_LEAST_COSINE, _MOST_COSINE = 0.6, 0.98  # between which the bound for "far nearer" must lie
_SAMPLED = 400  # clusters from which the usual nearness is learnt
_BLOCK = 1024  # rows of a cluster that are compared with each other
_BESIDE = 4  # clusters in which more of a group is looked for


def find_rare(vectors: Vectors, labels: Labels, middles: Matrix) -> list[NDArray[np.int64]]:
    """The rows of each rare group, groups in the order of their first rows."""
    count = len(middles)
    order, bounds = members_of(labels, count)
    blocks = [
        (number, block)
        for number in range(count)
        for block in _blocks(vectors, order[bounds[number] : bounds[number + 1]], middles[number])
    ]
    if not blocks:
        return []
    bound = _bound(vectors, [rows for _, rows in blocks])
    small = _SMALL * len(order) / count
    usual = float(np.percentile(similarities(vectors, labels, middles)[labels >= 0], _STRANGE))
    found = [
        group
        for number, rows in blocks
        for group in _tight(vectors, rows, bound, small)
        if _nearest_other(vectors, group, middles, number) < usual
    ]
    return _completed(vectors, labels, middles, found, bound)


def _nearest_other(vectors: Vectors, group: NDArray[np.int64], middles: Matrix, own: int) -> float:
    """How near a group is to the nearest cluster but its own: part of a topic is near the rest."""
    if len(middles) < 2:
        return -1.0
    mean = np.asarray(vectors[group], dtype=np.float32).mean(axis=0)
    cosines = middles @ mean
    cosines[own] = -1
    return float(cosines.max())


def _blocks(
    vectors: Vectors, rows: NDArray[np.int64], middle: NDArray[np.float32]
) -> list[NDArray[np.int64]]:
    """A cluster's rows, or parts of it: rows that are alike are alike in nearness to its middle."""
    if len(rows) <= _BLOCK:
        return [rows]
    nearness = np.concatenate(
        [
            np.asarray(vectors[rows[start : start + 8192]], dtype=np.float32) @ middle
            for start in range(0, len(rows), 8192)
        ]
    )
    in_order = rows[np.argsort(nearness, kind="stable")]
    return [np.sort(in_order[start : start + _BLOCK]) for start in range(0, len(rows), _BLOCK)]


def _cosines(vectors: Vectors, rows: NDArray[np.int64]) -> Matrix:
    block = np.asarray(vectors[rows], dtype=np.float32)
    cosines: Matrix = block @ block.T
    np.fill_diagonal(cosines, -1)
    return cosines


def _bound(vectors: Vectors, blocks: list[NDArray[np.int64]]) -> float:
    """The nearness of the LEASTth neighbour that is far above what is usual."""
    step = max(1, len(blocks) // _SAMPLED)
    usual = [
        np.partition(_cosines(vectors, rows), -(LEAST - 1), axis=1)[:, -(LEAST - 1)]
        for rows in blocks[::step]
        if len(rows) > 2 * LEAST
    ]
    if not usual:
        return _MOST_COSINE
    nearness = np.concatenate(usual)
    middle = float(np.median(nearness))
    deviation = 1.4826 * float(np.median(np.abs(nearness - middle)))
    return float(np.clip(middle + _DEVIATIONS * deviation, _LEAST_COSINE, _MOST_COSINE))


def _tight(
    vectors: Vectors, rows: NDArray[np.int64], bound: float, small: float
) -> list[NDArray[np.int64]]:
    """Groups of rows, each within the bound of several others, that do not belong to the rest."""
    if len(rows) < LEAST:
        return []
    near = _cosines(vectors, rows) >= bound
    core = near.sum(axis=1) >= LEAST - 1
    if not core.any():
        return []
    near &= core[:, None] & core[None, :]
    count, of = connected_components(csr_array(near), directed=False)
    sizes = np.bincount(of, minlength=count)
    most = max(_MOST_SHARE * len(rows), LEAST - 1)
    if sizes.max() > most:
        return [rows] if len(rows) <= small else []
    found = np.flatnonzero(sizes >= LEAST)
    block = np.asarray(vectors[rows], dtype=np.float32)
    return [rows[of == each] for each in found if _is_strange(block, of == each)]


def _is_strange(block: Matrix, group: NDArray[np.bool_]) -> bool:
    """Whether a group is less like the middle of the others than most of them are."""
    others = block[~group]
    middle = unit(others.mean(axis=0, keepdims=True))[0]
    return bool((block[group] @ middle).mean() < np.percentile(others @ middle, _STRANGE))


def _completed(
    vectors: Vectors,
    labels: Labels,
    middles: Matrix,
    groups: list[NDArray[np.int64]],
    bound: float,
) -> list[NDArray[np.int64]]:
    """Each group with its like from clusters beside; groups that are found to be one are joined."""
    order, bounds = members_of(labels, len(middles))
    owner: dict[int, int] = {}
    joined: list[set[int]] = []
    for group in groups:
        middle = unit(np.asarray(vectors[group], dtype=np.float32).mean(axis=0, keepdims=True))[0]
        rows = set(group.tolist())
        near = -(middles @ middle)
        for beside in np.argpartition(near, min(_BESIDE, len(near)) - 1)[:_BESIDE].tolist():
            others = order[bounds[beside] : bounds[beside + 1]][:8192]
            alike = np.asarray(vectors[others], dtype=np.float32) @ middle >= bound
            rows.update(others[alike].tolist())
        known = sorted({owner[row] for row in rows if row in owner})
        home = known[0] if known else len(joined)
        if not known:
            joined.append(set())
        for other in known[1:]:
            rows |= joined[other]
            joined[other] = set()
        joined[home] |= rows
        owner.update(dict.fromkeys(joined[home], home))
    found = [np.array(sorted(rows), dtype=np.int64) for rows in joined if rows]
    return sorted(found, key=lambda rows: int(rows[0]))
