"""Rare tight groups are found, and only those."""

from __future__ import annotations

import numpy as np

from assay.usage.mapping.kmeans import cluster, unit
from assay.usage.mapping.rare import find_rare
from tests.usage.mapping.test_kmeans import blobs


def test_twelve_that_are_alike_among_twenty_thousand_are_found() -> None:
    points, _ = blobs(20_000, 150, 0.12)
    random = np.random.default_rng(9)
    odd = unit(random.normal(size=(1, 48)).astype(np.float32))
    planted = unit(odd + random.normal(size=(12, 48)).astype(np.float32) * 0.02)
    everything = np.concatenate([points, planted]).astype(np.float16)
    order = random.permutation(len(everything))
    everything = everything[order]
    found = cluster(everything, 200, 0)
    groups = find_rare(everything, found.labels, found.middles)
    wanted = set(np.flatnonzero(order >= len(points)).tolist())
    assert [group for group in map(set, map(np.ndarray.tolist, groups)) if group & wanted] == [
        wanted
    ]
    assert sum(map(len, groups)) < 12 + 0.01 * len(points)


def test_an_ordinary_map_has_next_to_none() -> None:
    points, _ = blobs(5000, 50, 0.15)
    found = cluster(points, 50, 0)
    groups = find_rare(points, found.labels, found.middles)
    assert sum(map(len, groups)) < 0.01 * len(points)
