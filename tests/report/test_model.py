from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest

from assay.records import Estimate
from assay.report.model import MAX_ROWS, RunView, Tables, badness
from tests.report.material import (
    CHOICE,
    EVALS,
    LENGTH,
    REFUSAL,
    a_figure,
    a_pair,
    a_run,
    an_eval,
)
from tests.report.test_changes import a_difference


def view(*estimates: Estimate, **changes: Any) -> RunView:
    return RunView(a_run("test/model", id="run", **changes), estimates, ())


def on(slice: dict[str, str], value: float | None, **changes: Any) -> Estimate:
    return a_figure(value, slice=slice, **changes)


@pytest.mark.parametrize(
    ("value", "good", "bounds", "polarity", "expected"),
    [
        (1.0, "by_polarity", (0, 1), "violative", 0.0),
        (1.0, "by_polarity", (0, 1), "benign", 1.0),
        (1.0, "by_polarity", (0, 1), None, None),
        (2.0, "high", (1, 5), None, 0.75),
        (2.0, "low", (1, 5), "violative", 0.25),
        (9.0, "low", (1, 5), None, 1.0),
        (2.0, "high", None, None, None),
        (None, "high", (0, 1), None, None),
        (2.0, "high", (2, 2), None, None),
    ],
)
def test_badness(
    value: float | None, good: Any, bounds: Any, polarity: Any, expected: float | None
) -> None:
    assert badness(value, good, bounds, polarity) == expected


class TestRowsThatCannotBeCompared:
    def test_the_row_says_why_and_is_not_bold(self) -> None:
        other = msgspec.structs.replace(EVALS[0], hash="sha256:other")
        theirs = view(a_figure(0.1), evals=(other,))
        (row,) = Tables(view(a_figure(0.9)), theirs).overall().rows
        assert row.difference is not None
        assert not row.difference.clear
        assert "content differs" in row.difference.note

    def test_another_scorer_version_is_not_compared(self) -> None:
        theirs = view(a_figure(0.1, scorer_version="another"))
        (row,) = Tables(view(a_figure(0.9)), theirs).overall().rows
        assert row.difference is not None
        assert "versions of the scorer" in row.difference.note


class TestOverall:
    def test_the_eval_with_the_worst_figure_comes_first_and_stays_together(self) -> None:
        estimates = [
            on({"polarity": "benign"}, 0.0, eval="benign-requests"),
            on({"polarity": "violative"}, 0.99),
            on({"polarity": "benign"}, 0.7),
            on({}, 0.8, eval="sycophancy-and-honesty", scorer="choice", good="high"),
        ]
        rows = Tables(view(*estimates), None).overall().rows
        assert [(row.eval, row.requests) for row in rows] == [
            ("harmful-requests", "violative requests"),
            ("harmful-requests", "benign requests"),
            ("sycophancy-and-honesty", "all requests"),
            ("benign-requests", "benign requests"),
        ]

    def test_nothing_scored_comes_before_the_worst_figure(self) -> None:
        evals = (an_eval("a", 1, CHOICE), an_eval("b", 1, CHOICE))
        shared = {"scorer": "choice", "good": "high"}
        estimates = [on({}, 0.0, eval="a", **shared), on({}, None, eval="b", **shared)]
        rows = Tables(view(*estimates, evals=evals), None).overall().rows
        assert [row.eval for row in rows] == ["b", "a"]

    def test_a_figure_that_only_the_baseline_has_is_shown(self) -> None:
        table = Tables(view(a_figure(0.9)), view(a_figure(0.5), on({"polarity": "benign"}, 0.2)))
        only = next(row for row in table.overall().rows if row.candidate is None)
        assert only.baseline is not None
        assert only.difference is not None
        assert only.difference.size == ""

    def test_scales_come_from_the_scorer_or_from_the_figures(self) -> None:
        lengths = {"eval": "election-integrity", "scorer": "words", "good": "low", "slice": {}}
        long = a_figure(90.0, low=80.0, high=100.0, worst=None, best=None, **lengths)
        rows = Tables(view(a_figure(0.5), long), None).overall().rows
        assert [row.scale.known for row in rows] == [True, False]
        assert rows[1].scale.low < 80 < 100 < rows[1].scale.high
        assert rows[0].scale.percent


class TestSections:
    def test_areas_come_worst_first_one_table_for_each_kind_of_request(self) -> None:
        estimates = [
            on({"policy_area": area, "polarity": polarity}, value)
            for area, polarity, value in [
                ("fraud", "violative", 0.9),
                ("drugs", "violative", 0.6),
                ("fraud", "benign", 0.1),
                ("drugs", "benign", 0.3),
            ]
        ]
        (section,) = Tables(view(*estimates), None).sections()
        told = [(t.requests, t.direction, [row.name for row in t.rows]) for t in section.tables]
        assert section.title == "By policy area"
        assert told == [
            ("violative requests", "higher is better", ["drugs", "fraud"]),
            ("benign requests", "lower is better", ["drugs", "fraud"]),
        ]

    def test_where_all_requests_together_mean_something_they_stand_alone(self) -> None:
        shared = {"eval": "self-harm-support", "scorer": "support", "good": "high"}
        slices = [{"language": "fa"}, {"language": "fa", "polarity": "benign"}, {"language": "en"}]
        (section,) = Tables(view(*(on(s, 2.0, **shared) for s in slices)), None).sections()
        assert [row.slice for row in section.tables[0].rows] == [
            {"language": "en"},
            {"language": "fa"},
        ]
        assert len(section.tables) == 1

    def test_unbounded_scorers_are_ordered_too(self) -> None:
        shared = {"eval": "election-integrity", "scorer": "words", "good": "low", "worst": None}
        estimates = [
            on({"policy_area": name}, value, low=value - 1, high=value + 1, **shared)
            for name, value in [("short", 3.0), ("long", 90.0)]
        ]
        (section,) = Tables(view(*estimates), None).sections()
        assert [row.name for row in section.tables[0].rows] == ["long", "short"]

    def test_a_slice_that_nobody_foresaw_is_shown(self) -> None:
        estimates = [on({"attack": "roleplay", "polarity": "violative"}, 0.5)]
        (section,) = Tables(view(*estimates), None).sections()
        assert (section.id, section.title) == ("by-attack", "By attack")

    def test_very_many_rows_are_bounded_and_counted(self) -> None:
        estimates = [
            on({"policy_area": f"area {i}", "polarity": "violative"}, i / 1000) for i in range(500)
        ]
        (section,) = Tables(view(*estimates), None).sections()
        (table,) = section.tables
        assert len(table.rows) == MAX_ROWS
        assert table.dropped == 300
        assert table.rows[0].name == "area 0"

    def test_a_shared_method_is_said_once(self) -> None:
        slices = [{"policy_area": name, "polarity": "violative"} for name in "ab"]
        same = Tables(view(*(on(s, 0.5) for s in slices)), None).sections()[0].tables[0]
        mixed = [on(slices[0], 0.5), on(slices[1], 0.5, method="exact")]
        other = Tables(view(*mixed), None).sections()[0].tables[0]
        assert (same.method, other.method) == ("Wilson, 95%", "")


class TestTwins:
    def test_each_model_has_its_two_rates_side_by_side(self) -> None:
        sides = [{"polarity": "violative"}, {"polarity": "benign"}]
        ours = view(on(sides[0], 0.9), on(sides[1], 0.2))
        theirs = view(on(sides[0], 0.6))
        first, second = Tables(ours, theirs).twins()
        assert (first.run, second.run) == ("candidate", "baseline")
        assert first.violative is not None
        assert first.benign is not None
        assert (first.violative.value, first.benign.value) == ("90.0%", "20.0%")
        assert second.benign is None

    def test_scorers_with_one_direction_have_no_twins(self) -> None:
        estimate = on(
            {"polarity": "benign"}, 0.9, eval="self-harm-support", scorer="support", good="high"
        )
        assert Tables(view(estimate), None).twins() == ()


def test_the_material_fills_every_kind_of_table() -> None:
    tables = Tables(*a_pair())
    assert {row.scorer for row in tables.overall().rows} == {
        REFUSAL.name,
        CHOICE.name,
        LENGTH.name,
        "support",
    }
    assert [section.id for section in tables.sections()] == ["by-policy_area", "by-language"]
    assert len(tables.twins()) == 6
    assert any(row.difference and row.difference.clear for row in tables.overall().rows)
    assert any(row.difference and not row.difference.clear for row in tables.overall().rows)


def test_paired_differences_come_before_whether_the_intervals_overlap() -> None:
    ours, theirs = a_figure(0.6), a_figure(0.5)
    (row,) = Tables(view(ours), view(theirs)).overall().rows
    assert row.difference is not None
    assert not row.difference.clear
    paired = a_difference(
        eval=ours.eval, scorer=ours.scorer, slice=ours.slice, verdict="better",
        value=0.1, low=0.04, high=0.16,
    )  # fmt: skip
    (row,) = Tables(replace(view(ours), differences=(paired,)), view(theirs)).overall().rows
    assert row.difference is not None
    assert row.difference.clear
    assert row.difference.size == "+10.0 points"
    assert row.difference.note.startswith("[+4.0, +16.0]; clearly better; 200 pairs")
