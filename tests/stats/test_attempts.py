from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.regression.mixed_linear_model import MixedLM

from assay.stats import rate, success_at_k, success_within_budget, variance_components


def sums_of(scores):
    return scores.sum(axis=1), np.full(len(scores), scores.shape[1]), (scores**2).sum(axis=1)


def test_components_agree_with_statsmodels_mixed_model():
    rng = np.random.default_rng(1)
    scores = rng.normal(size=(60, 1)) + rng.normal(0, 0.7, size=(60, 5))
    found = variance_components(*sums_of(scores))
    fit = MixedLM(scores.ravel(), np.ones(300), np.repeat(np.arange(60), 5)).fit(reml=True)
    assert found.between == pytest.approx(float(fit.cov_re[0, 0]), rel=1e-3)
    assert found.within == pytest.approx(fit.scale, rel=1e-3)
    assert found.intraclass == pytest.approx(found.between / (found.between + found.within))


def test_components_of_uneven_attempts_are_unbiased():
    rng = np.random.default_rng(2)
    counts = rng.integers(1, 12, size=4000)
    items = np.repeat(np.arange(4000), counts)
    scores = rng.normal(0, 2, size=4000)[items] + rng.normal(0, 3, size=len(items))
    found = variance_components(np.bincount(items, scores), counts, np.bincount(items, scores**2))
    assert found.between == pytest.approx(4, rel=0.1)
    assert found.within == pytest.approx(9, rel=0.05)


def test_more_attempts_help_only_within_items():
    found = variance_components([2, 0, 1], [2, 2, 2], [2, 0, 1])
    assert found.standard_error(100, 10**9) == pytest.approx(np.sqrt(found.between / 100))
    with pytest.raises(ValueError):
        variance_components([1, 0], [1, 1], [1, 0])


@given(st.integers(1, 12), st.data())
def test_success_at_k_is_the_share_of_subsets_with_a_success(n, data):
    won = data.draw(st.integers(0, n))
    k = data.draw(st.integers(1, n))
    subsets = list(combinations([1] * won + [0] * (n - won), k))
    expected = np.mean([any(subset) for subset in subsets])
    assert success_at_k([won, won], [n, n], k).estimate == pytest.approx(expected)
    assert expected == pytest.approx(1 - comb(n - won, k) / comb(n, k))


def test_success_at_one_is_the_mean_rate_and_at_all_a_rate_of_items():
    won, tried = np.array([0, 3, 10, 0, 1]), np.full(5, 10)
    assert success_at_k(won, tried, 1).estimate == pytest.approx(np.mean(won / 10))
    assert success_at_k(won, tried, 10).estimate == rate(3, 5).estimate
    assert success_at_k(won, tried, 10).n == 5


def test_success_within_a_budget_is_a_rate_of_items():
    interval = success_within_budget([1, 0, 0, 1, 0])
    assert (interval.low, interval.high) == (rate(2, 5).low, rate(2, 5).high)
    clustered = success_within_budget([1, 1, 0, 0], clusters=["a", "a", "b", "b"])
    assert clustered.clusters == 2


@pytest.mark.parametrize(
    ("won", "tried", "k"), [([1], [5], 6), ([1], [5], 0), ([6], [5], 1), ([], [], 1)]
)
def test_impossible_attempts_are_refused(won, tried, k):
    with pytest.raises(ValueError):
        success_at_k(won, tried, k)


@pytest.mark.parametrize("truth", [0.01, 0.1, 0.5])
@pytest.mark.parametrize("k", [1, 10])
@pytest.mark.parametrize("items", [14, 100])
def test_coverage(truth, k, items):
    """600 samples of 20 attempts; items' rates are Beta; Monte Carlo error 0.9 points."""
    rng = np.random.default_rng([items, k, int(100 * truth)])
    a, b = 2 * truth, 2 * (1 - truth)
    expected = 1 - np.prod([(b + i) / (a + b + i) for i in range(k)])
    held = []
    for _ in range(600):
        won = rng.binomial(20, rng.beta(a, b, items))
        interval = success_at_k(won, np.full(items, 20), k)
        held.append(interval.low <= expected <= interval.high)
    assert np.mean(held) >= 0.92
