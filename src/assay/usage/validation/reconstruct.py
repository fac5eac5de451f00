"""How well a map's groups give known categories back: arrays in, figures out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assay.records import CategoryRecall, Measured, Reconstruction
from assay.runs.scorer_error import measured
from assay.stats import clustered_mean, sums_by_cluster
from assay.usage.mapping.kmeans import middles_of
from assay.usage.validation.mapped import Groups, Mapped

_SHUFFLES = 20  # of the labels, for what chance reaches
_MOST_ROWS = 10_000  # conversations that are compared with every middle
_BLOCK = 1024

Labels = NDArray[np.int64]
Hits = NDArray[np.bool_]


def hits_of(groups: Groups, labels: Labels) -> Hits:
    """Whether each conversation's group stands for its own category: the one that most have there.

    A conversation without a group is no hit.
    """
    there = groups >= 0
    hits = np.zeros(len(groups), dtype=bool)
    if there.any():
        table = np.zeros((int(groups.max()) + 1, int(labels.max()) + 1), dtype=np.int64)
        np.add.at(table, (groups[there], labels[there]), 1)
        hits[there] = table.argmax(axis=1)[groups[there]] == labels[there]
    return hits


def share_of(hits: Hits, base: Groups, among: Hits | None = None) -> Measured | None:
    """The share of hits, clustered by base group; None where there is nothing to count."""
    if among is not None:
        hits, base = hits[among], base[among]
    if not len(hits):
        return None
    sums, counts = sums_by_cluster(base, hits)
    return measured(clustered_mean(sums, counts, binary=True))


def reconstruction(seen: Mapped, level: int, labels: Labels, seed: int) -> Reconstruction:
    """How well one level gives the categories back."""
    groups = seen.groups_at(level, shown=True)
    random = np.random.default_rng(seed)
    shuffled = [hits_of(groups, random.permutation(labels)).mean() for _ in range(_SHUFFLES)]
    sizes = np.sort(np.bincount(labels))[::-1]
    number = len(np.unique(groups[groups >= 0]))
    hits = hits_of(groups, labels)
    share = share_of(hits, seen.base)
    assert share is not None, "a map holds at least one conversation"
    return Reconstruction(
        level=level,
        groups=number,
        share=share,
        of_shown=share_of(hits, seen.base, groups >= 0),
        shuffled=float(np.mean(shuffled)),
        constant=float(sizes[0] / len(labels)),
        most=float(sizes[:number].sum() / len(labels)),
    )


def recalls(
    seen: Mapped, labels: Labels, names: Sequence[str], concerning: Hits
) -> tuple[CategoryRecall, ...]:
    """Each category at the base level, the worst first."""
    groups = seen.groups_at(0, shown=True)
    hits = hits_of(groups, labels)
    found = []
    for number, name in enumerate(names):
        own = labels == number
        recall = share_of(hits, seen.base, own)
        if recall is not None:
            shown = int((groups[own] >= 0).sum())
            danger = bool(concerning[own].any())
            found.append(
                CategoryRecall(category=name, concerning=danger, recall=recall, shown=shown)
            )
    return tuple(sorted(found, key=lambda each: (each.recall.value, each.category)))


def misplaced(seen: Mapped, seed: int) -> Measured | None:
    """The share of conversations nearer to another base group's middle than to their own's."""
    rows = np.flatnonzero(seen.base >= 0)
    if not len(rows):
        return None
    middles = middles_of(seen.vectors, seen.base, len(seen.clusters[0]))
    if len(rows) > _MOST_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, _MOST_ROWS, replace=False))
    wrong = np.zeros(len(rows), dtype=bool)
    for start in range(0, len(rows), _BLOCK):
        own = rows[start : start + _BLOCK]
        cosines = np.asarray(seen.vectors[own], dtype=np.float32) @ middles.T
        at_home = cosines[np.arange(len(own)), seen.base[own]]
        wrong[start : start + len(own)] = cosines.max(axis=1) > at_home + 1e-6
    return share_of(wrong, seen.base[rows])
