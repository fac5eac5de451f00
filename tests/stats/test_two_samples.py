import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep

from assay.stats import clustered_mean, difference, mean, rate

counts = st.integers(101, 2000).flatmap(lambda n: st.tuples(st.integers(11, n - 11), st.just(n)))


def test_newcombes_example():
    # Newcombe (1998), Statistics in Medicine 17:873, table II (a), method 10: 56/70 and 48/80. He
    # takes Wilson's interval for each; ours of n < 100 are exact, and a little wider.
    interval = difference(rate(56, 70), rate(48, 80))
    assert interval.estimate == pytest.approx(0.2)
    assert interval.low == pytest.approx(0.0524, abs=0.015)
    assert interval.high == pytest.approx(0.3339, abs=0.015)
    assert interval.low < 0.0524
    assert interval.high > 0.3339


@given(counts, counts)
def test_agrees_with_statsmodels_where_both_are_wilsons(a, b):
    interval = difference(rate(*a), rate(*b))
    expected = confint_proportions_2indep(*a, *b, method="newcomb", compare="diff")
    assert (interval.low, interval.high) == pytest.approx(expected, abs=1e-9)


@given(counts, counts)
def test_exchanging_the_two_mirrors_the_interval(a, b):
    one, other = difference(rate(*a), rate(*b)), difference(rate(*b), rate(*a))
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low))


def test_means_are_nearly_welchs():
    rng = np.random.default_rng(1)
    a, b = rng.normal(1, 1, 200), rng.normal(0.5, 2, 300)
    interval = difference(mean(a), mean(b))
    expected = stats.ttest_ind(a, b, equal_var=False).confidence_interval()
    assert (interval.low, interval.high) == pytest.approx(tuple(expected), abs=0.005)


def test_warnings_and_sizes_are_carried_over():
    few = clustered_mean([3, 4], [10, 10], binary=True)
    interval = difference(few, rate(3, 40))
    assert interval.warning == few.warning
    assert (interval.n, interval.clusters) == (60, 42)


def test_different_confidence_is_refused():
    with pytest.raises(ValueError, match="confidence"):
        difference(rate(1, 5), rate(1, 5, confidence=0.9))


@pytest.mark.parametrize("n", [30, 300])
@pytest.mark.parametrize(("p", "q"), [(0, 0), (0.01, 0.001), (0.05, 0.01), (0.5, 0.5), (0.99, 0.9)])
def test_coverage_computed_exactly(n, p, q):
    """No simulation: the probability of every pair of counts, summed where it is covered."""
    chances = [stats.binom.pmf(np.arange(n + 1), n, x) for x in (p, q)]
    likely = [np.flatnonzero(chance > 1e-5) for chance in chances]
    intervals = [{k: rate(int(k), n) for k in where} for where in likely]
    covered = 0.0
    for a, one in intervals[0].items():
        for b, other in intervals[1].items():
            found = difference(one, other)
            held = found.low - 1e-12 <= p - q <= found.high + 1e-12
            covered += chances[0][a] * chances[1][b] * held
    assert covered >= 0.93
