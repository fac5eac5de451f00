"""Folding: hidden and varied characters are undone, and every place leads back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.usage.folding import fold

SOME = st.text(
    st.sampled_from("ab1 @.\u200b\u00ad\u202e\uff11\u0661\u3002\U0001d7ce\u0301\u00e9\ud800")
)


@given(SOME)
def test_every_place_leads_back(text: str) -> None:
    folded = fold(text)
    at = 0
    for place, each in enumerate(folded.text):
        start, end = folded.origin(place, place + 1)
        assert start >= at
        assert end == start + 1
        assert fold(text[start]).text == each
        at = end


@given(SOME)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text).text).text == fold(text).text


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\uff14\uff11\uff11\uff11", "4111"),
        ("\u0664\u0661\u096a\u09e7", "4141"),
        ("\U0001d7d2\U0001d7cf\u2460", "411"),
        ("a\u200bn\u2060n\u00ad@x\u3002org", "ann@x.org"),
        ("\u202eann\u202c\ufeff", "ann"),
        ("e\u0301", "e"),
        ("415\u2011555\u20130132\u00a0x", "415-555-0132 x"),
        (
            "\u00e9t\u00e9 \u4f60\u597d \u092a\u0924\u094d\u0930",
            "\u00e9t\u00e9 \u4f60\u597d \u092a\u0924\u094d\u0930",
        ),
    ],
)
def test_text_is_seen_as_it_is_read(text: str, seen: str) -> None:
    assert fold(text).text == seen
