import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from assay.stats import flips, paired, rate
from assay.stats.paired import tango_limits

outcomes = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), min_size=1, max_size=120)


def from_flips(raised, lowered, n):
    """Binary scores of a candidate and a baseline with so many flips."""
    change = np.repeat([1, -1, 0], [raised, lowered, n - raised - lowered])
    return np.where(change > 0, 1, 0), np.where(change < 0, 1, 0)


@pytest.mark.parametrize(
    ("raised", "lowered", "n", "confidence", "expected"),
    [
        # R 4, PropCIs 0.3: scoreci.mp(25, 28, 618, 0.90).
        (28, 25, 618, 0.90, (-0.0148, 0.0247)),
        # Fagerland, Lydersen and Laake (2014), Statistics in Medicine 33:2850, airway reactivity.
        (1, 7, 21, 0.95, (-0.517, -0.026)),
    ],
)
def test_tango_agrees_with_published_figures(raised, lowered, n, confidence, expected):
    interval = paired(*from_flips(raised, lowered, n), confidence=confidence, binary=True)
    found = (interval.difference.low, interval.difference.high)
    digits = 5e-4 if n < 100 else 5e-5
    assert found == pytest.approx(expected, abs=digits)
    assert interval.difference.method == "Tango score"


@given(st.integers(0, 30), st.integers(0, 30), st.integers(1, 300))
def test_tango_agrees_with_the_closed_form(raised, lowered, others):
    """Yang, Sun and Hardin (2013), Statistics in Medicine 32:1336: the limits solve a quartic."""
    n = raised + lowered + others
    g, d, s = stats.norm.ppf(0.975) ** 2, raised - lowered, raised + lowered
    quartic = [
        n**2 * (n / g + 1) ** 2,
        -n * d * (n / g + 1) * (4 * n / g + 1),
        2 * n * d**2 * (3 * n / g + 2) / g - n**2 * (s / g + 1),
        n * d * (2 * s / g + 1) - d**3 * (4 * n / g + 1) / g,
        d**2 * (d**2 / g - s) / g,
    ]
    for limit in tango_limits(raised, lowered, n, 0.95):
        size = sum(abs(c * limit ** (4 - i)) for i, c in enumerate(quartic))
        assert np.polyval(quartic, limit) == pytest.approx(0, abs=1e-9 * size)


@given(outcomes)
def test_mcnemar_agrees_with_statsmodels(pairs):
    new, old = np.array(pairs).T
    result = paired(new, old, binary=True)
    table = [[np.sum(new & old), np.sum(new & ~old & 1)], [np.sum(~new & old & 1), 0]]
    assert result.p_value == pytest.approx(mcnemar(table, exact=True).pvalue)
    assert result.test == "McNemar, exact"


@given(outcomes)
def test_exchanging_the_runs_mirrors_the_result(pairs):
    new, old = np.array(pairs).T
    one, other = paired(new, old, binary=True), paired(old, new, binary=True)
    assert one.difference.low == pytest.approx(-other.difference.high, abs=1e-9)
    assert one.difference.high == pytest.approx(-other.difference.low, abs=1e-9)
    assert (one.raised, one.lowered) == (other.lowered, other.raised)
    assert one.p_value == pytest.approx(other.p_value)


@given(outcomes, st.integers(1, 6))
def test_a_difference_lies_in_its_interval_with_some_width(pairs, size):
    new, old = np.array(pairs).T
    result = paired(new, old, clusters=np.arange(len(new)) // size, binary=True)
    interval = result.difference
    assert interval.estimate == pytest.approx(result.candidate - result.baseline)
    assert -1 <= interval.low <= interval.estimate + 1e-9
    assert interval.estimate - 1e-9 <= interval.high <= 1
    assert interval.width > 0


def test_graded_scores_agree_with_scipys_paired_t():
    rng = np.random.default_rng(1)
    old = rng.normal(size=80)
    new = old + rng.normal(0.2, 0.5, size=80)
    result = paired(new, old)
    expected = stats.ttest_rel(new, old)
    assert result.p_value == pytest.approx(expected.pvalue)
    assert (result.difference.low, result.difference.high) == pytest.approx(
        tuple(expected.confidence_interval())
    )
    assert result.correlation == pytest.approx(np.corrcoef(new, old)[0, 1])


def test_tiny_samples_get_the_exact_permutation_test():
    new, old = [3.0, 2.5, 4.0, 1.0, 5.0], [2.0, 2.0, 1.0, 1.5, 2.0]
    expected = stats.permutation_test(
        (np.subtract(new, old),), np.sum, permutation_type="samples", alternative="two-sided"
    )
    result = paired(new, old)
    assert result.test == "permutation of signs, exact"
    assert result.p_value == pytest.approx(expected.pvalue)


def test_clusters_flip_together():
    """Two clusters of four that agree: four ways to flip their signs, two of them as extreme."""
    result = paired(np.ones(8), np.zeros(8), clusters=np.repeat([0, 1], 4), binary=True)
    assert result.p_value == 0.5
    assert "2 clusters" in result.difference.warning


def test_clustering_widens_the_interval_where_flips_come_together():
    rng = np.random.default_rng(2)
    worse = np.repeat(rng.random(60) < 0.3, 10)
    new, old = np.where(worse, 0, 1), np.ones(600)
    alone = paired(new, old, binary=True).difference
    together = paired(new, old, clusters=np.arange(600) // 10, binary=True).difference
    assert together.width > 2.5 * alone.width
    assert together.design_effect == pytest.approx(10, rel=0.05)


def test_what_does_not_match_is_counted():
    nan = np.nan
    result = paired([1, 0, nan, nan, 1], [1, nan, 1, nan, 0], binary=True)
    assert (result.only_candidate, result.only_baseline, result.neither) == (1, 1, 1)
    assert result.difference.n == 2
    with pytest.raises(ValueError, match="no sample"):
        paired([1, nan], [nan, 1])


def test_no_flip_is_no_certainty():
    result = paired(np.ones(300), np.ones(300), binary=True)
    assert result.p_value == 1
    assert result.difference.high == pytest.approx(rate(0, 300).high, rel=0.1)
    assert result.correlation is None


def test_few_graded_changes_use_the_bounds():
    new = np.full(100, 3.0)
    new[0] = 5.0
    result = paired(new, np.full(100, 3.0), bounds=(1, 5))
    assert result.difference.method == "Tango score"
    assert result.difference.low < 0
    assert paired(new, np.full(100, 3.0)).difference.warning


def test_flips_come_greatest_first():
    raised, lowered = flips([1, 5, 0, np.nan, 2], [0, 1, 3, 1, 3])
    assert raised.tolist() == [1, 0]
    assert lowered.tolist() == [2, 4]


def test_impossible_scores_are_refused():
    with pytest.raises(ValueError, match="same length"):
        paired([1, 0], [1])
    with pytest.raises(ValueError, match="0 or 1"):
        paired([0.5], [1], binary=True)
    with pytest.raises(ValueError, match="outside"):
        paired([6], [1], bounds=(1, 5))


@pytest.mark.parametrize("n", [10, 30, 60])
@pytest.mark.parametrize(("up", "down"), [(0, 0), (0.01, 0), (0.02, 0.01), (0.1, 0.1), (0.4, 0.1)])
def test_coverage_computed_exactly(n, up, down):
    """No simulation: the trinomial probability of every count of flips, where it is covered."""
    covered = 0.0
    for raised in range(n + 1):
        chance = stats.binom.pmf(raised, n, up)
        if chance < 1e-7:
            continue
        for lowered in range(n - raised + 1):
            joint = chance * stats.binom.pmf(lowered, n - raised, down / (1 - up))
            if joint < 1e-7:
                continue
            low, high = tango_limits(raised, lowered, n, 0.95)
            covered += joint * (low - 1e-9 <= up - down <= high + 1e-9)
    assert covered >= 0.93


@pytest.mark.parametrize(("up", "down"), [(0.01, 0), (0.1, 0.05), (0.3, 0.3)])
@pytest.mark.parametrize(("units", "size"), [(5, 10), (12, 25), (100, 3), (120, 25)])
def test_coverage_of_clustered_flips(units, size, up, down):
    """400 samples, correlation 0.3: Monte Carlo error 1.1 points, 91.5% tells of less than 93%."""
    rng = np.random.default_rng([units, size, int(100 * up)])
    groups = np.repeat(np.arange(units), size)
    shares = np.maximum([up, down, 1 - up - down], 1e-9) * (1 / 0.3 - 1)
    held = []
    for _ in range(400):
        own = rng.gamma(shares, size=(units, 3)) + 1e-300
        own = (own / own.sum(axis=1, keepdims=True))[groups]
        where = rng.random(len(groups))
        new = where < own[:, 0]
        old = ~new & (where < own[:, 0] + own[:, 1])
        interval = paired(new, old, clusters=groups, binary=True).difference
        held.append(interval.low <= up - down <= interval.high)
    assert np.mean(held) >= 0.915


def test_a_change_that_is_the_same_everywhere_has_an_exact_test():
    result = paired(np.full(20, 0.7), np.full(20, 0.2), bounds=(0, 1))
    assert result.p_value == pytest.approx(2 * 0.5**20)
    assert result.test == "permutation of signs, exact"


def test_a_million_pairs_take_a_moment():
    rng = np.random.default_rng(0)
    new, old = rng.integers(0, 2, (2, 1_000_000))
    started = time.process_time()
    paired(new, old, clusters=np.arange(1_000_000) // 5, binary=True)
    assert time.process_time() - started < 3
