"""Circles for the groups of a map: as large as they are many, near where they stand, apart.

What the layout puts on one spot is pushed apart, so that everything can be seen and pointed at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 1000.0, 760.0
_EDGE = 24.0
_FILLED = 0.42  # of the area that the groups spread over
_LEAST, _MOST = 2.2, 70.0
_ROUNDS = 220
_GAP = 1.4


@dataclass(frozen=True)
class Circle:
    """Where a group is drawn, in units of WIDTH by HEIGHT."""

    x: float
    y: float
    r: float


def pack(places: Sequence[tuple[float, float]], sizes: Sequence[int]) -> list[Circle]:
    """A circle for each group, in their order. The same groups give the same circles."""
    if not places:
        return []
    radii = _radii(np.asarray(sizes, dtype=np.float64))
    spots = _spread(np.asarray(places, dtype=np.float64))
    spots = _apart(spots, radii)
    spots, radii = _within(spots, radii)
    return [
        Circle(round(float(x), 1), round(float(y), 1), round(float(r), 1))
        for (x, y), r in zip(spots, radii, strict=True)
    ]


def _radii(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """By area; all circles together fill a part of the drawing."""
    sizes = np.maximum(sizes, 1.0)
    radii = np.sqrt(sizes / sizes.sum() * WIDTH * HEIGHT * _FILLED / np.pi)
    return np.asarray(np.clip(radii, _LEAST, _MOST))


def _spread(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """The places scaled to the drawing; a few far ones do not squeeze the others."""
    low, high = np.quantile(places, [0.01, 0.99], axis=0)
    span = np.maximum(high - low, 1e-9)
    inner = np.clip((places - low) / span, -0.05, 1.05)
    return np.asarray(inner * (WIDTH - 4 * _EDGE, HEIGHT - 4 * _EDGE) + 2 * _EDGE)


def _apart(spots: NDArray[np.float64], radii: NDArray[np.float64]) -> NDArray[np.float64]:
    """Push circles that lie on each other apart, the smaller one farther."""
    from scipy.spatial import cKDTree

    spots = spots + 1e-3 * np.random.default_rng(0).standard_normal(spots.shape)
    weight = radii**2
    for _ in range(_ROUNDS):
        pairs = cKDTree(spots).query_pairs(2 * float(radii.max()) + _GAP, output_type="ndarray")
        if not len(pairs):
            break
        one, other = pairs[:, 0], pairs[:, 1]
        away = spots[other] - spots[one]
        distance = np.maximum(np.linalg.norm(away, axis=1), 1e-6)
        overlap = radii[one] + radii[other] + _GAP - distance
        hit = overlap > 0.05
        if not hit.any():
            break
        one, other, away = one[hit], other[hit], away[hit] / distance[hit, None]
        push = (0.5 * overlap[hit])[:, None] * away
        share = (weight[other] / (weight[one] + weight[other]))[:, None]
        move = np.zeros_like(spots)
        np.add.at(move, one, -push * share)
        np.add.at(move, other, push * (1 - share))
        spots = spots + move
    return spots


def _within(
    spots: NDArray[np.float64], radii: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Everything shrunk and moved so that it fits the drawing."""
    low = (spots - radii[:, None]).min(axis=0)
    high = (spots + radii[:, None]).max(axis=0)
    room = np.array([WIDTH - 2 * _EDGE, HEIGHT - 2 * _EDGE])
    scale = min(1.0, float((room / np.maximum(high - low, 1e-9)).min()))
    middle = (low + high) / 2
    return (spots - middle) * scale + (WIDTH / 2, HEIGHT / 2), radii * scale
