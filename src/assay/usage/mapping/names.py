"""The stage that names every group of every level."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from assay.store.batches import Table
from assay.usage.mapping.corpus import Corpus
from assay.usage.mapping.groups import Grouped
from assay.usage.mapping.hands import Alone, Hands
from assay.usage.mapping.jobs import Count, group_table, read_terms
from assay.usage.mapping.kmeans import Labels, members_of, nearest
from assay.usage.mapping.naming import Named, Namer
from assay.usage.mapping.terms import Terms
from assay.usage.mapping.usual import Usual

_BESIDE = 8  # groups that a name must tell a group from
_MOST_ROWS = 2000  # conversations of a group whose words are counted, evenly spaced
_TASK_ROWS = 5000  # conversations that are counted as one task


def name_groups(
    corpus: Corpus,
    grouped: Grouped,
    whose: NDArray[np.int32],
    k: int,
    done: Callable[[int, int], None],
    hands: Hands | None = None,
) -> list[list[Named]]:
    """Name every group, level by level: the base by contrast with the groups nearest to each.

    A group above is named by the themes of the groups within it.

    Args:
        whose: the principal of each conversation.
        k: the least principals behind a word.
        hands: who counts; this process where it is None.
    """
    usual = Usual(corpus.frequencies_in, corpus.languages)
    namer = Namer(corpus.vocabulary(), usual, k)
    sizes = [len(grouped.middles_at(level)) for level in range(len(grouped.levels) + 1)]
    levels: list[list[Named]] = []
    for level, size in enumerate(sizes):
        given = _tables(corpus, grouped.labels_at(level), size, whose)
        tables: list[Terms] = []
        for counted in (hands or Alone()).work(Count(k), given):
            tables += read_terms(counted)
            done(sum(sizes[:level]) + len(tables), sum(sizes))
        beside = beside_groups(grouped, level)
        members = usual.members(grouped.labels_at(level), size)
        named = [
            namer.name(own, [tables[other] for other in beside[number]], members[number])
            for number, own in enumerate(tables)
        ]
        if level:
            within = _within(grouped, level)
            named = [
                namer.name_above(alone, [levels[-1][each] for each in within[number]])
                for number, alone in enumerate(named)
            ]
        levels.append(named)
    return levels


def _within(grouped: Grouped, level: int) -> list[list[int]]:
    """The groups that each group of a level holds, the largest first."""
    below = grouped.labels_at(level - 1)
    parent = grouped.levels[level - 1][0]
    sizes = np.bincount(below[below >= 0], minlength=len(parent))
    within: list[list[int]] = [[] for _ in range(len(grouped.middles_at(level)))]
    for each in np.argsort(-sizes, kind="stable").tolist():
        within[parent[each]].append(each)
    return within


def _tables(corpus: Corpus, labels: Labels, size: int, whose: NDArray[np.int32]) -> Iterator[Table]:
    """Groups with their conversations' words, so many groups together as make a fair task."""
    order, bounds = members_of(labels, size)
    held: list[NDArray[np.int64]] = []
    first = 0
    for number in range(size):
        rows = order[bounds[number] : bounds[number + 1]]
        if len(rows) > _MOST_ROWS:
            rows = rows[np.linspace(0, len(rows) - 1, _MOST_ROWS).astype(np.int64)]
        held.append(rows)
        if sum(map(len, held)) >= _TASK_ROWS or number == size - 1:
            own = np.concatenate(held)
            of = np.repeat(np.arange(first, number + 1), [len(rows) for rows in held])
            words, _ = corpus.words_of(own)
            lengths = corpus.ends[own + 1] - corpus.ends[own]
            ends = np.append(0, np.cumsum(lengths)).astype(np.int64)
            yield group_table(of, words, ends, whose[own])
            held, first = [], number + 1


def beside_groups(grouped: Grouped, level: int) -> list[list[int]]:
    """The groups nearest to each, by the groups above where there are any."""
    middles = grouped.middles_at(level)
    above = (
        grouped.levels[level][0].astype(np.int64)
        if level < len(grouped.levels)
        else np.zeros(len(middles), dtype=np.int64)
    )
    near = nearest(middles, above, _BESIDE + 1)
    return [[other for other in row if other != own] for own, row in enumerate(near.tolist())]
