"""The promise about false alarms, by simulation of what a watch really does, in every regime."""

from __future__ import annotations

import numpy as np
import pytest

from assay.watch.decide import (
    Expected,
    Range,
    Totals,
    decide_by_chance,
    decide_by_patience,
    share_of_chance,
)
from assay.watch.result import Counts

CHANCE = 0.05
POPULATION, LOOKS, EACH = 200, 150, 40


def drawn(rng, population, looks, each):
    """Which samples each look asks: a draw without repeats, shape (looks, each)."""
    return rng.random((looks, population)).argsort(axis=1)[:, :each]


def fixed_replies(rng):
    """A model at temperature 0: a sample's reply is the same for ever."""
    said = rng.permutation(np.arange(POPULATION) < 0.9 * POPULATION).astype(float)
    return said[drawn(rng, POPULATION, LOOKS, EACH)].sum(axis=1), 0.9


def hard_and_easy(rng):
    """Every sample has a chance of its own, and repeats of it resemble each other."""
    chance = rng.beta(0.9, 0.1, POPULATION)
    asked = chance[drawn(rng, POPULATION, LOOKS, EACH)]
    return (rng.random(asked.shape) < asked).sum(axis=1).astype(float), chance.mean()


def paraphrases(rng):
    """Twenty families of ten samples that are right together or wrong together."""
    said = np.repeat(rng.permutation(np.arange(20) < 18), 10).astype(float)
    return said[drawn(rng, POPULATION, LOOKS, EACH)].sum(axis=1), 0.9


def between_nought_and_one(rng):
    """A judge's marks, not only 0 and 1."""
    marks = rng.beta(8, 2, POPULATION)
    asked = marks[drawn(rng, POPULATION, LOOKS, EACH)]
    return asked.sum(axis=1), marks.mean()


def always_all_samples(rng):
    """No draw: every look asks the whole eval, whose replies vary."""
    chance = rng.beta(0.9, 0.1, EACH)
    return (rng.random((LOOKS, EACH)) < chance).sum(axis=1).astype(float), chance.mean()


REGIMES = [fixed_replies, hard_and_easy, paraphrases, between_nought_and_one, always_all_samples]


def evidence(totals, truth):
    """The logarithm of the mixture's evidence against the truth after each look."""
    from scipy.special import betaln

    won, n = np.cumsum(totals), EACH * np.arange(1, LOOKS + 1)
    mixture = betaln(won + 0.5, n - won + 0.5) - betaln(0.5, 0.5)
    return mixture - won * np.log(truth) - (n - won) * np.log1p(-truth)


@pytest.mark.parametrize("regime", REGIMES)
def test_a_false_alarm_ever_is_as_rare_as_promised(regime):
    rng = np.random.default_rng(11)
    ever = []
    for _ in range(400):
        totals, truth = regime(rng)
        against = evidence(totals, truth)
        ever.append(against.max() > -np.log(CHANCE))
        look = int(against.argmax())  # the worst moment, by the code itself
        found = decide_by_chance(
            whole(totals[: look + 1]), Expected(Range(truth, truth), Range(truth, truth)), CHANCE
        )
        assert (found.standing != "as expected") == (against[look] > -np.log(CHANCE))
    assert np.mean(ever) <= CHANCE


def test_looks_that_share_a_fate_are_not_promised_anything():
    """If replies of one look sway together, the promise is broken: the docs say so."""
    rng = np.random.default_rng(12)
    ever = []
    for _ in range(200):
        chance = rng.beta(9, 1, LOOKS)  # the endpoint's mood of the day, 0.9 on average
        ever.append(evidence(rng.binomial(EACH, chance).astype(float), 0.9).max() > 3.0)
    assert np.mean(ever) > 5 * CHANCE
    totals = rng.binomial(EACH, rng.beta(9, 1, LOOKS)).astype(float)
    edge = Expected(Range(0.9, 0.9), Range(0.9, 0.9))
    assert decide_by_chance(whole(totals), edge, CHANCE).sways  # and says when it sees it
    steady = rng.binomial(EACH, 0.9, LOOKS).astype(float)
    assert not decide_by_chance(whole(steady), edge, CHANCE).sways


@pytest.mark.parametrize("regime", REGIMES)
def test_patience_is_kept(regime):
    """Patience 40: the mean wait, cut off at 150 looks, must reach 40 all the same."""
    rng = np.random.default_rng(13)
    waits = []
    for _ in range(60):
        totals, truth = regime(rng)
        waits.append(first_alarm(totals, truth, 40))
    assert np.mean(waits) >= 40


def first_alarm(totals, truth, patience):
    edge = Expected(Range(truth, truth), Range(truth, truth))
    if decide_by_patience(whole(totals), edge, 2 * patience).standing == "as expected":
        return LOOKS
    low, high = 1, LOOKS  # an alarm stays: the first is found by halving
    while low < high:
        middle = (low + high) // 2
        found = decide_by_patience(whole(totals[:middle]), edge, 2 * patience)
        low, high = (middle + 1, high) if found.standing == "as expected" else (low, middle)
    return low


def test_a_baseline_with_its_own_error_is_held_against():
    """The baseline is a noisy run of the whole eval; half the chance is its."""
    from assay.stats import rate_at_any_time

    rng = np.random.default_rng(14)
    wrong, share = 0, share_of_chance(0.2, 1, 1, baseline=True) * 2
    for _ in range(300):
        chance = rng.beta(0.9, 0.1, POPULATION)
        run = rate_at_any_time(
            int((rng.random(POPULATION) < chance).sum()), POPULATION, confidence=1 - share / 2
        )
        asked = chance[drawn(rng, POPULATION, 60, EACH)]
        totals = (rng.random(asked.shape) < asked).sum(axis=1).astype(float)
        known = Range(run.low, run.high)
        wrong += any(
            decide_by_chance(whole(totals[:look]), Expected(known, known), share / 2).standing
            != "as expected"
            for look in (5, 20, 60)
        )
    assert wrong / 300 <= 0.2


def test_a_change_is_established_and_dated():
    rng = np.random.default_rng(15)
    totals = np.concatenate([rng.binomial(EACH, 0.95, 20), rng.binomial(EACH, 0.7, 20)])
    edge = Expected(Range(0.95, 0.95), Range(0.95, 0.95))
    for decide, strength in ((decide_by_chance, 0.01), (decide_by_patience, 3000.0)):
        assert decide(whole(totals[:20]), edge, strength).standing == "as expected"
        found = decide(whole(totals), edge, strength)
        assert found.standing == "lower"
        assert abs(found.since - 20) <= 2


def test_a_detector_finds_a_late_change_sooner_than_the_intervals():
    rng = np.random.default_rng(17)
    totals = np.concatenate([rng.binomial(EACH, 0.95, 300), rng.binomial(EACH, 0.85, 12)])
    edge = Expected(Range(0.95, 0.95), Range(0.95, 0.95))
    assert decide_by_patience(whole(totals[:300]), edge, 3000.0).standing == "as expected"
    assert decide_by_patience(whole(totals), edge, 3000.0).standing == "lower"
    assert decide_by_chance(whole(totals), edge, 0.025).standing == "as expected"


def test_missing_replies_alone_establish_neither_a_rise_nor_a_fall():
    looks = [Counts(planned=40, scored=20, total=19.0, missing={"model_error": 20})] * 50
    edge = Expected(Range(0.95, 0.95), Range(0.95, 0.95))
    assert decide_by_chance(Totals.of_scores(looks), edge, CHANCE).standing == "as expected"
    unscored = Expected(Range(0, 0.05), Range(0, 0.05), falls=False)
    found = decide_by_chance(Totals.of_missing(looks), unscored, CHANCE)
    assert found.standing == "higher"
    for decide, strength in ((decide_by_chance, CHANCE), (decide_by_patience, 100.0)):
        few = [Counts(planned=40, scored=38, total=10.0, missing={"refusal": 2})] * 50
        assert decide(Totals.of_scores(few), edge, strength).standing == "lower"


def test_a_margin_keeps_small_changes_quiet_and_lets_the_return_be_shown():
    looks = [Counts(planned=1000, scored=1000, total=940.0, missing={})] * 30
    quiet = Expected(Range(0.93, 0.97), Range(0.93, 0.97))
    found = decide_by_chance(Totals.of_scores(looks), quiet, CHANCE)
    assert found.standing == "as expected"
    assert found.back
    sharp = Expected(Range(0.95, 0.95), Range(0.95, 0.95))
    assert decide_by_chance(Totals.of_scores(looks), sharp, CHANCE).standing == "lower"


def test_the_parts_of_the_chance_add_up():
    parts = [share_of_chance(0.05, 4, r, baseline=False) for r in range(1, 5000)]
    assert 4 * sum(parts) == pytest.approx(0.05, rel=1e-3)
    assert 4 * sum(parts) < 0.05


def whole(totals):
    """Looks of which every reply was scored."""
    return Totals(np.full(len(totals), float(EACH)), totals, totals)
