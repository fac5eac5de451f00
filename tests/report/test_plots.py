from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from assay.records import Estimate
from assay.report.changes import change
from assay.report.plots import Lane, axis, difference_plot, interval_plot, marker
from assay.report.text import Scale
from tests.report.material import HOSTILE, a_figure
from tests.report.test_changes import a_difference

RATE = Scale(0.0, 1.0)


def drawn(*lanes: Lane, title: str = "harmful-requests", scale: Scale = RATE) -> ET.Element:
    return ET.fromstring(interval_plot("p1", title, lanes, scale))


def texts(plot: ET.Element, kind: str) -> list[str]:
    return [node.text or "" for node in plot.iter("text") if node.get("class") == kind]


def a_lane(estimate: Estimate | None = None, name: str = "Candidate") -> Lane:
    return Lane(name, "disc", estimate or a_figure(0.84))


def test_a_plot_says_in_words_what_it_shows() -> None:
    plot = drawn(a_lane(), Lane("Baseline", "diamond", a_figure(0.5)))
    title, description = plot.find("title"), plot.find("desc")
    assert title is not None
    assert description is not None
    assert title.text == "harmful-requests"
    assert plot.get("role") == "img"
    assert plot.get("aria-labelledby") == title.get("id")
    assert plot.get("aria-describedby") == description.get("id")
    assert "Candidate: 84.0% [79.0, 89.0]" in (description.text or "")
    assert "Baseline: 50.0%" in (description.text or "")


def test_series_differ_by_shape_and_carry_their_values() -> None:
    plot = drawn(a_lane(), Lane("Baseline", "diamond", a_figure(0.5)))
    marks = [node for node in plot.iter("svg") if (node.get("class") or "").startswith("mark")]
    assert [mark[0].tag for mark in marks] == ["circle", "path"]
    assert texts(plot, "value") == ["84.0%", "50.0%"]


def test_marker_and_interval_stand_where_the_figures_say() -> None:
    plot = drawn(a_lane(a_figure(0.5, low=0.25, high=1.0)))
    interval = next(n for n in plot.iter("line") if (n.get("class") or "").startswith("interval"))
    mark = next(n for n in plot.iter("svg") if (n.get("class") or "").startswith("mark"))
    assert (interval.get("x1"), interval.get("x2"), mark.get("x")) == ("26%", "98%", "50%")


def test_the_range_left_open_is_drawn_only_where_something_is_missing() -> None:
    whole = drawn(a_lane(a_figure(0.5, worst=0.4, best=0.6)))
    open = drawn(a_lane(a_figure(0.5, worst=0.6, best=0.4, missing={"not_run": 9})))
    kinds = [[n.get("class") for n in plot.iter("line")] for plot in (whole, open)]
    assert "open" not in kinds[0]
    assert "open" in kinds[1]


def test_a_lane_without_a_figure_says_so() -> None:
    plot = drawn(Lane("Candidate", "disc", None), a_lane(a_figure(None), "Baseline"))
    assert texts(plot, "none") == ["Candidate: no figure", "Baseline: nothing scored"]


def test_hostile_titles_stay_text() -> None:
    plot = drawn(a_lane(), title=HOSTILE)
    assert [node.tag for node in plot.iter() if node.tag in ("script", "img")] == []
    title = plot.find("title")
    assert title is not None
    assert "⟨U+202E⟩" in (title.text or "")


def test_an_unbounded_scale_has_plain_ticks() -> None:
    scale = Scale(10.0, 30.0, known=False)
    plot = drawn(a_lane(a_figure(20.0, low=15, high=25)), scale=scale)
    assert texts(plot, "tick") == ["10", "20", "30"]
    assert texts(plot, "value") == ["20.0"]


@given(st.lists(st.floats(0, 1), min_size=5, max_size=5))
def test_everything_stays_inside_the_drawing(values: list[float]) -> None:
    low, value, high = sorted(values[:3])
    figure = a_figure(
        value, low=low, high=high, worst=values[3], best=values[4], missing={"not_run": 1}
    )
    plot = drawn(a_lane(figure))
    places = [
        float(place.rstrip("%"))
        for node in plot.iter()
        for place in (node.get("x1"), node.get("x2"), node.get("x"))
        if place and place.endswith("%")
    ]
    assert places
    assert all(0 <= place <= 100 for place in places)


def test_axis_and_key_are_decoration() -> None:
    assert [
        ET.fromstring(drawing).get("aria-hidden") for drawing in (axis(RATE), marker("ring"))
    ] == [
        "true",
        "true",
    ]


class TestDifferences:
    def drawn(self, span: float = 0.2, **changes: Any) -> ET.Element:
        told = change(a_difference(**changes), RATE)
        assert told is not None
        return ET.fromstring(difference_plot("p1", "harmful-requests", told, RATE, span))

    def ends(self, plot: ET.Element, kind: str) -> tuple[float, float]:
        [line] = [each for each in plot.iter("line") if each.get("class") == kind]
        return float(line.attrib["x1"].rstrip("%")), float(line.attrib["x2"].rstrip("%"))

    def test_it_is_drawn_around_no_difference(self) -> None:
        plot = self.drawn()
        assert self.ends(plot, "zero") == (50.0, 50.0)
        assert self.ends(plot, "interval disc") == (14.0, 38.0)  # -0.15 to -0.05 of 0.2
        assert self.ends(self.drawn(low=-9.0, high=9.0), "interval disc") == (2.0, 98.0)

    def test_only_a_clear_one_has_a_filled_marker(self) -> None:
        kinds = {
            each.get("class")
            for verdict in ("unclear", "worse")
            for each in self.drawn(verdict=verdict).iter("svg")
        }
        assert {"mark unclear", "mark disc"} <= kinds
        assert not any(
            "disc" in (e.get("class") or "") for e in self.drawn(verdict="unclear").iter()
        )

    def test_what_missing_scores_leave_open_is_drawn_paler(self) -> None:
        plot = self.drawn(candidate_missing={"refusal": 3}, least=-0.2, greatest=0.0)
        assert self.ends(plot, "open") == (2.0, 50.0)

    def test_it_says_in_words_what_it_shows(self) -> None:
        told = "".join(self.drawn().itertext())
        assert "clearly worse" in told
        assert "200 pairs" in told
        nothing = self.drawn(value=None, low=None, high=None, verdict="nothing to compare", n=0)
        assert "nothing to compare" in texts(nothing, "none")
