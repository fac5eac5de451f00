"""What may be counted out: no cell of few conversations or few people, nor any that gives one away.

A cell is a group's conversations of one kind: a language, a month. Groups and cells add up, so a
small one that is left blank could be had by subtraction. So, besides each small cell:

- **along a group**: its cells add up to its size. Where what is blank adds up to less than the
  minimum, or is one cell alone, the smallest other cell is blank too.
- **along the hierarchy**: the groups within a group add up to it, cell by cell. The same rule
  holds, and groups that are not shown count as one blank.

Both are repeated until neither asks for more. This stops whoever subtracts along one line; it does
not stop somebody who solves all lines at once and bounds a cell between two numbers, nor one who
knows some of the conversations. Differential privacy is for these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEW = -1
"""A cell with fewer conversations than the minimum, perhaps none."""
BLANK = -2
"""A cell of too few people, or one that would give a small one away."""

Cells = NDArray[np.int64]


@dataclass(frozen=True)
class Minima:
    """The least conversations and linked principals of anything that is told."""

    conversations: int
    principals: int

    def enough(self, conversations: int, principals: int) -> bool:
        """Whether so many may be told."""
        return conversations >= self.conversations and principals >= self.principals


def told_cells(counts: Cells, people: Cells, parents: Sequence[int], minima: Minima) -> Cells:
    """The counts, with FEW and BLANK where they may not be told.

    Args:
        counts: conversations by group and part, shape (groups, parts). The first group is all.
        people: linked principals, of the same shape.
        parents: the group that holds each group; -1 for the first.
    """
    small = (counts < minima.conversations) | (people < minima.principals)
    blank = small.copy()
    children: dict[int, list[int]] = {}
    for group, parent in enumerate(parents):
        if parent >= 0:
            children.setdefault(parent, []).append(group)
    again = True
    while again:
        again = _along_groups(counts, people, blank, minima)
        again |= _along_hierarchy(counts, blank, children, minima)
    nothing = (np.where(blank, counts, 0).sum(axis=1) == 0)[:, None]
    told = np.where(blank, np.where(counts < minima.conversations, FEW, BLANK), counts)
    return np.asarray(np.where(blank & nothing, 0, told), dtype=np.int64)


def _along_groups(counts: Cells, people: Cells, blank: NDArray[np.bool_], minima: Minima) -> bool:
    hidden = np.where(blank, counts, 0).sum(axis=1)
    persons = np.where(blank, people, 0).sum(axis=1)
    alone = blank.sum(axis=1) < 2
    small = (hidden < minima.conversations) | (persons < minima.principals)
    changed = False
    for group in np.flatnonzero((hidden > 0) & (small | alone)):
        changed |= _hide_least(counts[group], blank[group])
    return changed


def _along_hierarchy(
    counts: Cells, blank: NDArray[np.bool_], children: dict[int, list[int]], minima: Minima
) -> bool:
    changed = False
    for parent, own in children.items():
        inner, dark = counts[own], blank[own]
        rest = counts[parent] - inner.sum(axis=0)
        hidden = rest + np.where(dark, inner, 0).sum(axis=0)
        several = dark.sum(axis=0) + (rest > 0) != 1
        lone_rest = (rest >= minima.conversations) & ~dark.any(axis=0)
        safe = (hidden == 0) | ((hidden >= minima.conversations) & (several | lone_rest))
        for part in np.flatnonzero(~safe & ~blank[parent]):
            column = dark[:, part].copy()
            if _hide_least(inner[:, part], column):
                blank[np.array(own), part] = column
            else:
                blank[parent, part] = True
            changed = True
    return changed


def _hide_least(counts: Cells, blank: NDArray[np.bool_]) -> bool:
    """Blank the smallest cell that is told; whether there was one."""
    open_ = np.flatnonzero(~blank & (counts > 0))
    if not len(open_):
        return False
    blank[open_[counts[open_].argmin()]] = True
    return True
