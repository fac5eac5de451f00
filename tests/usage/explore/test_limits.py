from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from assay.usage.explore.limits import BLANK, FEW, Minima, told_cells

MINIMA = Minima(5, 3)
PARENTS = [-1, 0, 0, 1, 1, 2, 2]
"""All; two groups; two groups within each."""


@st.composite
def tables(draw):
    """Counts that add up along the hierarchy but for what no shown group holds, and people."""
    parts = draw(st.integers(2, 4))
    cells = st.lists(st.integers(0, 30), min_size=parts, max_size=parts)
    counts = np.zeros((len(PARENTS), parts), dtype=np.int64)
    for group in range(len(PARENTS) - 1, -1, -1):
        own = [counts[child] for child, parent in enumerate(PARENTS) if parent == group]
        rest = np.array(draw(cells)) * draw(st.integers(0, 1))
        counts[group] = sum(own) + rest if own else np.array(draw(cells))
    share = np.array(draw(st.lists(st.floats(0.2, 1), min_size=counts.size, max_size=counts.size)))
    people = np.ceil(counts * share.reshape(counts.shape)).astype(np.int64)
    assume((counts.sum(axis=1) >= MINIMA.conversations).all())  # no smaller group is shown
    return counts, people


@settings(max_examples=300)
@given(tables())
def test_no_small_cell_is_told_nor_had_by_one_subtraction(table) -> None:
    counts, people = table
    told = told_cells(counts, people, PARENTS, MINIMA)
    known = told >= 0
    assert (told[known] == counts[known]).all()
    small = (counts > 0) & ((counts < 5) | (people < 3))
    assert not (small & known).any()
    for group, row in enumerate(told):
        hidden = counts[group][row < 0]
        assert hidden.sum() == 0 or (hidden.sum() >= 5 and len(hidden) >= 2)
    for parent in set(PARENTS) - {-1}:
        own = [child for child, above in enumerate(PARENTS) if above == parent]
        for part in np.flatnonzero(known[parent]):
            hidden = counts[parent, part] - counts[own, part][known[own, part]].sum()
            assert hidden == 0 or hidden >= 5, (parent, part)


def test_what_is_few_is_told_apart_from_what_is_blank_for_others_sake() -> None:
    counts = np.array([[100, 20, 3], [100, 20, 3]])
    told = told_cells(counts, counts, [-1, 0], MINIMA)
    assert told.tolist() == [[100, BLANK, FEW], [100, BLANK, FEW]]


def test_nothing_is_blank_where_all_is_large_or_nothing() -> None:
    counts = np.array([[100, 0, 50], [60, 0, 20], [40, 0, 30]])
    told = told_cells(counts, counts, [-1, 0, 0], MINIMA)
    assert told.tolist() == counts.tolist()


def test_a_child_alone_does_not_give_its_hidden_sibling_away() -> None:
    counts = np.array([[103, 100], [100, 60], [3, 40]])
    told = told_cells(counts, counts, [-1, 0, 0], MINIMA)
    assert told[2, 0] == FEW
    assert told[1, 0] == BLANK or told[0, 0] == BLANK


def test_with_minima_of_one_everything_is_told() -> None:
    counts = np.array([[3, 1, 0], [2, 0, 0], [1, 1, 0]])
    told = told_cells(counts, counts, [-1, 0, 0], Minima(1, 1))
    assert told.tolist() == counts.tolist()
