"""Groups of groups: the levels above the base clusters, as Clio spaces them."""

from __future__ import annotations

import math

import numpy as np

from assay.usage.mapping.kmeans import Labels, Matrix, cluster

TOP = 10
"""Groups at the top, about."""
_EACH = 12  # groups in a group, about: decides how many levels there are


def level_sizes(base: int) -> list[int]:
    """How many groups each level above the base has: (top / base) ** (1 / (levels - 1)) apart."""
    if base < 2 * TOP:
        return []
    steps = max(1, round(math.log(base / TOP) / math.log(_EACH)))
    ratio = (TOP / base) ** (1 / steps)
    return [max(TOP, round(base * ratio**step)) for step in range(1, steps + 1)]


def parents(middles: Matrix, seed: int) -> list[tuple[Labels, Matrix]]:
    """For each level above the base: the parent of each group below, and the parents' middles."""
    levels = []
    below = middles
    for size in level_sizes(len(middles)):
        if size >= len(below):
            break
        found = cluster(below, size, seed)
        labels = np.maximum(found.labels, 0)
        levels.append((labels, found.middles))
        below = found.middles
    return levels
