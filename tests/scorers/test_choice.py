"""Which choice a reply states, and what the choice scorer makes of it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.scorers.choice import Choice
from assay.scorers.statements import stated_choice
from tests.scorers.material import said

CITIES = ("Paris", "London", "Rome", "Paris, Texas")


@pytest.mark.parametrize(
    ("letter", "reply"),
    [
        ("B", "B"),
        ("B", "b"),
        ("B", "(b)."),
        ("B", "**B**"),
        ("B", "The answer is (B)."),
        ("B", "B) because it is rainy"),
        ("B", "B because the Thames runs there"),
        ("B", "B. London"),
        ("B", "london."),
        ("D", "Paris, Texas"),
        ("A", "The answer is Paris."),
        ("D", "The answer is Paris, Texas."),
        ("B", "I first thought the answer is A, but the answer is B."),
        ("B", "I thought the answer is Rome, hmm; the answer is B"),
        ("B", "**Answer:** B"),
        ("B", "Final answer: **(B)** London"),
        ("B", "Answer:\n\nB"),
        ("B", r"$\boxed{B}$"),
        ("B", "the answer is `London`"),
        ("B", "Correct answer: [B]"),
        ("B", "The answer to this question is option B."),
        ("B", "I'd go with B."),
        ("A", "I would choose A."),
        ("A", "A\n\nBecause of the Louvre."),
        ("A", "The answer is A, not B."),
        ("A", "(B) is incorrect. (A) fits."),
        ("C", "It is not (B), so it must be (C)."),
        ("C", "Choice A is wrong. Choice C fits."),
        ("C", "A good question. The answer is C."),
        ("B", "A) is wrong.\nSo it's clear.\nB"),
        ("B", "A: wrong\nB: right\nThe answer is B"),
        ("B", "Let me think. London is the one with the Thames."),
        ("B", "The capital is London (B)."),
        ("B", "Die Antwort ist B."),
        ("B", "La respuesta correcta es B"),
        ("B", "La réponse est B"),
        ("B", "答案是B。"),
        ("B", "正解はBです"),
        ("B", "Ответ: B"),
    ],
)
def test_states(letter: str, reply: str) -> None:
    assert stated_choice(reply, CITIES).letter == letter


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "It could be A or B.",
        "Either (A) or (B).",
        "The answer is A or B.",
        "A, B",
        "AB",
        "London or Rome.",
        "A) Paris B) London C) Rome",
        "A) Paris\nB) London",
        "A good question. I cannot say.",
        "I cannot answer that.",
        "None of the above",
        "The answer is not (B).",
        "I would not choose B.",
    ],
)
def test_states_nothing_clearly(reply: str) -> None:
    assert stated_choice(reply, CITIES).letter is None


def test_cites_the_reply_with_its_emphasis() -> None:
    reply = "Well, **the answer is *B*.**"
    stated = stated_choice(reply, CITIES)
    assert stated.words in reply
    assert "answer is *B" in stated.words


@given(st.text(alphabet="ABCD().,:*` \nabcorisnt\"'[]{}\\-/answeroptin", max_size=80))
def test_any_jumble_is_read_and_cited_verbatim(reply: str) -> None:
    stated = stated_choice(reply, CITIES)
    assert stated.words in reply
    assert stated.letter is None or stated.letter in "ABCD"


@given(st.lists(st.text(min_size=1, max_size=8), min_size=2, max_size=6, unique=True), st.data())
def test_any_texts_may_be_choices(choices: list[str], data: st.DataObject) -> None:
    letter = data.draw(st.sampled_from("ABCDEF"[: len(choices)]))
    assert stated_choice(f"The answer is ({letter}).", choices).letter == letter


@pytest.mark.parametrize("unit", ["A ", "(B) ", "answer ", "\n", " ", "A\n", "London ", "not not "])
def test_a_megabyte_takes_no_time(unit: str) -> None:
    reply = unit * (1_000_000 // len(unit))
    began = time.process_time()
    stated_choice(reply, CITIES)
    assert time.process_time() - began < 0.9


@pytest.mark.parametrize("target", ["B", "b", " London ", "London"])
async def test_parsed_against_the_target(target: str) -> None:
    right = await Choice().score(said("(B)", choices=CITIES, target=(target,)))
    wrong = await Choice().score(said("(C)", choices=CITIES, target=(target,)))
    assert (right.value, right.label, right.citations) == (1.0, "B", ("(B)",))
    assert (wrong.value, wrong.label) == (0.0, "C")


async def test_parsed_hedging_is_unscored() -> None:
    score = await Choice().score(said("A or B", choices=CITIES, target=("B",)))
    assert score.unscored == "invalid_response_format"
    assert "A, B" in score.explanation


async def test_a_filtered_reply_took_no_choice() -> None:
    filtered = said("", choices=CITIES, target=("B",), stop_reason="content_filter")
    assert (await Choice().score(filtered)).unscored == "refusal"
    assert (await Choice().score(said("", choices=CITIES, target=("B",)))).unscored == "no_response"


@pytest.mark.parametrize(
    "fields",
    [
        {"choices": CITIES},
        {"target": ("B",)},
        {"choices": CITIES, "target": ("Madrid",)},
        {"choices": CITIES, "target": ("F",)},
    ],
)
async def test_a_sample_that_cannot_be_scored_says_so(fields: dict[str, Any]) -> None:
    assert (await Choice().score(said("B", **fields))).unscored == "scoring_failed"


async def test_distribution_gives_the_probability_of_the_targets() -> None:
    spread = {"A": 0.2, "B": 0.5, "C": 0.3, "D": 0.0}
    scorer = Choice(by="distribution")
    transcript = said(
        "B",
        choices=CITIES,
        target=("C", "Paris"),
        choice_distribution=spread,
        choice_method="logprobs",
    )
    score = await scorer.score(transcript)
    assert score.value == pytest.approx(0.5)
    assert score.label == "B"
    assert "logprobs" in score.explanation


async def test_a_distribution_that_does_not_sum_to_one_is_taken_as_shares() -> None:
    spread = {"A": 1.0, "B": 3.0}
    transcript = said("B", choices=CITIES, target=("B",), choice_distribution=spread)
    assert (await Choice(by="distribution").score(transcript)).value == pytest.approx(0.75)


async def test_ties_go_to_the_first_letter() -> None:
    transcript = said("", choices=CITIES, target=("B",), choice_distribution={"B": 0.5, "A": 0.5})
    assert (await Choice(by="distribution").score(transcript)).label == "A"


@pytest.mark.parametrize(
    "spread",
    [None, {}, {"A": 0.0}, {"A": -0.1, "B": 1.0}, {"A": float("nan")}, {"A": float("inf")}],
)
async def test_no_distribution_is_unscored(spread: dict[str, float] | None) -> None:
    transcript = said("A", choices=CITIES, target=("A",), choice_distribution=spread)
    score = await Choice(by="distribution").score(transcript)
    assert score.unscored == "invalid_response_format"


@given(st.lists(st.floats(0, 1), min_size=4, max_size=4).filter(any))
async def test_the_values_of_all_targets_sum_to_one(chances: list[float]) -> None:
    spread = dict(zip("ABCD", chances, strict=True))
    total = 0.0
    for letter in "ABCD":
        transcript = said("A", choices=CITIES, target=(letter,), choice_distribution=spread)
        score = await Choice(by="distribution").score(transcript)
        assert score.value is not None
        assert 0 <= score.value <= 1
        total += score.value
    assert total == pytest.approx(1)
