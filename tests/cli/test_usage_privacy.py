"""The commands for the privacy of usage: what they print, and what they refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from assay import api
from assay.records import RawRow
from assay.store.tables import write_rows
from assay.usage.looks import record_look


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "assay.toml").write_text("[usage]\nkeep_raw = true\nretention_days = 7\n")
    said = [{"role": "user", "content": "Write to ann@example.org about the garden."}]
    (tmp_path / "may.jsonl").write_text(json.dumps({"messages": said, "user_id": "ann"}) + "\n")
    api.import_usage([tmp_path / "may.jsonl"], workspace=tmp_path)
    return tmp_path


def assay(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assay", "usage", *words],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_is_overdue_is_said_and_purged(root: Path) -> None:
    old = RawRow(transcript_id="a", imported="2020-01-01T00:00:00+00:00", messages=())
    write_rows(root / "usage" / "may" / "raw" / "part-00000.parquet", RawRow, [old])
    assert "may keeps raw text of 2020-01-01 past its retention" in assay(root, "looks").stderr
    assert "past its retention" in assay(root, "import", "may.jsonl").stderr
    purged = assay(root, "purge")
    assert "may/raw/part-00000.parquet" in purged.stdout
    assert "1 rows of 1 files, 1 files whole" in purged.stderr
    assert api.overdue_purges(workspace=root) == []


def test_an_account_is_deleted_and_told_as_json(root: Path) -> None:
    (purged,) = json.loads(assay(root, "purge", "may", "--account", "ann", "--json").stdout)
    assert purged["conversations"] == 1
    assert "ann" not in json.dumps(purged)


def test_everything_needs_a_name(root: Path) -> None:
    refused = assay(root, "purge", "--everything")
    assert refused.returncode == 1
    assert "assay usage purge NAME --everything" in refused.stderr
    assert (root / "usage" / "may").is_dir()


def test_looks_cannot_steer_the_terminal(root: Path) -> None:
    record_look(root, "map", "may", "case \x1b[31m7", "safety")
    printed = assay(root, "looks").stdout
    assert "\x1b" not in printed
    assert "case \\x1b[31m7" in printed
