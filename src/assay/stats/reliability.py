"""Whether a set of items tells those who take it apart: its reliability, its noise, its items.

Subjects are whoever answers (people, models), items what is answered. The questions are those of
classical test theory; the answers need as many subjects as any other sample does, and with a
handful of them the intervals say how little is known.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.stats.distributions import f_quantile, tail
from assay.stats.interval import Interval


@dataclass(frozen=True, kw_only=True, slots=True)
class SignalToNoise:
    """How far subjects differ, beside how far chance alone would set them apart.

    ``spread`` is the standard deviation of the subjects' means as they are seen; ``noise`` what it
    would be if they were all equal; ``ratio`` that of the true standard deviation to the noise.
    """

    ratio: Interval
    spread: float
    noise: float


def alpha(scores: ArrayLike, *, confidence: float = 0.95) -> Interval:
    """Cronbach's alpha of a test; Kuder and Richardson's formula 20 where items are 0 or 1.

    The share of the variance of subjects' totals that another set of such items would give again.
    It is 1 - 1 / F of the two-way analysis of variance, and so can be negative.

    Args:
        scores: shape (subjects, items), all finite; two or more of each.

    Raises:
        ValueError: too few of either, or subjects whose totals are all the same: then nothing
            shows whether the items would tell subjects apart.

    Sources: Cronbach (1951), Psychometrika 16:297; Kuder and Richardson (1937), Psychometrika
    2:151; Feldt, Woodruff and Salih (1987), Applied Psychological Measurement 11:93 (the interval:
    subjects are a sample, their scores near normal).
    """
    table = _table(scores)
    subjects, items = table.shape
    totals = table.sum(axis=1)
    if np.ptp(totals) <= 1e-12 * max(1.0, float(np.abs(totals).max())):
        raise ValueError("all subjects have the same total, so alpha is undefined")
    within = float(table.var(axis=0, ddof=1).sum())
    value = items / (items - 1) * (1 - within / float(totals.var(ddof=1)))
    outside, df = tail(confidence), (subjects - 1, (subjects - 1) * (items - 1))
    return Interval(
        estimate=value,
        low=1 - (1 - value) * f_quantile(1 - outside, *df),
        high=1 - (1 - value) * f_quantile(outside, *df),
        confidence=confidence,
        method="alpha, Feldt",
        n=subjects,
        clusters=subjects,
    )


def split_half(first: ArrayLike, second: ArrayLike) -> float:
    """The reliability of a whole test from subjects' totals on its two halves.

    2 (1 - (Var(first) + Var(second)) / Var(first + second)): unlike the correlation of the halves
    it does not suppose that they vary alike. Its mean over all halvings of the items is alpha;
    halved by groups of items that share an origin it is lower where these resemble each other.

    Raises:
        ValueError: fewer than two subjects, or whole totals that are all the same.

    Source: Guttman (1945), Psychometrika 10:255 (lambda 4); Flanagan's formula.
    """
    one, other = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    if one.ndim != 1 or one.shape != other.shape or len(one) < 2:
        raise ValueError("both halves need the total of each subject, two subjects or more")
    whole = float((one + other).var(ddof=1))
    if whole <= 0:
        raise ValueError("all subjects have the same total, so reliability is undefined")
    return 2 * (1 - float(one.var(ddof=1) + other.var(ddof=1)) / whole)


def item_rest(scores: ArrayLike) -> NDArray[np.float64]:
    """Each item's correlation with the total of all the others: the corrected point-biserial.

    Below 0: those who do well elsewhere do worse here, as with a wrong key. NaN where the item or
    the rest does not vary.

    Args:
        scores: shape (subjects, items), all finite; two or more of each.

    Returns:
        Shape (items,).

    Source: Henrysson (1963), Psychometrika 28:211 (why the item is left out of its own total).
    """
    table = _table(scores)
    centred = table - table.mean(axis=0)
    totals = centred.sum(axis=1)
    own = np.einsum("ij,ij->j", centred, centred)
    shared = totals @ centred
    rest = float(totals @ totals) - 2 * shared + own
    small = 1e-12 * (1.0 + float(totals @ totals))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = (shared - own) / np.sqrt(own * rest)
    found[(own <= 1e-12) | (rest <= small)] = np.nan
    return np.asarray(np.clip(found, -1.0, 1.0), dtype=np.float64)


def signal_to_noise(
    scores: ArrayLike, *, clusters: ArrayLike | None = None, confidence: float = 0.95
) -> SignalToNoise:
    """The true spread of subjects' means over what chance in the items adds to it.

    Noise is what is left of the scores after subjects' and items' own means: items' difficulty is
    common to all who answer the same items and does not count. Items of one origin are summed
    first. The ratio is sqrt(F - 1), 0 where F is below 1; without clusters it is
    sqrt(alpha / (1 - alpha)), so the two say one thing on two scales. 1 means that half of what is
    seen is chance.

    Args:
        scores: shape (subjects, items), all finite; two or more of each.
        clusters: what each item was derived from, shape (items,); None where all are independent.

    Raises:
        ValueError: too few of either, fewer than two clusters, or scores in which neither
            subjects differ nor items tell of any noise.

    Sources: Heineman et al. (2025), arXiv 2508.13144 (signal and noise of evaluations); Searle,
    Casella and McCulloch (1992), Variance Components, chapter 3 (the exact interval of the ratio,
    for normal scores).
    """
    table = _table(scores)
    subjects, items = table.shape
    sums, sizes = table, np.ones(items)
    if clusters is not None:
        _, codes = np.unique(np.asarray(clusters), return_inverse=True)
        sizes = np.bincount(codes).astype(np.float64)
        sums = np.stack([np.bincount(codes, row, len(sizes)) for row in table])
    units = len(sizes)
    if units < 2:
        raise ValueError("noise needs items of two origins or more")
    means = table.mean(axis=1)
    left = sums - sums.mean(axis=0) - np.outer(means - means.mean(), sizes)
    noise = float((left**2).sum()) * units / (units - 1) / (subjects - 1) / items**2
    spread = float(means.var(ddof=1))
    scale = 1e-20 * max(1.0, float(np.abs(table).max()) ** 2)
    if spread <= scale and noise <= scale:
        raise ValueError("no subject differs from another on any item")
    ratio = inf if noise <= scale else spread / noise
    known = items**2 / float(sizes @ sizes)  # Kish's effective number of clusters
    df, outside = (subjects - 1, (subjects - 1) * (known - 1)), tail(confidence)
    ends = (ratio / f_quantile(1 - outside, *df), ratio / f_quantile(outside, *df))
    return SignalToNoise(
        ratio=Interval(
            estimate=sqrt(max(ratio - 1, 0.0)),
            low=sqrt(max(ends[0] - 1, 0.0)),
            high=sqrt(max(ends[1] - 1, 0.0)),
            confidence=confidence,
            method="ratio of variances, F" if units == items else "clustered ratio of variances, F",
            n=subjects,
            clusters=subjects,
        ),
        spread=sqrt(spread),
        noise=sqrt(noise),
    )


def _table(scores: ArrayLike) -> NDArray[np.float64]:
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or min(table.shape) < 2:
        raise ValueError("scores must have the shape (subjects, items), two or more of each")
    if not np.isfinite(table).all():
        raise ValueError("scores must be finite: take the items that every subject was scored on")
    return table
