"""Drafts wait for a person: nothing undecided, stale or repeated enters an eval."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assay import api
from assay.errors import AssayError, DefinitionError
from assay.evals import iter_samples, load_eval
from assay.formats.sheets import read_rows
from tests.health.conftest import Run, WriteEval, request_text

WRITES, ALIKE = "python/tests.health.models:writes", "python/tests.health.models:alike"


@pytest.fixture
def worn(workspace: Path, write_eval: WriteEval, run: Run) -> Path:
    """An eval that all of three models pass."""
    folder = write_eval("e", 40)
    for model in "abc":
        run(model, "e")
    return folder


def sheet(folder: Path) -> list[dict[str, str]]:
    return [dict(row) for _, row in read_rows(folder / "proposals.csv")]


def decide(folder: Path, rows: list[dict[str, str]]) -> Path:
    file = folder / "proposals.csv"
    with file.open("w", newline="", encoding="utf-8") as opened:
        writer = csv.DictWriter(opened, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return file


def test_drafts_are_written_for_a_person_to_decide(worn: Path, workspace: Path) -> None:
    before = (worn / "samples.csv").read_text()
    found = api.propose_samples("e", WRITES, n=40, workspace=workspace)
    # Sample 8's draft is a copy of it, whatever is tried.
    assert (found.asked, found.drafted, found.alike, found.failed) == (40, 39, 1, 0)
    rows = sheet(worn)
    assert list(rows[0]) == ["item", "reason", "original", "draft", "decision", "edited"]
    told = {row["item"]: row for row in rows}
    assert "s0008" not in told
    assert told["s0003"]["draft"] == request_text(5003)  # without its quotation marks
    assert "all 3 models pass" in told["s0003"]["reason"]
    assert told["s0007"]["draft"].startswith("'=")  # no spreadsheet runs it
    assert {row["decision"] for row in rows} == {""}
    assert (worn / "samples.csv").read_text() == before
    with pytest.raises(AssayError, match="somebody's decisions"):
        api.propose_samples("e", WRITES, workspace=workspace)


def test_accepted_drafts_become_samples_of_their_originals_cluster(
    worn: Path, workspace: Path
) -> None:
    api.propose_samples("e", WRITES, n=40, workspace=workspace)
    rows = sheet(worn)
    for row in rows:
        row["decision"] = "refuse"
    told = {row["item"]: row for row in rows}
    told["s0001"]["decision"] = "accept"
    told["s0002"].update(decision="Edit", edited=request_text(6500))
    found = api.accept_samples("e", decide(worn, rows), workspace=workspace)
    assert (found.accepted, found.edited, found.refused) == (1, 1, 37)
    assert found.version == "1.1"
    definition = load_eval(worn)
    assert definition.version == "1.1"
    samples = {each.id: each for each in iter_samples(definition)}
    assert len(samples) == 42
    first, second = (samples[name] for name in found.samples)
    assert (first.input, first.cluster, first.target) == (request_text(5001), "s0001", ("yes",))
    assert (second.input, second.cluster) == (request_text(6500), "s0002")
    assert samples["s0001"].cluster == "s0001"  # they now count as one
    assert samples["s0003"].cluster is None
    assert Path(found.kept).is_file()
    assert not (worn / "proposals.csv").exists()
    assert not [p for p in api.check("e", workspace=workspace) if p.severity == "error" and p.row]


def test_undecided_repeated_and_stale_rows_are_refused(worn: Path, workspace: Path) -> None:
    api.propose_samples("e", WRITES, n=40, workspace=workspace)
    rows = sheet(worn)
    before = (worn / "samples.csv").read_text(), (worn / "eval.yaml").read_text()

    def refused(*words: str) -> None:
        with pytest.raises(DefinitionError) as caught:
            api.accept_samples("e", decide(worn, rows), workspace=workspace)
        for word in words:
            assert word in str(caught.value)
        assert ((worn / "samples.csv").read_text(), (worn / "eval.yaml").read_text()) == before

    refused("row 2, decision: nobody decided.", "row 40")
    for row in rows:
        row["decision"] = "refuse"
    told = {row["item"]: row for row in rows}
    told["s0001"]["decision"] = "perhaps"
    refused("'perhaps' is no decision")
    told["s0001"].update(decision="edit", edited=" ")
    refused("there is no text")
    told["s0001"].update(decision="edit", edited=request_text(30))
    refused("the same, or nearly, as s0030")
    told["s0001"].update(decision="edit", edited="=1+1")
    refused("begins like a formula")
    told["s0001"].update(decision="accept", original="Something else.")
    refused("has changed since")


def test_all_refused_changes_nothing(worn: Path, workspace: Path) -> None:
    api.propose_samples("e", WRITES, n=5, workspace=workspace)
    rows = [{**row, "decision": "refuse"} for row in sheet(worn)]
    found = api.accept_samples("e", decide(worn, rows), workspace=workspace)
    assert (found.version, found.samples) == ("1.0", ())


def test_a_crash_before_the_version_rose_adds_nothing_twice(
    worn: Path, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.propose_samples("e", WRITES, n=5, workspace=workspace)
    file = decide(
        worn,
        [
            {**row, "decision": "accept"}
            for row in sheet(worn)
            if row["item"] not in ("s0007", "s0008")
        ],
    )
    definition = (worn / "eval.yaml").read_text()
    decisions = file.read_text()
    found = api.accept_samples("e", file, workspace=workspace)
    # As a crash between the two files would leave it.
    (worn / "eval.yaml").write_text(definition)
    file.write_text(decisions)
    again = api.accept_samples("e", file, workspace=workspace)
    assert again.samples == found.samples
    assert again.version == "1.1"
    assert len(list(iter_samples(load_eval(worn)))) == 40 + len(found.samples)


def test_drafts_that_repeat_each_other_are_dropped(worn: Path, workspace: Path) -> None:
    found = api.propose_samples("e", ALIKE, n=6, workspace=workspace)
    assert (found.drafted, found.alike) == (1, 5)


def test_without_anything_to_look_at_nothing_is_drafted(
    workspace: Path, write_eval: WriteEval
) -> None:
    write_eval("e")
    with pytest.raises(AssayError, match="no item of e is known to need"):
        api.propose_samples("e", WRITES, workspace=workspace)
    with pytest.raises(DefinitionError, match="no model is named"):
        api.propose_samples("e", workspace=workspace)


def test_killed_while_drafting_it_goes_on_and_asks_nothing_twice(
    worn: Path, workspace: Path
) -> None:
    asked = workspace / "asked"
    (workspace / "assay.toml").write_text(
        '[models."python/tests.health.models:slowly"]\nconnections = 2\n'
    )
    command = [
        sys.executable, "-m", "assay", "health", "e", "--propose", "-n", "30",
        "--model", "python/tests.health.models:slowly", "-w", str(workspace),
    ]  # fmt: skip
    root = Path(__file__).parents[2]
    where = {**os.environ, "ASKED": str(asked), "PYTHONHASHSEED": "0"}
    process = subprocess.Popen(command, cwd=root, env=where, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not asked.exists() or len(asked.read_text().splitlines()) < 8:
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (worn / "proposals.csv").exists()
    before = len(asked.read_text().splitlines())
    assert before < 30
    ended = subprocess.run(command, cwd=root, env=where, capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr
    lines = asked.read_text().splitlines()
    # Only what was in flight at the kill was asked again; the copy of sample 8 was tried anew.
    assert len(lines) <= 30 + 4 + 2
    assert len(sheet(worn)) in (29, 30)
