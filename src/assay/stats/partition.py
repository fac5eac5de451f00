"""How far two ways of cutting the same things into groups agree."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def adjusted_rand(one: ArrayLike, other: ArrayLike) -> float:
    """The adjusted Rand index: 1 where the groups are the same, about 0 where chance made them.

    Hubert and Arabie (1985), Comparing partitions, Journal of Classification 2, equation 5.

    Args:
        one: the group of each thing.
        other: its group the other way. Names of groups do not matter.
    """
    first = np.unique(np.asarray(one), return_inverse=True)[1]
    second = np.unique(np.asarray(other), return_inverse=True)[1]
    if len(first) != len(second):
        raise ValueError("both must name a group for each thing.")
    both = np.unique(np.stack([first, second]), axis=1, return_counts=True)[1]
    together = _pairs(both)
    in_first, in_second = _pairs(np.bincount(first)), _pairs(np.bincount(second))
    expected = in_first * in_second / max(_pairs(np.array([len(first)])), 1.0)
    most = (in_first + in_second) / 2
    return 1.0 if most == expected else (together - expected) / (most - expected)


def _pairs(sizes: NDArray[np.int64]) -> float:
    counts = sizes.astype(np.float64)
    return float((counts * (counts - 1) / 2).sum())
