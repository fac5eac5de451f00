"""The report's decisions, without any file: chapters, rows, gates, limits, methods, effects."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from assay.launch import GateResult, LaunchCheck
from assay.launch.result import Proof
from assay.records import Chapter, Effect, Estimate, Finding, Mitigation, Second
from assay.report.launch.chapters import TITLES, chapter_of, chapters
from assay.report.launch.decision import decision
from assay.report.launch.effects import effects
from assay.report.launch.html import shapes_of
from assay.report.launch.limits import limits
from assay.report.launch.methods import methods
from assay.report.launch.tables import pair_up
from assay.report.launch.view import LaunchView, Source, Standing, Subject
from assay.report.samples import Samples
from tests.report.material import CHOICE, EVALS, LENGTH, REFUSAL, a_figure, a_run
from tests.report.test_changes import a_difference

CANDIDATE = Subject("candidate", "m/new")
SHIPPED = Subject("baseline", "shipped", "m/old")
EVAL = EVALS[0]
VIOLATIVE, BENIGN = {"polarity": "violative"}, {"polarity": "benign"}


PROOF = Proof("candidate", "run", "m/new", "2026", "1", "h", "v", {})


def a_source(*estimates: Estimate, subject: Subject = CANDIDATE, **changes: Any) -> Source:
    run = a_run(f"m/{subject.name}", id=f"run-{subject.name}", evals=(EVAL,))
    told = {"eval": EVAL, "scorer": REFUSAL, **changes}
    return Source(subject, run, estimates=estimates or (a_figure(),), **told)


def a_gate(**changes: Any) -> GateResult:
    told: dict[str, Any] = {
        "id": "g", "verdict": "pass", "reason": "It is so.", "requirement": "at least 90%",
        "eval": EVAL.name, "scorer": "refusal", "slice": VIOLATIVE, "surface": None, "owner": "O",
        "policy": "", "description": "", "confidence": 0.95, "rate": True, "difference": False,
        "value": 0.95, "raw": 0.95, "low": 0.92, "high": 0.97, "method": "exact", "n": 100,
        "clusters": 100, "planned": 100, "missing": {}, "standing": "certified",
        "certificate": "c", "conditions": (), "needed_kind": None, "needed_count": None,
        "needed": "", "evidence": (PROOF,), **changes,
    }  # fmt: skip
    return GateResult(**told)


def a_check(*gates: GateResult, **changes: Any) -> LaunchCheck:
    told: dict[str, Any] = {
        "launch": "pilot", "description": "", "candidate": "m/new", "verdict": "go",
        "reason": "Every gate passed.", "gates": gates, "conditions": (),
        "checked": "2026-11-20T10:00:00+00:00", "assay": "0", "definition": "f",
        "definition_sha256": "0" * 64, "evidence_sha256": "1" * 64, **changes,
    }  # fmt: skip
    return LaunchCheck(**told)


def a_view(*sources: Source, check: LaunchCheck | None = None, **changes: Any) -> LaunchView:
    subjects = tuple(dict.fromkeys(each.subject for each in sources))
    samples = Samples((), 0, {}, {}, {})
    return LaunchView(check or a_check(), subjects, sources, samples, **changes)


def named(eval: str | None, **changes: Any) -> Source:
    record = msgspec.structs.replace(EVAL, chapter=eval, **changes)
    return a_source(eval=record)


class TestChapters:
    def test_all_chapters_stand_in_order_and_those_without_evidence_say_so(self) -> None:
        told = chapters(a_view(named("elections")))
        assert [each.id for each in told] == [c for c in get_args(Chapter) if c != "other"]
        assert [each.id for each in told if not each.empty] == ["elections"]
        assert set(TITLES) == set(get_args(Chapter))

    @pytest.mark.parametrize(
        ("chapter", "slice", "expected"),
        [("bias", VIOLATIVE, "bias"), (None, VIOLATIVE, "single-turn"), (None, {}, "other")],
    )
    def test_an_eval_says_itself_where_it_belongs(
        self, chapter: Any, slice: dict[str, str], expected: str
    ) -> None:
        record = msgspec.structs.replace(EVAL, chapter=chapter)
        assert chapter_of(record, (a_figure(slice=slice),)) == expected

    def test_a_guess_is_told_as_one(self) -> None:
        view = a_view(named(None))
        [told] = [each for each in chapters(view) if not each.empty]
        assert told.guessed == (EVAL.name,)
        kinds = {each.kind: each.where for each in limits(view, chapters(view))}
        assert kinds["Chapter not stated"] == (f"{EVAL.name}, told under Single-turn requests",)

    def test_tables_by_area_and_language_are_parts_of_a_chapter(self) -> None:
        fraud = {"policy_area": "fraud", **VIOLATIVE}
        french = {"language": "fr", **BENIGN}
        source = a_source(a_figure(), a_figure(slice=fraud), a_figure(slice=french))
        [told] = [each for each in chapters(a_view(source)) if not each.empty]
        assert [len(each.rows) for each in told.overall] == [1]
        assert [(title, len(tables)) for title, tables in told.sections] == [
            ("By policy area", 1), ("By language", 1),
        ]  # fmt: skip
        assert told.areas[0].rows[0].name == "fraud"


class TestTables:
    def test_a_difference_stands_beside_the_figure_that_it_is_of(self) -> None:
        ours = a_source(a_figure(0.7), a_figure(0.2, slice=BENIGN))
        theirs = a_source(
            a_figure(0.8), subject=SHIPPED, differences=(a_difference(eval=EVAL.name),)
        )
        [told] = pair_up([ours, theirs])
        table = told.table("")
        assert table is not None
        violative, benign = table.rows
        assert violative.others[0].change is not None
        assert violative.others[0].change.clear
        assert benign.others[0].figure is None
        assert benign.others[0].change is None
        assert (table.compared, table.clear) == (1, 1)

    def test_the_worst_slice_comes_first_and_violative_before_benign(self) -> None:
        rates = {"a": 0.9, "b": 0.2, "c": 0.5}
        estimates = [
            a_figure(rate, slice={"policy_area": area, "polarity": polarity})
            for polarity in ("benign", "violative")
            for area, rate in rates.items()
        ]
        [told] = pair_up([a_source(*estimates)])
        table = told.table("policy_area")
        assert table is not None
        order = [(row.slice["polarity"], row.name) for row in table.rows]
        assert order == [
            ("violative", "b"), ("violative", "c"), ("violative", "a"),
            ("benign", "a"), ("benign", "c"), ("benign", "b"),
        ]  # fmt: skip

    def test_corrected_and_audited_values_stand_beside_the_raw_one(self) -> None:
        second = Second(0.9, 0.8, 0.95, "Rogan-Gladen", 100, "c")
        [told] = pair_up([a_source(a_figure(0.84, corrected=second, audited=second))])
        table = told.table("")
        assert table is not None
        assert table.rows[0].candidate is not None
        assert table.rows[0].candidate.value == "84.0%"
        assert table.rows[0].candidate.seconds == (
            "corrected 90.0% [80.0, 95.0]", "by people's labels 90.0% [80.0, 95.0]",
        )  # fmt: skip

    def test_a_table_is_told_with_its_sql_and_what_lists_its_transcripts(self) -> None:
        ours = a_source(a_figure(missing={"refusal": 3}))
        theirs = a_source(subject=SHIPPED, differences=(a_difference(eval=EVAL.name),))
        [told] = pair_up([ours, theirs])
        table = told.table("")
        assert table is not None
        assert [each.about for each in table.queries] == [
            "the figures, by polarity", "the differences from baseline shipped, by polarity",
            "what is missing from them", "every transcript of the candidate's",
        ]  # fmt: skip


class TestGates:
    def test_the_gravest_verdict_comes_first(self) -> None:
        verdicts = ("pass", "inconclusive", "fail")
        gates = [a_gate(id=verdict, verdict=verdict) for verdict in verdicts]
        told = decision(a_check(*gates), (), ())
        assert [each.gate.id for each in told.gates] == ["fail", "inconclusive", "pass"]
        assert told.summary == "3 gates: 1 failed, 1 inconclusive, 1 passed."

    def test_what_is_missing_from_a_margin_is_told_by_side(self) -> None:
        gate = a_gate(missing={"candidate model_error": 2, "baseline refusal": 1})
        [told] = decision(a_check(gate), (), ()).gates
        assert told.missing == (
            "candidate: model gave no reply (2), baseline: judge refused to score (1)"
        )
        assert told.missing_count == 3

    def test_what_the_reason_says_is_not_said_again(self) -> None:
        gate = a_gate(reason="No evidence: run it.", needed="run it.", value=None)
        [told] = decision(a_check(gate), (), ()).gates
        assert (told.needed, told.queries) == ("", ())

    def test_a_figure_freed_of_the_scorers_error_stands_beside_the_one_as_scored(self) -> None:
        assert a_gate(raw=0.9).as_scored == "90%"
        assert a_gate().as_scored == ""


class TestLimits:
    def kinds(self, view: LaunchView) -> dict[str, tuple[str, ...]]:
        return {each.kind: each.where for each in limits(view, chapters(view))}

    def test_missing_scores_are_counted_over_the_plan(self) -> None:
        view = a_view(a_source(a_figure(n=190, missing={"model_error": 10})))
        assert self.kinds(view)["Missing scores"] == (
            f"{EVAL.name}, refusal, violative requests: 10 of 200 (5.0%)",
        )
        assert "Missing scores" not in self.kinds(a_view(a_source()))

    def test_uncertified_and_expired_scorers(self) -> None:
        standings = tuple(
            Standing(REFUSAL, ("e",), standing, None)
            for standing in ("uncertified", "expired", "by definition", "certified")
        )
        found = self.kinds(a_view(a_source(), standings=standings))
        assert len(found["Uncertified scorers"]) == 1
        assert len(found["Expired certificates"]) == 1

    def test_partial_cut_off_warned_asked_once_saturated_and_unmatched(self) -> None:
        part = msgspec.structs.replace(EVAL, limit=10)
        ours = a_source(a_figure(warning="only 4 clusters"), eval=part, broken_off=7)
        theirs = a_source(
            subject=SHIPPED, differences=(a_difference(eval=EVAL.name, only_candidate=2),)
        )
        found = self.kinds(a_view(ours, theirs, saturated=("x is saturated",), absent=("none",)))
        assert found["Not the whole eval"] == (f"{EVAL.name}: the first 10 samples",)
        assert found["Replies cut off"] == (f"{EVAL.name}: 7 of 240 replies",)
        assert found["Methods that warn"][0].endswith("only 4 clusters")
        assert found["Asked once"] == (EVAL.name,)
        assert found["Saturated evals"] == ("x is saturated",)
        assert found["Nothing to compare with"] == ("none",)
        assert found["Not matched"][0].endswith("2 samples")
        repeated = a_source(eval=msgspec.structs.replace(EVAL, epochs=3))
        assert "Asked once" not in self.kinds(a_view(repeated))

    def test_a_gate_without_evidence(self) -> None:
        check = a_check(a_gate(value=None, verdict="inconclusive", reason="No evidence: none."))
        found = self.kinds(a_view(a_source(), check=check))
        assert found["Gates without evidence"] == ("g: No evidence: none.",)


class TestMethods:
    def test_only_what_was_used_is_explained(self) -> None:
        told = {each.title: each.names for each in methods(a_view(a_source()))}
        assert told["Wilson's interval"] == ("Wilson",)
        assert not any("Tango" in title or "exact" in title.lower() for title in told)

    def test_what_nobody_explained_is_named_all_the_same(self) -> None:
        told = methods(a_view(a_source(a_figure(method="a new method"))))
        assert told[-1].names == ("a new method",)

    def test_gates_and_differences_count_too(self) -> None:
        check = a_check(a_gate(method="exact (Clopper-Pearson), missing at their worst"))
        theirs = a_source(subject=SHIPPED, differences=(a_difference(eval=EVAL.name),))
        titles = {each.title for each in methods(a_view(a_source(), theirs, check=check))}
        assert {"Missing scores at their worst", "Paired comparison"} <= titles


def test_an_effect_is_told_on_its_scorers_scale() -> None:
    effect = Effect(
        eval=EVAL.name, scorer="refusal", slice=VIOLATIVE, before_run="a", after_run="b",
        before=0.5, after=0.9, value=0.4, low=0.3, high=0.5, confidence=0.95, method="m", n=90,
        clusters=90, missing={"model_error": 2}, shown=True,
    )  # fmt: skip
    done = (Mitigation(number=1, what="w", by="x", time="t", effect=effect),
            Mitigation(number=2, what="w", by="x", time="t"))  # fmt: skip
    finding = Finding(
        id="f1", kind="gate", subject="g", launch="pilot", summary="s", owner="o", opened="t",
        opened_by="x", mitigations=done,
    )  # fmt: skip
    told = effects([finding], [a_source()])
    assert list(told) == [("f1", 1)]
    view = told["f1", 1]
    assert (view.before, view.after, view.size, view.interval) == (
        "50.0%", "90.0%", "+40.0 points", "[+30.0, +50.0]",
    )  # fmt: skip
    assert view.missing == "model gave no reply"
    [raw] = effects([finding], []).values()
    assert raw.before == "0.50"


def test_every_subject_has_a_marker_and_the_candidates_is_its_own() -> None:
    subjects = [CANDIDATE, *(Subject("baseline", f"b{n}") for n in range(6))]
    shapes = shapes_of(subjects)
    assert list(shapes.values()).count("disc") == 1


def test_scorers_without_bounds_and_without_direction_have_tables_too() -> None:
    length = a_figure(240.0, scorer="words", slice={}, good="low", low=200.0, high=280.0)
    right = a_figure(0.7, scorer="choice", slice={}, good="high")
    sources = (
        a_source(length, scorer=LENGTH, eval=EVALS[2]),
        a_source(right, scorer=CHOICE, eval=EVALS[3]),
    )
    told = chapters(a_view(*sources))
    other = next(each for each in told if each.id == "other")
    assert [each.scale.known for each in other.overall] == [False, True]
