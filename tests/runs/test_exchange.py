"""Runs go out to other tools and come back with the same figures."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from python_calamine import load_workbook

from assay import api
from assay.errors import AssayError, NotFoundError
from tests.runs.conftest import MakeEval


@pytest.fixture
def run(workspace: Path, make_eval: MakeEval) -> api.Summary:
    make_eval(
        "echoes",
        [
            {"id": "plain", "input": "hello", "target": "hello", "policy_area": "a"},
            {"id": "formula", "input": "=cmd|' /C calc'!A0", "target": "x", "policy_area": "b"},
            {"id": "html", "input": "<script>alert(1)</script>", "target": "x"},
        ],
    )
    [summary] = api.run(["echoes"], "scripted/echo", workspace=workspace)
    return summary


def test_an_inspect_log_comes_back_with_the_same_figures(workspace: Path, run: api.Summary) -> None:
    [log] = api.export("latest", "inspect", workspace=workspace)
    back = api.import_transcripts(log, workspace=workspace)
    [before] = [each for each in run.estimates if not each.slice]
    [after] = [each for each in back.estimates if not each.slice]
    assert (after.value, after.low, after.high, after.n) == (
        before.value, before.low, before.high, before.n,
    )  # fmt: skip
    assert back.run.id != run.run.id
    assert back.run.model == "scripted/echo"


def test_which_way_is_good_comes_back_with_an_inspect_log(
    workspace: Path, make_eval: MakeEval
) -> None:
    samples = [
        {"id": str(n), "input": "hello", "polarity": ("benign", "violative")[n % 2]}
        for n in range(6)
    ]
    make_eval("asked", samples, scorers=["refusal"])
    [before] = api.run(["asked"], "scripted/refuse", workspace=workspace)
    [log] = api.export("latest", "inspect", workspace=workspace)
    back = api.import_transcripts(log, workspace=workspace)
    [scorer] = back.run.evals[0].scorers
    assert (scorer.good, scorer.bounds, scorer.kind) == ("by_polarity", (0.0, 1.0), "imported")
    assert [(each.slice, each.value, each.good) for each in back.estimates] == [
        (each.slice, each.value, each.good) for each in before.estimates
    ]


def test_sheets_are_harmless(workspace: Path, run: api.Summary) -> None:
    [sheet] = api.export("latest", "csv", workspace=workspace)
    with sheet.open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 3
    assert not any(cell.startswith("=") for row in rows for cell in row.values() if cell)
    [book] = api.export("latest", "xlsx", workspace=workspace)
    cells = load_workbook(str(book)).get_sheet_by_index(0).to_python()
    assert len(cells) == 4


def test_jsonl_and_parquet_hold_a_row_a_score(workspace: Path, run: api.Summary) -> None:
    [lines] = api.export("latest", "jsonl", workspace=workspace)
    rows = [json.loads(line) for line in lines.read_text().splitlines()]
    assert {row["sample_id"]: row["value"] for row in rows} == {
        "plain": 1, "formula": 0, "html": 0,
    }  # fmt: skip
    [table] = api.export("latest", "parquet", workspace=workspace)
    assert table.exists()


def test_our_own_transcripts_can_be_taken_in_as_scouts(workspace: Path, run: api.Summary) -> None:
    back = api.import_transcripts(Path(run.folder) / "transcripts.parquet", workspace=workspace)
    assert back.run.evals[0].samples == 3
    scored = api.rescore(back.run.id, ["exact"], workspace=workspace)
    [figure] = [each for each in scored.estimates if not each.slice]
    assert (figure.n, figure.value) == (3, pytest.approx(1 / 3))


def test_a_file_that_cannot_be_read_leaves_nothing_behind(workspace: Path) -> None:
    bad = workspace / "bad.eval"
    bad.write_bytes(b"not a zip")
    with pytest.raises(AssayError):
        api.import_transcripts(bad, workspace=workspace)
    assert list((workspace / "runs").iterdir()) == []


def test_an_unknown_export_says_which_there_are(workspace: Path, run: api.Summary) -> None:
    with pytest.raises(NotFoundError, match="inspect, scout, csv, jsonl, xlsx, parquet"):
        api.export("latest", "docx", workspace=workspace)


def test_transcripts_without_an_eval_can_be_scored(workspace: Path) -> None:
    lines = workspace / "said.jsonl"
    messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "No, sorry."}]
    lines.write_text(json.dumps({"messages": messages}) + "\n")
    api.import_transcripts(lines, workspace=workspace)
    scored = api.rescore("latest", ["refusal"], workspace=workspace)
    assert sum(each.n for each in scored.estimates) == 1
