import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pandas import DataFrame
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from assay.stats import alpha, item_rest, signal_to_noise, split_half

# Ten people, three questions: pingouin's documentation (cronbach_alpha) gives 0.7734 with the
# interval [0.336, 0.939]; so do R's psych::alpha and cocron (Feldt).
ANSWERS = np.array(
    [
        [1, 2, 2, 3, 2, 2, 3, 3, 2, 3],
        [1, 1, 1, 2, 3, 3, 2, 3, 3, 3],
        [1, 1, 2, 1, 2, 3, 3, 3, 2, 3],
    ]
).T

tables = arrays(np.float64, (5, 7), elements=st.integers(0, 1).map(float))


def variances(table: np.ndarray) -> tuple[float, float]:
    """Mean squares of subjects and of what is left, by statsmodels' analysis of variance."""
    subjects, items = table.shape
    data = DataFrame(
        {
            "y": table.ravel(),
            "s": np.repeat(np.arange(subjects), items),
            "i": np.tile(np.arange(items), subjects),
        }
    )
    found = anova_lm(ols("y ~ C(s) + C(i)", data).fit())
    squares = found["sum_sq"] / found["df"]
    return float(squares["C(s)"]), float(squares["Residual"])


def test_alpha_of_a_published_example():
    found = alpha(ANSWERS)
    assert found.estimate == pytest.approx(0.7734, abs=5e-5)
    assert (found.low, found.high) == (
        pytest.approx(0.336, abs=5e-4),
        pytest.approx(0.939, abs=5e-4),
    )
    assert found.n == 10


def test_kr20_by_its_own_formula():
    rng = np.random.default_rng(1)
    table = (rng.random((30, 12)) < rng.random((30, 1))).astype(float)
    p = table.mean(axis=0)
    kr20 = 12 / 11 * (1 - (p * (1 - p)).sum() / table.sum(axis=1).var())
    # Kuder and Richardson divide both variances by n: the ratio is the same.
    assert alpha(table).estimate == pytest.approx(kr20)


def test_alpha_and_ratio_are_those_of_the_analysis_of_variance():
    rng = np.random.default_rng(2)
    table = rng.normal(size=(6, 1)) * 0.4 + rng.normal(size=(6, 40))
    subjects, rest = variances(table)
    assert alpha(table).estimate == pytest.approx(1 - rest / subjects)
    found = signal_to_noise(table)
    assert found.ratio.estimate == pytest.approx(np.sqrt(max(subjects / rest - 1, 0)))
    assert found.noise**2 == pytest.approx(rest / 40)
    assert found.spread == pytest.approx(table.mean(axis=1).std(ddof=1))


def test_item_rest_is_the_correlation_with_all_other_items():
    found = item_rest(ANSWERS)
    for item in range(3):
        rest = np.delete(ANSWERS, item, axis=1).sum(axis=1)
        assert found[item] == pytest.approx(np.corrcoef(ANSWERS[:, item], rest)[0, 1])


@given(tables)
def test_item_rest_lies_between_its_bounds_or_is_undefined(table):
    found = item_rest(table)
    for item in range(table.shape[1]):
        rest = np.delete(table, item, axis=1).sum(axis=1)
        if np.ptp(table[:, item]) == 0 or np.ptp(rest) == 0:
            assert np.isnan(found[item])
        else:
            assert found[item] == pytest.approx(np.corrcoef(table[:, item], rest)[0, 1], abs=1e-9)


def test_a_wrong_key_shows_as_negative():
    rng = np.random.default_rng(3)
    table = (rng.random((40, 20)) < np.linspace(0.1, 0.9, 40)[:, None]).astype(float)
    table[:, 4] = 1 - table[:, 4]
    assert np.nanargmin(item_rest(table)) == 4


def test_alpha_is_the_mean_of_all_halvings():
    rng = np.random.default_rng(4)
    table = rng.normal(size=(9, 1)) + rng.normal(size=(9, 6))
    halves = [(a, b, c) for a in range(6) for b in range(a) for c in range(b)]
    found = [
        split_half(table[:, half].sum(axis=1), np.delete(table, half, axis=1).sum(axis=1))
        for half in (list(each) for each in halves)
    ]
    assert np.mean(found) == pytest.approx(alpha(table).estimate)


def test_clusters_of_copies_count_once():
    rng = np.random.default_rng(5)
    table = rng.normal(size=(5, 1)) * 0.3 + rng.normal(size=(5, 50))
    once = signal_to_noise(table)
    copied = np.repeat(table, 4, axis=1)
    again = signal_to_noise(copied, clusters=np.repeat(np.arange(50), 4))
    assert again.ratio.estimate == pytest.approx(once.ratio.estimate)
    assert again.ratio.low == pytest.approx(once.ratio.low)
    assert signal_to_noise(copied).ratio.estimate > once.ratio.estimate


@pytest.mark.parametrize("wrong", [np.ones((3, 4)), np.ones((1, 4)), [[1, np.nan], [0, 1]]])
def test_what_tells_nothing_is_refused(wrong):
    with pytest.raises(ValueError):
        alpha(wrong)
    with pytest.raises(ValueError):
        signal_to_noise(wrong)


@pytest.mark.parametrize("subjects", [3, 6])
@pytest.mark.parametrize("effect", [0.0, 0.2])
@pytest.mark.parametrize("size", [1, 5])
def test_coverage_of_normal_scores(subjects, effect, size):
    """800 samples, with clusters of resembling items; Monte Carlo error 0.8 points."""
    rng = np.random.default_rng([subjects, size, int(10 * effect)])
    groups = np.repeat(np.arange(24), size)
    truth = effect / np.sqrt((1 / size + 0.5 * (size > 1)) / 24)
    held = []
    for _ in range(800):
        shared = rng.normal(0, np.sqrt(0.5), (subjects, 24))[:, groups] if size > 1 else 0.0
        table = rng.normal(0, effect, (subjects, 1)) + shared
        table = table + rng.normal(size=(subjects, len(groups)))
        ratio = signal_to_noise(table, clusters=groups).ratio
        held.append(ratio.low <= truth + 1e-9 and truth <= ratio.high + 1e-9)
    assert np.mean(held) >= 0.93


@pytest.mark.parametrize(("rate", "effect"), [(0.5, 0.05), (0.97, 0.01), (0.97, 0.0)])
def test_coverage_of_yes_or_no_scores(rate, effect):
    """Four models, 300 items of differing difficulty, true rates normal; error 0.8 points."""
    rng = np.random.default_rng([int(100 * rate), int(1000 * effect)])
    held, hard = [], np.array([0.6, 1.4])
    for _ in range(800):
        wrong = (1 - rate + rng.normal(0, effect, (4, 1))).clip(0, 0.7) * rng.choice(hard, (1, 300))
        table = (rng.random((4, 300)) < wrong).astype(float)
        if np.ptp(table) == 0:
            continue
        # What is left when items' own means are taken out: p q less the variance of difficulty.
        noise = ((1 - rate) * rate - 0.16 * (1 - rate) ** 2) / 300
        truth = effect / np.sqrt(noise)
        ratio = signal_to_noise(table).ratio
        held.append(ratio.low <= truth <= ratio.high + 1e-9)
    assert np.mean(held) >= 0.93
