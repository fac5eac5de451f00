import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from assay.stats import trend


def test_points_on_a_line_have_the_errors_of_their_points():
    x, s = np.arange(6.0), np.array([1, 2, 1, 3, 1, 2]) / 100
    y = 0.3 - 0.05 * x + np.array([1, -1, 0, 1, 0, -1]) * s / 10
    found = trend(x, y, s)
    fit = sm.WLS(y, sm.add_constant(x), weights=1 / s**2).fit(cov_type="fixed scale")
    assert found.scatter == 0
    assert found.slope.estimate == pytest.approx(fit.params[1])
    assert found.intercept == pytest.approx(fit.params[0])
    assert found.slope.width / 2 == pytest.approx(stats.t.ppf(0.975, 4) * fit.bse[1])


def test_points_far_off_the_line_are_least_squares():
    """Where the scatter swamps the points' own errors, ordinary regression's t interval."""
    rng = np.random.default_rng(1)
    x, y = np.arange(12.0), rng.normal(size=12)
    found = trend(x, y, np.full(12, 1e-4))
    expected = stats.linregress(x, y)
    assert found.slope.estimate == pytest.approx(expected.slope)
    assert found.slope.width / 2 == pytest.approx(
        stats.t.ppf(0.975, 10) * expected.stderr, rel=1e-4
    )
    residual = y - expected.intercept - expected.slope * x
    assert found.scatter == pytest.approx(np.sqrt(residual @ residual / 10), rel=1e-4)


@given(st.integers(3, 20), st.integers(0, 10**6), st.floats(0, 0.5))
def test_the_scatter_makes_the_residuals_as_large_as_they_should_be(points, seed, extra):
    rng = np.random.default_rng(seed)
    x, s = np.arange(points, dtype=float), rng.uniform(0.05, 0.2, points)
    y = 0.1 * x + rng.normal(0, np.hypot(s, extra))
    found = trend(x, y, s)
    weights = 1 / (s**2 + found.scatter**2)
    residuals = y - found.intercept - found.slope.estimate * x
    if found.scatter > 0:
        assert weights @ residuals**2 == pytest.approx(points - 2, rel=1e-6)
    else:
        assert weights @ residuals**2 <= points - 2 + 1e-9


def test_two_points_say_so():
    found = trend([1, 2], [0.1, 0.3], [0.03, 0.04])
    assert found.slope.estimate == pytest.approx(0.2)
    assert found.slope.width / 2 == pytest.approx(1.959964 * 0.05)
    assert found.scatter is None
    assert "two points" in found.slope.warning


@pytest.mark.parametrize(
    ("x", "y", "s"),
    [
        ([1], [1], [1]),
        ([1, 1], [0, 1], [1, 1]),
        ([1, 2], [0, 1], [1, 0]),
        ([1, 2], [0, np.nan], [1, 1]),
    ],
)
def test_impossible_trends_are_refused(x, y, s):
    with pytest.raises(ValueError):
        trend(x, y, s)


@pytest.mark.parametrize("points", [3, 5, 10])
@pytest.mark.parametrize("extra", [0, 0.01, 0.05])
def test_coverage(points, extra):
    """300 samples with errors of 1 to 3 points; Monte Carlo error 1.3 points."""
    rng = np.random.default_rng([points, int(100 * extra)])
    x, s = np.arange(points, dtype=float), np.linspace(0.01, 0.03, points)
    held = []
    for _ in range(300):
        found = trend(x, 0.5 - 0.02 * x + rng.normal(0, np.hypot(s, extra)), s).slope
        held.append(found.low <= -0.02 <= found.high)
    assert np.mean(held) >= 0.91
