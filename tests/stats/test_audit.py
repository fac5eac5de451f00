import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.stats import Stratum, audited_rate, rate


@st.composite
def strata(draw):
    parts = []
    for _ in range(draw(st.integers(1, 4))):
        size = draw(st.integers(1, 500))
        labelled = draw(st.integers(1, size))
        parts.append(Stratum(size, labelled, draw(st.integers(0, labelled))))
    return parts


def test_the_estimate_is_the_stratified_mean():
    # 100 flagged, 50 labelled, 40 right; 900 not flagged, 100 labelled, 1 missed.
    found = audited_rate([Stratum(100, 50, 40), Stratum(900, 100, 1)]).interval
    assert found.estimate == pytest.approx(0.1 * 0.8 + 0.9 * 0.01)
    assert found.n == 150


@given(strata())
def test_an_audited_rate_stays_within_0_and_1(parts):
    found = audited_rate(parts, draws=1000).interval
    assert 0 <= found.low <= found.estimate <= found.high <= 1


def test_one_stratum_is_a_plain_rate():
    found = audited_rate([Stratum(1000, 60, 2)], draws=200_000).interval
    assert (found.low, found.high) == pytest.approx((rate(2, 60).low, rate(2, 60).high), abs=2e-3)


def test_the_next_label_goes_where_most_is_unknown():
    assert audited_rate([Stratum(100, 90, 60), Stratum(900, 30, 1)]).label_next == 1
    assert audited_rate([Stratum(400, 10, 5), Stratum(600, 500, 1)]).label_next == 0
    assert audited_rate([Stratum(5, 5, 1)]).label_next == -1


def test_an_empty_stratum_is_left_out():
    whole = [Stratum(50, 20, 3), Stratum(0, 0, 0)]
    assert audited_rate(whole).interval == audited_rate(whole[:1]).interval


@pytest.mark.parametrize(
    "parts", [[], [Stratum(0, 0, 0)], [Stratum(5, 6, 1)], [Stratum(5, 0, 0)], [Stratum(5, 2, 3)]]
)
def test_impossible_strata_are_refused(parts):
    with pytest.raises(ValueError):
        audited_rate(parts)


@pytest.mark.parametrize("truth", [0, 0.001, 0.01, 0.5, 0.99])
@pytest.mark.parametrize(("n", "each"), [(300, 30), (3000, 100)])
def test_coverage(truth, n, each):
    """400 runs scored with Se .9, Sp .98, so many labelled of each verdict; error 1.1 points."""
    rng = np.random.default_rng([n, each, int(1000 * truth)])
    held = []
    for _ in range(400):
        true = rng.random(n) < truth
        flagged = np.where(true, rng.random(n) < 0.9, rng.random(n) < 0.02)
        parts = []
        for side in (true[flagged], true[~flagged]):
            drawn = side[:each]
            parts.append(Stratum(len(side), len(drawn), int(drawn.sum())))
        found = audited_rate(parts, draws=2000).interval
        held.append(found.low <= truth <= found.high)
    assert np.mean(held) >= 0.92
