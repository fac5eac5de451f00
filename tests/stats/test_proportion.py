import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from assay.stats import rate, zero_failures_bound


@st.composite
def seen(draw):
    n = draw(st.integers(1, 5000))
    return draw(st.integers(0, n)), n


def test_wilson_agrees_with_newcombes_table():
    # Newcombe (1998), Statistics in Medicine 17:857, table I, method 3: 81 of 263.
    interval = rate(81, 263)
    assert interval.method == "Wilson"
    assert (interval.low, interval.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_exact_agrees_with_newcombes_table():
    # The same table, method 5: 1 of 29.
    interval = rate(1, 29)
    assert interval.method == "exact (Clopper-Pearson)"
    assert (interval.low, interval.high) == pytest.approx((0.0009, 0.1776), abs=5e-5)


@given(seen(), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_agrees_with_statsmodels(case, confidence):
    successes, n = case
    interval = rate(successes, n, confidence=confidence)
    method = "wilson" if interval.method == "Wilson" else "beta"
    expected = proportion_confint(successes, n, alpha=1 - confidence, method=method)
    assert (interval.low, interval.high) == pytest.approx(expected, abs=1e-9)


@given(seen())
def test_an_interval_holds_its_estimate_and_is_never_of_zero_width(case):
    successes, n = case
    interval = rate(successes, n)
    assert 0 <= interval.low <= interval.estimate <= interval.high <= 1
    assert interval.width > 0


@given(seen())
def test_successes_and_failures_mirror_each_other(case):
    successes, n = case
    one, other = rate(successes, n), rate(n - successes, n)
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low), abs=1e-9)


@pytest.mark.parametrize("n", [1, 10, 30, 99, 100, 101, 300, 3000])
def test_coverage_computed_exactly(n):
    """No simulation: the binomial probability of every outcome, summed where it is covered."""
    every = [rate(k, n) for k in range(n + 1)]
    low, high = np.array([i.low for i in every]), np.array([i.high for i in every])
    rates = np.concatenate([[0, 0.001, 0.01, 0.5, 0.99, 1], np.geomspace(1e-5, 0.5, 400)])
    for p in rates:
        covered = stats.binom.pmf(np.arange(n + 1), n, p)[(low <= p) & (p <= high)].sum()
        assert covered >= (0.9499999 if n < 100 else 0.935), p


def test_no_failures_bound():
    # Hanley and Lippman-Hand (1983): the rule of three.
    assert zero_failures_bound(299) == pytest.approx(0.01, abs=5e-5)
    assert zero_failures_bound(59) < 0.05 < zero_failures_bound(58)
    assert zero_failures_bound(20, confidence=0.975) == pytest.approx(rate(0, 20).high)


@pytest.mark.parametrize(("successes", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_impossible_counts_are_refused(successes, n):
    with pytest.raises(ValueError):
        rate(successes, n)


@pytest.mark.parametrize("confidence", [0, 1, 95, -0.5])
def test_an_impossible_confidence_is_refused(confidence):
    with pytest.raises(ValueError, match="confidence"):
        rate(1, 5, confidence=confidence)
    with pytest.raises(ValueError, match="confidence"):
        zero_failures_bound(5, confidence=confidence)
