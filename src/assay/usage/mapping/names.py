"""The stage that names every group of every level."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from assay.usage.mapping.corpus import Corpus
from assay.usage.mapping.groups import Grouped
from assay.usage.mapping.kmeans import members_of, nearest
from assay.usage.mapping.naming import Named, Namer
from assay.usage.mapping.terms import Terms, count_terms

_BESIDE = 8  # groups that a name must tell a group from


def name_groups(
    corpus: Corpus,
    grouped: Grouped,
    whose: NDArray[np.int32],
    k: int,
    done: Callable[[int, int], None],
) -> list[list[Named]]:
    """Name every group, level by level, by contrast with the groups nearest to it on its level.

    Args:
        whose: the principal of each conversation.
        k: the least principals behind a word.
    """
    namer = Namer(corpus.vocabulary(), corpus.frequencies, len(corpus), k)
    sizes = [len(grouped.middles_at(level)) for level in range(len(grouped.levels) + 1)]
    levels: list[list[Named]] = []
    for level, size in enumerate(sizes):
        order, bounds = members_of(grouped.labels_at(level), size)
        tables: list[Terms] = []
        for number in range(size):
            rows = order[bounds[number] : bounds[number + 1]]
            tables.append(count_terms(corpus, rows, whose, k))
            done(sum(sizes[:level]) + number + 1, sum(sizes))
        beside = beside_groups(grouped, level)
        levels.append(
            [
                namer.name(own, [tables[other] for other in beside[number]])
                for number, own in enumerate(tables)
            ]
        )
    return levels


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
