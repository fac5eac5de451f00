"""Draws: each reply's chance is what it is said to be."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.runs.draw import Strategy, chances, choose, doubt_of, strata_of

STRATEGIES = get_args(Strategy)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_over_many_draws_each_comes_as_often_as_its_chance_says(strategy: Strategy) -> None:
    values = np.array([1, 1, 0, 0, 0, 0, 0, 0.5, np.nan, 0])
    strata = strata_of(values, 0.5)
    doubt = doubt_of(values, np.zeros(10), (0, 1))
    random = np.random.default_rng(3)
    times, said = np.zeros(10), np.zeros(10)
    draws = 4000
    for _ in range(draws):
        chosen, chance = choose(random, strategy, 4, strata, doubt)
        assert len(set(chosen.tolist())) == len(chosen) == 4
        times[chosen] += 1
        said[chosen] = chance
    error = np.sqrt(said * (1 - said) / draws)
    assert (np.abs(times / draws - said) <= 4.5 * error + 1e-12).all()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=60),
    st.integers(1, 80),
    st.sampled_from(STRATEGIES),
    st.integers(0, 2**32 - 1),
)
def test_any_population_can_be_drawn_from(
    values: list[float], n: int, strategy: Strategy, seed: int
) -> None:
    column = np.array(values)
    strata = strata_of(column, 0.5)
    doubt = doubt_of(column, np.zeros(len(values)), (0, 1))
    chosen, chance = choose(np.random.default_rng(seed), strategy, n, strata, doubt)
    least = len(set(strata.tolist())) if strategy == "stratified" else 1
    assert len(set(chosen.tolist())) == len(chosen) == min(max(n, least), len(values))
    assert ((chance > 0) & (chance <= 1 + 1e-12)).all()


def test_strata_get_alike_and_the_small_one_gives_what_it_has() -> None:
    strata = np.array(["flagged"] * 3 + ["passed"] * 97)
    chosen, chance = choose(np.random.default_rng(1), "stratified", 20, strata, np.zeros(100))
    assert (chosen < 3).sum() == 3
    assert set(chance[chosen < 3]) == {1.0}
    assert np.unique(chance[chosen >= 3]) == pytest.approx([17 / 97])


def test_doubt_is_by_the_middle_of_the_scale_by_epochs_and_by_having_no_score() -> None:
    values = np.array([0, 5, 10, np.nan, 0])
    spread = np.array([0, 0, 0, np.nan, 2.5])
    assert doubt_of(values, spread, (0, 10)).tolist() == [0, 1, 0, 1, 0.5]


def test_chances_are_in_proportion_and_none_is_above_one() -> None:
    assert chances(np.array([1.0, 1, 2]), 2).tolist() == [0.5, 0.5, 1.0]
    assert chances(np.array([1.0, 1, 8]), 2).tolist() == [0.5, 0.5, 1.0]
    assert chances(np.array([3.0, 1]), 2).tolist() == [1.0, 1.0]
