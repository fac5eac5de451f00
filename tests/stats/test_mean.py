import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.weightstats import DescrStatsW

from assay.stats import mean, rate

graded = st.lists(st.floats(0, 1), min_size=1, max_size=300)


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=200))
def test_without_bounds_it_is_students_t(values):
    interval = mean(values)
    expected = DescrStatsW(values).tconfint_mean() if np.ptp(values) > 1e-6 else None
    assert interval.method == "t"
    if expected is not None:
        assert (interval.low, interval.high) == pytest.approx(expected, rel=1e-6, abs=1e-9)


@given(graded)
def test_bounded_scores_stay_within_bounds_with_some_width(values):
    interval = mean(values, bounds=(0, 1))
    assert 0 <= interval.low <= interval.estimate + 1e-12
    assert interval.estimate - 1e-12 <= interval.high <= 1
    assert interval.width > 0
    assert interval.warning == ""


@given(graded, st.floats(-5, 5), st.floats(0.1, 10))
def test_another_scale_gives_the_same_interval(values, shift, stretch):
    one = mean(values, bounds=(0, 1))
    scaled = np.clip(shift + stretch * np.array(values), shift, shift + stretch)
    other = mean(scaled, bounds=(shift, shift + stretch))
    if one.method == other.method:
        assert other.low == pytest.approx(shift + stretch * one.low, abs=1e-6)
        assert other.high == pytest.approx(shift + stretch * one.high, abs=1e-6)


def test_scores_at_the_bounds_are_a_rate():
    interval = mean([1.0] * 7 + [0.0] * 3, bounds=(0, 1))
    assert (interval.low, interval.high) == (rate(7, 10).low, rate(7, 10).high)
    likert = mean([5.0] * 50, bounds=(1, 5))
    assert likert.high == 5
    assert likert.low == pytest.approx(1 + 4 * rate(50, 50).low)


def test_equal_scores_are_wide_with_bounds_and_warn_without():
    assert mean([0.95] * 50, bounds=(0, 1)).low < 0.9
    bare = mean([0.1] * 50)
    assert bare.width == 0
    assert "equal" in bare.warning


def test_one_value_bounds_nothing():
    assert mean([3.0]).low == -np.inf
    assert mean([3.0]).warning
    assert mean([3.0], bounds=(0, 10)).low > 0


def test_skewed_scores_without_bounds_warn():
    assert "skewed" in mean([0.0] * 99 + [1.0]).warning
    assert mean(np.linspace(0, 1, 100)).warning == ""


@pytest.mark.parametrize("values", [[], [np.nan], [[1.0], [2.0]]])
def test_no_scores_are_refused(values):
    with pytest.raises(ValueError, match="scores"):
        mean(values)


def test_scores_outside_their_bounds_are_refused():
    with pytest.raises(ValueError, match="outside the bounds"):
        mean([0.5, 1.5], bounds=(0, 1))
    with pytest.raises(ValueError, match="in order"):
        mean([0.5], bounds=(1, 0))


def _rare_grades(rng, size):
    """Nearly all 0, one in fifty a grade between 0 and 1."""
    return np.where(rng.random(size) < 0.02, rng.random(size), 0.0)


def _grades(rng, size):
    return rng.integers(1, 6, size) / 5


def _lopsided(rng, size):
    return rng.beta(8, 0.4, size)


@pytest.mark.parametrize(
    ("draw", "truth"), [(_rare_grades, 0.01), (_grades, 0.6), (_lopsided, 8 / 8.4)]
)
@pytest.mark.parametrize("n", [5, 30, 300])
def test_coverage_of_bounded_scores(draw, truth, n):
    """1,500 samples: the Monte Carlo error is 0.6 points, so 92% here tells of less than 93%."""
    rng = np.random.default_rng(n)
    intervals = [mean(row, bounds=(0, 1)) for row in draw(rng, (1500, n))]
    covered = np.mean([i.low <= truth <= i.high for i in intervals])
    assert covered >= 0.92
