"""SQL over the workspace, and nothing but the workspace."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.errors import AssayError
from assay.records import ScoreRow, Transcript
from assay.store.query import ask
from assay.store.scored import scored_transcripts, some_scored_transcripts
from assay.store.tables import TableWriter
from assay.store.workspace import RunFolder, Workspace


def score(transcript: str, scorer: str, value: float) -> ScoreRow:
    return ScoreRow(
        transcript, "run", "eval", transcript, 1, scorer, "v", value, None, None, "", (), None, 0,
        "", "", None, None, None, None, None,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "runs" / "it's a run")
    folder.path.mkdir(parents=True)
    with TableWriter(folder.transcripts_file, Transcript) as table:
        for name in "cab":
            table.write(Transcript(name))
    with TableWriter(folder.scores_file, ScoreRow) as scores:
        for name in "abc":
            scores.write(score(name, "second", 1))
        for name in "bca":
            scores.write(score(name, "first", 0))
    return folder


def test_counts_over_all_runs(tmp_path: Path, folder: RunFolder) -> None:
    names, rows = ask(
        Workspace(tmp_path), "SELECT scorer, count(*) FROM scores GROUP BY 1 ORDER BY 1"
    )
    assert names == ["scorer", "count_star()"]
    assert rows == [("first", 3), ("second", 3)]


def test_an_empty_workspace_has_empty_tables(tmp_path: Path) -> None:
    assert ask(Workspace(tmp_path), "SELECT model FROM transcripts")[1] == []


@pytest.mark.parametrize(
    "question",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY scores TO 'stolen.csv'",
        "ATTACH 'other.db'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
    ],
)
def test_reads_nothing_else(tmp_path: Path, folder: RunFolder, question: str) -> None:
    with pytest.raises(AssayError, match="the query failed"):
        ask(Workspace(tmp_path), question)
    assert not Path("stolen.csv").exists()


def test_a_wrong_question_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(AssayError, match="tables are transcripts and scores"):
        ask(Workspace(tmp_path), "SELECT nonsense FROM scores")


def test_a_damaged_table_is_named_in_words(tmp_path: Path, folder: RunFolder) -> None:
    folder.transcripts_file.write_bytes(b"x")
    with pytest.raises(AssayError, match=r"a table cannot be read: .*transcripts\.parquet"):
        ask(Workspace(tmp_path), "select 1")


def test_transcripts_come_with_their_scores_in_any_order(folder: RunFolder) -> None:
    found = [
        (transcript.transcript_id, [(row.transcript_id, row.scorer) for row in rows])
        for transcript, rows in scored_transcripts(folder)
    ]
    assert found == [(name, [(name, "first"), (name, "second")]) for name in "cab"]


def test_some_transcripts_come_with_all_their_scores(folder: RunFolder) -> None:
    found = some_scored_transcripts(folder, ["b", "c", "not there"])
    assert {id: [row.scorer for row in rows] for id, (_, rows) in found.items()} == {
        "b": ["first", "second"], "c": ["first", "second"],
    }  # fmt: skip
    assert all(transcript.transcript_id == id for id, (transcript, _) in found.items())
    assert some_scored_transcripts(folder, []) == {}
