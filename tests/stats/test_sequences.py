import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import betaln

from assay.stats import (
    chance_of_spread,
    find_change,
    rate,
    rate_at_any_time,
    strongest_since,
)


@st.composite
def seen(draw):
    n = draw(st.integers(0, 5000))
    return draw(st.integers(0, n)), n


@given(seen(), st.sampled_from([0.8, 0.95, 0.99]))
def test_the_limits_are_where_the_martingale_reaches_its_bound(case, confidence):
    successes, n = case
    interval = rate_at_any_time(successes, n, confidence=confidence)

    def evidence(p):
        mixture = betaln(successes + 0.5, n - successes + 0.5) - betaln(0.5, 0.5)
        return mixture - successes * np.log(p) - (n - successes) * np.log1p(-p)

    for limit in (interval.low, interval.high):
        if 0 < limit < 1:
            assert evidence(limit) == pytest.approx(-np.log(1 - confidence), abs=1e-6)
    assert interval.low <= interval.estimate <= interval.high


@given(seen())
def test_it_is_wider_than_for_a_single_look(case):
    successes, n = case
    if n >= 10:
        assert rate_at_any_time(successes, n).width > 0.9 * rate(successes, n).width


def test_before_anything_was_seen_nothing_is_known():
    interval = rate_at_any_time(0, 0)
    assert (interval.low, interval.high) == (0, 1)
    assert interval.warning
    with pytest.raises(ValueError):
        rate_at_any_time(2, 1)


@pytest.mark.parametrize("truth", [0.001, 0.01, 0.5])
def test_held_at_every_look_at_once(truth):
    """1,000 watches of 200 looks at 20 trials; the share that ever missed may be 5%."""
    rng = np.random.default_rng(int(1000 * truth))
    total = np.cumsum(rng.binomial(20, truth, (1000, 200)), axis=1)
    trials = 20 * np.arange(1, 201)
    mixture = betaln(total + 0.5, trials - total + 0.5) - betaln(0.5, 0.5)
    evidence = mixture - total * np.log(truth) - (trials - total) * np.log1p(-truth)
    assert np.mean((evidence > np.log(20)).any(axis=1)) <= 0.05
    # and the interval is the same statement, look by look
    for look in (0, 10, 199):
        interval = rate_at_any_time(int(total[0, look]), int(trials[look]))
        assert (interval.low <= truth <= interval.high) == (evidence[0, look] <= np.log(20))


@pytest.mark.parametrize(("edge", "truth"), [(0.01, 0.01), (0.01, 0.002), (0.5, 0.5)])
def test_false_alarms_come_no_more_often_than_promised(edge, truth):
    """Patience 50: the mean of 200 waits, cut off at 250 looks, must reach 50 all the same."""
    rng = np.random.default_rng(int(1000 * edge))
    waits = []
    for _ in range(200):
        found = find_change(
            rng.binomial(30, truth, 250), np.full(250, 30), at_most=edge, patience=50
        )
        waits.append(250 if found.alarm is None else found.alarm + 1)
    assert np.mean(waits) >= 50


def test_false_alarms_with_both_edges():
    rng = np.random.default_rng(8)
    waits = []
    for _ in range(200):
        found = find_change(
            rng.binomial(30, 0.3, 250), np.full(250, 30), at_most=0.3, at_least=0.3, patience=50
        )
        waits.append(250 if found.alarm is None else found.alarm + 1)
    assert np.mean(waits) >= 50


@pytest.mark.parametrize(("before", "after"), [(0.01, 0.04), (0.9, 0.8)])
def test_a_change_is_found_soon_and_dated(before, after):
    rng = np.random.default_rng(3)
    lengths = 40, 60
    won = np.concatenate(
        [rng.binomial(100, p, n) for p, n in zip((before, after), lengths, strict=True)]
    )
    edge = {"at_most": before} if after > before else {"at_least": before}
    found = find_change(won, np.full(100, 100), patience=1000, **edge)
    assert 40 <= found.alarm <= 52
    assert abs(found.since - 40) <= 4
    assert np.all(found.evidence[: found.alarm] < 1000)


def test_a_change_the_other_way_raises_no_alarm():
    found = find_change(np.zeros(500), np.full(500, 100), at_most=0.05)
    assert found.alarm is None
    assert found.since is None


def test_looks_without_trials_tell_nothing_and_overwhelming_ones_do_not_overflow():
    assert find_change([0, 0], [0, 0], at_most=0.1).evidence.tolist() == pytest.approx([1, 2])
    found = find_change([10**7] * 5, [10**7] * 5, at_most=0.01)
    assert found.alarm == 0
    assert np.isfinite(found.evidence).all()


@pytest.mark.parametrize(
    "options", [{}, {"at_most": 0}, {"at_least": 1}, {"at_most": 0.1, "patience": 1}]
)
def test_impossible_watches_are_refused(options):
    with pytest.raises(ValueError):
        find_change([1], [10], **options)
    with pytest.raises(ValueError):
        find_change([11], [10], at_most=0.5)


def test_fractions_and_draws_from_a_fixed_population_are_held_too():
    """1,000 watches of 100 draws of 20 of 60 fixed marks; the share that ever missed may be 5%."""
    rng = np.random.default_rng(21)
    missed = 0
    for _ in range(1000):
        marks = rng.beta(0.5, 2, 60)
        drawn = rng.random((100, 60)).argsort(axis=1)[:, :20]
        total, n = np.cumsum(marks[drawn].sum(axis=1)), 20 * np.arange(1, 101)
        truth = marks.mean()
        mixture = betaln(total + 0.5, n - total + 0.5) - betaln(0.5, 0.5)
        evidence = mixture - total * np.log(truth) - (n - total) * np.log1p(-truth)
        worst = int(evidence.argmax())
        interval = rate_at_any_time(float(total[worst]), int(n[worst]))
        missed += not interval.low <= truth <= interval.high
    assert missed / 1000 <= 0.05


def test_the_strongest_look_is_the_one_that_an_alarm_names():
    won = np.array([3, 2, 4, 3, 9, 11, 10, 12])
    found = find_change(won, np.full(8, 40), at_most=0.1, patience=50)
    upto = won[: found.alarm + 1]
    assert strongest_since(upto, np.full(len(upto), 40), at_most=0.1) == found.since == 4


def test_chance_of_spread_is_pearsons():
    from scipy.stats import chi2_contingency

    won, tried = np.array([12, 30, 25, 8]), np.array([40, 60, 50, 40])
    pearson = chi2_contingency(np.array([won, tried - won]), correction=False).pvalue
    assert chance_of_spread(won, tried) == pytest.approx(pearson)
    steady = np.array([10, 10, 10, 30, 30, 30])
    assert chance_of_spread(steady, np.full(6, 40)) < 1e-6
    assert chance_of_spread(steady, np.full(6, 40), since=3) > 0.9
    assert chance_of_spread([0, 0], [5, 5]) == 1
    assert chance_of_spread([3], [5]) == 1
