"""A comparison in a page's words, without any file."""

from __future__ import annotations

from typing import Any

import msgspec

from assay.records import (
    Bridge,
    ComparedRun,
    Comparison,
    Contrast,
    Difference,
    Unmatched,
)
from assay.report.comparison.html import span_of
from assay.report.comparison.rows import view_of
from tests.report.material import EVALS, a_run
from tests.report.test_changes import a_difference

OLD, NEW = a_run("m/old", id="old"), a_run("m/new", id="new")
NAME = EVALS[0].name


def a_comparison(*overall: Difference, **changes: Any) -> Comparison:
    told: dict[str, Any] = {
        "baseline": ComparedRun.of(OLD), "candidate": ComparedRun.of(NEW), "contrasts": (),
        "overall": overall, "slices": (), "uncompared": (), "unmatched": (), **changes,
    }  # fmt: skip
    return Comparison(**told)


def of(**changes: Any) -> Difference:
    return a_difference(**{"eval": NAME, **changes})


def test_rows_keep_the_order_and_say_both_figures() -> None:
    view = view_of(a_comparison(of(), of(verdict="unclear", low=-0.2, high=0.1)), OLD, NEW)
    assert [(row.baseline, row.candidate, row.change.clear) for row in view.overall] == [
        ("80.0%", "70.0%", True), ("80.0%", "70.0%", False),
    ]  # fmt: skip
    assert view.summary == ("2 overall figures: 1 clearly worse, 1 within the noise or not clear.")


def test_flips_are_counted_by_what_is_good() -> None:
    rows = view_of(
        a_comparison(
            of(raised=3, lowered=9),
            of(raised=3, lowered=9, better="low"),
            of(raised=3, lowered=9, better=None),
        ),
        OLD,
        NEW,
    ).overall
    assert [row.flips for row in rows] == [
        "9 worse, 3 better", "3 worse, 9 better", "9 lower, 3 higher",
    ]  # fmt: skip


def test_what_did_not_match_is_counted_and_named() -> None:
    found = a_comparison(
        of(only_candidate=2, changed=1),
        unmatched=(Unmatched(NAME, "s1", "only in the candidate"),),
    )
    [(eval_name, words, named)] = view_of(found, OLD, NEW).unmatched
    assert eval_name == NAME
    assert words == ("violative requests, refusal: 2 only in the candidate, 1 with changed content")
    assert named == ("s1 (only in the candidate)",)


def test_a_bridge_tells_the_whole_change_and_its_parts() -> None:
    bridge = Bridge(
        eval=NAME, scorer="refusal", slice={"polarity": "violative"}, total=of(value=-0.1),
        from_eval=of(value=-0.07, paired=False), from_model=of(value=-0.02), unchanged=of(),
        rest=-0.01,
    )  # fmt: skip
    [view] = view_of(a_comparison(of(), bridges=(bridge,)), OLD, NEW).bridges
    assert [part.about.split(":")[0] for part in view.parts] == [
        "the whole change", "of it the eval's", "of it the model's",
        "the eval's, on unchanged samples",
    ]  # fmt: skip
    assert view.rest == "\N{MINUS SIGN}1.0 points"
    whole = msgspec.structs.replace(bridge, from_eval=of(), rest=0.0)
    [view] = view_of(a_comparison(of(), bridges=(whole,)), OLD, NEW).bridges
    assert (len(view.parts), view.rest) == (3, "")


def test_slices_are_bounded_and_counted() -> None:
    slices = tuple(of(slice={"policy_area": f"a{n}"}) for n in range(260))
    view = view_of(a_comparison(of(), slices=slices), OLD, NEW)
    assert (len(view.slices), view.dropped) == (200, 60)
    assert len(view.queries) == 2  # overall by polarity, and by policy area


def test_samples_of_a_changed_eval_are_matched_by_content() -> None:
    changed = Contrast(NAME, "content hash", "a", "b")
    [query] = view_of(a_comparison(of(), contrasts=(changed,)), OLD, NEW).queries
    assert "USING (content, epoch)" in query.sql
    unknown = Contrast(NAME, "content of each sample", "known", "not known")
    [query] = view_of(a_comparison(of(), contrasts=(changed, unknown)), OLD, NEW).queries
    assert "USING (sample_id, epoch)" in query.sql


def test_rows_on_one_scale_share_a_drawing_and_others_do_not() -> None:
    view = view_of(a_comparison(of(), of(low=-0.4)), OLD, NEW)
    assert span_of(view.overall) == 0.4
    words = of(eval="election-integrity", scorer="words", candidate=10.0, baseline=12.0)
    mixed = view_of(a_comparison(of(), words), OLD, NEW)
    assert span_of(mixed.overall) == 0
