"""The adjusted Rand index."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from assay.stats.partition import adjusted_rand

groups = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=40)


@given(groups)
def test_as_scikit_learn_has_it(pairs: list[tuple[int, int]]) -> None:
    one, other = zip(*pairs, strict=True)
    assert adjusted_rand(one, other) == pytest.approx(adjusted_rand_score(one, other))


def test_names_do_not_matter_and_chance_gives_nothing() -> None:
    random = np.random.default_rng(0)
    one = random.integers(5, size=5000)
    assert adjusted_rand(one, np.array(list("vwxyz"))[one]) == 1
    assert abs(adjusted_rand(one, random.integers(5, size=5000))) < 0.01


def test_both_must_be_of_the_same_things() -> None:
    with pytest.raises(ValueError, match="each thing"):
        adjusted_rand([1, 2], [1])
