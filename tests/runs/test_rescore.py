"""Scoring again: from stored transcripts, without asking the model under test."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay import api
from assay.errors import AssayError, NotFoundError
from assay.records import ScoreRow
from assay.store.tables import read_rows
from tests.runs.conftest import MakeEval
from tests.support.fault_server import FaultServer, Seen, chosen, reply, status


def rows_by_scorer(summary: api.Summary) -> dict[str, list[ScoreRow]]:
    found: dict[str, list[ScoreRow]] = {}
    for row in read_rows(Path(summary.folder) / "scores.parquet", ScoreRow):
        found.setdefault(row.scorer, []).append(row)
    return found


def test_a_new_scorer_is_added_and_the_old_rows_stay(workspace: Path, make_eval: MakeEval) -> None:
    make_eval("echoes", 9)
    [before] = api.run(["echoes"], "scripted/echo", workspace=workspace)
    after = api.rescore("latest", ["refusal"], workspace=workspace)
    found = rows_by_scorer(after)
    assert {name: len(rows) for name, rows in found.items()} == {"exact": 9, "refusal": 9}
    assert found["exact"] == rows_by_scorer(before)["exact"]
    assert {each.scorer for each in after.estimates} == {"exact", "refusal"}


def test_doing_it_twice_replaces_the_rows(workspace: Path, make_eval: MakeEval) -> None:
    make_eval("echoes", 5)
    api.run(["echoes"], "scripted/echo", workspace=workspace)
    api.rescore("latest", [{"kind": "includes", "any_of": ["0"]}], workspace=workspace)
    after = api.rescore("latest", [{"kind": "includes", "any_of": ["1"]}], workspace=workspace)
    rows = rows_by_scorer(after)["includes"]
    assert {row.sample_id: row.value for row in rows} == {
        "s0": 0, "s1": 1, "s2": 0, "s3": 0, "s4": 0,
    }  # fmt: skip
    [told] = [each for each in after.run.evals[0].scorers if each.name == "includes"]
    assert told.version == rows[0].scorer_version


def test_the_target_is_not_asked_and_a_judge_only_once(
    workspace: Path, make_eval: MakeEval, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_eval("echoes", 6)
    rubric = workspace / "rubric.yaml"
    rubric.write_text("{kind: rubric, name: fine, rubric: Fine or not, labels: {fine: 1, not: 0}}")
    verdict = '{"explanation": "short", "label": "fine", "citations": []}'

    def answer(seen: Seen) -> str:
        return verdict

    with FaultServer(reply(answer)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        api.run(["echoes"], "scripted/echo", workspace=workspace)
        after = api.rescore("latest", [str(rubric)], judge="openai/judge", workspace=workspace)
        assert len(server.seen) == 6
    rows = rows_by_scorer(after)["fine"]
    assert {row.value for row in rows} == {1.0}
    assert {row.scored_by for row in rows} == {"openai/judge"}
    assert all(row.raw == verdict for row in rows)


def test_a_judge_that_fails_is_told_and_can_be_asked_again(
    workspace: Path, make_eval: MakeEval, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_eval("echoes", 4)
    rubric = {"kind": "rubric", "name": "fine", "rubric": "Fine?", "labels": {"fine": 1, "not": 0}}
    verdict = '{"explanation": "short", "label": "fine", "citations": []}'
    broken = [True]
    behaviour = chosen(
        lambda seen: status(400) if broken and "Say 2." in seen.last_message else reply(verdict)
    )
    with FaultServer(behaviour) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        api.run(["echoes"], "scripted/echo", workspace=workspace)
        first = api.rescore("latest", [rubric], judge="openai/judge", workspace=workspace)
        reasons = {row.sample_id: row.unscored for row in rows_by_scorer(first)["fine"]}
        assert reasons == {"s0": None, "s1": None, "s2": "grader_failed", "s3": None}
        [figure] = [each for each in first.estimates if each.scorer == "fine" and not each.slice]
        assert (figure.n, figure.planned, figure.missing) == (3, 4, {"grader_failed": 1})
        broken.clear()
        before = len(server.seen)
        second = api.rescore("latest", [rubric], judge="openai/judge", workspace=workspace)
        assert len(server.seen) == before + 1  # the others came from the journal
    assert all(row.value == 1 for row in rows_by_scorer(second)["fine"])


def test_samples_without_a_reply_keep_their_reason(
    workspace: Path, make_eval: MakeEval, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_eval("echoes", 3)
    with FaultServer(status(400)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        api.run(["echoes"], "openai/any", workspace=workspace)
    after = api.rescore("latest", ["refusal"], workspace=workspace)
    assert [row.unscored for row in rows_by_scorer(after)["refusal"]] == ["model_error"] * 3


def test_a_rubric_without_a_judge_says_how_to_name_one(
    workspace: Path, make_eval: MakeEval
) -> None:
    make_eval("echoes", 1)
    api.run(["echoes"], "scripted/echo", workspace=workspace)
    rubric = {"kind": "rubric", "name": "fine", "rubric": "Fine?", "labels": {"fine": 1, "not": 0}}
    with pytest.raises(AssayError, match="--judge"):
        api.rescore("latest", [rubric], workspace=workspace)


def test_an_unfinished_run_has_nothing_to_score(workspace: Path, make_eval: MakeEval) -> None:
    make_eval("echoes", 1)
    [summary] = api.run(["echoes"], "scripted/echo", workspace=workspace)
    (Path(summary.folder) / "transcripts.parquet").unlink()
    with pytest.raises(NotFoundError, match="assay resume"):
        api.rescore("latest", ["refusal"], workspace=workspace)


def test_added_scores_outlast_a_resume_and_what_came_since_is_told_as_unscored(
    workspace: Path, make_eval: MakeEval, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_eval("echoes", 3)
    broken = [True]
    behaviour = chosen(
        lambda seen: status(400) if broken and "Say 2." in seen.last_message else reply("Say 0.")
    )
    with FaultServer(behaviour) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        api.run(["echoes"], "openai/any", workspace=workspace)
        scorers = [{"kind": "includes", "any_of": ["0"]}]
        before = _by_sample(api.rescore("latest", scorers, workspace=workspace))
        assert before["s2"].unscored == "model_error"
        broken.clear()
        resumed = api.resume("latest", workspace=workspace)
    after = _by_sample(resumed)
    assert (after["s0"], after["s1"]) == (before["s0"], before["s1"])
    assert (after["s2"].unscored, after["s2"].explanation) == (
        "not_run",
        "The run was resumed since: rescore it.",
    )
    [figure] = [each for each in resumed.estimates if each.scorer == "includes"]
    assert (figure.n, figure.planned, figure.missing) == (2, 3, {"not_run": 1})
    again = api.rescore("latest", scorers, workspace=workspace)
    assert [row.value for row in _by_sample(again).values()] == [1, 1, 1]


def _by_sample(summary: api.Summary) -> dict[str, ScoreRow]:
    return {row.sample_id: row for row in rows_by_scorer(summary)["includes"]}
