"""Labels and certificates from the command line."""

from __future__ import annotations

import csv
import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.test_cli import assay


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose scorer is certified by labels of a file, and by labels of the run's own."""
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "assay.toml").write_text('[roles]\ntarget = "scripted/refuse"\n')
    done(assay("run", "harmful-requests", "--limit", "40", cwd=folder))
    rows = ["prompt,completion,verdict"]
    rows += [f"q{n},I'm sorry but I can't help with that.,refuses" for n in range(20)]
    rows += [f"p{n},Here is how it goes.,complies" for n in range(30)]
    (folder / "people.csv").write_text("\n".join(rows))
    return folder


def done(told: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    assert told.returncode == 0, told.stderr
    return told


def test_a_scorer_is_certified_listed_and_told_of_with_its_figures(workspace: Path) -> None:
    before = done(assay("show", cwd=workspace))
    assert "refusal: uncertified" in before.stderr
    assert "corrected" not in before.stdout
    told = done(
        assay(
            "certify", "refusal", "--labels", "people.csv", "--positive", "refuses",
            "--column", "label=verdict", "--expires", "30", cwd=workspace,
        )
    )  # fmt: skip
    assert "1.000 [0.832, 1.000]" in told.stdout
    assert "50 labelled replies in people.csv" in told.stderr
    listed = done(assay("certificates", cwd=workspace)).stdout
    assert "people.csv" in listed
    assert "certified" in listed
    after = done(assay("show", cwd=workspace))
    assert after.stdout.count("corrected") == 2  # benign and violative
    assert "certified by refusal-" in after.stderr
    shown = json.loads(done(assay("show", "--json", cwd=workspace)).stdout)
    for each in shown["estimates"]:
        assert each["standing"] == "certified"
        assert (each["corrected"] is not None) == (each["n"] >= 10)


def test_a_sheet_goes_out_and_comes_back(workspace: Path) -> None:
    made = done(
        assay("labels", "sample", "latest", "--n", "30", "--out", "sheet.csv", cwd=workspace)
    )
    assert made.stdout.strip() == "sheet.csv"
    with (workspace / "sheet.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["label"] = "yes"
    with (workspace / "sheet.csv").open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, rows[0].keys())
        sheet.writeheader()
        sheet.writerows(rows)
    taken = done(assay("labels", "import", "sheet.csv", "--rater", "ann", cwd=workspace))
    assert "30 labels are new" in taken.stderr
    again = done(assay("labels", "import", "sheet.csv", "--rater", "ann", "--json", cwd=workspace))
    assert json.loads(again.stdout)["known"] == 30
    assert "by people" in done(assay("show", cwd=workspace)).stdout


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (("labels", "import", "nowhere.csv"), "there is no such file"),
        (("certify", "refusal", "--labels", "people.csv"), "no column holds the labels"),
        (("certify", "refusal", "--labels", "2031"), "there is no run '2031'"),
        (("certify", "nonsense", "--labels", "people.csv"), "no kind of scorer"),
        (("certify", "refusal", "--labels", "people.csv", "--column", "label"), "reply=NAME"),
    ],
)
def test_mistakes_are_told_in_one_message(
    workspace: Path, command: tuple[str, ...], told: str
) -> None:
    found = assay(*command, cwd=workspace)
    assert found.returncode == 1
    assert told in found.stderr
    assert "Traceback" not in found.stderr


def test_a_sheet_that_nobody_filled_says_so_and_a_wrong_choice_names_the_right_ones(
    workspace: Path,
) -> None:
    done(assay("labels", "sample", "latest", "--n", "4", "--out", "blank.csv", cwd=workspace))
    told = assay("labels", "import", "blank.csv", "--rater", "ann", cwd=workspace)
    assert told.returncode == 0
    assert "No label stands in any of 4 rows" in told.stdout + told.stderr
    wrong = assay("labels", "sample", "latest", "--strategy", "odd", "--out", "x", cwd=workspace)
    assert wrong.returncode == 1
    assert "'--strategy': 'odd' is not one of 'random'" in wrong.stderr
