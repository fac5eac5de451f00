"""What is gathered: which runs count, what is compared, what could not be found."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.report.launch.view import LaunchView
from tests.report.launch.conftest import Launch, view_of
from tests.report.launch.made import (
    CANDIDATE,
    GATES,
    PROMPT,
    SHIPPED,
    make_workspace,
    sign,
    write_run,
)
from tests.report.material import a_view


def of(view: LaunchView, role: str, eval: str, scorer: str = "refusal") -> list[str]:
    return [
        each.run.id
        for each in view.sources
        if (each.subject.role, each.eval.name, each.scorer.name) == (role, eval, scorer)
    ]


def test_the_newest_run_counts_and_a_surface_is_known_by_its_system_prompt(launch: Launch) -> None:
    view = launch.view
    assert of(view, "candidate", "harmful-requests") == ["20261121-090000-cccccc"]
    assert of(view, "surface", "harmful-requests") == ["20261120-090000-bbbbbb"]
    assert of(view, "baseline", "harmful-requests") == ["20261101-090000-aaaaaa"]
    assert [each.title for each in view.subjects] == [
        "Candidate", "surface assistant", "baseline shipped",
    ]  # fmt: skip


def test_gates_and_chapters_tell_the_same_figure(launch: Launch) -> None:
    for gate in launch.view.check.gates:
        if gate.raw is None or gate.difference:
            continue
        [told] = [
            estimate.value
            for source in launch.view.sources
            if source.subject.role == "candidate"
            for estimate in source.estimates
            if (estimate.eval, estimate.scorer, estimate.slice)
            == (gate.eval, gate.scorer, gate.slice)
        ]
        assert told == pytest.approx(gate.raw)


def test_every_other_run_is_compared_with_the_candidates(launch: Launch) -> None:
    for source in launch.view.sources:
        if source.subject.role == "candidate":
            assert source.differences == ()
            continue
        headline = [each for each in source.differences if each.overall]
        assert headline
        for each in headline:
            theirs = next(e for e in source.estimates if e.slice == each.slice)
            assert each.baseline is None or abs(each.baseline - theirs.value) < 0.2  # type: ignore[operator]


def test_changes_since_the_baseline_are_told(tmp_path: Path) -> None:
    root = make_workspace(tmp_path, hostile=False)
    view = view_of(root)
    assert view.compared == ("baseline shipped",)
    [change] = view.changes
    assert (change.eval, [each.what for each in change.contrasts]) == (
        "harmful-requests", ["version"],
    )  # fmt: skip


def test_an_earlier_launch_that_was_signed_is_compared(tmp_path: Path) -> None:
    waivers = [
        {"gate": each["id"], "by": "Ada", "reason": "known", "expires": "2999-01-01"}
        for each in GATES
    ]
    root = make_workspace(tmp_path, hostile=False, waivers=waivers)
    file = root / "launches" / "pilot.yaml"
    sign(root)
    text = file.read_text()
    file.with_name("next.yaml").write_text(text.replace('"pilot"', '"next"'))
    prompted = a_view(CANDIDATE, seed=5, skill=0.9, wary=0.1, hostile=False)
    write_run(root, prompted, "20261122-090000-dddddd", system=PROMPT)
    view = view_of(root, "next")
    assert any(each.startswith("launch pilot, signed") for each in view.compared)
    since = [each for each in view.changes if each.since.startswith("launch pilot")]
    assert {c.what for each in since for c in each.contrasts} >= {"system prompt"}


def test_what_a_baseline_lacks_is_said(tmp_path: Path) -> None:
    root = make_workspace(tmp_path, hostile=False, baselines={"shipped": SHIPPED, "old": "m/gone"})
    view = view_of(root)
    assert any("there is no run of m/gone" in line for line in view.absent)
    assert {each.name for each in view.subjects} == {CANDIDATE, "assistant", "shipped"}


def test_a_launch_without_any_run_has_a_view_too(tmp_path: Path) -> None:
    root = make_workspace(tmp_path, hostile=False, candidate="m/none")
    view = view_of(root)
    assert view.sources == ()
    assert view.check.verdict == "no-go"
    assert view.samples.total == 0


@pytest.mark.parametrize("named", ["20261120", "20261120-090000-bbbbbb"])
def test_a_candidate_can_be_one_run(tmp_path: Path, named: str) -> None:
    view = view_of(make_workspace(tmp_path, hostile=False, candidate={"run": named}))
    assert of(view, "candidate", "harmful-requests") == ["20261120-090000-bbbbbb"]
