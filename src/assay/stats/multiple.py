"""Many comparisons at once: which p-values still count when there are many of them.

A launch that needs *every* gate to pass needs no correction against passing wrongly. A bad model
passes only where every gate it should fail lets it through, and the first of these alone does that
with at most the gate's own error rate: the intersection-union test (Berger 1982, Technometrics
24:295). What grows with the number of gates is the chance that a good model fails one.

Correct where *one success among several* would be claimed: Holm's for claims, Benjamini and
Hochberg's for flags that somebody will look into.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjusted p-values: claiming those below alpha claims one falsely with chance alpha at most.

    Holds however the tests depend on each other. Source: Holm (1979), Scandinavian Journal of
    Statistics 6:65.
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")
    steps = p[order] * np.arange(len(p), 0, -1)
    return _unsorted(np.maximum.accumulate(steps), order)


def benjamini_hochberg(p_values: ArrayLike) -> NDArray[np.float64]:
    """Adjusted p-values: of the flags raised below alpha, a share of alpha is false on average.

    Holds for tests that are independent or positively dependent. Source: Benjamini and Hochberg
    (1995), Journal of the Royal Statistical Society B 57:289.
    """
    p = _checked(p_values)
    order = np.argsort(p, kind="stable")
    steps = p[order] * len(p) / np.arange(1, len(p) + 1)
    return _unsorted(np.minimum.accumulate(steps[::-1])[::-1], order)


def _checked(p_values: ArrayLike) -> NDArray[np.float64]:
    p = np.asarray(p_values, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise ValueError("p-values must be a flat array of numbers from 0 to 1")
    return p


def _unsorted(adjusted: NDArray[np.float64], order: NDArray[np.intp]) -> NDArray[np.float64]:
    back = np.empty_like(adjusted)
    back[order] = np.minimum(adjusted, 1.0)
    return back
