import time
import tracemalloc

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from assay.stats import clustered_mean, mean, rate, worst_case


@st.composite
def binary_clusters(draw):
    counts = draw(st.lists(st.integers(1, 25), min_size=1, max_size=60))
    sums = [draw(st.integers(0, count)) for count in counts]
    return np.array(sums), np.array(counts)


def beta_binomial(rng, rate, correlation, sizes, runs):
    """Events in each cluster, shape (runs, clusters), with the given correlation inside one."""
    if correlation == 0 or rate in (0, 1):
        return rng.binomial(sizes, rate, size=(runs, len(sizes)))
    strength = 1 / correlation - 1
    own = rng.beta(rate * strength, (1 - rate) * strength, size=(runs, len(sizes)))
    return rng.binomial(sizes, own)


def test_standard_error_is_statsmodels_cluster_robust_one():
    rng = np.random.default_rng(1)
    groups = np.repeat(np.arange(40), 5)
    scores = rng.normal(size=200) + rng.normal(size=40)[groups]
    fit = sm.OLS(scores, np.ones(200)).fit(
        cov_type="cluster", cov_kwds={"groups": groups, "use_correction": False}
    )
    sums, counts = np.bincount(groups, scores), np.bincount(groups)
    interval = clustered_mean(sums, counts, sum_squares=np.sum(scores**2))
    error = interval.width / 2 / 2.0226909  # t with 39 degrees of freedom, from R's qt(.975, 39)
    assert interval.method == "clustered t"
    assert error == pytest.approx(fit.bse[0] * np.sqrt(40 / 39), rel=1e-6)
    naive = np.var(scores) / 200
    assert interval.design_effect == pytest.approx(error**2 / naive, rel=1e-6)


def test_miller_equation_4_by_hand():
    # Four scores in two clusters: residuals sum to +1 and -1, so the error is sqrt(2 * 2) / 4.
    interval = clustered_mean([2, 0], [2, 2], sum_squares=2.0)
    assert interval.width / 2 == pytest.approx(12.706 * 0.5, rel=1e-4)
    assert "2 clusters" in interval.warning


@given(st.lists(st.integers(0, 1), min_size=1, max_size=200))
def test_single_observations_fall_back(outcomes):
    ones = np.ones(len(outcomes))
    assert clustered_mean(outcomes, ones, binary=True) == rate(sum(outcomes), len(outcomes))
    assert clustered_mean(outcomes, ones) == mean(outcomes)


@given(binary_clusters(), st.sampled_from([0.8, 0.95, 0.99]))
def test_a_rate_stays_within_0_and_1_with_some_width(clusters, confidence):
    interval = clustered_mean(*clusters, binary=True, confidence=confidence)
    assert 0 <= interval.low <= interval.estimate <= interval.high <= 1
    assert interval.width > 0
    assert interval.n == clusters[1].sum()
    assert (interval.warning != "") == (len(clusters[0]) < 10 and clusters[1].max() > 1)


@given(binary_clusters())
def test_rates_of_failures_mirror_rates_of_successes(clusters):
    sums, counts = clusters
    one = clustered_mean(sums, counts, binary=True)
    other = clustered_mean(counts - sums, counts, binary=True)
    if 2 * sums.sum() != counts.sum():
        assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low), abs=1e-6)


@given(binary_clusters(), st.randoms())
def test_order_of_clusters_does_not_matter(clusters, random):
    order = list(range(len(clusters[0])))
    random.shuffle(order)
    one = clustered_mean(*clusters, binary=True)
    other = clustered_mean(clusters[0][order], clusters[1][order], binary=True)
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-9)


def test_without_an_event_each_cluster_counts_once():
    interval = clustered_mean(np.zeros(100), np.full(100, 10), binary=True)
    assert interval.high == pytest.approx(rate(0, 100).high)
    assert interval.design_effect is None
    assert "each cluster as one" in interval.method


def test_one_cluster_says_so():
    assert "one cluster" in clustered_mean([3], [10], binary=True).warning
    assert clustered_mean([3.5], [10]).low == -np.inf


def test_equal_clusters_without_bounds_warn():
    assert "agree" in clustered_mean(np.full(20, 1.5), np.full(20, 5)).warning


def test_few_lopsided_clusters_warn():
    sums = np.array([19.0] * 8 + [18, 17, 15, 13])
    assert "lopsided" in clustered_mean(sums, np.full(12, 20), bounds=(0, 1)).warning
    even = np.linspace(8, 12, 12)
    assert clustered_mean(even, np.full(12, 20), bounds=(0, 1)).warning == ""


def test_empty_clusters_are_left_out():
    assert clustered_mean([1, 0, 2], [3, 0, 3], binary=True) == clustered_mean(
        [1, 2], [3, 3], binary=True
    )


@pytest.mark.parametrize(
    ("sums", "counts"), [([], []), ([0], [0]), ([1, 2], [3]), ([4], [3]), ([1], [-1])]
)
def test_impossible_clusters_are_refused(sums, counts):
    with pytest.raises(ValueError):
        clustered_mean(sums, counts, binary=True)


REGIMES = [
    (n, size, rate_, correlation)
    for n in (30, 300, 3000)
    for size in (3, 25)
    for rate_ in (0, 0.001, 0.01, 0.5, 0.99)
    for correlation in (0, 0.1, 0.5)
    if n > size
]


@pytest.mark.parametrize(("n", "size", "truth", "correlation"), REGIMES)
def test_coverage_of_clustered_rates(n, size, truth, correlation):
    """600 samples: Monte Carlo error 0.9 points at 95%, so 92% here tells of less than 93%."""
    rng = np.random.default_rng([n, size, int(1000 * truth), int(10 * correlation)])
    units = max(n // size, 2)
    sizes = np.maximum(1, np.round(size * np.linspace(0.5, 1.5, units))).astype(int)
    samples = beta_binomial(rng, truth, correlation, sizes, 600)
    intervals = [clustered_mean(sums, sizes, binary=True) for sums in samples]
    assert np.mean([i.low <= truth <= i.high for i in intervals]) >= 0.92


@pytest.mark.parametrize("correlation", [0, 0.2, 0.5])
@pytest.mark.parametrize(("units", "size"), [(4, 10), (12, 25), (100, 10), (300, 3)])
def test_coverage_of_clustered_grades(units, size, correlation):
    """600 samples of grades from 0 to 1 whose clusters differ; Monte Carlo error 0.9 points."""
    rng = np.random.default_rng([units, size, int(10 * correlation)])
    share = np.sqrt(correlation)
    own = rng.beta(2, 1, size=(600, units, 1))
    alike = rng.random((600, units, size)) < share
    scores = np.where(alike, own, rng.beta(2, 1, size=(600, units, size)))
    sizes = np.full(units, size)
    intervals = [clustered_mean(row, sizes, bounds=(0, 1)) for row in scores.sum(axis=2)]
    assert np.mean([i.low <= 2 / 3 <= i.high for i in intervals]) >= 0.92


@given(binary_clusters(), st.data())
def test_the_worst_case_holds_every_fate_of_the_missing(clusters, data):
    sums, counts = clusters
    missing = np.array(
        data.draw(st.lists(st.integers(0, 3), min_size=len(sums), max_size=len(sums)))
    )
    fate = np.array([data.draw(st.integers(0, int(m))) for m in missing])
    case = worst_case(sums, counts, missing, bounds=(0, 1), binary=True)
    filled = (sums + fate).sum() / (counts + missing).sum()
    assert case.all_low.estimate - 1e-12 <= filled <= case.all_high.estimate + 1e-12
    assert case.low <= case.all_low.estimate
    assert case.all_high.estimate <= case.high
    assert case.missing == missing.sum()


def test_the_worst_case_without_missing_is_the_interval():
    case = worst_case([3, 0, 5], [5, 5, 5], [0, 0, 0], bounds=(0, 1), binary=True)
    assert case.all_low == case.all_high == clustered_mean([3, 0, 5], [5, 5, 5], binary=True)


def test_the_worst_case_where_a_whole_cluster_is_missing():
    case = worst_case([2, 0], [2, 0], [0, 2], bounds=(0, 1), binary=True)
    assert (case.all_low.estimate, case.all_high.estimate) == (0.5, 1.0)


def test_the_worst_case_of_grades():
    case = worst_case([4.0, 5.0], [1, 1], [1, 0], bounds=(1, 5))
    assert (case.all_low.estimate, case.all_high.estimate) == pytest.approx((10 / 3, 14 / 3))
    with pytest.raises(ValueError, match="missing"):
        worst_case([1], [1], [-1], bounds=(0, 1))
    with pytest.raises(ValueError, match="binary"):
        worst_case([1], [1], [1], bounds=(0, 5), binary=True)


def test_a_million_clusters_take_a_moment_and_little_memory():
    rng = np.random.default_rng(0)
    counts = rng.integers(1, 5, 1_000_000)
    sums = rng.binomial(counts, 0.01)
    clustered_mean(sums[:1000], counts[:1000], binary=True)
    tracemalloc.start()
    started = time.process_time()
    clustered_mean(sums, counts, binary=True)
    spent = time.process_time() - started
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert spent < 1
    assert peak < 100e6
