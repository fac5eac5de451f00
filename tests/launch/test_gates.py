"""Gates decided from evidence made by hand: each verdict, its reason, and what would settle it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.launch.bounds import bounds_of
from assay.launch.evidence import Evidence, Pairs, ScorerError, Scores, Threshold
from assay.launch.gates import Decision, decide, shown
from assay.launch.needed import settles
from assay.stats import Share

WELL_MEASURED = ScorerError(sensitivity=Share(90, 100), specificity=Share(196, 200))


def rates(good: int, n: int, missing: int = 0) -> Scores:
    """``good`` ones of ``n`` independent scores, and so many missing."""
    values = np.array([1.0] * good + [0.0] * (n - good) + [0.0] * missing)
    scored = np.array([1.0] * n + [0.0] * missing)
    return Scores(sums=values, counts=scored, missing=1 - scored)


def pairs(both: int, neither: int, raised: int, lowered: int, **more: Any) -> Pairs:
    candidate = [1.0] * both + [0.0] * neither + [1.0] * raised + [0.0] * lowered
    baseline = [1.0] * both + [0.0] * neither + [0.0] * raised + [1.0] * lowered
    return Pairs(candidate=np.array(candidate), baseline=np.array(baseline), **more)


def at_least(value: float) -> Threshold:
    return Threshold(kind="min", value=value)


def at_most(value: float) -> Threshold:
    return Threshold(kind="max", value=value)


def decided(
    threshold: Threshold, scores: Scores | Pairs, confidence: float = 0.95, **more: Any
) -> Decision:
    more.setdefault("standing", "by definition")
    return decide(threshold, confidence, Evidence(scores=scores, **more))


@pytest.mark.parametrize(
    ("threshold", "scores", "verdict"),
    [
        # All 60 good: the truth is at least 0.05^(1/60) = 0.9513.
        (at_least(0.95), rates(60, 60), "pass"),
        (at_least(0.952), rates(60, 60), "inconclusive"),
        # None of 59 bad: at most 1 - 0.05^(1/59) = 0.0495; of 58: 0.0503.
        (at_most(0.05), rates(0, 59), "pass"),
        (at_most(0.05), rates(0, 58), "inconclusive"),
        # 5 of 5 bad: at least 0.05^(1/5) = 0.549; 4 of 4: 0.473.
        (at_most(0.5), rates(5, 5), "fail"),
        (at_most(0.5), rates(4, 4), "inconclusive"),
        (at_least(0.5), rates(0, 5), "fail"),
        # No flip among n: Tango's limits are z^2 / (n + z^2) = 0.0263 either way, and 0.005 more.
        (at_least(-0.032), pairs(50, 50, 0, 0), "pass"),
        (at_least(-0.031), pairs(50, 50, 0, 0), "inconclusive"),
        (at_most(0.032), pairs(50, 50, 0, 0), "pass"),
        # Every one of 100 fell.
        (at_least(-0.5), pairs(0, 0, 0, 100), "fail"),
    ],
)
def test_verdicts_by_hand(threshold: Threshold, scores: Scores | Pairs, verdict: str) -> None:
    assert decided(threshold, scores).verdict == verdict


def test_the_confidence_is_one_sided() -> None:
    # All 45 good: at least 0.1^(1/45) = 0.9501 at 90%, 0.9356 at 95%.
    assert decided(at_least(0.95), rates(45, 45), 0.9).verdict == "pass"
    assert decided(at_least(0.95), rates(45, 45), 0.95).verdict == "inconclusive"


def test_missing_scores_count_against_a_pass_and_against_a_fail() -> None:
    passed = decided(at_least(0.9), rates(60, 60, missing=1))
    assert passed.verdict == "pass"  # 60 of 61 is at least 0.924
    assert passed.bounds is not None
    assert passed.bounds.low == pytest.approx(0.9246, abs=2e-4)
    open_ = decided(at_least(0.95), rates(60, 60, missing=1))
    assert open_.verdict == "inconclusive"
    assert open_.needed is not None
    assert (open_.needed.kind, open_.needed.count) == ("scores", 1)
    assert "missing scores decide" in open_.reason
    # 8 of 8 bad would fail at most 0.5; 8 of 16 might be.
    assert decided(at_most(0.5), rates(8, 8)).verdict == "fail"
    assert decided(at_most(0.5), rates(8, 8, missing=8)).verdict == "inconclusive"


def test_much_missing_is_a_condition_even_where_it_changes_nothing() -> None:
    found = decided(at_least(0.5), rates(90, 90, missing=10))
    assert found.verdict == "pass"
    assert any("10 of 100" in each for each in found.conditions)
    assert decided(at_least(0.5), rates(96, 96, missing=4)).conditions == ()


def test_missing_pairs_count_at_their_worst() -> None:
    whole = pairs(100, 100, 0, 0)
    assert decided(at_least(-0.05), whole).verdict == "pass"
    holed = pairs(100, 100, 0, 0)
    holed.candidate[:20] = np.nan
    found = decided(at_least(-0.05), holed)
    assert found.verdict == "inconclusive"
    assert found.needed is not None
    assert (found.needed.kind, found.needed.count) == ("scores", 20)
    holed = pairs(100, 100, 0, 0)
    holed.baseline[100:120] = np.nan  # a baseline that might have been better
    assert decided(at_least(-0.05), holed).verdict == "inconclusive"


def test_how_many_more_samples() -> None:
    found = decided(at_most(0.05), rates(0, 20))
    assert found.needed is not None
    assert (found.needed.kind, found.needed.count) == ("samples", 39)  # 59 in all
    # Twins tell as one: twice as many of them are needed.
    twins = Scores(sums=np.zeros(10), counts=np.full(10, 2.0), missing=np.zeros(10))
    doubled = decided(at_most(0.05), twins)
    assert doubled.needed is not None
    assert doubled.needed.count == 2 * 59 - 20
    away = decided(at_most(0.05), rates(4, 40))
    assert away.needed is not None
    assert "show a fail" in away.needed.text


def test_no_number_of_samples_where_the_figure_lies_at_the_limit() -> None:
    found = decided(at_most(0.5), rates(50, 100))
    assert found.verdict == "inconclusive"
    assert found.needed is not None
    assert found.needed.count is None


def test_a_limit_at_the_end_of_the_scale_cannot_be_shown() -> None:
    found = decided(at_least(1.0), rates(100, 100))
    assert found.verdict == "inconclusive"
    assert found.needed is not None
    assert found.needed.kind == "nothing"


@pytest.mark.parametrize("scores", [rates(100, 100), pairs(100, 100, 5, 0)])
def test_an_unmeasured_scorer_shows_no_pass(scores: Scores | Pairs) -> None:
    threshold = at_least(-0.05) if isinstance(scores, Pairs) else at_least(0.95)
    assert decided(threshold, scores).verdict == "pass"
    found = decided(threshold, scores, standing="uncertified")
    assert found.verdict == "inconclusive"
    assert found.needed is not None
    assert found.needed.kind == "labels"
    assert found.needed.count
    # With so many labels and no mistake it passes, with fewer it does not.
    each = found.needed.count // 2
    for labels, verdict in ((each, "pass"), (each * 4 // 5, "inconclusive")):
        faultless = Share(labels, labels)
        error = ScorerError(sensitivity=faultless, specificity=faultless)
        again = decided(threshold, scores, standing="certified", error=error)
        assert again.verdict == verdict


def test_an_unmeasured_scorer_still_shows_a_fail() -> None:
    found = decided(at_least(0.95), rates(10, 100), standing="uncertified")
    assert found.verdict == "fail"
    assert any("uncertified" in each for each in found.conditions)


def test_an_expired_certificate_is_a_condition() -> None:
    perfect = ScorerError(sensitivity=Share(900, 900), specificity=Share(900, 900))
    found = decided(at_least(0.9), rates(100, 100), standing="expired", error=perfect)
    assert found.verdict == "pass"
    assert any("expired" in each for each in found.conditions)


def test_the_scorers_error_is_taken_out_of_the_figure() -> None:
    # 3% flagged with Se .9 and Sp .98: (.03 + .98 - 1) / .88 = 1.1% in truth.
    plain = decided(at_most(0.02), rates(30, 1000))
    assert plain.verdict == "fail"  # at least 2.2% is flagged
    freed = decided(at_most(0.02), rates(30, 1000), standing="certified", error=WELL_MEASURED)
    assert freed.bounds is not None
    assert freed.bounds.value == pytest.approx(0.01136, abs=1e-4)
    assert freed.bounds.raw == pytest.approx(0.03)
    assert freed.verdict == "inconclusive"
    assert freed.needed is not None
    assert freed.needed.kind == "samples"  # with 1,000 no number of labels shows 2%
    assert "labels" in freed.needed.text
    assert decided(
        at_most(0.05), rates(30, 1000), standing="certified", error=WELL_MEASURED
    ).verdict == ("pass")


def test_with_the_labels_that_a_gate_asks_for_it_is_settled() -> None:
    found = decided(at_most(0.03), rates(30, 1000), standing="certified", error=WELL_MEASURED)
    assert found.verdict == "inconclusive"
    assert found.needed is not None
    assert found.needed.kind == "labels"
    assert found.needed.count is not None
    for spare, verdict in ((1.05, "pass"), (0.8, "inconclusive")):
        times = 1 + spare * found.needed.count / 300
        more = ScorerError(
            sensitivity=Share(90 * times, 100 * times), specificity=Share(196 * times, 200 * times)
        )
        again = decided(at_most(0.03), rates(30, 1000), standing="certified", error=more)
        assert again.verdict == verdict


def test_a_scorer_with_error_shrinks_differences() -> None:
    # 30 of 1,000 fell: with a gain of .88, 3.4 points in truth, and more at the bound.
    fell = pairs(500, 470, 0, 30)
    assert decided(at_least(-0.045), fell).verdict == "pass"
    found = decided(at_least(-0.045), fell, standing="certified", error=WELL_MEASURED)
    assert found.verdict == "inconclusive"
    assert found.bounds is not None
    assert found.bounds.value == pytest.approx(-0.03 / 0.88)
    chance = ScorerError(sensitivity=Share(50, 100), specificity=Share(50, 100))
    guessed = decided(at_least(-0.5), fell, standing="certified", error=chance)
    assert guessed.verdict == "inconclusive"


def test_a_scorer_without_yes_or_no_has_its_error_named() -> None:
    scores = Scores(sums=np.full(50, 0.9), counts=np.ones(50), missing=np.zeros(50), binary=False)
    found = decided(at_least(0.5), scores, standing="certified")
    assert found.verdict == "pass"
    assert any("error is not in the bound" in each for each in found.conditions)


def test_without_bounds_a_missing_score_decides_nothing() -> None:
    scores = Scores(
        sums=np.arange(50.0), counts=np.r_[np.ones(49), 0], missing=np.r_[np.zeros(49), 1],
        bounds=None, binary=False,
    )  # fmt: skip
    found = decided(at_least(1.0), scores)
    assert found.verdict == "inconclusive"
    assert found.needed is not None
    assert found.needed.kind == "scores"


def test_few_clusters_and_other_concerns_are_conditions() -> None:
    few = Scores(sums=np.full(8, 50.0), counts=np.full(8, 50.0), missing=np.zeros(8))
    found = decided(at_least(0.5), few, concerns=("The eval is saturated.",))
    assert found.verdict == "pass"
    assert "The eval is saturated." in found.conditions
    assert any("8 clusters" in each for each in found.conditions)


def test_nothing_is_no_pass() -> None:
    absent = decide(at_least(0.0), 0.95, Evidence(scores=None, absent="there is no run."))
    assert absent.verdict == "inconclusive"
    assert "there is no run" in absent.reason
    unscored = decided(at_least(0.0), rates(0, 0, missing=5))
    assert unscored.verdict == "inconclusive"
    assert unscored.needed is not None
    assert (unscored.needed.kind, unscored.needed.count) == ("scores", 5)
    lonely = Pairs(candidate=np.array([np.nan, 1.0]), baseline=np.array([1.0, np.nan]))
    assert decided(at_least(-1.0), lonely).verdict == "inconclusive"


counts = st.integers(0, 60)
limits = st.floats(0.01, 0.99)


@settings(max_examples=150, deadline=None)
@given(good=counts, bad=counts, missing=st.integers(0, 20), low=limits, high=limits)
def test_what_is_shown_is_never_contradicted(
    good: int, bad: int, missing: int, low: float, high: float
) -> None:
    """Never both above ``high`` and below ``low``; and a looser limit never undoes a pass."""
    low, high = min(low, high), max(low, high)
    scores = rates(good, good + bad, missing)
    above = [decided(at_least(limit), scores).verdict for limit in (low, high)]
    below = [decided(at_most(limit), scores).verdict for limit in (low, high)]
    assert above in _LOOSER
    assert below[::-1] in _LOOSER
    assert not (above[1] == "pass" and below[0] == "pass" and low < high)
    for at_min, at_max in zip(above, below, strict=True):
        assert not (at_min == "pass" and at_max == "pass")
        assert not (at_min == "fail" and at_max == "fail")


_ORDER = ("pass", "inconclusive", "fail")
_LOOSER = [[a, b] for i, a in enumerate(_ORDER) for b in _ORDER[i:]]


@settings(max_examples=60, deadline=None)
@given(good=counts, bad=counts, missing=st.integers(1, 8), limit=limits, data=st.data())
def test_no_way_of_filling_in_what_is_missing_undoes_a_verdict(
    good: int, bad: int, missing: int, limit: float, data: st.DataObject
) -> None:
    before = decided(at_least(limit), rates(good, good + bad, missing)).verdict
    filled = data.draw(st.integers(0, missing))
    after = decided(at_least(limit), rates(good + filled, good + bad + missing)).verdict
    if before != "inconclusive":
        assert after == before


def passing(threshold: Threshold, drawn: list[Scores | Pairs], **more: Any) -> float:
    verdicts = [decided(threshold, each, **more).verdict for each in drawn]
    return float(np.mean([verdict == "pass" for verdict in verdicts]))


@pytest.mark.parametrize("limit", [0.01, 0.05, 0.5, 0.95])
@pytest.mark.parametrize("n", [60, 300, 1000])
def test_a_model_exactly_at_an_absolute_limit_passes_at_most_5_percent(
    n: int, limit: float
) -> None:
    """Exactly, not by simulation: the chances of all counts with which it would pass."""
    from scipy.stats import binom

    for threshold in (at_most(limit), at_least(limit)):
        chance = 0.0
        for count in range(n + 1):
            weight = float(binom.pmf(count, n, limit))
            if weight > 1e-6 and decided(threshold, rates(count, n)).verdict == "pass":
                chance += weight
        assert chance <= 0.05


@pytest.mark.parametrize(("size", "spread"), [(3, 0.2), (10, 0.3)])
def test_clustered_samples_at_the_limit_pass_at_most_5_percent(size: int, spread: float) -> None:
    random = np.random.default_rng(5)
    limit, groups = 0.1, 60
    a = limit * (1 / spread - 1)
    b = (1 - limit) * (1 / spread - 1)
    drawn: list[Scores | Pairs] = []
    for _ in range(800):
        chances = random.beta(a, b, groups)
        sums = random.binomial(size, chances).astype(float)
        drawn.append(
            Scores(sums=sums, counts=np.full(groups, float(size)), missing=np.zeros(groups))
        )
    assert passing(at_most(limit), drawn) <= 0.05 + 0.015  # two standard errors of 800


@pytest.mark.parametrize("n", [30, 300])
def test_skewed_scores_with_their_mean_at_the_limit_pass_at_most_5_percent(n: int) -> None:
    random = np.random.default_rng(8)
    drawn: list[Scores | Pairs] = [
        Scores(sums=each, counts=np.ones(n), missing=np.zeros(n), binary=False)
        for each in random.beta(0.5, 2, (2000, n))
    ]
    assert passing(at_most(0.2), drawn) <= 0.05 + 0.01  # two standard errors
    flipped: list[Scores | Pairs] = [
        Scores(sums=1 - each.sums, counts=each.counts, missing=each.missing, binary=False)
        for each in drawn
        if isinstance(each, Scores)
    ]
    assert passing(at_least(0.8), flipped) == passing(at_most(0.2), drawn)


@pytest.mark.parametrize(("n", "margin", "flips"), [(100, 0.05, 0.02), (300, 0.02, 0.05)])
def test_a_model_exactly_at_its_margin_passes_at_most_5_percent(
    n: int, margin: float, flips: float
) -> None:
    random = np.random.default_rng(6)
    counted = random.multinomial(n, [flips, flips + margin, 1 - 2 * flips - margin], 3000)
    seen: dict[tuple[int, int], bool] = {}
    passed = 0
    for raised, lowered, _ in counted.tolist():
        if (raised, lowered) not in seen:
            scores = pairs(n - raised - lowered, 0, raised, lowered)
            seen[raised, lowered] = decided(at_least(-margin), scores).verdict == "pass"
        passed += seen[raised, lowered]
    assert passed / 3000 <= 0.05 + 0.008  # two standard errors


def test_with_a_measured_scorer_a_model_at_the_limit_passes_at_most_5_percent() -> None:
    random = np.random.default_rng(7)
    truth, se, sp, n = 0.05, 0.9, 0.97, 600
    passed = 0
    for _ in range(150):
        flagged = random.binomial(n, truth * se + (1 - truth) * (1 - sp))
        error = ScorerError(
            sensitivity=Share(random.binomial(100, se), 100),
            specificity=Share(random.binomial(300, sp), 300),
        )
        passed += settles(bounds_of(rates(int(flagged), n), 0.95, error), at_most(truth)) == "pass"
    assert passed / 150 <= 0.05 + 0.036  # two standard errors


def test_figures_in_words() -> None:
    assert shown(0.9725, rate=True) == "97.25%"
    assert shown(-0.0312, rate=True, difference=True) == "-3.12 points"
    assert shown(3.25, rate=False) == "3.25"
    assert shown(0.5, rate=False, difference=True) == "+0.5"


@pytest.mark.parametrize("paired", [False, True])
def test_an_uncertified_scorer_of_more_than_yes_or_no_asks_for_labels(paired: bool) -> None:
    values = np.repeat([3.0, 4.0, 5.0, 4.0], 20)
    ones = np.ones(80)
    scores: Scores | Pairs = Scores(
        sums=values, counts=ones, missing=0 * ones, bounds=(1.0, 5.0), binary=False
    )
    if paired:
        scores = Pairs(candidate=values, baseline=0 * ones + 1, bounds=(1.0, 5.0), binary=False)
    told = decided(at_least(0.5 if paired else 3.0), scores, standing="uncertified")
    assert told.verdict == "inconclusive"
    assert told.needed is not None
    assert (told.needed.kind, told.needed.count) == ("labels", None)
    assert "assay certify" in told.needed.text
