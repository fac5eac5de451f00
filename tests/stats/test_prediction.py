import numpy as np
import pytest
from scipy import stats

from assay.stats import audited_mean, mean


def ppi_plus_plus(labelled, predicted, unlabelled):
    """The estimate and its error, written from the paper's formulas (arXiv 2311.01453)."""
    n, others = len(labelled), len(unlabelled)
    pooled = np.concatenate([predicted, unlabelled])
    weight = np.cov(labelled, predicted)[0, 1] / ((1 + n / others) * np.var(pooled, ddof=1))
    estimate = weight * unlabelled.mean() + np.mean(labelled - weight * predicted)
    error = np.sqrt(
        weight**2 * np.var(unlabelled) / others + np.var(labelled - weight * predicted) / n
    )
    return estimate, error


def graded_run(rng, n=2000, labels=300):
    truth = rng.normal(5, 2, n)
    scored = truth + rng.normal(1, 1, n)
    seen = np.where(np.arange(n) < labels, truth, np.nan)
    return truth, scored, seen


def test_agrees_with_ppi_plus_plus():
    _, scored, seen = graded_run(np.random.default_rng(1))
    found = audited_mean(seen, scored)
    estimate, error = ppi_plus_plus(seen[:300], scored[:300], scored[300:])
    assert found.estimate == pytest.approx(estimate, abs=0.2 * error)
    half = stats.t.ppf(0.975, 299) * error
    assert found.width / 2 == pytest.approx(half, rel=0.02)


def test_a_good_scorer_narrows_and_a_useless_one_hardly_widens():
    rng = np.random.default_rng(2)
    truth, scored, seen = graded_run(rng)
    alone = mean(seen[~np.isnan(seen)])
    assert audited_mean(seen, scored).width < 0.7 * alone.width
    assert audited_mean(seen, rng.normal(size=2000)).width < 1.05 * alone.width
    assert audited_mean(truth, scored).width == pytest.approx(mean(truth).width, rel=1e-3)


def test_a_biased_scorer_does_not_move_it():
    truth, scored, seen = graded_run(np.random.default_rng(3))
    one, shifted = audited_mean(seen, scored), audited_mean(seen, scored + 50)
    assert one.estimate == pytest.approx(shifted.estimate)
    assert one.low <= truth.mean() <= one.high


def test_equal_chances_given_or_not_are_the_same():
    _, scored, seen = graded_run(np.random.default_rng(4))
    one, other = audited_mean(seen, scored), audited_mean(seen, scored, chances=np.full(2000, 0.15))
    assert (one.low, one.high) == pytest.approx((other.low, other.high))
    assert other.method == "inverse-probability t"


def test_uneven_chances_are_weighed():
    """High scores labelled four times as often: the plain mean is off, the weighted one is not."""
    rng = np.random.default_rng(5)
    held, plain = [], []
    for _ in range(200):
        truth, scored, _ = graded_run(rng)
        chances = np.where(scored > 6, 0.4, 0.1)
        seen = np.where(rng.random(2000) < chances, truth, np.nan)
        found = audited_mean(seen, scored, chances=chances)
        held.append(found.low <= 5 <= found.high)
        plain.append(mean(seen[~np.isnan(seen)]).low > 5)
    assert np.mean(held) >= 0.9
    assert np.mean(plain) > 0.9


def test_clusters_widen_where_labels_resemble_each_other():
    rng = np.random.default_rng(6)
    groups = np.repeat(np.arange(200), 10)
    truth = rng.normal(size=200)[groups]
    seen = np.where(groups < 60, truth, np.nan)
    alone = audited_mean(seen, np.zeros(2000))
    together = audited_mean(seen, np.zeros(2000), clusters=groups)
    assert together.width == pytest.approx(np.sqrt(10) * alone.width, rel=0.05)
    assert together.clusters == 60


def test_rare_events_use_the_bounds_or_warn():
    scored = np.zeros(1000)
    seen = np.where(np.arange(1000) < 60, 0.0, np.nan)
    bounded = audited_mean(seen, scored, bounds=(0, 1))
    assert bounded.high > 0.05
    assert bounded.warning == ""
    assert "bounds" in audited_mean(seen, scored).warning


@pytest.mark.parametrize(
    ("labels", "predictions", "chances"),
    [
        ([1, np.nan], [1, 1], None),
        ([1, 0], [1], None),
        ([1, 0], [1, np.nan], None),
        ([1, 0], [1, 1], [0, 1]),
    ],
)
def test_impossible_labels_are_refused(labels, predictions, chances):
    with pytest.raises(ValueError):
        audited_mean(labels, predictions, chances=chances)


@pytest.mark.parametrize("uneven", [False, True])
@pytest.mark.parametrize("truth", [0.001, 0.05, 0.5, 0.99])
@pytest.mark.parametrize("labels", [60, 300])
def test_coverage(truth, labels, uneven):
    """400 runs of 3,000 scored with Se .9, Sp .98; Monte Carlo error 1.1 points."""
    rng = np.random.default_rng([labels, uneven, int(1000 * truth)])
    held = []
    for _ in range(400):
        true = rng.random(3000) < truth
        flagged = np.where(true, rng.random(3000) < 0.9, rng.random(3000) < 0.02)
        chances = np.where(flagged, 4.0, 1.0) if uneven else np.ones(3000)
        chances *= labels / chances.sum()
        seen = np.where(rng.random(3000) < chances, true, np.nan)
        found = audited_mean(seen, flagged, chances=chances if uneven else None, bounds=(0, 1))
        held.append(found.low <= truth <= found.high)
    assert np.mean(held) >= 0.92
