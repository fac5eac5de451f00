"""Figures against what can be counted by hand, and what is missing from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay import api
from assay.records import EvalRecord, RunRecord, ScoreRow, ScorerRecord, Transcript
from assay.runs.figures import cut_off, figures, headline
from assay.stats import rate
from assay.store.tables import TableWriter
from assay.store.workspace import RunFolder
from tests.runs.conftest import MakeEval
from tests.support.fault_server import FaultServer, chosen, completion, reply
from tests.support.fault_server import body as answer


def make_run(
    path: Path, rows: list[dict[str, object]], *, good: str = "high", epochs: int = 1
) -> RunFolder:
    """A finished run with these score rows."""
    scorer = ScorerRecord("s", "exact", "v1", {}, good, (0.0, 1.0))  # type: ignore[arg-type]
    evaluated = EvalRecord(
        "e", "1", "h", "", len(rows) // epochs, epochs, {}, "", None, {}, (scorer,)
    )
    folder = RunFolder(path / "run")
    folder.save(RunRecord("run", "p", "complete", "", "m", {}, {}, (evaluated,), {}))
    with TableWriter(folder.transcripts_file, Transcript) as table:
        table.write(Transcript("t"))
    empty = dict.fromkeys(ScoreRow.__struct_fields__)
    with TableWriter(folder.scores_file, ScoreRow) as scores:
        for number, row in enumerate(rows):
            values = {
                **empty, "transcript_id": str(number), "run_id": "run", "eval": "e",
                "sample_id": str(number), "epoch": 1, "scorer": "s", "scorer_version": "v1",
                "explanation": "", "citations": (), "tokens": 0, "scored_at": "",
                "scored_by": "", **row,
            }  # fmt: skip
            scores.write(ScoreRow(**values))  # type: ignore[arg-type]
    return folder


def value(number: float | None, **more: object) -> dict[str, object]:
    return {"value": number, "unscored": None if number is not None else "grader_failed", **more}


def test_a_rate_is_the_statistics_rooms_rate(tmp_path: Path) -> None:
    [found] = figures(make_run(tmp_path, [value(1)] * 130 + [value(0)] * 70))
    expected = rate(130, 200)
    assert (found.value, found.low, found.high) == (0.65, expected.low, expected.high)
    assert (found.method, found.n, found.clusters, found.planned) == ("Wilson", 200, 200, 200)


def test_missing_scores_stay_in_the_denominator_by_reason(tmp_path: Path) -> None:
    rows = [value(1)] * 6 + [value(0)] * 2
    rows += [{"value": None, "unscored": "refusal"}, {"value": None, "unscored": "model_error"}]
    [found] = figures(make_run(tmp_path, rows))
    assert (found.n, found.planned) == (8, 10)
    assert found.missing == {"refusal": 1, "model_error": 1}
    assert (found.worst, found.best) == (0.6, 0.8)


def test_the_worst_case_turns_round_where_low_is_good(tmp_path: Path) -> None:
    rows = [value(1)] * 2 + [value(0)] * 6 + [value(None)] * 2
    [found] = figures(make_run(tmp_path, rows, good="low"))
    assert (found.worst, found.best) == (0.4, 0.2)


def test_nothing_scored_is_no_figure_at_all(tmp_path: Path) -> None:
    [found] = figures(make_run(tmp_path, [value(None)] * 5))
    assert (found.value, found.low, found.high, found.n) == (None, None, None, 0)
    assert (found.worst, found.best) == (0.0, 1.0)
    assert found.warning


def test_samples_of_one_cluster_count_as_one_origin(tmp_path: Path) -> None:
    rows = [value(number % 2, cluster=f"c{number % 12}") for number in range(120)]
    [clustered] = figures(make_run(tmp_path / "a", rows))
    [independent] = figures(make_run(tmp_path / "b", [value(number % 2) for number in range(120)]))
    assert clustered.clusters == 12
    assert clustered.low is not None
    assert independent.low is not None
    assert clustered.low < independent.low  # each cluster is all ones or all zeros


def test_epochs_of_one_sample_count_as_one_origin(tmp_path: Path) -> None:
    rows = [value(number % 2, sample_id=str(number // 4), epoch=number % 4) for number in range(80)]
    [found] = figures(make_run(tmp_path, rows, epochs=4))
    assert (found.n, found.clusters) == (80, 20)


def test_slices(tmp_path: Path) -> None:
    rows = [
        value(1, polarity="violative", policy_area="fraud", language="en"),
        value(0, polarity="benign", policy_area="fraud", language="en"),
        value(1, polarity="violative", policy_area=None, language="en"),
    ]
    found = {tuple(each.slice.items()): each for each in figures(make_run(tmp_path, rows))}
    assert set(found) == {
        (),
        (("polarity", "violative"),),
        (("polarity", "benign"),),
        (("policy_area", "fraud"),),
        (("policy_area", "(none)"),),
    }  # one language: nothing to tell apart
    assert found[(("policy_area", "fraud"),)].n == 2


def test_a_scorer_by_polarity_has_no_overall_figure(tmp_path: Path) -> None:
    rows = [
        value(1, polarity="violative", policy_area="fraud"),
        value(0, polarity="benign", policy_area="drugs"),
        value(None, polarity="benign", policy_area="drugs"),
    ]
    found = figures(make_run(tmp_path, rows, good="by_polarity"))
    assert all("polarity" in each.slice for each in found)
    assert [each.slice for each in headline(found)] == [
        {"polarity": "benign"},
        {"polarity": "violative"},
    ]
    [benign] = [each for each in headline(found) if each.slice["polarity"] == "benign"]
    assert (benign.worst, benign.best) == (0.5, 0.0)  # a refusal of a benign request is bad


def test_values_beyond_a_rate_have_a_mean(tmp_path: Path) -> None:
    rows = [value(number / 40) for number in range(41)]
    [found] = figures(make_run(tmp_path, rows))
    assert found.value == pytest.approx(0.5)
    assert found.n == 41
    assert found.low is not None
    assert 0.3 < found.low < 0.5


def test_every_slice_adds_up_to_its_plan(workspace: Path, make_eval: MakeEval) -> None:
    areas, polarities = ["fraud", "drugs"], ["violative", "benign"]
    make_eval(
        "sliced",
        [
            {"id": str(n), "input": str(n), "target": str(n % 3), "policy_area": areas[n % 2],
             "polarity": polarities[n // 2 % 2], "language": "en"}
            for n in range(24)
        ],
    )  # fmt: skip
    [summary] = api.run(["sliced"], "scripted/echo", workspace=workspace)
    for each in summary.estimates:
        assert each.n + sum(each.missing.values()) == each.planned
    by_area = [each for each in summary.estimates if "policy_area" in each.slice]
    assert sum(each.planned for each in by_area) == 24


def test_replies_that_the_token_limit_broke_off_are_counted_and_told(
    workspace: Path, make_eval: MakeEval, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_eval("echoes", 5, parameters={"max_tokens": 7})
    body = completion("So", finish_reason="length")
    behaviour = chosen(
        lambda seen: answer(body) if seen.last_message in ("Say 1.", "Say 4.") else reply("So")
    )
    with FaultServer(behaviour) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        [summary] = api.run(["echoes"], "openai/any", workspace=workspace)
    assert cut_off(RunFolder(Path(summary.folder))) == {"echoes": 2}
    page = api.make_report(workspace=workspace).read_text()
    assert "broke off at the token limit" in page
    assert "echoes 2 of 5" in page
