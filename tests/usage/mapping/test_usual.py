"""A word is usual where others who write the group's languages write it too."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.usage.mapping.usual import OTHERS, Usual, numbers_of

THE, UND, CAKE = 1, 2, 3
ENGLISH, GERMAN = 1, 2
LANGUAGES = np.array([ENGLISH] * 90 + [GERMAN] * 10, dtype=np.int32)
COUNTS = np.array([[0, 0, 0, 0], [0, 81, 0, 9], [0, 0, 8, 1]], dtype=np.int32)
"""By language and word: nine in ten English conversations say "the", eight in ten German "und"."""
WORDS = np.array([[THE, UND], [CAKE, 0]], dtype=np.int32)


def test_languages_are_numbered_by_how_many_write_them() -> None:
    told = ["de", "en", None, "en", "und", "en", "de", ""]
    assert numbers_of(told).tolist() == [2, 1, OTHERS, 1, OTHERS, 1, 2, OTHERS]
    many = [f"l{each}" for each in range(40) for _ in range(40 - each)]
    assert numbers_of(many).max() == 12
    assert numbers_of(many)[-1] == OTHERS


def test_members_are_counted_by_group_and_language_without_those_of_no_group() -> None:
    labels = np.full(100, -1, dtype=np.int32)
    labels[85:95] = 0
    labels[95:] = 2
    members = Usual(COUNTS, LANGUAGES).members(labels, 3)
    assert members.tolist() == [[0, 5, 5], [0, 0, 0], [0, 0, 5]]


def test_a_word_is_as_usual_as_among_others_who_write_the_language() -> None:
    usual = Usual(COUNTS, LANGUAGES)
    of_two = usual.rates(WORDS, np.array([[0.0, 0.5], [0.0, 0.0]]), np.array([0, 0, 2]))
    the = 20 * (81 / 98) / (8 + 20)  # no German one says it
    und = (8 - 1 + 20 * (7 / 98)) / (8 + 20)
    assert of_two[0] == pytest.approx([98 * the / 100, (2 * 0.5 + 98 * und) / 100])
    mixed = usual.rates(WORDS, np.full((2, 2), 0.5), np.array([0, 6, 2]))
    rest = (81 - 4) / 92
    english, german = (81 - 3 + 20 * rest) / (84 + 20), 20 * rest / (8 + 20)
    elsewhere = 0.75 * english + 0.25 * german
    assert mixed[0, 0] == pytest.approx((8 * 0.5 + 92 * elsewhere) / 100)


def test_a_group_that_is_all_of_its_language_is_compared_with_the_whole_import() -> None:
    said = np.array([[0.0, 0.8], [0.1, 0.0]])
    found = Usual(COUNTS, LANGUAGES).rates(WORDS, said, np.array([0, 0, 10]))
    assert found == pytest.approx(COUNTS.sum(axis=0)[WORDS] / 100)


@given(st.lists(st.integers(0, 500), min_size=4, max_size=4), st.integers(1, 500), st.data())
def test_in_an_import_of_one_language_it_is_the_share_of_all(
    uses: list[int], own: int, data: st.DataObject
) -> None:
    counts = np.array([[0] * 4, uses], dtype=np.int32)
    said = np.array(
        [data.draw(st.integers(max(each - (500 - own), 0), min(each, own))) / own for each in uses]
    )
    usual = Usual(counts, np.full(500, 1, dtype=np.int32))
    found = usual.rates(WORDS, said[WORDS], np.array([0, own]))
    assert found == pytest.approx(np.array(uses)[WORDS] / 500)
