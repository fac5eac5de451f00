from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.records import Estimate
from assay.report.compare import asked, difference, direction, eval_of, incomparable
from assay.report.text import Scale
from tests.report.material import EVALS, a_figure, a_run, an_eval

RATE = Scale(0.0, 1.0)


def on(slice: dict[str, str], value: float | None) -> Estimate:
    return a_figure(value, slice=slice)


class TestDifference:
    def test_intervals_apart_are_clear_and_have_a_direction(self) -> None:
        found = difference(a_figure(0.9), a_figure(0.5), RATE)
        assert (found.size, found.verdict, found.clear) == ("+40.0 points", "better", True)

    def test_more_refusals_of_benign_requests_are_worse(self) -> None:
        ours, theirs = (on({"polarity": "benign"}, value) for value in (0.9, 0.5))
        assert difference(ours, theirs, RATE).verdict == "worse"

    @given(*[st.lists(st.floats(0, 1), min_size=3, max_size=3).map(sorted)] * 2)
    def test_overlapping_intervals_are_never_clear(
        self, one: list[float], other: list[float]
    ) -> None:
        (a, b, c), (d, e, f) = one, other
        ours, theirs = a_figure(b, low=a, high=c), a_figure(e, low=d, high=f)
        found = difference(ours, theirs, RATE)
        assert found.clear == (a > f or c < d)
        assert bool(found.verdict) == found.clear

    def test_what_is_missing_may_undo_a_difference(self) -> None:
        ours = a_figure(0.9, missing={"model_error": 60}, worst=0.6, best=0.93)
        assert difference(ours, a_figure(0.5), RATE).clear
        found = difference(ours, a_figure(0.7), RATE)
        assert not found.clear
        assert "missing" in found.note

    def test_unknown_worst_cases_make_nothing_clear(self) -> None:
        ours = a_figure(0.9, missing={"not_run": 1}, worst=None, best=None)
        assert not difference(ours, a_figure(0.5), RATE).clear

    def test_a_warning_keeps_a_difference_from_being_clear(self) -> None:
        found = difference(a_figure(0.9, warning="few clusters"), a_figure(0.5), RATE)
        assert not found.clear
        assert "warns" in found.note

    def test_nothing_scored_or_no_interval_says_nothing(self) -> None:
        assert difference(a_figure(None), a_figure(0.5), RATE).size == ""
        bare = a_figure(0.9, low=None, high=None)
        assert not difference(bare, a_figure(0.1), RATE).clear

    def test_without_direction_no_verdict_of_worth(self) -> None:
        ours, theirs = (on({}, value) for value in (0.9, 0.5))
        assert difference(ours, theirs, RATE).verdict == "higher"


class TestIncomparable:
    @pytest.mark.parametrize(
        "change", [{"hash": "sha256:other"}, {"limit": 10}, {"epochs": 3}, {"samples": 7}]
    )
    def test_runs_of_different_content_are_not_compared(self, change: dict[str, Any]) -> None:
        other = msgspec.structs.replace(EVALS[0], **change)
        found = incomparable(a_run("a", id="a"), a_run("b", id="b", evals=(other, *EVALS[1:])))
        assert list(found) == [("harmful-requests", "refusal")]

    def test_equal_runs_are_comparable(self) -> None:
        assert incomparable(a_run("a", id="a"), a_run("b", id="b")) == {}


def test_directions() -> None:
    assert direction("high", "benign") == "high"
    assert direction("low", None) == "low"
    assert [direction("by_polarity", kind) for kind in ("violative", "benign", "(none)", None)] == [
        "high",
        "low",
        None,
        None,
    ]


def test_what_was_asked_is_known_whether_or_not_the_limit_is_counted_in() -> None:
    assert asked(an_eval("one", 50, limit=50)) == asked(an_eval("one", 90, limit=50)) == 50
    assert asked(an_eval("one", 90)) == 90


def test_an_eval_is_found_by_name() -> None:
    record = a_run("m", id="r")
    assert eval_of(record, "benign-requests") is EVALS[1]
    assert eval_of(record, "none") is None
