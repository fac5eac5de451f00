"""Near-duplicates: found, not invented, and without comparing each with each."""

from __future__ import annotations

import random
import time

import pytest

from assay.evals import duplicates
from assay.evals.duplicates import Alike, NearDuplicates, NearPairs, Twin

NONE: frozenset[str] = frozenset()
WORDS = [f"{a}{b}{c}" for a in "bdgklm" for b in "aeiou" for c in ("n", "rt", "st", "ll")]


def text(seed: int, words: int = 30) -> str:
    generator = random.Random(seed)
    return " ".join(generator.choice(WORDS) for _ in range(words))


def test_equal_but_for_case_spaces_and_marks() -> None:
    near = NearDuplicates()
    assert near.find(2, "How is it?", NONE) is None
    assert near.find(3, "How  IS\nit", NONE) == Twin(2, 1.0)
    assert near.find(4, "\uff28ow is it", NONE) == Twin(2, 1.0)


def test_small_changes_are_found_and_large_ones_are_not() -> None:
    near = NearDuplicates()
    for number in range(300):
        assert near.find(number, text(number), NONE) is None
    for number in range(300):
        changed = text(number)[:-4] + "change"
        twin = near.find(1_000 + number, changed, NONE)
        assert twin is not None
        assert twin.row == number
        assert 0.85 <= twin.similarity < 1
    for number in range(300):
        other = text(number, 15) + " " + text(5_000 + number, 15)
        assert near.find(2_000 + number, other, NONE) is None


def test_a_family_may_resemble_itself() -> None:
    near = NearDuplicates()
    assert near.find(1, "the same words", frozenset({"pair a", "cluster x"})) is None
    assert near.find(2, "the same words", frozenset({"cluster x"})) is None
    assert near.find(3, "the same words", frozenset({"pair b"})) == Twin(1, 1.0)


def test_short_and_empty_texts() -> None:
    near = NearDuplicates()
    assert near.find(1, "", NONE) is None
    assert near.find(2, "?!", NONE) == Twin(1, 1.0)
    assert near.find(3, "ab", NONE) is None
    assert near.find(4, "ac", NONE) is None


def test_long_texts_that_differ_at_the_end() -> None:
    near = NearDuplicates()
    context = text(1, 2_000)
    assert near.find(1, context + " " + text(2, 150), NONE) is None
    assert near.find(2, context + " " + text(3, 150), NONE) is None


def test_what_lies_beyond_the_limit_is_not_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "MOST_TEXTS", 2)
    near = NearDuplicates()
    near.find(1, "one", NONE)
    assert not near.full
    near.find(2, "two", NONE)
    assert near.full
    assert near.find(3, "one", NONE) is None


@pytest.mark.parametrize("alike", [False, True])
def test_ten_thousand_texts_take_seconds(alike: bool) -> None:
    near = NearDuplicates()
    texts = [
        f"What is {n} plus {n * 7 % 997}? Show it." if alike else text(n) for n in range(3_000)
    ]
    start = time.process_time()
    for number, each in enumerate(texts):
        near.find(number, each, NONE)
    assert (time.process_time() - start) * 10 / 3 < 10


def test_pairs_are_found_among_many_at_once() -> None:
    near = NearPairs()
    for number in range(500):
        assert near.add(text(number)) == number
    near.add(text(7).upper() + "!")
    near.add(text(8)[:-4] + "change")
    found = sorted(near.pairs(lambda one, other: False), key=lambda each: each.second)
    assert found[0] == Alike(7, 500, 1.0)
    assert (found[1].first, found[1].second) == (8, 501)
    assert 0.85 <= found[1].similarity < 1
    assert len(found) == 2
    assert list(near.pairs(lambda one, other: one == 7 or other == 501)) == []


def test_a_crowd_of_copies_stays_linear() -> None:
    near = NearPairs()
    for _ in range(3_000):
        near.add("the same words again and again")
    near.add("")
    found = list(near.pairs(lambda one, other: False))
    assert {each.second for each in found} == set(range(1, 3_000))
    assert len(found) < 3 * 3_000
