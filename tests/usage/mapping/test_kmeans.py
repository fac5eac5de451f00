"""The tree of k-means finds what flat k-means finds, and the same every time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assay.stats.partition import adjusted_rand
from assay.usage.mapping import kmeans
from assay.usage.mapping.kmeans import Matrix, cluster, similarities, unit


def blobs(
    number: int, topics: int, noise: float, seed: int = 0
) -> tuple[Matrix, NDArray[np.int64]]:
    random = np.random.default_rng(seed)
    middles = unit(random.normal(size=(topics, 48)).astype(np.float32))
    truth = random.integers(topics, size=number)
    points = middles[truth] + random.normal(size=(number, 48)).astype(np.float32) * noise
    return unit(points.astype(np.float32)), truth


def test_what_is_apart_is_found() -> None:
    points, truth = blobs(3000, 30, 0.05)
    assert adjusted_rand(cluster(points, 30, 0).labels, truth) > 0.95


def test_a_tree_is_as_good_as_flat_k_means(monkeypatch: pytest.MonkeyPatch) -> None:
    from sklearn.cluster import KMeans

    points, truth = blobs(6000, 100, 0.12)
    monkeypatch.setattr(kmeans, "MOST_WAYS", 16)  # a tree of two levels
    found = cluster(points, 100, 0)
    flat = KMeans(100, n_init=1, random_state=0).fit(points)
    near = similarities(points, found.labels, found.middles).mean()
    flat_near = similarities(points, flat.labels_, unit(flat.cluster_centers_)).mean()
    assert near > 0.99 * flat_near
    assert adjusted_rand(found.labels, truth) > adjusted_rand(flat.labels_, truth) - 0.05


def uneven(number: int, topics: int) -> tuple[Matrix, NDArray[np.int64]]:
    """Topics of near copies, a few of them far larger than the others."""
    points, truth = blobs(2 * number, topics, 0.01, seed=3)
    kept = np.random.default_rng(3).random(len(truth)) < 1 / (1 + truth) ** 0.6
    return points[kept], truth[kept]


def test_uneven_topics_of_near_copies_are_cut_as_flat_k_means_cuts_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Far more clusters than topics: none is lost, no topics are joined, none is cut too finely."""
    from sklearn.cluster import KMeans

    points, truth = uneven(20_000, 60)
    monkeypatch.setattr(kmeans, "MOST_WAYS", 40)  # fewer than there are topics
    found = cluster(points, 150, 0)
    assert len(found.middles) == 150
    pairs = np.unique(np.column_stack([found.labels, truth]), axis=0)
    assert len(pairs) == 150  # each cluster is of one topic
    flat = KMeans(150, n_init=1, random_state=0).fit(points)
    far = 1 - similarities(points, found.labels, found.middles).mean()
    flat_far = 1 - similarities(points, flat.labels_, unit(flat.cluster_centers_)).mean()
    assert far < 1.01 * flat_far
    assert adjusted_rand(found.labels, truth) > adjusted_rand(flat.labels_, truth) - 0.05


def test_more_copies_than_a_split_has_branches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kmeans, "MOST_WAYS", 4)
    points = np.repeat(unit(np.eye(3, 5, dtype=np.float32) + 0.1), 200, axis=0)
    found = cluster(points, 20, 0)
    assert adjusted_rand(found.labels, np.repeat(np.arange(3), 200)) == 1


def test_the_same_seed_gives_the_same_clusters_from_disk_as_from_memory() -> None:
    points, _ = blobs(2000, 20, 0.2)
    one, other = (
        cluster(points.astype(np.float16), 20, 3),
        cluster(points.astype(np.float16), 20, 3),
    )
    assert (one.labels == other.labels).all()
    assert (one.middles == other.middles).all()
    assert (cluster(points, 20, 4).labels != one.labels).any()


def test_rows_without_direction_are_in_no_cluster() -> None:
    points, _ = blobs(200, 4, 0.1)
    points[::10] = 0
    found = cluster(points, 4, 0)
    assert (found.labels[::10] == -1).all()
    assert (np.delete(found.labels, np.s_[::10]) >= 0).all()


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(1, 80), st.booleans())
def test_any_shape_gives_clusters_that_are_numbered_and_full(
    rows: int, k: int, alike: bool
) -> None:
    points = np.ones((rows, 5), dtype=np.float32) / np.sqrt(5).astype(np.float32)
    if not alike:
        points = unit(np.random.default_rng(0).normal(size=(rows, 5)).astype(np.float32))
    found = cluster(points, k, 0)
    assert set(found.labels.tolist()) == set(range(len(found.middles)))
    assert len(found.middles) <= min(k, rows)
    assert np.allclose(np.linalg.norm(found.middles, axis=1), 1, atol=1e-4)
