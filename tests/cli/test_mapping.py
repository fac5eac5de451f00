"""usage map, as it is typed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assay.records import Transcript
from assay.usage.folder import UsageFolder
from assay.usage.looks import looks
from tests.usage.mapping.made import about, import_of


@pytest.fixture
def usage(tmp_path: Path) -> UsageFolder:
    return import_of(tmp_path, about(300))


def typed(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assay", "usage", "map", *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_map_is_made_and_told(tmp_path: Path, usage: UsageFolder) -> None:
    done = typed(tmp_path, "made", "--embedder", "words", "--json")
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert record["shown"] + sum(record["hidden"].values()) == 300
    again = typed(tmp_path, "made", "--embedder", "words")
    assert again.returncode == 0
    assert "shown" in again.stdout
    assert "Map of made: usage/made/map/" in again.stderr


def test_where_nothing_may_be_shown_the_command_says_so(tmp_path: Path, usage: UsageFolder) -> None:
    done = typed(tmp_path, "made", "--embedder", "words", "--min-conversations", "1000")
    assert done.returncode == 2
    assert "too few conversations" in done.stdout


def test_a_safety_map_needs_a_reason_which_is_kept(tmp_path: Path, usage: UsageFolder) -> None:
    done = typed(tmp_path, "made", "--embedder", "words", "--profile", "safety")
    assert done.returncode == 1
    assert "--why" in done.stderr
    done = typed(
        tmp_path, "made", "--embedder", "words", "--profile", "safety", "--why", "a report of spam"
    )
    assert done.returncode == 0, done.stderr
    (look,) = looks(tmp_path)
    assert (look.what, look.subject, look.why) == ("map", "made", "a report of spam")


def test_an_import_that_is_not_there(tmp_path: Path, usage: UsageFolder) -> None:
    done = typed(tmp_path, "other")
    assert done.returncode == 1
    assert "there is no import 'other'" in done.stderr


def test_without_accounts_the_command_says_what_to_do(tmp_path: Path) -> None:
    rows = [Transcript(each.transcript_id, each.messages) for each in about(60)]
    import_of(tmp_path, rows)
    done = typed(tmp_path, "made", "--embedder", "words")
    assert done.returncode == 1
    assert "--accounts-unknown" in done.stderr
    done = typed(tmp_path, "made", "--embedder", "words", "--accounts-unknown")
    assert done.returncode == 0
    assert "ACCOUNTS UNKNOWN" in done.stderr
