"""Texts are cut into words that a name may use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.usage.mapping.words import BREAK, Vocabulary, joined, pieces, without_placeholders

HASH = "3f9a1c20b7d2e4a61c0948d75be1"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Write a Cover letter!", ["write", "a", "cover", "letter"]),
        ("I don\u2019t know", ["i", "don't", "know"]),
        (f"mail [email {HASH}] to [NAME {HASH}] now", ["mail", "to", "now"]),
        ("see https://example.org/secret?token=x or ann@example.org", ["see", "or"]),
        ("room 4711, key AKIA99", ["room", "key", "akia"]),
        ("the 2nd same-sex marriage - GPT4", ["the", "same-sex", "marriage", "gpt"]),
        ("写作 help", ["写", "作", "help"]),
    ],
)
def test_words_without_numbers_addresses_and_placeholders(text: str, words: list[str]) -> None:
    assert [piece for piece in pieces(text) if piece] == words


def test_no_phrase_runs_across_what_was_left_out() -> None:
    vocabulary = Vocabulary()
    numbers = list(vocabulary.numbers(f"pay [card {HASH}] today, 17 times"))
    assert numbers == [1, BREAK, 2, BREAK, 3]
    assert vocabulary.words == ["pay", "today", "times"]


def test_a_placeholder_tells_the_embedder_its_kind_and_not_its_hash() -> None:
    assert without_placeholders(f"mail [email {HASH}] now") == "mail email now"


def test_words_are_written_as_their_language_does() -> None:
    assert joined(["写", "作", "help"]) == "写作 help"


@given(st.text())
def test_any_text_gives_words_of_letters_alone(text: str) -> None:
    for piece in pieces(text):
        assert piece == "" or (piece[0].isalpha() and not any(c.isdecimal() for c in piece))
