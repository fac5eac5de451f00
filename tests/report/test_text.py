from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.records import Second
from assay.report.text import (
    Scale,
    figure_text,
    missing_by_side,
    missing_words,
    seconds_words,
    trust_words,
    visible,
)
from tests.report.material import a_figure

RATE = Scale(0.0, 1.0)


def test_a_figure_says_all_that_it_needs() -> None:
    figure = a_figure(
        0.84,
        low=0.791,
        high=0.88,
        n=200,
        planned=204,
        missing={"refusal": 1, "model_error": 3, "not_run": 0},
        worst=0.824,
        best=0.843,
    )
    assert figure_text(figure) == (
        "84.0% [79.1, 88.0], Wilson, n = 200 of 204, 4 missing (model_error 3, refusal 1); "
        "worst case 82.4%"
    )


def test_a_figure_names_clusters_and_an_unusual_confidence() -> None:
    figure = a_figure(0.5, low=0.4, high=0.6, clusters=40, confidence=0.9)
    assert figure_text(figure) == "50.0% [40.0, 60.0] (90%), Wilson, n = 200 of 200, 40 clusters"


def test_a_figure_without_any_score_has_no_number() -> None:
    figure = a_figure(None, n=0, clusters=0, planned=3, missing={"not_run": 3}, worst=0.0, best=1.0)
    assert (
        figure_text(figure) == "nothing scored, n = 0 of 3, 3 missing (not_run 3); worst case 0.0%"
    )


def test_an_unbounded_figure_does_not_claim_a_worst_case() -> None:
    figure = a_figure(412.5, low=400, high=425, planned=201, missing={"not_run": 1}, worst=None)
    assert figure_text(figure, None).endswith("worst case unknown")
    assert figure_text(figure, None).startswith("412 [400, 425]")


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.0, "0.0%"), (1.0, "100.0%"), (0.0004, "0.04%"), (0.99996, "99.996%"), (0.5, "50.0%")],
)
def test_a_rare_event_is_never_rounded_away(value: float, said: str) -> None:
    assert RATE.say(value) == said


@given(st.floats(1e-6, 1 - 1e-6))
def test_only_certainty_prints_as_0_or_100(value: float) -> None:
    assert float(RATE.number(value)) not in (0.0, 100.0)


def test_other_scales_have_plain_numbers() -> None:
    assert Scale(1, 5).say(3.1) == "3.10"
    assert Scale(0, 100).say(31.25) == "31.2"
    assert Scale(1, 5).difference(-0.256) == "\N{MINUS SIGN}0.26"
    assert RATE.difference(0.032) == "+3.2 points"
    assert RATE.say(None) == RATE.interval(None, 0.5) == "\N{EN DASH}"


@given(st.floats(-10, 10), st.floats(-10, 10), st.floats(-20, 20))
def test_positions_stay_on_the_scale(low: float, high: float, value: float) -> None:
    assert 0 <= Scale(low, high).position(value) <= 1


def test_missing_words_put_the_most_frequent_first() -> None:
    assert missing_words({"refusal": 1, "model_error": 3}) == (
        "model gave no reply (3), judge refused to score (1)"
    )
    assert missing_words({"model_error": 3}) == "model gave no reply"
    assert missing_words({"grue": 2, "not_run": 0}) == "grue"


def test_hidden_characters_are_shown() -> None:
    assert visible("a\u202eb\x1b[0m\x00\ufeff") == "a⟨U+202E⟩b⟨U+001B⟩[0m⟨U+0000⟩⟨U+FEFF⟩"
    assert visible("tag\U000e0041\ud800") == "tag⟨U+E0041⟩⟨U+D800⟩"


def test_ordinary_text_of_any_script_stays() -> None:
    text = "Zeile\n\tTab; سلام می‌کنم; שלום\u200f!; 你好; नमस्ते; 👩‍🚀"
    assert visible(text) == text
    assert visible("a\r\nb") == "a\nb"


@given(st.text(st.characters(exclude_categories=())))
def test_nothing_invisible_survives(text: str) -> None:
    shown = visible(text)
    assert visible(shown) == shown
    shown.encode()
    allowed = "\n\t\u200c\u200d\u200e\u200f\u061c"
    controls = [c for c in shown if unicodedata.category(c) == "Cc" and c not in allowed]
    assert controls == []
    assert not set(shown) & set(
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200b\u2060"
    )


def test_a_figure_says_what_vouches_for_its_scorer() -> None:
    assert trust_words(a_figure(0.2), RATE) == ("uncertified scorer",)
    second = Second(0.15, 0.05, 0.25, "Rogan-Gladen", 200, "cert-1 (a\u202e.csv): Se 0.9, Sp 0.9")
    corrected = a_figure(0.2, standing="expired", certificate="cert-1", corrected=second)
    [line] = trust_words(corrected, RATE)
    assert line == (
        "scorer expired: cert-1 (a⟨U+202E⟩.csv): Se 0.9, Sp 0.9; corrected 15.0% [5.0, 25.0]"
    )
    audited = a_figure(0.2, standing="certified", certificate="cert-1", audited=second)
    assert trust_words(audited, RATE)[0] == "scorer certified; figure not corrected"
    assert trust_words(audited, RATE)[1].endswith("15.0% [5.0, 25.0]")
    assert trust_words(a_figure(None, n=0), RATE) == ()


def test_what_is_missing_is_told_by_side() -> None:
    told = missing_by_side({"before: model_error": 4, "after refusal": 1, "not_run": 2})
    assert told == (
        "before: model gave no reply (4), never asked (2), after: judge refused to score (1)"
    )
    assert missing_by_side({"candidate model_error": 3}) == "candidate: model gave no reply"
    assert missing_by_side({"samples not matched": 3}) == "samples not matched"


def test_second_values_are_told_in_few_words() -> None:
    second = Second(0.9, 0.8, 0.95, "m", 100, "b")
    figure = a_figure(0.84, audited=second)
    assert seconds_words(figure, Scale(0.0, 1.0)) == ("by people's labels 90.0% [80.0, 95.0]",)
    assert seconds_words(a_figure(), Scale(0.0, 1.0)) == ()
