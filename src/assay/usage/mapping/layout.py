"""Where things stand on the map: like clusters side by side, conversations around their own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assay.usage.mapping.kmeans import Labels, Matrix, Vectors, unit

Places = NDArray[np.float64]

MOST_PLACED = 4000
"""So many clusters are laid out by t-SNE; more are set around the groups that hold them."""
_BLOCK = 8192


def place(middles: Matrix, levels: list[tuple[Labels, Matrix]], seed: int) -> list[Places]:
    """A place for each group of each level, the base first. The same input has the same places."""
    everything = [middles, *(level for _, level in levels)]
    start = next((n for n, each in enumerate(everything) if len(each) <= MOST_PLACED), None)
    if start is None:
        start = len(everything) - 1
    placed: list[Places] = [np.zeros((0, 2))] * len(everything)
    placed[start] = _flat(everything[start], seed)
    for level in range(start - 1, -1, -1):
        of = levels[level][0]
        placed[level] = around(everything[level], of, everything[level + 1], placed[level + 1])
    for level in range(start + 1, len(everything)):
        of = levels[level - 1][0]
        sizes = np.bincount(of, minlength=len(everything[level]))[:, None]
        sums = np.zeros((len(everything[level]), 2))
        np.add.at(sums, of, placed[level - 1])
        placed[level] = sums / np.maximum(sizes, 1)
    return placed


def around(rows: Vectors, of: Labels, middles: Matrix, places: Places) -> Places:
    """Places of rows about those of their middles, by how they differ from them."""
    found = np.zeros((len(rows), 2))
    if not len(middles):
        return found
    directions = _directions(rows, of, middles)
    reach = _spacing(places) / 2
    for start in range(0, len(rows), _BLOCK):
        own = of[start : start + _BLOCK]
        block = np.asarray(rows[start : start + _BLOCK], dtype=np.float32) - middles[own]
        away = block @ directions.T
        length = np.linalg.norm(away, axis=1, keepdims=True)
        away = away / np.maximum(length, 1e-9) * np.tanh(length)
        found[start : start + _BLOCK] = np.where(
            own[:, None] >= 0, places[own] + reach[own] * away, 0.0
        )
    return found


def _directions(rows: Vectors, of: Labels, middles: Matrix) -> Matrix:
    """The two directions in which rows differ most from their middles, in units of how far."""
    sample = np.flatnonzero(of >= 0)
    sample = sample[:: max(1, len(sample) // 5000)]
    if len(sample) < 2:
        return np.eye(2, middles.shape[1], dtype=np.float32)
    apart = np.asarray(rows[sample], dtype=np.float32) - middles[of[sample]]
    _, vectors = np.linalg.eigh(apart.T.astype(np.float64) @ apart.astype(np.float64))
    two = vectors[:, ::-1][:, :2].T
    signs = np.sign(two[np.arange(len(two)), np.abs(two).argmax(axis=1)])
    usual = np.sqrt(((apart @ two.T) ** 2).sum(axis=1).mean())
    return np.asarray(two * signs[:, None] / max(float(usual), 1e-9), dtype=np.float32)


def _spacing(places: Places) -> NDArray[np.float64]:
    """The distance of each place to the nearest other, as a column."""
    from scipy.spatial import cKDTree

    if len(places) < 2:
        return np.ones((len(places), 1))
    distance = cKDTree(places).query(places, k=2)[0][:, 1:]
    usual = np.median(distance)
    return np.asarray(np.clip(distance, usual / 4, usual * 2) if usual > 0 else distance + 1)


def _flat(middles: Matrix, seed: int) -> Places:
    """Two dimensions in which what is alike is near: t-SNE begun from the principal components.

    One job: several would add in an order of their own, and the map would differ every time.
    """
    from sklearn.manifold import TSNE

    if len(middles) < 8:
        return _few(middles)
    centred = unit(middles) - unit(middles).mean(axis=0)
    _, vectors = np.linalg.eigh(centred.T.astype(np.float64) @ centred.astype(np.float64))
    wide = vectors[:, ::-1][:, : min(50, len(middles) - 1)]
    reduced = centred @ (wide * np.sign(wide[np.abs(wide).argmax(0), np.arange(wide.shape[1])]))
    first = reduced[:, :2] / max(float(reduced[:, 0].std()), 1e-9) * 1e-4
    found = TSNE(
        2,
        perplexity=min(30.0, (len(middles) - 1) / 3),
        init=np.asarray(first, dtype=np.float32),
        random_state=seed,
        n_jobs=1,
    ).fit_transform(reduced.astype(np.float32))
    return np.asarray(found, dtype=np.float64)


def _few(middles: Matrix) -> Places:
    """So few are set on a circle, in the order of their first principal component."""
    if len(middles) < 2:
        return np.zeros((len(middles), 2))
    centred = middles - middles.mean(axis=0)
    first = np.linalg.svd(centred, full_matrices=False)[2][0]
    first *= np.sign(first[np.abs(first).argmax()]) or 1
    rank = np.argsort(np.argsort(centred @ first, kind="stable"), kind="stable")
    angle = 2 * np.pi * rank / len(middles)
    return np.stack([np.cos(angle), np.sin(angle)], axis=1) * 10
