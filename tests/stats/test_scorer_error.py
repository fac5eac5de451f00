import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.stats import (
    Share,
    clustered_mean,
    corrected_rate,
    faultless_labels,
    labels_between_classes,
    rate,
)
from assay.stats.scorer_error import beta_draws


@st.composite
def shares(draw, least=0):
    n = draw(st.integers(5, 2000))
    return Share(draw(st.integers(int(least * n), n)), n)


def test_rogan_and_gladens_formula():
    # A judge flags 3.0% of 1,000 with Se 90/100 and Sp 196/200: (0.03 + 0.98 - 1) / 0.88.
    found = corrected_rate(Share(30, 1000), Share(90, 100), Share(196, 200))
    assert found.interval.estimate == pytest.approx(0.01 / 0.88)
    assert found.flagged == 0.03
    assert found.interval.low == 0
    # The delta method's standard error there is 1.27 points.
    assert found.interval.high == pytest.approx(0.0114 + 1.96 * 0.0127, abs=0.008)


def test_a_perfect_scorer_known_perfectly_changes_nothing():
    perfect = Share(10**9, 10**9)
    found = corrected_rate(Share(7, 80), perfect, perfect, draws=200_000).interval
    assert (found.low, found.high) == pytest.approx((rate(7, 80).low, rate(7, 80).high), abs=1e-3)


def test_the_draws_quantiles_are_the_exact_limits():
    draws = [
        beta_draws(np.random.default_rng(1), Share(3, 50), 400_000, upper=end)
        for end in (False, True)
    ]
    found = (np.quantile(draws[0], 0.025), np.quantile(draws[1], 0.975))
    assert found == pytest.approx((rate(3, 50).low, rate(3, 50).high), abs=1e-3)


@given(shares(), shares(0.6), shares(0.6))
def test_a_corrected_rate_stays_within_0_and_1(flagged, sensitivity, specificity):
    found = corrected_rate(flagged, sensitivity, specificity, draws=1000)
    assert 0 <= found.interval.low <= found.interval.estimate <= found.interval.high <= 1
    assert sum(found.variance.values()) == pytest.approx(1)
    assert found.variance.keys() == {"samples", "positives", "negatives"}


def test_the_same_counts_give_the_same_interval():
    counts = Share(30, 1000), Share(90, 100), Share(196, 200)
    assert corrected_rate(*counts) == corrected_rate(*counts)


def test_more_labels_narrow_the_interval():
    few = corrected_rate(Share(100, 1000), Share(18, 20), Share(19, 20)).interval
    many = corrected_rate(Share(100, 1000), Share(900, 1000), Share(950, 1000)).interval
    assert many.width < few.width / 2


def test_a_scorer_like_chance_says_nothing_and_warns():
    found = corrected_rate(Share(50, 100), Share(50, 100), Share(50, 100)).interval
    assert (found.low, found.high) == (0, 1)
    assert "chance" in found.warning


def test_at_low_prevalence_negatives_are_worth_most():
    found = corrected_rate(Share(30, 1000), Share(90, 100), Share(196, 200))
    assert found.label_next == "negatives"
    assert found.variance["negatives"] > 0.5
    common = corrected_rate(Share(800, 1000), Share(90, 100), Share(5000, 5100))
    assert common.label_next == "positives"
    certain = corrected_rate(Share(8, 10), Share(9000, 10000), Share(9000, 10000))
    assert certain.label_next == "samples"


def test_the_split_of_labels_leaves_the_least_variance():
    """Against trying every split of 300 labels, by the delta method."""
    flagged, se, sp = 0.05, 0.9, 0.98
    true = (flagged + sp - 1) / (se + sp - 1)
    positives = np.arange(1, 300)
    variance = true**2 * se * (1 - se) / positives
    variance += (1 - true) ** 2 * sp * (1 - sp) / (300 - positives)
    best = int(positives[variance.argmin()])
    found, rest = labels_between_classes(300, flagged, se, sp)
    assert found + rest == 300
    at = {int(n): v for n, v in zip(positives, variance, strict=True)}
    assert at[found] <= 1.05 * at[best]


def test_a_clustered_rate_enters_at_its_effective_size():
    interval = clustered_mean(np.repeat([10, 0], [10, 90]), np.full(100, 10), binary=True)
    share = Share.of(interval)
    assert share.rate == pytest.approx(0.1)
    assert share.n == pytest.approx(interval.effective_n)
    assert share.n < 150
    assert Share.of(rate(3, 50)).successes == pytest.approx(3)


@pytest.mark.parametrize(("successes", "n"), [(-1, 5), (6, 5), (0, 0)])
def test_impossible_shares_are_refused(successes, n):
    with pytest.raises(ValueError):
        Share(successes, n)


def test_too_few_draws_or_labels_are_refused():
    with pytest.raises(ValueError, match="draws"):
        corrected_rate(Share(1, 5), Share(1, 5), Share(1, 5), draws=10)
    with pytest.raises(ValueError, match="labels"):
        labels_between_classes(1, 0.1, 0.9, 0.9)


@pytest.mark.parametrize("truth", [0, 0.001, 0.01, 0.05, 0.5, 0.99])
@pytest.mark.parametrize(
    ("n", "positives", "negatives"),
    [(30, 30, 30), (300, 100, 200), (3000, 30, 30), (3000, 500, 1000)],
)
def test_coverage(truth, n, positives, negatives):
    """400 samples, Se .9, Sp .98: Monte Carlo error 1.1 points."""
    rng = np.random.default_rng([n, positives, int(1000 * truth)])
    chance = truth * 0.9 + (1 - truth) * 0.02
    held = []
    for _ in range(400):
        found = corrected_rate(
            Share(rng.binomial(n, chance), n),
            Share(rng.binomial(positives, 0.9), positives),
            Share(rng.binomial(negatives, 0.98), negatives),
            draws=2000,
        ).interval
        held.append(found.low <= truth <= found.high)
    assert np.mean(held) >= 0.92


@pytest.mark.parametrize(
    ("flagged", "limit", "upper"),
    [
        (Share(0, 300), 0.02, True),
        (Share(12, 1000), 0.025, True),
        (Share(120, 200), 0.75, True),
        (Share(290, 300), 0.9, False),
        (Share(60, 60), 0.94, False),
    ],
)
def test_faultless_labels_are_as_many_as_bring_the_end_to_its_limit(flagged, limit, upper):
    """Against the Monte Carlo itself: so many do, and a fifth fewer do not."""
    labels = faultless_labels(flagged, limit, upper=upper, confidence=0.9)

    def end(n):
        faultless = Share(n, n)
        found = corrected_rate(flagged, faultless, faultless, confidence=0.9, draws=200_000)
        return found.interval.high - limit if upper else limit - found.interval.low

    assert end(labels * 1.05) <= 0 < end(min(labels - 1, labels * 0.8))


def test_no_number_of_labels_undoes_what_the_samples_leave_open():
    assert faultless_labels(Share(5, 100), 0.05, upper=True) is None
    assert faultless_labels(Share(5, 100), 0.0, upper=True) is None
    assert faultless_labels(Share(0, 300), 0.011, upper=True, confidence=0.9, most=5) is None
