"""The commands for the privacy of usage: what they print, and what they refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from assay import api
from assay.records import RawRow, Transcript
from assay.store.catalogue import Catalogue, Label
from assay.store.looks import record_look
from assay.store.tables import read_rows, write_rows


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
    assert "1 row of 1 file, 1 file whole" in purged.stderr
    assert api.overdue_purges(workspace=root) == []


def test_an_account_is_deleted_and_told_as_json(root: Path) -> None:
    (purged,) = json.loads(assay(root, "purge", "may", "--account", "ann", "--json").stdout)
    assert purged["conversations"] == 1
    assert "ann" not in json.dumps(purged)


def test_an_account_that_is_not_there_is_said_not_to_be(root: Path) -> None:
    assert "Nothing was stored of this account" in assay(root, "purge", "--account", "Ann").stderr
    refused = assay(root, "purge", "--account", " ")
    assert refused.returncode == 1
    assert "which account?" in refused.stderr


def test_an_id_that_looks_like_a_hash_is_deleted_too(root: Path) -> None:
    id = "0123456789abcdef0123"
    said = [{"role": "user", "content": "How do I plant leeks?"}]
    (root / "june.jsonl").write_text(json.dumps({"messages": said, "user_id": id}) + "\n")
    api.import_usage([root / "june.jsonl"], workspace=root)
    done = api.purge_usage("june", account=id, workspace=root)
    assert sum(purged.conversations for purged in done) == 1


def test_notes_of_raters_on_deleted_conversations_go(root: Path) -> None:
    (row,) = read_rows(root / "usage" / "may" / "transcripts" / "part-00000.parquet", Transcript)
    label = Label(
        run_id="usage:may", transcript_id=row.transcript_id, scorer="rude", label="yes", value=1.0,
        rater="bo", time="2026-06-01", source_hash="0", note="quotes the garden gnome",
    )  # fmt: skip
    with Catalogue(root) as catalogue, catalogue.change():
        catalogue.add_labels([label, msgspec.structs.replace(label, transcript_id="other")])
    api.purge_usage("may", account="ann", workspace=root)
    with Catalogue(root) as catalogue:
        notes = {each.transcript_id: each.note for each in catalogue.labels("usage:may")}
    assert notes == {row.transcript_id: "", "other": "quotes the garden gnome"}
    api.purge_usage("may", everything=True, workspace=root)
    assert b"garden gnome" not in b"".join(file.read_bytes() for file in root.glob("assay.db*"))


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
