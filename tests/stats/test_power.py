import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.power import NormalIndPower
from statsmodels.stats.proportion import proportion_confint

from assay.stats import (
    items_for_difference,
    items_for_no_failures,
    items_for_rate,
    paired,
    paired_rate_variance,
    paired_variance,
    rate_variance,
    smallest_difference,
    zero_failures_bound,
)


@pytest.mark.parametrize(("attempts", "items"), [(1, 3876), (10, 1260), (10**9, 969)])
def test_millers_example(attempts, items):
    # Miller (2024), arXiv 2411.00640, on power: a difference of 0.03 where omega squared is 1/9
    # and each model's variance from attempt to attempt 1/6.
    variance = paired_variance(
        1 / 9, 1 / 6, 1 / 6, attempts_candidate=attempts, attempts_baseline=attempts
    )
    assert items_for_difference(0.03, variance) == pytest.approx(items, abs=1)


def test_agrees_with_statsmodels():
    variance = rate_variance(0.1) + rate_variance(0.15)
    needed = items_for_difference(0.05, variance, power=0.9, confidence=0.9)
    expected = NormalIndPower().solve_power(0.05 / np.sqrt(variance / 2), alpha=0.1, power=0.9)
    assert needed == np.ceil(expected)


@given(st.integers(1, 10**6), st.floats(0.01, 4), st.floats(0.5, 0.99), st.floats(1, 10))
def test_the_smallest_difference_is_the_inverse(items, variance, power, effect):
    margin = smallest_difference(items, variance, power=power, design_effect=effect)
    again = items_for_difference(margin, variance, power=power, design_effect=effect)
    assert again == pytest.approx(items, abs=1)


def test_a_paired_test_has_the_power_promised():
    """400 samples at 80%: Monte Carlo error 2 points. Tango's interval must exclude 0 as often."""
    up, down = 0.08, 0.04
    items = items_for_difference(up - down, paired_rate_variance(up, down))
    rng = np.random.default_rng(1)
    shown = 0
    for _ in range(400):
        where = rng.random(items)
        new, old = where < up, (where >= up) & (where < up + down)
        shown += paired(new, old, binary=True).difference.low > 0
    assert shown / 400 == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize(("limit", "items"), [(0.05, 59), (0.01, 299), (0.001, 2995)])
def test_items_that_must_all_pass(limit, items):
    assert items_for_no_failures(limit) == items
    assert zero_failures_bound(items) <= limit < zero_failures_bound(items - 1)


@pytest.mark.parametrize(
    ("rate", "limit", "power"),
    [(0, 0.01, 0.8), (0.005, 0.02, 0.8), (0.2, 0.3, 0.9), (0.97, 0.9, 0.8)],
)
def test_items_for_a_rate_are_enough_and_few_fewer_are_not(rate, limit, power):
    def reached(n):
        counts = np.arange(n + 1)
        low, high = proportion_confint(counts, n, method="beta")
        settled = high <= limit + 1e-12 if rate < limit else low >= limit - 1e-12
        return stats.binom.pmf(counts, n, rate)[settled].sum()

    items = items_for_rate(rate, limit, power=power)
    assert reached(items) >= power
    assert all(reached(n) < power for n in range(max(items - 10, 1), items))


def test_a_rate_too_close_to_its_limit_is_refused():
    with pytest.raises(ValueError, match="too close"):
        items_for_rate(0.01, 0.010001)
    with pytest.raises(ValueError):
        items_for_rate(0.01, 0.01)


@pytest.mark.parametrize("power", [0, 1, 80])
def test_an_impossible_power_is_refused(power):
    with pytest.raises(ValueError, match="power"):
        items_for_difference(0.1, 1, power=power)
    with pytest.raises(ValueError, match="power"):
        items_for_rate(0.1, 0.2, power=power)


def test_impossible_variances_and_margins_are_refused():
    with pytest.raises(ValueError):
        paired_rate_variance(0.8, 0.4)
    with pytest.raises(ValueError):
        rate_variance(1.2)
    with pytest.raises(ValueError):
        items_for_difference(0, 1)
    with pytest.raises(ValueError):
        smallest_difference(0, 1)
    with pytest.raises(ValueError):
        items_for_no_failures(1)
