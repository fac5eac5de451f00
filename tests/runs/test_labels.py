"""Sheets of replies out to people, and back: nothing is lost, doubled or believed too easily."""

from __future__ import annotations

import csv
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pytest

from assay import api
from assay.errors import AssayError, DefinitionError, NotFoundError
from assay.records import Estimate, ScoreRow
from assay.stats import Stratum, audited_mean, audited_rate
from assay.store.tables import read_rows
from tests.runs.conftest import MakeEval

HOSTILE = [
    '=HYPERLINK("http://evil","x")',
    "+1+1",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "a\x00b\x1b[31m",
    "<script>alert(1)</script>",
    "x" * 40_000,
    'two\nlines, "quoted"',
]


@pytest.fixture
def run(workspace: Path, make_eval: MakeEval) -> api.Summary:
    """40 replies that repeat what was asked; the scorer ``includes`` flags every fifth."""
    rows = [
        {"id": f"s{n}", "input": f"{'yes' if n % 5 == 0 else 'nothing'} {n}"} for n in range(40)
    ]
    make_eval("echoes", rows, scorers=[{"kind": "includes", "any_of": ["yes"]}])
    [summary] = api.run(["echoes"], "scripted/echo", workspace=workspace)
    return summary


def read_sheet(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    header, *rows = openpyxl.load_workbook(path)["labels"].iter_rows(values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def fill(path: Path, label: Callable[[dict[str, Any]], str], **more: str) -> None:
    """Do a rater's work on a sheet, in place."""
    rows = [{**row, "label": label(row), **more} for row in read_sheet(path)]
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            sheet = csv.DictWriter(file, rows[0].keys())
            sheet.writeheader()
            sheet.writerows(rows)
        return
    book = openpyxl.load_workbook(path)
    for number, row in enumerate(rows, 2):
        for column, value in enumerate(row.values(), 1):
            book["labels"].cell(number, column).value = value
    book.save(path)


def right(row: dict[str, Any]) -> str:
    return "yes" if "yes" in row["reply"] else "no"


def headline(workspace: Path) -> Estimate:
    [overall] = [
        each for each in api.show("latest", workspace=workspace).estimates if not each.slice
    ]
    return overall


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_sheet_goes_out_and_comes_back(workspace: Path, run: api.Summary, suffix: str) -> None:
    out = workspace / f"sheet{suffix}"
    made = api.sample_labels("latest", out, n=12, workspace=workspace)
    assert made.files == (str(out),)
    fill(out, right)
    taken = api.import_labels(out, rater="ann", workspace=workspace)
    assert (taken.added, taken.known, taken.blank) == (12, 0, 0)
    assert taken.runs == (run.run.id,)
    again = api.import_labels(out, rater="ann", workspace=workspace)
    assert (again.added, again.known) == (0, 12)


def test_the_sheet_hides_the_verdict_and_offers_labels_to_choose(
    workspace: Path, run: api.Summary
) -> None:
    out = workspace / "sheet.xlsx"
    api.sample_labels("latest", out, n=12, strategy="stratified", workspace=workspace)
    book = openpyxl.load_workbook(out)
    assert [cell.value for cell in book["labels"][1]] == [
        "draw", "item", "input", "reply", "label", "note", "rater",
    ]  # fmt: skip
    [validation] = book["labels"].data_validations.dataValidation
    assert str(validation.sqref) == "E2:E13"
    assert validation.formula1 == "guide!$A$3:$A$5"
    assert [book["guide"].cell(row, 1).value for row in (3, 4, 5)] == ["yes", "no", "cannot tell"]
    told = " ".join(str(cell.value) for row in book["labels"].iter_rows() for cell in row)
    assert "flagged" not in told
    assert "passed" not in told


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_hostile_text_is_harmless_and_still_comes_back(
    workspace: Path, make_eval: MakeEval, suffix: str
) -> None:
    rows = [{"id": f"s{n}", "input": text, "polarity": "benign"} for n, text in enumerate(HOSTILE)]
    make_eval("hostile", rows, scorers=["refusal"], prompt="{{ input }}")
    api.run(["hostile"], "scripted/echo", workspace=workspace)
    out = workspace / f"sheet{suffix}"
    api.sample_labels("latest", out, n=99, workspace=workspace)
    if suffix == ".xlsx":
        cells = [cell for row in openpyxl.load_workbook(out)["labels"].iter_rows() for cell in row]
        assert not any(cell.data_type == "f" or cell.hyperlink for cell in cells)
    else:
        for row in read_sheet(out):
            assert not row["reply"].startswith(("=", "+", "-", "@", "\t"))
            assert "\x1b" not in row["reply"]
            assert "\x00" not in row["reply"]
    fill(out, lambda row: "no")
    assert api.import_labels(out, rater="ann", workspace=workspace).added == len(HOSTILE)


def test_several_raters_have_a_sheet_each_and_their_disagreement_is_kept(
    workspace: Path, run: api.Summary
) -> None:
    made = api.sample_labels("latest", workspace / "s.xlsx", n=20, raters=2, workspace=workspace)
    first, second = (Path(file) for file in made.files)
    assert [first.name, second.name] == ["s-1.xlsx", "s-2.xlsx"]
    items = [[row["item"] for row in read_sheet(file)] for file in (first, second)]
    assert items[0] != items[1]
    assert sorted(items[0]) == sorted(items[1])
    fill(first, right)
    fill(second, lambda row: "no")
    for file in (first, second):
        api.import_labels(file, workspace=workspace)
    stored = sqlite3.connect(workspace / "assay.db").execute(
        "SELECT rater, label, count(*) FROM labels GROUP BY rater, label"
    )
    counts = {(rater, label): n for rater, label, n in stored}
    flagged = sum("yes" in row["reply"] for row in read_sheet(first))
    assert counts[("rater-2", "no")] == 20
    assert counts.get(("rater-1", "yes"), 0) == flagged


def test_faults_are_told_by_row_and_nothing_of_the_file_is_taken(
    workspace: Path, run: api.Summary
) -> None:
    out = workspace / "sheet.csv"
    api.sample_labels("latest", out, n=5, workspace=workspace)
    rows = read_sheet(out)
    for row in rows:
        row["label"] = "no"
    rows[0]["label"] = "perhaps"
    rows[1]["item"] = "77"
    rows[2]["draw"] = "draw-unknown"
    rows.append({**rows[3], "label": "yes"})
    with out.open("w", newline="") as file:
        sheet = csv.DictWriter(file, rows[0].keys())
        sheet.writeheader()
        sheet.writerows(rows)
    with pytest.raises(DefinitionError) as caught:
        api.import_labels(out, rater="ann", workspace=workspace)
    told = {(each.row, each.column) for each in caught.value.problems}
    assert told == {(2, "label"), (3, "item"), (4, "draw"), (7, "label")}
    assert "in row 5" in str(caught.value)
    [count] = sqlite3.connect(workspace / "assay.db").execute("SELECT count(*) FROM labels")
    assert count == (0,)


def test_somebody_must_have_labelled(workspace: Path, run: api.Summary) -> None:
    out = workspace / "sheet.csv"
    api.sample_labels("latest", out, n=2, workspace=workspace)
    fill(out, right)
    with pytest.raises(DefinitionError, match="--rater"):
        api.import_labels(out, workspace=workspace)


def test_blank_rows_are_counted_and_cannot_tell_is_kept(workspace: Path, run: api.Summary) -> None:
    out = workspace / "sheet.csv"
    api.sample_labels("latest", out, n=6, workspace=workspace)
    fill(out, lambda row: {"1": "", "2": "Cannot tell"}.get(row["item"], "NO"))
    taken = api.import_labels(out, rater="ann", workspace=workspace)
    assert (taken.added, taken.blank) == (5, 1)


def test_somebodys_work_is_not_overwritten(workspace: Path, run: api.Summary) -> None:
    out = workspace / "sheet.csv"
    out.write_text("work")
    with pytest.raises(AssayError, match="there already"):
        api.sample_labels("latest", out, n=2, workspace=workspace)
    assert out.read_text() == "work"


def test_files_without_a_draw_name_transcripts(workspace: Path, run: api.Summary) -> None:
    table = list(read_rows(Path(run.folder) / "scores.parquet", ScoreRow))
    file = workspace / "mine.csv"
    file.write_text("transcript_id,label\n" + "".join(f"{r.transcript_id},1\n" for r in table[:3]))
    taken = api.import_labels(file, rater="bo", workspace=workspace)
    assert (taken.added, taken.runs) == (3, (run.run.id,))
    file.write_text("transcript_id,label\nnobody,1\n")
    with pytest.raises(DefinitionError, match=r"row 2, transcript_id: there is no transcript"):
        api.import_labels(file, rater="bo", workspace=workspace)
    estimate = headline(workspace)
    assert estimate.audited is None  # nobody drew them at random


def test_files_with_texts_are_matched_to_a_run(workspace: Path, run: api.Summary) -> None:
    file = workspace / "mine.csv"
    file.write_text("Prompt,Response,verdict\nyes 0,yes 0,good\nnothing 1,nothing 1,bad\n")
    told: dict[str, Any] = {"columns": {"label": "verdict"}, "rater": "bo", "workspace": workspace}
    with pytest.raises(DefinitionError, match="--run"):
        api.import_labels(file, positive=["good"], **told)
    taken = api.import_labels(file, positive=["good"], run="latest", **told)
    assert taken.added == 2
    with pytest.raises(DefinitionError, match="no row has the label 'excellent'"):
        api.import_labels(file, positive=["excellent"], run="latest", **told)
    file.write_text("Prompt,Response,verdict\nyes 0,something else,good\n")
    with pytest.raises(DefinitionError, match="row 2"):
        api.import_labels(file, positive=["good"], run="latest", **told)


def test_an_unknown_scorer_or_run_is_told(workspace: Path, run: api.Summary) -> None:
    with pytest.raises(NotFoundError, match="includes"):
        api.sample_labels("latest", "s.csv", scorer="nobody", workspace=workspace)
    with pytest.raises(NotFoundError):
        api.sample_labels("20990101", "s.csv", workspace=workspace)


def test_a_random_sample_gives_the_prediction_powered_estimate(
    workspace: Path, run: api.Summary
) -> None:
    out = workspace / "sheet.csv"
    api.sample_labels("latest", out, n=25, workspace=workspace)

    def rater(row: dict[str, Any]) -> str:
        return "yes" if int(row["reply"].split()[1]) % 4 == 0 else "no"

    fill(out, rater)
    api.import_labels(out, rater="ann", workspace=workspace)
    found = headline(workspace).audited
    labelled = {row["input"] for row in read_sheet(out)}
    texts = [f"{'yes' if n % 5 == 0 else 'nothing'} {n}" for n in range(40)]
    expected = audited_mean(
        [float(n % 4 == 0) if text in labelled else np.nan for n, text in enumerate(texts)],
        [float(n % 5 == 0) for n in range(40)],
        bounds=(0, 1),
    )
    assert found is not None
    assert found.value == pytest.approx(expected.estimate)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))
    assert found.n == 25


def test_a_stratified_sample_weighs_each_stratum_by_its_size(
    workspace: Path, run: api.Summary
) -> None:
    out = workspace / "sheet.csv"
    made = api.sample_labels("latest", out, n=16, strategy="stratified", workspace=workspace)
    assert made.draw.strata == {"flagged": (8, 8), "passed": (32, 8)}
    fill(out, lambda row: "yes" if "yes" in row["reply"] and row["item"] != "1" else "no")
    api.import_labels(out, rater="ann", workspace=workspace)
    found = headline(workspace).audited
    first = next(row for row in read_sheet(out) if row["item"] == "1")
    positive = 8 - ("yes" in first["reply"])
    expected = audited_rate([Stratum(8, 8, positive), Stratum(32, 8, 0)]).interval
    assert found is not None
    assert found.value == pytest.approx(positive / 40) == pytest.approx(expected.estimate)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_a_sheet_that_came_back_in_part_still_gives_the_right_estimate(
    workspace: Path, run: api.Summary
) -> None:
    out = workspace / "sheet.csv"
    api.sample_labels("latest", out, n=40, strategy="stratified", workspace=workspace)
    done = {"flagged": 0, "passed": 0}

    def rater(row: dict[str, Any]) -> str:
        kind = "flagged" if "yes" in row["reply"] else "passed"
        done[kind] += 1
        return right(row) if done[kind] <= 6 else ""

    fill(out, rater)
    api.import_labels(out, rater="ann", workspace=workspace)
    found = headline(workspace).audited
    assert found is not None
    assert found.n == 12
    assert found.value == pytest.approx(8 / 40)  # not 6 / 12


def test_a_kill_in_the_midst_leaves_all_or_nothing(workspace: Path, run: api.Summary) -> None:
    out = workspace / "sheet.csv"
    api.sample_labels("latest", out, n=40, workspace=workspace)
    fill(out, right)
    script = """
import os, signal, sys
from assay import api
from assay.store import catalogue
kept = catalogue.Catalogue._insert
def insert(self, table, record):
    kept(self, table, record)
    if table == "labels" and record.transcript_id == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)
catalogue.Catalogue._insert = insert
api.import_labels(sys.argv[1], rater="ann", workspace=sys.argv[2])
"""
    middle = sqlite3.connect(workspace / "assay.db").execute(
        "SELECT transcript_id FROM drawn WHERE item = 20"
    )
    [(name,)] = middle.fetchall()
    died = subprocess.run(
        [sys.executable, "-c", script, str(out), str(workspace), name], check=False
    )
    assert died.returncode == -signal.SIGKILL
    [count] = sqlite3.connect(workspace / "assay.db").execute("SELECT count(*) FROM labels")
    assert count == (0,)
    assert api.import_labels(out, rater="ann", workspace=workspace).added == 40
