"""Chooses which transcripts people label: at random, with a chance that is known for each."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assay.runs.audit import FLAGGED, PASSED, UNSCORED

Strategy = Literal["random", "stratified", "uncertain"]

LEAST = 0.1
"""Weight of the surest reply beside 1.1 of the least sure: none is out of reach."""

Column = NDArray[np.float64]
Places = NDArray[np.int64]


def strata_of(values: Column, threshold: float) -> NDArray[np.str_]:
    """Each reply's stratum by the scorer's verdict; NaN is unscored."""
    passed = np.where(values >= threshold, FLAGGED, PASSED)
    return np.where(np.isnan(values), UNSCORED, passed)


def choose(
    random: np.random.Generator,
    strategy: Strategy,
    n: int,
    strata: NDArray[np.str_],
    doubt: Column,
) -> tuple[Places, Column]:
    """Which of the population are drawn, in random order, and the chance that each had.

    ``random``: all alike, without replacement. ``stratified``: as many from each stratum as from
    any other, as far as it has them and one at least, each alike within it. ``uncertain``: with
    chances in proportion to doubt, by systematic sampling in random order (Madow 1949, Annals of
    Mathematical Statistics 20:333), so that the chances are exact.

    Args:
        n: how many; all where there are fewer.
        strata: each one's stratum, shape (population,).
        doubt: 0 (sure) to 1 for each, shape (population,).
    """
    size = len(strata)
    n = min(n, size)
    if strategy == "random":
        chance = np.full(size, n / size)
        chosen = random.choice(size, n, replace=False)
    elif strategy == "stratified":
        names, codes = np.unique(strata, return_inverse=True)
        sizes = np.bincount(codes)
        take = _alike(max(n, len(sizes)), sizes)
        chance = (take / sizes)[codes]
        parts = [
            random.choice(np.flatnonzero(codes == code), take[code], replace=False)
            for code in range(len(names))
        ]
        chosen = np.concatenate(parts)
    else:
        chance = chances(LEAST + doubt, n)
        chosen = _systematic(random, chance, n)
    chosen = random.permutation(chosen).astype(np.int64)
    return chosen, chance[chosen]


def doubt_of(values: Column, spread: Column, bounds: tuple[float, float]) -> Column:
    """How unsure a scorer is of each reply, 0 to 1.

    1 where it gave no score; else how near its value is to the middle of the scale, or how much its
    values for the sample's epochs differ, if that is more.
    """
    half = (bounds[1] - bounds[0]) / 2
    near = 1 - np.abs(values - (bounds[0] + half)) / half
    doubt = np.fmax(near, np.nan_to_num(spread) / half)
    return np.clip(np.where(np.isnan(values), 1.0, doubt), 0.0, 1.0)


def chances(weights: Column, n: int) -> Column:
    """Chances in proportion to the weights that sum to n, none above 1."""
    chance = np.zeros(len(weights))
    sure = np.zeros(len(weights), dtype=bool)
    while True:
        left = weights[~sure]
        chance[~sure] = (n - sure.sum()) * left / left.sum() if len(left) else 0.0
        over = ~sure & (chance >= 1)
        if not over.any():
            return chance
        chance[over] = 1.0
        sure |= over
        if sure.all():
            return chance


def _systematic(random: np.random.Generator, chance: Column, n: int) -> Places:
    """A step of one along the chances laid end to end, from a random start, in random order."""
    order = random.permutation(len(chance))
    ends = np.cumsum(chance[order])
    ends[-1] = n  # whatever rounding made of it
    marks = random.random() + np.arange(n)
    return np.asarray(order[np.searchsorted(ends, marks, side="right")], dtype=np.int64)


def _alike(n: int, sizes: NDArray[np.int64]) -> NDArray[np.int64]:
    """n split evenly over strata of these sizes; what one lacks, the others give."""
    take = np.zeros(len(sizes), dtype=np.int64)
    while (left := n - int(take.sum())) > 0:
        open_ = np.flatnonzero(take < sizes)
        for place, share in enumerate(_even(left, len(open_))):
            take[open_[place]] = min(sizes[open_[place]], take[open_[place]] + share)
    return take


def _even(n: int, parts: int) -> list[int]:
    return [n // parts + (part < n % parts) for part in range(parts)]
