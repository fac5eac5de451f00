"""Error rates where labels were drawn by the scorer's verdict."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.stats import Share, rate, rates_from_verdicts


def test_the_estimates_are_bayes_rule_by_hand() -> None:
    # 200 flagged, of which 40 of 50 labelled are right; 800 passed, of which 5 of 100 are wrong:
    # 160 + 40 true positives and misses, 40 false alarms, 760 rightly passed.
    sensitivity, specificity = rates_from_verdicts(200, 800, Share(40, 50), Share(5, 100))
    assert sensitivity.estimate == pytest.approx(160 / 200)
    assert specificity.estimate == pytest.approx(760 / 800)


def test_with_everything_labelled_it_is_about_the_exact_interval() -> None:
    # 90 of 100 positives caught, 10 of 910 negatives flagged.
    found = rates_from_verdicts(100, 910, Share(90, 100), Share(10, 910))
    for interval, plain in zip(found, (rate(90, 100), rate(900, 910)), strict=True):
        assert interval.estimate == pytest.approx(plain.estimate)
        assert interval.low == pytest.approx(plain.low, abs=0.02)
        assert interval.high == pytest.approx(plain.high, abs=0.02)


def test_misses_that_were_never_looked_for_leave_sensitivity_open() -> None:
    # None of 50 labelled of 10,000 passed is a miss; that leaves room for hundreds.
    sensitivity, specificity = rates_from_verdicts(100, 10_000, Share(45, 50), Share(0, 50))
    assert sensitivity.estimate == 1
    assert sensitivity.low < 0.2
    assert specificity.low > 0.99


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_estimates_lie_within_their_intervals_and_these_within_0_to_1(data: st.DataObject) -> None:
    sizes = [data.draw(st.integers(1, 500)) for _ in range(2)]
    shares = []
    for size in sizes:
        n = data.draw(st.integers(1, size))
        shares.append(Share(data.draw(st.integers(0, n)), n))
    for each in rates_from_verdicts(*sizes, *shares, draws=2000):
        assert 0 <= each.low <= each.estimate <= each.high <= 1
        assert each.effective_n is not None
        assert 0 < each.effective_n <= sum(share.n for share in shares) + 1e-6


@pytest.mark.parametrize(("prevalence", "se", "sp"), [(0.05, 0.8, 0.97), (0.3, 0.9, 0.9)])
def test_the_intervals_cover(prevalence: float, se: float, sp: float) -> None:
    """Of 400 runs of 3,000 with 150 labels by verdict, 95% intervals hold the truth in 93%."""
    random = np.random.default_rng(5)
    covered = np.zeros(2)
    runs = 400
    for _ in range(runs):
        truth = random.random(3000) < prevalence
        flagged = np.where(truth, random.random(3000) < se, random.random(3000) > sp)
        shares = []
        for verdict in (True, False):
            own = np.flatnonzero(flagged == verdict)
            seen = random.choice(own, min(75, len(own)), replace=False)
            shares.append(Share(int(truth[seen].sum()), len(seen)))
        count = int(flagged.sum())
        found = rates_from_verdicts(count, 3000 - count, *shares, draws=2000)
        covered += [
            each.low <= true <= each.high for each, true in zip(found, (se, sp), strict=True)
        ]
    assert (covered / runs >= 0.93).all(), covered / runs


def test_no_verdict_at_all_is_an_error() -> None:
    with pytest.raises(ValueError, match="verdict"):
        rates_from_verdicts(0, 0, Share(1, 1), Share(1, 1))
