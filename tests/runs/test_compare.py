"""Comparisons against what can be counted by hand, and against the statistics they rest on."""

from __future__ import annotations

import itertools
import math
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.errors import AssayError, StoreError
from assay.records import Comparison, Difference
from assay.runs.compare import compare, compare_many
from assay.runs.figures import figures
from assay.stats import (
    benjamini_hochberg,
    clustered_mean,
    difference,
    paired,
    rate,
    sums_by_cluster,
)
from assay.store.query import connect
from tests.runs.made_runs import Row, eval_record, make_run, scorer_record, value

numbers = itertools.count()


def compared(place: Path, old: list[Row], new: list[Row], **scorer: Any) -> Comparison:
    """A comparison of two runs of one eval with one scorer."""
    held = eval_record("e", scorer_record(**scorer))
    workspace = place / str(next(numbers))
    return compare(
        make_run(workspace, "old", old, held), make_run(workspace, "new", new, held), flips=True
    )


def ones(*scores: float | None) -> list[Row]:
    return [value(score) for score in scores]


def test_a_difference_is_the_statistics_rooms_and_can_be_counted_by_hand(tmp_path: Path) -> None:
    old = [1] * 60 + [0] * 40
    new = [1] * 45 + [0] * 15 + [1] * 5 + [0] * 35  # 15 fall, 5 rise
    [found] = compared(tmp_path, ones(*old), ones(*new)).overall
    expected = paired(new, old, binary=True)
    assert (found.baseline, found.candidate, found.value) == (0.6, 0.5, pytest.approx(-0.1))
    assert (found.low, found.high) == (expected.difference.low, expected.difference.high)
    assert (found.n, found.matched, found.clusters) == (100, 100, 100)
    assert (found.raised, found.lowered) == (5, 15)
    assert found.method == "paired, Tango score"
    assert (found.p_value, found.test) == (expected.p_value, "McNemar, exact")
    assert found.verdict == "worse"
    assert found.adjusted is None  # an overall figure speaks for itself


def test_each_side_has_an_interval_of_its_own_over_the_pairs(tmp_path: Path) -> None:
    old = [1] * 60 + [0] * 40 + [1]
    new = [1] * 50 + [0] * 50 + [None]
    [found] = compared(tmp_path, ones(*old), ones(*new)).overall
    before, after = rate(60, 100), rate(50, 100)
    assert found.baseline_interval == (before.low, before.high)
    assert found.candidate_interval == (after.low, after.high)
    [nothing] = compared(tmp_path, ones(1, 1), ones(None, None)).overall
    assert nothing.candidate_interval is None


def test_a_run_is_not_compared_with_itself(tmp_path: Path) -> None:
    runs = [make_run(tmp_path, name, ones(1, 0), eval_record("e")) for name in ("a", "b")]
    with pytest.raises(AssayError, match="with itself"):
        compare(runs[0], runs[0])
    with pytest.raises(AssayError, match="with itself"):
        compare_many([*runs, runs[0]])


def test_what_is_better_is_what_the_scorer_says(tmp_path: Path) -> None:
    old, new = ones(*[0] * 30), ones(*[1] * 30)
    for good, verdict in (("high", "better"), ("low", "worse")):
        [found] = compared(tmp_path, old, new, good=good).overall
        assert (found.value, found.verdict) == (1, verdict)


def test_missing_scores_are_counted_by_side_and_reason_and_bound_the_difference(
    tmp_path: Path,
) -> None:
    old = [*ones(1, 1, 0, 0), value(1), {"value": None, "unscored": "model_error"}]
    new = [*ones(1, 0, 1, 1), value(None), {"value": None, "unscored": "refusal"}]
    [found] = compared(tmp_path, old, new).overall
    assert (found.n, found.matched) == (4, 6)
    assert found.value == pytest.approx(0.25)
    assert found.candidate_missing == {"grader_failed": 1, "refusal": 1}
    assert found.baseline_missing == {"model_error": 1}
    # At worst 1 -> 0 and 1 -> 0; at best 1 -> 1 and 0 -> 1.
    assert found.worst == pytest.approx((1 - 1 - 1) / 6)
    assert found.best == pytest.approx((1 + 0 + 1) / 6)
    low = paired([1, 0, 1, 1, 0, 0], [1, 1, 0, 0, 1, 1], binary=True).difference
    high = paired([1, 0, 1, 1, 1, 1], [1, 1, 0, 0, 1, 0], binary=True).difference
    assert (found.least, found.greatest) == (low.low, high.high)
    [turned] = compared(tmp_path, old, new, good="low").overall
    assert (turned.worst, turned.best) == (found.best, found.worst)


def test_a_difference_that_the_missing_could_undo_is_not_clear(tmp_path: Path) -> None:
    old = ones(*[1] * 40, *[0] * 60)
    [clear] = compared(tmp_path, old, ones(*[0] * 20, *[1] * 20, *[0] * 60)).overall
    assert clear.verdict == "worse"
    [undone] = compared(tmp_path, old, ones(*[None] * 20, *[0] * 20, *[0] * 60)).overall
    assert undone.high is not None
    assert undone.high < 0
    assert undone.verdict == "worse"  # every missing score but one would have to rise
    [undone] = compared(tmp_path, old, ones(*[0] * 10, *[1] * 30, *[None] * 60)).overall
    assert undone.high is not None
    assert undone.high < 0
    assert (undone.verdict, undone.warning) == (
        "unclear", "what is missing could undo the difference"
    )  # fmt: skip


def test_without_bounds_missing_scores_have_no_worst_case(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    old, new = rng.normal(0, 1, 50), rng.normal(5, 1, 50)
    [found] = compared(tmp_path, ones(*old), ones(*new), bounds=None).overall
    assert found.verdict == "better"
    [found] = compared(tmp_path, ones(*old), ones(None, *new[1:]), bounds=None).overall
    assert (found.worst, found.best, found.least, found.greatest) == (None,) * 4
    assert found.verdict == "unclear"


def test_nothing_scored_on_both_sides_is_nothing_to_compare(tmp_path: Path) -> None:
    for old, new in (
        (ones(None, None), ones(None, None)),
        (ones(None, 1), ones(1, None)),
        (ones(None), ones(1)),
    ):
        [found] = compared(tmp_path, old, new).overall
        assert (found.value, found.low, found.high, found.n) == (None, None, None, 0)
        assert found.verdict == "nothing to compare"
        assert found.matched == len(old)
        assert found.worst is not None
        assert found.best is not None
        assert found.worst <= found.best
        assert found.warning


def test_disjoint_samples_are_counted_and_listed(tmp_path: Path) -> None:
    found = compared(
        tmp_path, [value(1, sample_id=f"a{n}") for n in range(120)], [value(1, sample_id="b")]
    )
    [one] = found.overall
    assert (one.only_baseline, one.only_candidate, one.matched, one.n) == (120, 1, 0, 0)
    assert one.verdict == "nothing to compare"
    assert (one.worst, one.best) == (None, None)
    assert len(found.unmatched) == 100
    assert found.unmatched[0].why == "only in the candidate"


def test_a_sample_that_stands_twice_is_not_paired(tmp_path: Path) -> None:
    old = [value(1, sample_id="a"), value(0, sample_id="a"), value(1, sample_id="b")]
    new = [value(1, sample_id="a"), value(0, sample_id="b"), value(1, sample_id="b")]
    found = compared(tmp_path, [*old, value(1, sample_id="c")], [*new, value(0, sample_id="c")])
    [one] = found.overall
    assert (one.n, one.matched, one.repeated) == (1, 1, 2)
    assert {(each.sample_id, each.why) for each in found.unmatched} == {
        ("a", "repeated"), ("b", "repeated"),
    }  # fmt: skip


def test_epochs_of_a_sample_are_one_cluster(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    old, new = rng.integers(0, 2, (2, 60)).tolist()
    held = eval_record("e", epochs=3)

    def rows(scores: list[int]) -> list[Row]:
        return [
            value(score, sample_id=str(number // 3), epoch=number % 3 + 1)
            for number, score in enumerate(scores)
        ]

    runs = [
        make_run(tmp_path, name, rows(scores), held) for name, scores in (("a", old), ("b", new))
    ]
    [found] = compare(*runs).overall
    expected = paired(new, old, clusters=np.arange(60) // 3, binary=True).difference
    assert (found.n, found.clusters) == (60, 20)
    assert (found.low, found.high) == (
        pytest.approx(expected.low), pytest.approx(expected.high)
    )  # fmt: skip
    fewer = make_run(tmp_path, "c", rows(new)[::3], eval_record("e", epochs=1))
    result = compare(runs[0], fewer)
    [found] = result.overall
    assert (found.n, found.only_baseline) == (20, 40)
    assert [(each.what, each.baseline, each.candidate) for each in result.contrasts] == [
        ("epochs", "3", "1")
    ]


def test_samples_of_one_origin_are_one_cluster(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    old, new = rng.integers(0, 2, (2, 90)).tolist()
    groups = np.arange(90) % 15

    def rows(scores: list[int]) -> list[Row]:
        return [
            value(score, cluster=f"c{group}") for score, group in zip(scores, groups, strict=True)
        ]

    [found] = compared(tmp_path, rows(old), rows(new)).overall
    expected = paired(new, old, clusters=groups, binary=True).difference
    assert found.clusters == 15
    assert found.method == f"paired, {expected.method}"
    assert found.low == pytest.approx(expected.low)
    own = clustered_mean(*sums_by_cluster(groups, new), binary=True)
    assert found.candidate_interval == (pytest.approx(own.low), pytest.approx(own.high))


def test_the_worst_regression_comes_first(tmp_path: Path) -> None:
    def rows(**shares: int) -> list[Row]:
        return [
            value(int(number < share), sample_id=f"{name}{number}", eval=name)
            for name, share in shares.items()
            for number in range(100)
        ]

    evals = [eval_record(name) for name in ("up", "same", "down", "further")]
    old = make_run(tmp_path, "old", rows(up=20, same=50, down=50, further=90), *evals)
    new = make_run(tmp_path, "new", rows(up=50, same=49, down=20, further=30), *evals)
    assert [(each.eval, each.verdict) for each in compare(old, new).overall] == [
        ("further", "worse"), ("down", "worse"), ("same", "unclear"), ("up", "better"),
    ]  # fmt: skip


def test_by_polarity_a_rise_is_good_on_violative_and_bad_on_benign(tmp_path: Path) -> None:
    polarities = ["violative", "benign", None]
    old = [value(0, polarity=polarity) for polarity in polarities for _ in range(20)]
    new = [value(1, polarity=polarity) for polarity in polarities for _ in range(20)]
    found = compared(tmp_path, old, new, good="by_polarity")
    assert [(each.slice["polarity"], each.verdict) for each in found.overall] == [
        ("benign", "worse"), ("(none)", "higher"), ("violative", "better"),
    ]  # fmt: skip
    assert [each.verdict for each in found.flips] == (
        ["worse"] * 20 + ["better"] * 20 + ["higher"] * 20
    )


def test_slices_are_marked_only_where_they_stand_among_many(tmp_path: Path) -> None:
    areas = [f"area {n}" for n in range(20)]
    old, new = [], []
    for number, area in enumerate(areas):
        fall = {0: 30, 1: 6}.get(number, 0)  # p = 2e-9 and 0.031, which 20 slices do not allow
        old += [value(1, policy_area=area) for _ in range(30)]
        new += [value(int(n >= fall), policy_area=area) for n in range(30)]
    found = compared(tmp_path, old, new)
    by_area = {each.slice["policy_area"]: each for each in found.slices}
    assert (by_area["area 0"].verdict, by_area["area 1"].verdict) == ("worse", "unclear")
    assert by_area["area 1"].p_value == pytest.approx(2 / 2**6)
    assert by_area["area 1"].high is not None
    assert by_area["area 1"].high < 0
    adjusted = benjamini_hochberg([by_area[area].p_value or 0.0 for area in areas])
    assert [by_area[area].adjusted for area in areas] == pytest.approx(list(adjusted))
    assert found.slices[0] is by_area["area 0"]
    assert sum(each.matched for each in found.slices) == 600


def test_slices_are_those_of_the_figures(tmp_path: Path) -> None:
    rows = [
        value(n % 2, polarity=["violative", "benign"][n // 2 % 2], language="en",
              policy_area=["fraud", None][n % 2])
        for n in range(24)
    ]  # fmt: skip
    for good in ("high", "by_polarity"):
        held = eval_record("e", scorer_record(good=good))
        runs = [make_run(tmp_path / good, name, rows, held) for name in ("a", "b")]
        found = compare(*runs)
        told = [each.slice for each in (*found.overall, *found.slices)]
        expected = [each.slice for each in figures(runs[0])]
        assert sorted(map(str, told)) == sorted(map(str, expected))


def test_what_differs_besides_the_model_is_told(tmp_path: Path) -> None:
    old_scorer = scorer_record(version="v1", parameters={"ignore_case": True})
    new_scorer = scorer_record(version="v2", parameters={"ignore_case": False})
    old = make_run(
        tmp_path, "old", [value(1, scored_by="judge/a")],
        eval_record("e", old_scorer, system="Be kind.", parameters={"temperature": 0}, limit=5),
        versions={"assay": "0.1"}, roles={"target": "m/old", "judge": "judge/a"},
    )  # fmt: skip
    new = make_run(
        tmp_path, "new", [value(1, scored_by="judge/b", scorer_version="v2")],
        eval_record("e", new_scorer, version="2", parameters={"temperature": 1}),
        versions={"assay": "0.2"}, roles={"target": "m/new", "judge": "judge/b"}, status="stopped",
    )  # fmt: skip
    found = compare(old, new)
    assert [(e.eval, e.what, e.baseline, e.candidate) for e in found.contrasts] == [
        ("e", "version", "1", "2"),
        ("e", "limit", "5", "(none)"),
        ("e", "system prompt", "Be kind.", "(none)"),
        ("e", "parameter temperature", "0", "1"),
        ("e", "scorer s version", "v1", "v2"),
        ("e", "scorer s ignore_case", "true", "false"),
        ("", "model as judge", "judge/a", "judge/b"),
        ("", "status", "complete", "stopped"),
        ("", "software assay", "0.1", "0.2"),
        ("e", "scorer s scored by", "judge/a", "judge/b"),
    ]
    [one] = found.overall
    assert one.n == 1  # each run's scores are those of its own scorer's version


def test_what_only_one_run_has_is_told_and_not_compared(tmp_path: Path) -> None:
    plain, other = scorer_record(), scorer_record("other")
    wide = scorer_record("wide", bounds=(0.0, 10.0))
    old = make_run(
        tmp_path, "old", [value(1)],
        eval_record("e", plain, other, wide), eval_record("gone"),
    )  # fmt: skip
    new = make_run(
        tmp_path, "new", [value(1)],
        eval_record("e", plain, scorer_record("wide", good="low")), eval_record("come"),
    )  # fmt: skip
    found = compare(old, new)
    assert [(each.eval, each.scorer) for each in found.overall] == [("e", "s")]
    told = {(each.eval, each.scorer): each.why for each in found.uncompared}
    assert told["come", ""] == "only in the candidate"
    assert told["gone", ""] == "only in the baseline"
    assert told["e", "other"] == "only in the baseline"
    assert "good differs" in told["e", "wide"]


def test_an_eval_without_rows_does_not_vanish(tmp_path: Path) -> None:
    found = compared(tmp_path, [], [])
    assert found.overall == ()
    assert [(each.eval, each.scorer) for each in found.uncompared] == [("e", "s")]


def test_flips_carry_both_transcripts(tmp_path: Path) -> None:
    found = compared(tmp_path, ones(1, 0.5, 0, 1, None), ones(1, 0, 1, 0.9, 1))
    assert [
        (e.sample_id, e.baseline, e.candidate, e.verdict, e.baseline_transcript,
         e.candidate_transcript)
        for e in found.flips
    ] == [
        ("1", 0.5, 0, "worse", "old-1", "new-1"),
        ("3", 1, 0.9, "worse", "old-3", "new-3"),
        ("2", 0, 1, "better", "old-2", "new-2"),
    ]  # fmt: skip


# --- Evals that changed.


def test_a_sample_whose_content_changed_is_not_paired_with_itself(tmp_path: Path) -> None:
    old = make_run(
        tmp_path, "old",
        [value(1, sample_id="a", hash="1"), value(1, sample_id="b", hash="2"),
         value(0, sample_id="gone", hash="3")],
    )  # fmt: skip
    new = make_run(
        tmp_path, "new",
        [value(0, sample_id="a", hash="1"), value(0, sample_id="b", hash="2, mended"),
         value(0, sample_id="come", hash="4")],
        eval_record("e", hash="other"),
    )  # fmt: skip
    found = compare(old, new)
    assert "content hash" in [each.what for each in found.contrasts]
    [one] = found.overall
    assert (one.n, one.matched, one.value) == (1, 1, -1)
    assert (one.changed, one.only_candidate, one.only_baseline) == (1, 1, 1)
    assert {(each.sample_id, each.why) for each in found.unmatched} == {
        ("b", "content changed"),
        ("come", "only in the candidate"),
        ("gone", "only in the baseline"),
    }


def test_where_an_eval_changed_samples_match_by_content_whatever_their_ids(tmp_path: Path) -> None:
    old = [value(n % 2, sample_id=str(n), hash=f"h{n}") for n in range(10)]
    new = [value(1, sample_id="0", hash="inserted")]
    new += [value(n % 2, sample_id=str(n + 1), hash=f"h{n}") for n in range(10)]
    found = compare(
        make_run(tmp_path, "old", old),
        make_run(tmp_path, "new", new, eval_record("e", hash="other")),
    )
    [one] = found.overall
    assert (one.n, one.raised, one.lowered, one.only_candidate) == (10, 0, 0, 1)


def test_samples_of_the_same_content_match_by_id_where_they_can(tmp_path: Path) -> None:
    twins = [("a", "same"), ("b", "same"), ("c", "other"), ("d", "same too"), ("e", "same too")]
    old = [value(n % 2, sample_id=name, hash=h) for n, (name, h) in enumerate(twins)]
    twins[3:] = [("f", "same too"), ("g", "same too")]  # d or e? nobody can tell
    new = [value(n % 2, sample_id=name, hash=h) for n, (name, h) in enumerate(twins)]
    found = compare(
        make_run(tmp_path, "old", old),
        make_run(tmp_path, "new", new, eval_record("e", hash="other")),
    )
    [one] = found.overall
    assert (one.n, one.raised, one.lowered, one.value) == (3, 0, 0, 0)
    assert one.repeated > 0
    assert one.changed == one.only_candidate == one.only_baseline == 0


def test_runs_without_hashes_of_content_match_by_id(tmp_path: Path) -> None:
    old = make_run(tmp_path, "old", ones(1, 0))
    new = make_run(
        tmp_path, "new", [value(1, hash="x"), value(1, hash="y")], eval_record("e", hash="other")
    )
    found = compare(old, new)
    assert found.overall[0].n == 2
    assert "content of each sample" in [each.what for each in found.contrasts]


def runs_to_bridge(place: Path) -> dict[str, Any]:
    """The old eval has 100 samples; the new one keeps 60 of them and has 40 harder ones."""
    kept = [{"sample_id": f"kept{n}", "hash": f"k{n}"} for n in range(60)]
    left = [{"sample_id": f"left{n}", "hash": f"l{n}"} for n in range(40)]
    come = [{"sample_id": f"come{n}", "hash": f"c{n}"} for n in range(40)]

    def rows(of_kept: int, others: list[dict[str, str]], of_others: int) -> list[Row]:
        return [value(int(n < of_kept), **each) for n, each in enumerate(kept)] + [
            value(int(n < of_others), **each) for n, each in enumerate(others)
        ]

    changed = eval_record("e", hash="new")
    return {
        "old": make_run(place, "old", rows(54, left, 36), model="m/1"),
        "new": make_run(place, "new", rows(48, come, 12), changed, model="m/2"),
        "bridge": make_run(place, "bridge", rows(54, come, 16), changed, model="m/1"),
    }


def test_a_bridge_tells_the_evals_part_from_the_models(tmp_path: Path) -> None:
    runs = runs_to_bridge(tmp_path)
    found = compare(runs["old"], runs["new"], bridge=runs["bridge"])
    [bridge] = found.bridges
    assert bridge.total.value == pytest.approx(0.6 - 0.9)
    assert bridge.from_eval.value == pytest.approx(0.7 - 0.9)
    assert bridge.from_model.value == pytest.approx(0.6 - 0.7)
    assert bridge.rest == 0
    expected = difference(rate(70, 100), rate(90, 100))
    assert (bridge.from_eval.low, bridge.from_eval.high) == (expected.low, expected.high)
    assert (bridge.from_eval.paired, bridge.from_eval.verdict) == (False, "worse")
    assert (bridge.from_model.paired, bridge.from_model.n) == (True, 100)
    assert bridge.unchanged is not None
    assert (bridge.unchanged.n, bridge.unchanged.value) == (60, 0)
    assert found.bridge is not None
    assert found.bridge.id == "bridge"


def test_where_only_the_prompt_changed_the_evals_part_is_paired(tmp_path: Path) -> None:
    rows = [value(n % 2, hash=f"h{n}") for n in range(40)]
    asked = eval_record("e", hash="new", prompt="Please: {input}")
    old = make_run(tmp_path, "old", rows, model="m/1")
    new = make_run(tmp_path, "new", rows, asked, model="m/2")
    between = make_run(tmp_path, "between", rows, asked, model="m/1")
    [bridge] = compare(old, new, bridge=between).bridges
    assert (bridge.from_eval.paired, bridge.from_eval.n, bridge.from_eval.value) == (True, 40, 0)


def test_an_unpaired_part_with_missing_scores_is_never_clear(tmp_path: Path) -> None:
    runs = runs_to_bridge(tmp_path)
    rows = [value(None if n < 3 else 0, sample_id=f"n{n}", hash=f"n{n}") for n in range(100)]
    changed = eval_record("e", hash="new")
    between = make_run(tmp_path, "gaps", rows, changed, model="m/1")
    [bridge] = compare(runs["old"], runs["new"], bridge=between).bridges
    assert bridge.from_eval.verdict == "unclear"
    assert bridge.from_eval.worst == pytest.approx(0 - 0.9)
    assert bridge.from_eval.best == pytest.approx(0.03 - 0.9)


def test_a_bridge_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    runs = runs_to_bridge(tmp_path)
    with pytest.raises(AssayError, match="not of m/1"):
        compare(runs["old"], runs["new"], bridge=runs["new"])
    with pytest.raises(AssayError, match="has none of them"):
        compare(runs["old"], runs["new"], bridge=runs["old"])
    with pytest.raises(AssayError, match="nothing to bridge"):
        compare(runs["bridge"], runs["new"], bridge=runs["bridge"])


# --- Many runs.


def test_a_matrix_has_every_runs_figure_and_its_difference_from_the_first(tmp_path: Path) -> None:
    runs = [
        make_run(tmp_path, "a", ones(*[1] * 30, *[0] * 10)),
        make_run(tmp_path, "b", ones(*[0] * 30, *[0] * 10)),
        make_run(tmp_path, "c", [value(1, eval="other")], eval_record("other")),
        make_run(tmp_path, "d", ones(*[1] * 31, *[0] * 9)),
    ]
    found = compare_many(runs)
    assert [run.id for run in found.runs] == ["a", "b", "c", "d"]
    assert found.contrasts == ((), (), (), ())
    by_eval = {row.eval: row for row in found.rows}
    row = by_eval["e"]
    assert [each and each.value for each in row.estimates] == [0.75, 0, None, 0.775]
    assert [each and each.verdict for each in row.differences] == [None, "worse", None, "unclear"]
    assert row.estimates[0] == figures(runs[0])[0]
    assert by_eval["other"].differences == (None, None, None, None)


# --- What must hold whatever the runs hold.

rows_of_a_run = st.lists(
    st.tuples(
        st.sampled_from("abcdefgh"),
        st.integers(1, 3),
        st.sampled_from([0, 1, None]),
        st.sampled_from(["x", "y", None]),
    ),
    max_size=20,
)


def _as_rows(drawn: list[tuple[str, int, int | None, str | None]]) -> list[Row]:
    return [
        value(score, sample_id=sample, epoch=epoch, language=language)
        for sample, epoch, score, language in drawn
    ]


def _once(drawn: list[tuple[str, int, int | None, str | None]]) -> dict[tuple[str, int], Any]:
    keys = [(sample, epoch) for sample, epoch, *_ in drawn]
    return {key: row[2] for key, row in zip(keys, drawn, strict=True) if keys.count(key) == 1}


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(old=rows_of_a_run, new=rows_of_a_run)
def test_every_row_is_accounted_for_once(tmp_path: Path, old: Any, new: Any) -> None:
    workspace = tmp_path / str(next(numbers))
    held = eval_record("e", epochs=3)
    runs = [
        make_run(workspace, name, _as_rows(rows), held) for name, rows in (("a", old), ("b", new))
    ]
    there, back = compare(*runs), compare(*reversed(runs))
    keys = [{(sample, epoch) for sample, epoch, *_ in rows} for rows in (old, new)]
    if not keys[0] | keys[1]:
        assert there.overall == ()
        return
    [found], [mirrored] = there.overall, back.overall
    once = [_once(rows) for rows in (old, new)]
    repeated = {
        key for side, held_once in zip(keys, once, strict=True) for key in side - {*held_once}
    }
    both = (keys[0] & keys[1]) - repeated
    scored = [key for key in both if None not in (once[0][key], once[1][key])]
    assert found.repeated == len(repeated)
    assert found.matched == len(both)
    assert found.only_baseline == len(keys[0] - keys[1] - repeated)
    assert found.only_candidate == len(keys[1] - keys[0] - repeated)
    assert found.n == len(scored)
    assert sum(found.candidate_missing.values()) == sum(once[1][key] is None for key in both)
    if scored:
        changes = [once[1][key] - once[0][key] for key in scored]
        assert found.value == pytest.approx(np.mean(changes))
        assert (found.raised, found.lowered) == (changes.count(1), changes.count(-1))
        assert mirrored.value == pytest.approx(-found.value)
        assert mirrored.low == pytest.approx(-found.high, abs=1e-6)
        assert {found.verdict, mirrored.verdict} in ({"unclear"}, {"better", "worse"})
    _holds_together(found)
    for each in there.slices:
        _holds_together(each)


def _holds_together(found: Difference) -> None:
    """Interval around the value, worst cases around that; never clear inside the noise."""
    if found.value is not None:
        assert found.low is not None
        assert found.high is not None
        assert found.low - 1e-9 <= found.value <= found.high + 1e-9
        if found.verdict in ("worse", "better"):
            assert not found.low <= 0 <= found.high
            assert not found.warning
            assert found.least is not None
            assert found.greatest is not None
            assert not found.least <= 0 <= found.greatest
    if found.worst is not None:
        assert found.best is not None
        assert found.worst <= found.best + 1e-9  # high is good here


def test_scores_outside_their_bounds_are_one_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="outside the bounds"):
        compared(tmp_path, ones(0, 1), ones(0, 3))


def test_values_that_are_no_numbers_count_as_missing(tmp_path: Path) -> None:
    [found] = compared(tmp_path, ones(0, 1, 1), ones(0, math.nan, math.inf)).overall
    assert found.candidate_missing == {"no value": 2}
    assert found.n == 1


def test_hostile_names_are_only_names(tmp_path: Path) -> None:
    name = "'; DROP TABLE pairs; --\x1b[2J\"%s"
    rows = [value(n % 2, eval=name, scorer=name, policy_area=name if n else "b") for n in range(4)]
    held = eval_record(name, scorer_record(name))
    found = compare(*(make_run(tmp_path, run, rows, held) for run in ("a", "b")))
    assert found.overall[0].n == 4
    assert {each.slice["policy_area"] for each in found.slices} == {name, "b"}


def test_a_hundred_thousand_rows_pass_through_no_loop(tmp_path: Path) -> None:
    """The number of calls that Python makes does not grow with the rows."""
    calls = {}
    for rows in (1_000, 100_000):
        runs = [_many(tmp_path / str(rows), name, rows) for name in ("a", "b")]
        counted = 0

        def count(frame: object, event: str, argument: object) -> None:
            nonlocal counted
            counted += 1

        started = time.process_time()
        sys.setprofile(count)
        try:
            found = compare(*runs)
        finally:
            sys.setprofile(None)
        assert found.overall[0].n == rows
        assert len(found.slices) == 50
        assert time.process_time() - started < 5
        calls[rows] = counted
    assert calls[100_000] < 1.5 * calls[1_000]


def _many(workspace: Path, name: str, rows: int) -> Any:
    folder = make_run(workspace, name, [value(1)])
    table = str(folder.scores_file)
    made = f"""
        SELECT * EXCLUDE n REPLACE (
            'sample ' || n AS sample_id, '{name} ' || n AS transcript_id,
            (random() < 0.3)::DOUBLE AS value, 'area ' || n % 50 AS policy_area,
            'origin ' || n // 5 AS cluster)
        FROM read_parquet('{table}'), range({rows}) AS r(n)
    """
    with connect() as connection:
        connection.execute(f"COPY ({made}) TO '{table}.new' (FORMAT parquet)")
    Path(f"{table}.new").replace(table)
    return folder
