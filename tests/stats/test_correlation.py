import numpy as np
import pytest
from scipy import stats as oracle

from assay.stats import correlation, difference, p_value, rate


def test_pearson_and_its_interval_are_scipys():
    random = np.random.default_rng(1)
    x = random.normal(size=40)
    y = 0.6 * x + random.normal(size=40)
    found, known = correlation(x, y), oracle.pearsonr(x, y)
    low, high = known.confidence_interval(0.95)
    assert found.estimate == pytest.approx(known.statistic)
    assert (found.low, found.high) == pytest.approx((low, high))
    assert (found.n, found.warning) == (40, "")


def test_spearman_is_scipys_with_ties():
    x, y = [1, 2, 2, 3, 4, 5, 5, 7], [2, 1, 2, 4, 3, 5, 7, 7]
    assert correlation(x, y, ranks=True).estimate == pytest.approx(oracle.spearmanr(x, y).statistic)
    assert "only 8" in correlation(x, y).warning


@pytest.mark.parametrize("ranks", [False, True])
def test_coverage(ranks):
    random = np.random.default_rng(5)
    truth, hits, trials = 0.6, 0, 1500
    if ranks:
        truth = 6 / np.pi * np.arcsin(truth / 2)  # Spearman's of a bivariate normal
    for _ in range(trials):
        x = random.normal(size=30)
        y = 0.6 * x + 0.8 * random.normal(size=30)
        found = correlation(x, y, ranks=ranks)
        hits += found.low <= truth <= found.high
    assert hits / trials == pytest.approx(0.95, abs=0.02)


def test_what_never_varies_has_none():
    with pytest.raises(ValueError, match="never varies"):
        correlation([1, 1, 1, 1], [1, 2, 3, 4])
    with pytest.raises(ValueError, match="four"):
        correlation([1, 2], [1, 2])


def test_p_agrees_with_its_interval():
    for a, b in ((10, 30), (20, 30), (0, 12), (15, 16)):
        gap = difference(rate(b, 200), rate(a, 200))
        assert (p_value(gap) < 0.05) == (gap.low > 0 or gap.high < 0)
    assert p_value(difference(rate(5, 100), rate(5, 100))) == 1.0


def test_p_is_about_that_of_the_exact_test():
    gap = difference(rate(60, 400), rate(30, 400))
    known = oracle.chi2_contingency([[60, 340], [30, 370]], correction=False).pvalue
    assert p_value(gap) == pytest.approx(known, rel=0.35)
