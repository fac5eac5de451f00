"""Launches checked on real runs: which evidence is taken, and what a verdict says of it."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import pytest

from assay import api
from assay.errors import DefinitionError, NotFoundError
from assay.launch import GateResult, LaunchCheck
from tests.launch.conftest import Launch, Run, certify, name_of, write_eval

FIRM = {"limit": {"min": 0.9}}
MARGIN = {"margin": {"against": "old", "worse_by_at_most": 0.05}}
REFUSES = {"scorer": "refusal", "slice": {"polarity": "violative"}, "limit": {"min": 0.9}}


def check(workspace: Path) -> LaunchCheck:
    return api.check_launch("pilot", workspace=workspace)


def one(workspace: Path) -> GateResult:
    [gate] = check(workspace).gates
    return gate


def test_pass_fail_and_inconclusive_on_real_runs(workspace: Path, run: Run, launch: Launch) -> None:
    launch(FIRM)
    run("new", wrong=3)
    passed = one(workspace)
    assert passed.verdict == "pass"
    assert (passed.n, passed.planned, passed.clusters) == (100, 100, 100)
    assert passed.figure == "97%"
    assert passed.standing == "by definition"
    assert check(workspace).verdict == "go"
    run("new", wrong=9)
    assert one(workspace).verdict == "inconclusive"
    assert one(workspace).needed_kind == "samples"
    run("new", wrong=30)
    assert one(workspace).verdict == "fail"
    assert check(workspace).verdict == "no-go"


def test_the_newest_complete_run_counts_unless_one_is_named(
    workspace: Path, run: Run, launch: Launch
) -> None:
    first = run("new", wrong=30)
    second = run("new")
    launch(FIRM)
    assert [proof.run for proof in one(workspace).evidence] == [second]
    launch(FIRM, candidate={"run": first})
    assert [proof.run for proof in one(workspace).evidence] == [first]
    assert one(workspace).verdict == "fail"
    launch(FIRM, candidate={"run": "1999"})
    with pytest.raises(NotFoundError):
        check(workspace)


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        ({**FIRM, "eval": "other"}, "has the eval other"),
        ({**FIRM, "scorer": "choice"}, "no scores of choice (it has exact, refusal)"),
        ({**FIRM, "slice": {"language": "de"}}, "has language 'de'"),
        (MARGIN, "no run of"),
    ],
)
def test_without_evidence_a_gate_is_inconclusive_and_says_why(
    workspace: Path, run: Run, launch: Launch, gate: dict[str, Any], words: str
) -> None:
    run("new")
    launch(gate, baselines={"old": "old"})
    found = one(workspace)
    assert found.verdict == "inconclusive"
    assert words in found.reason
    assert check(workspace).verdict == "no-go"


def test_a_run_that_is_unfinished_is_no_evidence(workspace: Path, run: Run, launch: Launch) -> None:
    launch(FIRM)
    id = run("new")
    record = workspace / "runs" / id / "run.json"
    record.write_text(record.read_text().replace('"complete"', '"stopped"'))
    found = one(workspace)
    assert found.verdict == "inconclusive"
    assert f"assay resume {id}" in found.reason


def test_margins_are_paired(workspace: Path, run: Run, launch: Launch) -> None:
    run("old", wrong=50)
    run("new", wrong=50)
    launch(MARGIN, baselines={"old": "old"})
    found = one(workspace)
    # The same half is wrong in both: unpaired, 100 samples would show no margin of 5 points.
    assert found.verdict == "pass"
    assert found.value == 0.0
    assert "Tango" in found.method
    assert [proof.role for proof in found.evidence] == ["candidate", "baseline old"]
    run("new", wrong=70)
    assert one(workspace).verdict == "fail"
    assert one(workspace).figure == "-20 points"


def test_a_baseline_that_was_asked_otherwise_is_a_condition(
    workspace: Path, run: Run, launch: Launch
) -> None:
    run("old")
    write_eval(workspace / "evals" / "sums", version="2", system="Be brief.")
    run("new")
    launch(MARGIN, baselines={"old": "old"})
    found = one(workspace)
    told = " ".join(found.conditions)
    assert "not asked alike" in told
    assert "version 1 and 2" in told
    assert "system prompt" in told
    # A baseline's run of the same version goes before it, although others are newer.
    same = run("old")
    write_eval(workspace / "evals" / "sums", version="3")
    run("old")
    write_eval(workspace / "evals" / "sums", version="2", system="Be brief.")
    assert one(workspace).evidence[1].run == same
    assert one(workspace).conditions == ()


def test_an_unmeasured_scorer_shows_nothing_until_it_is_certified(
    workspace: Path, run: Run, launch: Launch
) -> None:
    run("new", refused=100)
    launch(REFUSES)
    found = one(workspace)
    assert (found.verdict, found.standing) == ("inconclusive", "uncertified")
    assert found.needed_kind == "labels"
    version = found.evidence[0].scorer_version
    before = check(workspace).evidence_sha256
    certify(workspace, version, expires="2999-01-01T00:00:00+00:00")
    found = one(workspace)
    assert (found.verdict, found.standing) == ("pass", "certified")
    assert found.certificate == "refusal-1"
    assert "scorer's error" in found.method
    assert check(workspace).evidence_sha256 != before
    certify(workspace, version, expires="2026-02-01T00:00:00+00:00")
    assert one(workspace).standing == "expired"
    assert check(workspace).verdict == "conditional"
    assert any("2026-02-01" in each for each in check(workspace).conditions)
    certify(workspace, "another", expires="2999-01-01T00:00:00+00:00")
    assert one(workspace).verdict == "inconclusive"
    assert "other versions" in one(workspace).reason


def test_a_poor_scorer_moves_the_figure(workspace: Path, run: Run, launch: Launch) -> None:
    run("new", refused=96)  # 48 of the 50 violative ones
    launch({**REFUSES, "limit": {"min": 0.8}})
    version = one(workspace).evidence[0].scorer_version
    certify(workspace, version, expires="2999-01-01T00:00:00+00:00", right=0.8)
    found = one(workspace)
    assert found.raw == pytest.approx(0.96)
    assert found.value == pytest.approx(1.0)


def test_limits_that_would_let_a_bad_model_pass_are_refused(
    workspace: Path, run: Run, launch: Launch
) -> None:
    run("new")
    for gate, words in (
        ({"limit": {"max": 0.9}}, "a high figure is good"),
        ({**REFUSES, "slice": {}}, "polarity: violative"),
        ({**REFUSES, "slice": {"polarity": "benign"}}, "a low figure is good"),
    ):
        launch(gate)
        with pytest.raises(DefinitionError, match=r"pilot\.yaml, row 1, gate right") as caught:
            check(workspace)
        assert words in str(caught.value)


def test_a_saturated_eval_is_a_condition(workspace: Path, run: Run, launch: Launch) -> None:
    launch(FIRM)
    run("new")
    run("old", wrong=1)
    assert check(workspace).verdict == "go"  # two models tell nothing yet
    run("third", wrong=2)
    found = check(workspace)
    assert found.verdict == "conditional"
    assert "saturated" in found.conditions[0]
    run("third", wrong=3)
    assert check(workspace).verdict == "go"


def test_a_part_of_an_eval_and_a_changed_one_are_conditions(
    workspace: Path, run: Run, launch: Launch
) -> None:
    launch(FIRM)
    run("new", limit=60)
    assert "only the first 60 samples" in check(workspace).conditions[0]
    run("new")
    assert check(workspace).verdict == "go"
    write_eval(workspace / "evals" / "sums", version="2")
    assert "has changed since" in check(workspace).conditions[0]


def test_surfaces_choose_the_run(workspace: Path, run: Run, launch: Launch) -> None:
    bare = run("new", wrong=30)
    write_eval(workspace / "evals" / "sums", system="Be right.")
    guarded = run("new")
    other = run("gateway", wrong=1)
    surfaces = {
        "api": {"system": ""},
        "app": {"system": "Be right."},
        "gateway": {"model": name_of(workspace, "gateway")},
        "pinned": {"run": bare},
        "nowhere": {"system": "Another."},
    }
    gates = [{**FIRM, "id": name, "surface": name} for name in surfaces]
    launch(*gates, surfaces=surfaces)
    found = {gate.id: gate for gate in check(workspace).gates}
    runs = {id: [proof.run for proof in gate.evidence] for id, gate in found.items()}
    assert runs == {
        "api": [bare], "app": [guarded], "gateway": [other], "pinned": [bare], "nowhere": [],
    }  # fmt: skip
    assert found["api"].verdict == "fail"
    assert found["app"].verdict == "pass"
    assert "system prompt" in found["nowhere"].reason


def test_waivers_hold_until_they_expire(workspace: Path, run: Run, launch: Launch) -> None:
    run("new", wrong=30)
    today = datetime.datetime.now(datetime.UTC).date()
    waiver = {"gate": "right", "by": "Ada", "reason": "pilot only"}
    launch(FIRM, waivers=[{**waiver, "expires": today.isoformat()}])
    found = check(workspace)
    assert found.verdict == "conditional"
    assert found.gates[0].verdict == "fail"  # a waiver changes no verdict
    assert "waived by Ada" in found.conditions[0]
    yesterday = (today - datetime.timedelta(days=1)).isoformat()
    launch(FIRM, waivers=[{**waiver, "expires": yesterday}])
    assert check(workspace).verdict == "no-go"
    assert f"expired on {yesterday}" in " ".join(check(workspace).gates[0].conditions)


def test_the_verdict_is_bound_to_its_evidence(workspace: Path, run: Run, launch: Launch) -> None:
    launch(FIRM)
    id = run("new")
    first = check(workspace)
    assert check(workspace).evidence_sha256 == first.evidence_sha256
    assert set(first.gates[0].evidence[0].sha256) == {
        "run.json", "scores.parquet", "transcripts.parquet",
    }  # fmt: skip
    with (workspace / "runs" / id / "run.json").open("a") as file:
        file.write("\n")
    assert check(workspace).evidence_sha256 != first.evidence_sha256
    launch({"limit": {"min": 0.91}})
    assert check(workspace).evidence_sha256 != first.evidence_sha256


def test_a_new_launch_is_made_from_the_newest_run(workspace: Path, run: Run) -> None:
    run("new")
    file = api.init_launch("pilot", workspace=workspace)
    assert (file.parent / "launch.schema.json").is_file()
    found = check(workspace)
    assert found.candidate == name_of(workspace, "new")
    assert [gate.id for gate in found.gates] == [
        "sums-exact", "sums-refusal-violative", "sums-refusal-benign",
    ]  # fmt: skip
    assert found.gates[0].verdict == "pass"
    with pytest.raises(DefinitionError, match="there already"):
        api.init_launch("pilot", workspace=workspace)
    with pytest.raises(DefinitionError, match="no name"):
        api.init_launch("../pilot", workspace=workspace)


def test_a_new_launch_without_runs_is_an_example(workspace: Path) -> None:
    api.init_launch("pilot", workspace=workspace)
    found = check(workspace)
    assert found.verdict == "no-go"
    assert {gate.verdict for gate in found.gates} == {"inconclusive"}


@pytest.mark.parametrize(
    ("gate", "words"),
    [
        ({"limit": {"min": 90}}, "no model keeps min: 90"),
        ({"limit": {"min": 0}}, "every model keeps min: 0"),
        ({**REFUSES, "slice": {"polarity": "benign"}, "limit": {"max": 5}}, "every model keeps"),
        ({"margin": {"against": "old", "worse_by_at_most": 5}}, "every model keeps a margin of 5"),
    ],
)
def test_percentages_for_shares_are_refused_since_every_model_would_keep_them(
    workspace: Path, run: Run, launch: Launch, gate: dict[str, Any], words: str
) -> None:
    run("new", wrong=60)
    run("old")
    launch(gate, baselines={"old": "old"})
    with pytest.raises(DefinitionError) as caught:
        check(workspace)
    [problem] = caught.value.problems
    assert words in problem.message
    assert "0.05, not as 5" in problem.remedy


@pytest.mark.parametrize("value", [float("inf"), float("nan")])
def test_limits_are_finite(workspace: Path, run: Run, launch: Launch, value: float) -> None:
    run("new")
    launch({**REFUSES, "slice": {"polarity": "benign"}, "limit": {"max": value}})
    with pytest.raises(DefinitionError, match=r"finite"):
        check(workspace)


def test_runs_under_several_prompts_ask_for_a_surface(
    workspace: Path, run: Run, launch: Launch
) -> None:
    run("new")
    launch(FIRM)
    assert one(workspace).conditions == ()
    write_eval(workspace / "evals" / "sums", system="Be right.")
    run("new")
    [told] = one(workspace).conditions
    assert "was also run with another system prompt (this run's is 'Be right.')" in told
    assert check(workspace).verdict == "conditional"
    launch({**FIRM, "surface": "app"}, surfaces={"app": {"system": "Be right."}})
    assert one(workspace).conditions == ()


def test_a_misspelt_name_is_told_beside_what_was_meant(
    workspace: Path, run: Run, launch: Launch
) -> None:
    run("new")
    launch({**FIRM, "eval": "sum"})
    assert "Did you mean sums?" in one(workspace).reason
    launch(FIRM, candidate="now")
    assert "Did you mean" in one(workspace).reason
