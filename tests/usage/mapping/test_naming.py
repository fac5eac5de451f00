"""Names are of words that enough principals use, whoever is left out."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from assay.usage.mapping.corpus import Corpus, read_corpus
from assay.usage.mapping.naming import MOST_WORDS, NAMELESS, PARTLY, Named, Namer, said_in
from assay.usage.mapping.terms import LONGEST_PHRASE, Terms, terms_of
from assay.usage.mapping.usual import Usual
from tests.usage.mapping.made import import_of, said

Rows = NDArray[np.int64]

LETTERS = [
    "please write a cover letter for a job",
    "write a cover letter to my landlord about rent",
    "could you write a cover letter in french",
]
RECIPES = ["a recipe for apple pie", "how long does a pie bake", "which flour for a pie crust"]


def corpus_of(folder: Path, texts: list[str], accounts: list[str] | None = None) -> Corpus:
    rows = [
        said(each, text, account_id=accounts[each] if accounts else f"a{each}")
        for each, text in enumerate(texts)
    ]
    usage = import_of(folder, rows)
    read_corpus(usage, folder, lambda _done, _all: None)
    return Corpus(folder)


def count_terms(corpus: Corpus, rows: Rows, whose: NDArray[np.int32], k: int) -> Terms:
    return terms_of(*corpus.words_of(rows), whose[rows], k)


class NamerOf:
    """A namer of groups that are all in the language of their corpus."""

    def __init__(self, corpus: Corpus, k: int) -> None:
        usual = Usual(corpus.frequencies_in, corpus.languages)
        self._namer = Namer(corpus.vocabulary(), usual, k)
        self.name_above = self._namer.name_above

    def name(self, own: Terms, beside: list[Terms]) -> Named:
        return self._namer.name(own, beside, np.array([own.principals]))


def test_a_phrase_that_many_use_is_the_name(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, LETTERS * 10 + RECIPES * 20)
    whose = np.asarray(corpus.principals)
    letters = count_terms(corpus, np.arange(30), whose, 5)
    recipes = count_terms(corpus, np.arange(30, 90), whose, 5)
    named = NamerOf(corpus, 5).name(letters, [recipes])
    assert named.name.startswith("write a cover letter")
    assert "pie" in NamerOf(corpus, 5).name(recipes, [letters]).name


def test_terms_are_counted_as_a_plain_count_has_them(tmp_path: Path) -> None:
    texts = [*LETTERS, *RECIPES, LETTERS[0]] * 2
    accounts = [f"a{each % 5}" for each in range(len(texts))]
    corpus = corpus_of(tmp_path, texts, accounts)
    words = corpus.vocabulary()
    found = count_terms(corpus, np.arange(len(texts)), np.asarray(corpus.principals), 2)
    users: dict[str, set[str]] = {}
    for text, account in zip(texts, accounts, strict=True):
        said_words = text.split()
        for length in range(1, LONGEST_PHRASE + 1):
            for start in range(len(said_words) - length + 1):
                phrase = " ".join(said_words[start : start + length])
                users.setdefault(phrase, set()).add(account)
    wanted = {phrase: len(who) for phrase, who in users.items() if len(who) >= 2}
    told = {
        " ".join(words[word] for word in gram if word): int(uses)
        for gram, uses in zip(found.grams, found.uses, strict=True)
    }
    assert told == wanted


def test_what_fewer_than_k_principals_said_is_never_a_word_of_a_name(tmp_path: Path) -> None:
    texts = [f"{text} sesame" if each < 4 else text for each, text in enumerate(LETTERS * 10)]
    corpus = corpus_of(tmp_path, texts + RECIPES * 10)
    own = count_terms(corpus, np.arange(30), np.asarray(corpus.principals), 5)
    assert corpus.vocabulary().index("sesame") not in own.grams
    assert "sesame" not in NamerOf(corpus, 5).name(own, []).name


def test_a_group_that_shares_nothing_says_so(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, ["apple", "pear", "plum", "cherry"])
    own = count_terms(corpus, np.arange(4), np.asarray(corpus.principals), 3)
    assert NamerOf(corpus, 3).name(own, []).name == NAMELESS


def test_words_that_judge_name_a_group_only_where_no_other_word_does(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, ["good pie"] * 20 + ["good"] * 5 + RECIPES[:1] * 2 + ["rent"] * 60)
    whose = np.asarray(corpus.principals)
    rest = count_terms(corpus, np.arange(27, 87), whose, 3)
    named = NamerOf(corpus, 3).name(count_terms(corpus, np.arange(25), whose, 3), [rest])
    assert named.name == "pie"
    assert named.keywords == ("pie",)
    judged = NamerOf(corpus, 3).name(count_terms(corpus, np.arange(20, 25), whose, 3), [rest])
    assert judged.name == "good"
    assert not judged.strong


def test_weaker_contrast_names_a_group_that_has_no_strong_one(tmp_path: Path) -> None:
    """Half of the group and a third of the others say it, and nothing else is shared."""
    own = ["pie"] * 12 + [f"fruit{chr(97 + each)}" for each in range(12)]
    others = ["pie rent", "job", "poem"] * 20
    corpus = corpus_of(tmp_path, own + others)
    whose = np.asarray(corpus.principals)
    parts = np.arange(24), np.arange(24, 84)
    named = []
    for k in (12, 10):  # twelve people say it, and one of them may be dropped
        table, rest = (count_terms(corpus, rows, whose, k) for rows in parts)
        named.append(NamerOf(corpus, k).name(table, [rest]))
    assert [each.name for each in named] == [NAMELESS, "pie"]
    assert not named[1].strong


OTHERS = ["job letter", "rent poem", "flour oven"] * 20


def named_beside_others(folder: Path, own: list[str], k: int = 5) -> str:
    corpus = corpus_of(folder, own + OTHERS)
    whose = np.asarray(corpus.principals)
    parts = np.arange(len(own)), np.arange(len(own), len(own) + len(OTHERS))
    table, rest = (count_terms(corpus, rows, whose, k) for rows in parts)
    return NamerOf(corpus, k).name(table, [rest]).name


def test_a_verb_keeps_the_particle_that_makes_it_another(tmp_path: Path) -> None:
    assert named_beside_others(tmp_path, ["i am shut down"] * 30) == "shut down"


def unlike(count: int) -> list[str]:
    """Words that nobody shares."""
    letters = "abcdefghijklmnopqrst"
    return [f"{one}{other}xyz" for one in letters for other in letters][:count]


def test_a_name_of_less_than_half_a_group_says_so(tmp_path: Path) -> None:
    for few, name in ((14, f"{PARTLY}pie"), (15, "pie")):
        own = ["pie"] * few + unlike(30 - few)
        assert named_beside_others(tmp_path / str(few), own) == name


def test_a_group_that_asks_alike_for_unlike_things_is_named_by_how_it_asks(tmp_path: Path) -> None:
    asked = [f"how do i {word}" for word in unlike(20)]
    assert named_beside_others(tmp_path / "most", asked + unlike(10)) == "how do i \u2026"
    few = [*asked, *unlike(60)]
    assert named_beside_others(tmp_path / "few", few) == f"{PARTLY}how do i \u2026"
    assert named_beside_others(tmp_path / "k", few, k=20) == NAMELESS  # twenty, less one who may go
    pies = [f"{text} pie" for text in asked[:10]] + asked[10:]
    assert named_beside_others(tmp_path / "pie", pies + unlike(10)) == (
        f"how do i \u2026, {PARTLY}pie"
    )


@pytest.mark.parametrize("said", ["面团需要发酵多长时间", "كم من الوقت يجب أن يرتاح العجين"])
def test_a_sentence_that_all_say_names_them_however_many_parts_it_has(
    tmp_path: Path, said: str
) -> None:
    name = named_beside_others(tmp_path, [said] * 30)
    assert name != NAMELESS
    assert all(part in said for part in name.split(", "))


def test_a_word_that_judges_and_that_few_say_is_no_name(tmp_path: Path) -> None:
    own = ["best"] * 14 + unlike(16)
    assert named_beside_others(tmp_path / "few", own) == NAMELESS
    assert named_beside_others(tmp_path / "most", ["best"] * 16 + unlike(14)) == "best"


def test_a_group_of_groups_bears_the_themes_of_those_below(tmp_path: Path) -> None:
    corpus = corpus_of(tmp_path, LETTERS * 10 + RECIPES * 10 + ["paint the oven"] * 30)
    whose = np.asarray(corpus.principals)
    parts = [np.arange(30), np.arange(30, 60), np.arange(60, 90)]
    tables = [count_terms(corpus, rows, whose, 5) for rows in parts]
    namer = NamerOf(corpus, 5)
    below = [namer.name(own, [each for each in tables if each is not own]) for own in tables]
    alone = namer.name(count_terms(corpus, np.arange(60), whose, 5), tables[2:])
    above = namer.name_above(alone, below[:2])
    assert above.themes[:2] == (below[0].themes[0], below[1].themes[0])
    assert len(above.name.split()) <= MOST_WORDS
    assert namer.name_above(alone, []) == alone
    partial = [dataclasses.replace(each, whole=False) for each in below]
    assert namer.name_above(alone, partial[:2]).name == f"{PARTLY}{above.name}"
    largest_last = namer.name_above(alone, [partial[0], below[1]])
    assert largest_last.themes[0] == below[1].themes[0]
    assert not largest_last.name.startswith(PARTLY)


WORDS = [
    "how do i",
    "what is the",
    "job",
    "letter",
    "rent",
    "pie",
    "flour",
    "oven",
    "crust",
    "write",
    "bake",
    "poem",
]
words = st.sampled_from(WORDS)
texts_of = st.lists(
    st.tuples(st.lists(words, min_size=1, max_size=6).map(" ".join), st.integers(0, 9)),
    min_size=12,
    max_size=40,
)


@pytest.mark.parametrize("k", [2, 3])
@settings(max_examples=40, deadline=None)
@given(rows=texts_of)
def test_every_word_of_a_name_stays_whoever_is_dropped(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int]], k: int
) -> None:
    """Dropped for good, and counted again: each word still has its principals and its score."""
    corpus = corpus_of(
        tmp_path_factory.mktemp("dropped"), [text for text, _ in rows], [f"a{a}" for _, a in rows]
    )
    whose = np.asarray(corpus.principals)
    half = np.arange(len(rows) // 2)
    rest = count_terms(corpus, np.arange(len(half), len(rows)), whose, k)
    namer = NamerOf(corpus, k)
    named = namer.name(count_terms(corpus, half, whose, k), [rest])
    assert len(said_in(named.name).split()) <= MOST_WORDS
    if named.name == NAMELESS:
        return
    for dropped in np.unique(whose[half]):
        left = half[whose[half] != dropped]
        own = count_terms(corpus, left, whose, k)
        told = {" ".join(corpus.vocabulary()[word] for word in gram if word) for gram in own.grams}
        for part in said_in(named.name).split(", "):
            assert part in told
