"""The shown groups of a map as a tree, and what of each conversation lies in which of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from assay.records import Cluster
from assay.usage.explore.columns import Codes, Columns
from assay.usage.explore.limits import Cells

ALL = 0
"""The number of the group that is all of the import."""


@dataclass(frozen=True)
class Groups:
    """All conversations, then every shown group, those above before those within.

    Attributes:
        clusters: the group's record, by number less one.
        parents: the nearest shown group above, by number; ALL at the top, -1 for ALL.
        paths: for each level, the number of the group that holds a base cluster; -1 for none.
    """

    clusters: list[Cluster]
    parents: list[int]
    paths: list[Codes]

    def __len__(self) -> int:
        return len(self.parents)

    def by_level(self, columns: Columns) -> list[tuple[Codes, Codes]]:
        """For each level, the conversations that shown groups hold, and which group holds each."""
        rows = [(np.arange(len(columns)), np.zeros(len(columns), dtype=np.int32))]
        for path in self.paths:
            of = np.where(columns.base >= 0, path[columns.base], -1)
            held = np.flatnonzero(of >= 0)
            rows.append((held, of[held]))
        return [(held.astype(np.int32), of.astype(np.int32)) for held, of in rows]

    def members(self, columns: Columns) -> Iterator[tuple[int, Codes]]:
        """Every group that holds conversations, with these."""
        for held, of in self.by_level(columns):
            order = np.argsort(of, kind="stable")
            edges = np.flatnonzero(np.diff(of[order]) > 0) + 1
            for rows in np.split(order, edges) if len(order) else []:
                yield int(of[rows[0]]), held[rows]


def groups_of(clusters: Sequence[Cluster]) -> Groups:
    """The tree of the groups that are shown. What is hidden leaves no trace but its absence."""
    by_id = {each.cluster_id: each for each in clusters}
    shown = sorted(
        (each for each in clusters if each.shown),
        key=lambda each: (-each.level, -each.conversations),
    )
    numbers = {each.cluster_id: number for number, each in enumerate(shown, start=1)}
    bases = [each for each in clusters if each.level == 0]
    highest = max((each.level for each in clusters), default=0)
    paths = [np.full(len(bases), -1, dtype=np.int32) for _ in range(highest + 1)]
    for base in bases:
        at: Cluster | None = base
        number = int(base.cluster_id.partition(".")[2])
        while at is not None:
            paths[at.level][number] = numbers.get(at.cluster_id, -1)
            at = by_id.get(at.parent_id) if at.parent_id else None
    parents = [-1, *(_shown_above(each, by_id, numbers) for each in shown)]
    return Groups(shown, parents, paths)


def count(groups: Groups, columns: Columns, of: Codes, parts: int) -> tuple[Cells, Cells]:
    """Conversations and linked principals of each group and part, both (groups, parts)."""
    counts = np.zeros((len(groups), parts), dtype=np.int64)
    people = np.zeros((len(groups), parts), dtype=np.int64)
    whose, size = columns.whose, len(groups) * parts
    persons = int(whose.max(initial=0)) + 1
    for held, group in groups.by_level(columns):
        cell = group.astype(np.int64) * parts + of[held]
        counts += np.bincount(cell, minlength=size).reshape(counts.shape)
        pairs = np.unique(cell * persons + whose[held])
        people += np.bincount(pairs // persons, minlength=size).reshape(people.shape)
    return counts, people


def _shown_above(cluster: Cluster, by_id: dict[str, Cluster], numbers: dict[str, int]) -> int:
    above = cluster.parent_id
    while above is not None and above in by_id:
        if above in numbers:
            return numbers[above]
        above = by_id[above].parent_id
    return ALL
