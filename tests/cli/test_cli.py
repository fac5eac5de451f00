"""The command line as a user sees it: what it prints, where, and how it ends."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.fault_server import FaultServer, status


def assay(*args: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assay", *args],
        cwd=cwd,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a small eval and one finished run of it."""
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "assay.toml").write_text('[roles]\ntarget = "scripted/echo"\n')
    assert assay("init", "evals/mine", cwd=folder).returncode == 0
    assert assay("run", "mine", cwd=folder).returncode == 0
    return folder


def test_a_new_eval_checks_and_runs_as_it_is(workspace: Path) -> None:
    checked = assay("check", "mine", cwd=workspace)
    assert checked.returncode == 0, checked.stdout
    told = assay("run", "mine", cwd=workspace)
    assert told.returncode == 0
    assert "mine" in told.stdout
    assert "scripted/echo" in told.stdout


@pytest.mark.parametrize(
    ("command", "keys"),
    [
        (("show", "latest"), {"run", "folder", "alive", "resumable", "estimates"}),
        (("sql", "select count(*) as n from scores"), None),
        (("list",), None),
        (("evals",), None),
        (("models", "list"), None),
        (("check", "mine"), None),
        (("run", "mine"), None),
    ],
)
def test_json_is_all_that_stdout_holds(
    workspace: Path, command: tuple[str, ...], keys: set[str] | None
) -> None:
    told = assay(*command, "--json", cwd=workspace)
    value: Any = json.loads(told.stdout)
    if keys is not None:
        assert set(value) == keys


def test_show_names_every_slice(workspace: Path) -> None:
    told = assay("show", cwd=workspace).stdout
    for word in ("interval", "method", "planned", "missing"):
        assert word in told


def test_bad_input_is_one_clear_line_and_exit_1(workspace: Path) -> None:
    for command in (
        ("run", "nowhere"),
        ("run", "mine", "--model", "nobody/x"),
        ("run", "mine", "--limit", "0"),
        ("run",),
        ("nonsense",),
        ("show", "nothing"),
        ("sql", "select"),
        ("export", "latest", "--to", "docx"),
        ("models", "add", "gpt-9"),
        ("import", "missing.eval"),
    ):
        told = assay(*command, cwd=workspace)
        assert told.returncode == 1, command
        assert told.stderr, command
        assert "Traceback" not in told.stderr, command
        assert told.stdout == "", command


def test_check_finds_faults_with_exit_2(workspace: Path) -> None:
    broken = workspace / "evals" / "broken"
    assert assay("init", str(broken), cwd=workspace).returncode == 0
    (broken / "samples.csv").write_text("id,input\na,\na,hello\n")
    told = assay("check", "broken", cwd=workspace)
    assert told.returncode == 2
    assert "row" in told.stdout


def test_a_run_without_replies_ends_with_exit_3_and_says_how_to_go_on(workspace: Path) -> None:
    (workspace / "assay.toml").write_text('[roles]\ntarget = "scripted/echo"\n')
    with FaultServer(status(400)) as server:
        told = assay("run", "mine", "-m", "openai/x", cwd=workspace, OPENAI_BASE_URL=server.url)
    assert told.returncode == 3
    assert "assay resume" in told.stderr
    assert "model_error" in told.stdout


def test_report_prints_where_it_is(workspace: Path) -> None:
    told = assay("report", "--out", "out.html", cwd=workspace)
    assert told.stdout.strip() == "out.html"
    assert (workspace / "out.html").read_text().startswith("<!doctype html>")


def test_hostile_text_cannot_steer_the_terminal(workspace: Path) -> None:
    told = assay("sql", "select chr(27) || '[2J' || '[bold]x[/bold]' as hostile", cwd=workspace)
    assert "\x1b" not in told.stdout
    assert "[bold]x[/bold]" in told.stdout


def test_a_closed_pipe_is_no_error(workspace: Path) -> None:
    told = subprocess.run(
        f"{sys.executable} -m assay list | head -1",
        shell=True,
        cwd=workspace,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in told.stderr


def test_help_of_every_command(workspace: Path) -> None:
    commands = (
        "run", "resume", "rescore", "quickstart", "show", "list", "report", "sql", "export",
        "import", "evals", "init", "check", "models", "compare",
    )  # fmt: skip
    top = assay("--help", cwd=workspace).stdout
    for command in commands:
        assert command in top
        assert "Usage" in assay(command, "--help", cwd=workspace).stdout
    assert assay("--version", cwd=workspace).stdout.startswith("assay ")
