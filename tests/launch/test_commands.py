"""The launch commands as a user or a CI job sees them: exit codes, files, and what is printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from tests.launch.conftest import Launch, Run

FIRM = {"limit": {"min": 0.9}}


def assay(*args: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assay", *args],
        cwd=cwd,
        env={**os.environ},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_exit_codes(workspace: Path, run: Run, launch: Launch) -> None:
    missing = assay("launch", "check", "pilot", cwd=workspace)
    assert missing.returncode == 1
    assert "assay launch init" in missing.stderr
    assert "Traceback" not in missing.stderr

    launch(FIRM)
    assert assay("launch", "check", "pilot", cwd=workspace).returncode == 3  # no run yet
    run("new", wrong=9)
    open_ = assay("launch", "check", "pilot", cwd=workspace)
    assert open_.returncode == 3
    assert "more samples" in open_.stderr

    run("new", wrong=30)
    launch(FIRM, {**FIRM, "id": "other", "eval": "nowhere"})
    failed = assay("launch", "check", "pilot", cwd=workspace)
    assert failed.returncode == 2  # a failed gate goes before an inconclusive one
    assert "no-go" in failed.stderr

    run("new")
    launch(FIRM)
    passed = assay("launch", "check", "pilot", cwd=workspace)
    assert passed.returncode == 0
    assert "pass" in passed.stdout
    assert ": go." in passed.stderr


def test_a_waived_gate_does_not_stop_ci(workspace: Path, run: Run, launch: Launch) -> None:
    run("new", wrong=30)
    waiver = {"gate": "right", "by": "Ada", "reason": "pilot", "expires": "2999-01-01"}
    launch(FIRM, waivers=[waiver])
    told = assay("launch", "check", "pilot", cwd=workspace)
    assert told.returncode == 0
    assert "conditional" in told.stderr
    assert "waived by Ada" in told.stderr


def test_files_and_json(workspace: Path, run: Run, launch: Launch) -> None:
    run("new")
    launch(FIRM)
    (workspace / "summary.md").write_text("# Before\n")
    told = assay(
        "launch", "check", "pilot", "--json", "--junit", "out/gates.xml", "--markdown",
        "summary.md", cwd=workspace,
    )  # fmt: skip
    found = json.loads(told.stdout)
    assert found["verdict"] == "go"
    assert found["gates"][0]["evidence"][0]["sha256"]
    assert ElementTree.parse(workspace / "out" / "gates.xml").getroot().get("tests") == "1"
    summary = (workspace / "summary.md").read_text()
    assert summary.startswith("# Before\n")
    assert "## Launch pilot: go" in summary


def test_init_makes_what_check_reads(workspace: Path, run: Run) -> None:
    run("new")
    made = assay("launch", "init", "first", cwd=workspace)
    assert made.returncode == 0
    assert "launches/first.yaml" in made.stderr
    assert assay("launch", "check", "first", cwd=workspace).returncode in (2, 3)
    assert assay("launch", "init", "first", cwd=workspace).returncode == 1
    assert assay("launch", "init", "a/../b", cwd=workspace).returncode == 1


def test_hostile_text_cannot_steer_the_terminal(workspace: Path, run: Run, launch: Launch) -> None:
    run("new", wrong=30)
    waiver = {"gate": "right", "by": "\x1b[2J", "reason": "\x07", "expires": "2999-01-01"}
    launch({**FIRM, "owner": "\x1b[31m"}, waivers=[waiver])
    told = assay("launch", "check", "pilot", cwd=workspace)
    assert "\x1b" not in told.stdout + told.stderr
    assert "\x07" not in told.stdout + told.stderr


def test_report_writes_a_page_or_markdown(workspace: Path, run: Run, launch: Launch) -> None:
    run("new")
    launch(FIRM)
    page = assay("launch", "report", "pilot", cwd=workspace)
    assert page.returncode == 0, page.stderr
    assert "launches/pilot.html" in page.stderr
    assert "<title>Launch pilot: go</title>" in (workspace / "launches" / "pilot.html").read_text()
    text = assay("launch", "report", "pilot", "--format", "md", "--out", "p.md", cwd=workspace)
    assert text.returncode == 0, text.stderr
    assert "## Launch pilot: go" in (workspace / "p.md").read_text()
    assert assay("launch", "report", "gone", cwd=workspace).returncode == 1
    assert assay("launch", "report", "pilot", "--format", "pdf", cwd=workspace).returncode != 0
