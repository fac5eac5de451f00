"""Groups of groups: no top group swallows a map, and joins are those of average linkage."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage

from assay.stats.partition import adjusted_rand
from assay.usage.mapping.hierarchy import LARGEST, TOP, joined, level_sizes, parents
from assay.usage.mapping.kmeans import Matrix, unit


def middles_of(count: int, seed: int, crowded: float = 0.0) -> Matrix:
    """Middles, of which a share lies close together."""
    random = np.random.default_rng(seed)
    points = random.normal(size=(count, 16)).astype(np.float32)
    crowd = int(count * crowded)
    points[:crowd] = points[0] + 0.3 * points[:crowd]
    return unit(points)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(22, 120), st.floats(0, 0.9))
def test_no_top_group_is_larger_than_the_largest_that_may_be(
    seed: int, count: int, crowded: float
) -> None:
    middles = middles_of(count, seed, crowded)
    weights = np.random.default_rng(seed).integers(50, 150, count)
    top, _ = parents(middles, weights, 0)[-1]
    shares = np.bincount(top, weights) / weights.sum()
    assert len(shares) == TOP
    assert shares.max() <= LARGEST
    assert (np.diff(shares) <= 0).all()


def test_groups_of_equal_weight_are_joined_as_scipy_joins_them() -> None:
    middles = middles_of(60, 3)
    ours = joined(middles, np.ones(60), 12)
    centred = unit(middles - middles.mean(axis=0))
    theirs = fcluster(linkage(centred, "average", "cosine"), 12, "maxclust")
    assert adjusted_rand(ours, theirs.astype(np.int32)) == 1


def test_a_heavy_group_weighs_as_its_copies_do() -> None:
    middles = middles_of(30, 5)
    weights = np.random.default_rng(5).integers(1, 6, 30)
    whole = joined(middles, weights.astype(np.float64), 10)
    copied = joined(np.repeat(middles, weights, axis=0), np.ones(int(weights.sum())), 10)
    assert adjusted_rand(np.repeat(whole, weights), copied) == 1


def test_many_groups_have_every_level_and_the_same_each_time() -> None:
    middles = middles_of(2500, 1)
    weights = np.random.default_rng(1).integers(50, 150, 2500)
    found = parents(middles, weights, 0)
    assert [len(own) for _, own in found] == level_sizes(2500)
    for (one, _), (other, _) in zip(found, parents(middles, weights, 0), strict=True):
        assert (one == other).all()
