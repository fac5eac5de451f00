"""How far two figures rise and fall together over the same things."""

from __future__ import annotations

from math import atanh, sqrt, tanh

import numpy as np
from numpy.typing import ArrayLike

from assay.stats.distributions import normal_quantile, tail
from assay.stats.interval import Interval

FEWEST = 10


def correlation(
    x: ArrayLike, y: ArrayLike, *, ranks: bool = False, confidence: float = 0.95
) -> Interval:
    """Pearson's correlation, or Spearman's, with Fisher's interval.

    Fisher's interval of Pearson's correlation holds for figures that are about normal together; of
    Spearman's, whatever their scale, with the wider variance of Bonett and Wright.

    Args:
        x, y: the two figures of each thing, shape (n,), n > 3.
        ranks: whether to take ranks (Spearman), ties as their mean.

    Raises:
        ValueError: too few things, or a figure that never varies.

    Sources: Fisher (1921), Metron 1:3; Bonett and Wright (2000), Psychometrika 65:23.
    """
    one, other = (np.asarray(each, dtype=np.float64) for each in (x, y))
    if one.ndim != 1 or one.shape != other.shape or len(one) < 4:
        raise ValueError("a correlation needs two figures of at least four things")
    if ranks:
        one, other = _ranks(one), _ranks(other)
    if np.ptp(one) == 0 or np.ptp(other) == 0:
        raise ValueError("a figure that never varies has no correlation")
    r = float(np.clip(np.corrcoef(one, other)[0, 1], -1, 1))
    near = min(max(r, -1 + 1e-12), 1 - 1e-12)
    error = sqrt((1 + r * r / 2 if ranks else 1.0) / (len(one) - 3))
    half = normal_quantile(1 - tail(confidence)) * error
    return Interval(
        estimate=r,
        low=min(r, tanh(atanh(near) - half)),
        high=max(r, tanh(atanh(near) + half)),
        confidence=confidence,
        method="Spearman, Bonett-Wright" if ranks else "Pearson, Fisher",
        n=len(one),
        clusters=len(one),
        warning="" if len(one) >= FEWEST else f"only {len(one)} things: the interval is rough",
    )


def _ranks(values: np.ndarray) -> np.ndarray:
    _, place, sizes = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(sizes)
    return np.asarray((ends - (sizes - 1) / 2)[place])
