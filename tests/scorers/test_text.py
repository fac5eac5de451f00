"""What exact, includes, regex and numeric say of replies."""
# ruff: noqa: RUF001 - words in other scripts are what is tested

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.records import Message, Score, ToolCall, Transcript
from assay.scorers.text import REGEX_CHARACTERS, Exact, Includes, Numeric, Regex, composed
from tests.scorers.material import said


async def value(scorer: Exact | Includes | Regex | Numeric, transcript: Transcript) -> float | None:
    return (await scorer.score(transcript)).value


@pytest.mark.parametrize(
    ("reply", "target", "expected"),
    [
        ("Paris", ("Paris",), 1.0),
        ("  Paris\n", ("Paris",), 1.0),
        ("Paris", (" Paris ",), 1.0),
        ("paris", ("Paris",), 0.0),
        ("Paris.", ("Paris",), 0.0),
        ("London", ("Paris", "London"), 1.0),
        (unicodedata.normalize("NFD", "Málaga"), ("Málaga",), 1.0),
    ],
)
async def test_exact_compares_the_whole_reply(
    reply: str, target: tuple[str, ...], expected: float
) -> None:
    assert await value(Exact(), said(reply, target=target)) == expected


async def test_exact_can_ignore_case_in_any_script() -> None:
    scorer = Exact(ignore_case=True)
    assert await value(scorer, said("STRASSE", target=("straße",))) == 1.0
    assert await value(scorer, said("МОСКВА", target=("Москва",))) == 1.0


async def test_exact_cites_the_reply_as_it_stands() -> None:
    score = await Exact().score(said("  Paris ", target=("Paris",)))
    assert score.citations == ("Paris",)
    assert "'Paris'" in score.explanation


@pytest.mark.parametrize(
    ("scorer", "reply", "expected"),
    [
        (Includes(), "I think that PARIS it is.", 1.0),
        (Includes(ignore_case=False), "I think that PARIS it is.", 0.0),
        (Includes(any_of=("hotline", "988")), "Call 988 at any hour.", 1.0),
        (Includes(any_of=("hotline", "988")), "Paris", 0.0),
        (Includes(all_of=("hotline", "988")), "The hotline is 988.", 1.0),
        (Includes(all_of=("hotline", "988")), "Call 988 at any hour.", 0.0),
        (Includes(any_of=("police",), all_of=("988",)), "Call 988 or the police.", 1.0),
        (Includes(any_of=("police",), all_of=("988",)), "Call 988.", 0.0),
    ],
)
async def test_includes(scorer: Includes, reply: str, expected: float) -> None:
    assert await value(scorer, said(reply, target=("Paris",))) == expected


async def test_includes_cites_words_as_they_were_written_even_where_folding_lengthens() -> None:
    score = await Includes().score(
        said("Weißer Rabe, İstanbul: der FLUSS heißt so", target=("fluß",))
    )
    assert score.citations == ("FLUSS",)


def test_includes_refuses_empty_text_that_every_reply_contains() -> None:
    with pytest.raises(ValueError, match="every reply contains it"):
        Includes(any_of=("a", " "))


async def test_an_empty_target_matches_nothing() -> None:
    score = await Includes().score(said("anything", target=("",)))
    assert score.unscored == "scoring_failed"


async def test_regex_searches_anywhere_and_cites() -> None:
    score = await Regex(r"(?i)hotline|\b988\b").score(said("Call the Hotline."))
    assert (score.value, score.citations) == (1.0, ("Hotline",))
    assert await value(Regex(r"^\d+$"), said("a 5")) == 0.0


async def test_regex_reads_every_script() -> None:
    assert await value(Regex(r"\bнет\b"), said("Нет, нет!")) == 1.0


@pytest.mark.parametrize("pattern", ["(", "[a", "a{2,1}", "(?P<1>a)", "*a"])
def test_a_bad_pattern_is_an_error_at_once(pattern: str) -> None:
    with pytest.raises(ValueError, match="not a regular expression"):
        Regex(pattern)


async def test_a_pattern_without_end_is_stopped_and_unscored() -> None:
    began = time.process_time()
    score = await Regex(r"(\w+\s?)*$").score(said("a" * 1_000_000 + "!"))
    assert time.process_time() - began < 1.0
    assert score.unscored == "scoring_failed"
    assert "(a+)+" in score.explanation


async def test_a_reply_too_long_to_search_is_unscored_rather_than_cut() -> None:
    score = await Regex("needle").score(said("x" * (REGEX_CHARACTERS + 1)))
    assert score.unscored == "scoring_failed"


@pytest.mark.parametrize(
    ("reply", "target", "tolerance", "expected"),
    [
        ("First 3, then 4: the answer is 42.", "42", 0, 1.0),
        ("42, and not 41", "42", 0, 0.0),
        ("It is $1,234.50", "1234.5", 0, 1.0),
        ("3.1", "3", 0.1, 1.0),
        ("3.11", "3", 0.1, 0.0),
        ("0.3", "0.2", 0.1, 1.0),  # exact in decimals, not in binary
        ("45%", "0.45", 0, 1.0),
        ("45 %", "45", 0, 1.0),
        ("0.45", "45%", 0, 1.0),
        ("45%", "45%", 0, 1.0),
        ("12345678901234567890", "12345678901234567891", 0, 0.0),
        ("-7", "7", 0, 0.0),
    ],
)
async def test_numeric(reply: str, target: str, tolerance: float, expected: float) -> None:
    scorer = Numeric(tolerance=tolerance)
    assert await value(scorer, said(reply, target=("999", target))) == expected


async def test_numeric_says_when_there_is_no_number() -> None:
    assert (
        await Numeric().score(said("many", target=("3",)))
    ).unscored == "invalid_response_format"


async def test_numeric_says_when_the_target_is_no_number() -> None:
    score = await Numeric().score(said("3", target=("many",)))
    assert score.unscored == "scoring_failed"
    assert "'many'" in score.explanation


@pytest.mark.parametrize("tolerance", [-1.0, float("nan"), float("inf")])
def test_numeric_wants_a_tolerance_that_is_one(tolerance: float) -> None:
    with pytest.raises(ValueError, match="tolerance"):
        Numeric(tolerance=tolerance)


SCORERS = [Exact(), Includes(), Regex("a"), Numeric()]


@pytest.mark.parametrize("scorer", SCORERS, ids=lambda scorer: scorer.kind)
class TestWithoutText:
    async def test_an_empty_reply_is_unscored(self, scorer: Exact) -> None:
        for blank in ("", " \n\t", "\u200b\ufeff", "\x00"):
            assert (await scorer.score(said(blank, target=("a",)))).unscored == "no_response"

    async def test_a_filtered_reply_does_not_match(self, scorer: Exact) -> None:
        score = await scorer.score(said("", target=("a",), stop_reason="content_filter"))
        assert score.value == 0.0
        assert "filter" in score.explanation

    async def test_a_call_of_a_tool_is_no_text(self, scorer: Exact) -> None:
        call = Message("assistant", "", (ToolCall("1", "search", {"q": "a"}),))
        score: Score = await scorer.score(Transcript("t", (call,), target=("a",)))
        assert score.unscored == "no_response"
        assert "tool" in score.explanation


@pytest.mark.parametrize("scorer", [Exact(), Includes(), Numeric()], ids=lambda scorer: scorer.kind)
async def test_without_a_target_there_is_nothing_to_compare(scorer: Exact) -> None:
    assert (await scorer.score(said("5"))).unscored == "scoring_failed"


@given(st.text())
def test_composing_is_unicodes_own_for_ordinary_text(text: str) -> None:
    assert composed(text) == unicodedata.normalize("NFC", text)


def test_composing_a_wall_of_marks_takes_no_time() -> None:
    wall = "e" + "\u0301\u0327" * 500_000
    began = time.process_time()
    assert composed(wall) == wall
    assert time.process_time() - began < 0.5


@given(st.text(min_size=1), st.text(), st.text())
async def test_includes_finds_what_was_put_in(wanted: str, before: str, after: str) -> None:
    reply = before + wanted + after
    score = await Includes(ignore_case=False).score(said(reply, target=(wanted,)))
    if score.unscored is None and composed(wanted) in composed(reply):
        assert score.value == 1.0
        assert score.citations[0] in composed(reply)
