"""A difference in words: what is clear, what is noise, and what stands behind it."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from assay.records import Difference
from assay.report.changes import between, change
from assay.report.text import Scale

RATE = Scale(0.0, 1.0)


def a_difference(**changes: Any) -> Difference:
    told: dict[str, Any] = {
        "eval": "e", "scorer": "refusal", "slice": {"polarity": "violative"}, "good": "by_polarity",
        "better": "high", "verdict": "worse", "value": -0.1, "low": -0.15, "high": -0.05,
        "confidence": 0.95, "method": "paired, Tango score", "paired": True, "candidate": 0.7,
        "baseline": 0.8, "n": 200, "clusters": 200, "matched": 200, "candidate_missing": {},
        "baseline_missing": {}, "worst": -0.1, "best": -0.1, "least": -0.15, "greatest": -0.05,
        **changes,
    }  # fmt: skip
    return Difference(**told)


def test_a_clear_difference_is_marked_and_told_with_its_interval() -> None:
    found = change(a_difference(), RATE)
    assert found is not None
    assert (found.size, found.interval) == (
        "\N{MINUS SIGN}10.0 points", "[\N{MINUS SIGN}15.0, \N{MINUS SIGN}5.0]",
    )  # fmt: skip
    assert (found.verdict, found.clear) == ("clearly worse", True)
    assert found.notes == "200 pairs; paired, Tango score, 95%"


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"low": -0.2, "high": 0.1}, "within the noise"),
        ({"warning": "only 4 clusters"}, "not clear: only 4 clusters"),
        ({"adjusted": 0.2}, "not clear among so many slices"),
    ],
)
def test_what_is_not_clear_is_never_marked(changes: dict[str, Any], verdict: str) -> None:
    found = change(a_difference(verdict="unclear", **changes), RATE)
    assert found is not None
    assert (found.verdict, found.clear) == (verdict, False)


def test_what_is_missing_unmatched_and_clustered_stands_beside_it() -> None:
    found = change(
        a_difference(
            n=190, clusters=40, worst=-0.14, best=-0.08, only_baseline=3,
            candidate_missing={"model_error": 6}, baseline_missing={"refusal": 4},
        ),
        RATE,
    )  # fmt: skip
    assert found is not None
    assert "190 of 200 pairs, 40 clusters" in found.notes
    assert "10 scores missing: worst case \N{MINUS SIGN}14.0 points" in found.notes
    assert "3 samples not matched" in found.brief
    assert "Tango" not in found.brief


def test_nothing_to_compare_and_no_difference_at_all() -> None:
    nothing = {"verdict": "nothing to compare", "value": None, "low": None, "high": None, "n": 0}
    found = change(a_difference(**nothing), RATE)
    assert found is not None
    assert (found.size, found.interval, found.clear) == ("", "", False)
    assert change(None, RATE) is None


def test_an_end_that_nothing_bounds_says_so() -> None:
    assert between(-inf, 0.1, RATE) == "[no bound, +10.0]"
