"""``assay compare`` as a user sees it, and the page that explains it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from assay import api
from assay.records import Comparison, Difference
from tests.cli.test_cli import assay
from tests.runs.made_runs import eval_record, make_run, value

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "compare.md"


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs: good, bad, good again, and one of another version of the eval."""
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "assay.toml").write_text("")
    hostile = "\x1b[2J[bold]x"

    def rows(share: int) -> list[dict[str, object]]:
        return [
            value(int(n < share), sample_id=f"{hostile}{n}", policy_area=f"area {n % 2}")
            for n in range(40)
        ]

    make_run(folder, "1-good", rows(36))
    make_run(folder, "2-bad", rows(12))
    make_run(folder, "3-good", rows(35))
    make_run(folder, "4-new", rows(35), eval_record("e", hash="other", prompt="A\nnew {input}"))
    return folder


def test_a_clear_regression_ends_with_2_and_nothing_clear_with_0(workspace: Path) -> None:
    assert assay("compare", "1-good", "2-bad", cwd=workspace).returncode == 2
    assert assay("compare", "1-good", "3-good", cwd=workspace).returncode == 0
    assert assay("compare", "1-good", "3-good", "2-bad", cwd=workspace).returncode == 2


def test_what_differs_is_said_before_any_figure(workspace: Path) -> None:
    told = assay("compare", "1", "4", cwd=workspace)
    assert told.stdout.startswith("What differs besides the model")
    assert told.stdout.index("A new {input}") < told.stdout.index("Candidate less baseline")
    assert "--bridge" in told.stderr


def test_slices_say_how_they_are_marked(workspace: Path) -> None:
    told = assay("compare", "1", "2", "--slices", cwd=workspace)
    assert "area 0" in told.stdout
    assert "Benjamini and Hochberg" in told.stderr
    assert "area 0" not in assay("compare", "1", "2", cwd=workspace).stdout


def test_json_is_the_record_of_the_comparison(workspace: Path) -> None:
    told = assay("compare", "1", "2", "--flips", "--json", cwd=workspace).stdout
    found = msgspec.json.decode(told, type=Comparison)
    assert found == api.compare("1", "2", flips=True, workspace=workspace)
    assert len(found.flips) == 24
    assert set(json.loads(told)["overall"][0]) == set(Difference.__struct_fields__)


def test_hostile_ids_cannot_steer_the_terminal(workspace: Path) -> None:
    told = assay("compare", "1", "2", "--flips", cwd=workspace)
    assert "\x1b" not in told.stdout + told.stderr
    assert "[bold]x" in told.stdout


@pytest.mark.parametrize(
    "command",
    [
        ("1",),
        ("1", "nowhere"),
        ("1", "2", "3", "--flips"),
        ("1", "2", "--bridge", "3"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_1(workspace: Path, command: tuple[str, ...]) -> None:
    told = assay("compare", *command, cwd=workspace)
    assert told.returncode == 1
    assert told.stderr.startswith("assay: ")
    assert "Traceback" not in told.stderr
    assert told.stdout == ""


def test_the_page_tells_every_field() -> None:
    told = set(re.findall(r"`(\w+)`", PAGE.read_text(encoding="utf-8")))
    assert told >= set(Difference.__struct_fields__)
    assert told >= set(Comparison.__struct_fields__)


def test_the_page_works(tmp_path: Path) -> None:
    """Its commands run in order, and print what it shows."""
    (tmp_path / "assay.toml").write_text("")
    page = PAGE.read_text(encoding="utf-8")
    printed = flip = ""
    for language, block in re.findall(r"^```(\w+)\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        if language == "text":
            for line in block.splitlines():
                assert " ".join(line.split()) in printed, line
        elif language == "sh":
            told = _shell(block, tmp_path, FLIP=flip)
            assert told.returncode in (0, 2), told.stderr
            if "--flips" in block:
                flip = told.stdout.split()[-1]  # the last column is the candidate's transcript
            if "$FLIP" in block:
                assert "assistant" in told.stdout
            printed = "\n".join(" ".join(line.split()) for line in told.stdout.splitlines())
        else:
            _python(block, tmp_path)


def _when(record: Path) -> tuple[str, int]:
    return json.loads(record.read_bytes())["created"], record.stat().st_mtime_ns


def _ids(workspace: Path) -> dict[str, str]:
    made = sorted((workspace / "runs").glob("*/run.json"), key=_when)
    # A baseline is run first.
    names = ("OLD", "NEW", "BEFORE", "BRIDGE", "AFTER")
    return {name: path.parent.name for name, path in zip(names, made, strict=False)}


def _shell(block: str, workspace: Path, **env: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", block],
        cwd=workspace,
        env={**os.environ, "PATH": path, **_ids(workspace), **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _python(block: str, workspace: Path) -> None:
    ids = _ids(workspace)
    told = subprocess.run(
        [sys.executable, "-c", f"old, new = {ids['OLD']!r}, {ids['NEW']!r}\n{block}"],
        cwd=workspace,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    assert "worse" in told.stdout
