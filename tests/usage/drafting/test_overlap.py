from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from assay.usage.drafting.overlap import alike, repeated, runs_of

words = st.lists(st.text("abcdefgh", min_size=2, max_size=6), min_size=5, max_size=30)


@given(words, st.data())
def test_any_five_words_of_a_member_are_found_whatever_stands_around_them(said, data) -> None:
    start = data.draw(st.integers(0, len(said) - 5))
    run = said[start : start + 5]
    draft = "Xx yy, " + "  ".join(word.upper() for word in run) + "! zz"
    assert repeated([draft, "quite another request of mine"], [" ".join(said)]) >= {0}


def test_four_words_are_not_enough() -> None:
    assert repeated(["how do I bake a cake"], ["how do I bake bread"]) == set()


def test_near_copies_are_found_even_without_five_words_on_end() -> None:
    member = "Pneumonoultramicroscopic silicovolcanoconiosis treatment options"
    assert repeated([member.replace("options", "option")], [member]) == {0}


def test_scripts_without_blanks_count_by_letters() -> None:
    member = "私は昨日東京の大学で新しい友達に会いました"
    assert repeated(["彼女も昨日東京の大学で新しい友達を作った"], [member]) == {0}
    assert repeated(["大学はどこですか"], [member]) == set()
    assert len(list(runs_of(member))) == len(member) - 9


def test_a_draft_that_repeats_an_earlier_one_is_told() -> None:
    first = "Which screws hold a shelf of oak on a wall of plaster?"
    assert alike([first, "Something else entirely, about boats.", first.lower()]) == {2}
