"""Transcripts side by side with their scores, streamed, whatever order the tables are in."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from assay.records import ScoreRow, Transcript
from assay.store.query import connect, literal
from assay.store.tables import read_rows
from assay.store.workspace import RunFolder


def scored_transcripts(
    folder: RunFolder,
) -> Iterator[tuple[Transcript, tuple[ScoreRow, ...]]]:
    """Every transcript of a run with all of its score rows. Memory stays flat.

    Raises:
        NotFoundError: the run has no tables yet.
        StoreError: a table is damaged.
    """
    with tempfile.TemporaryDirectory(dir=folder.path, prefix=".sorted-") as temporary:
        ordered = Path(temporary) / "scores.parquet"
        _write_in_transcript_order(folder, ordered)
        rows = read_rows(ordered, ScoreRow)
        waiting = next(rows, None)
        for transcript in read_rows(folder.transcripts_file, Transcript):
            own: list[ScoreRow] = []
            while waiting is not None and waiting.transcript_id == transcript.transcript_id:
                own.append(waiting)
                waiting = next(rows, None)
            yield transcript, tuple(own)


def _write_in_transcript_order(folder: RunFolder, target: Path) -> None:
    with connect(memory="256MB") as connection:
        connection.execute(f"SET temp_directory = {literal(target.parent)}")
        connection.execute(
            f"""
            COPY (
                SELECT scores.* FROM read_parquet({literal(folder.scores_file)}) AS scores
                JOIN (
                    SELECT transcript_id, file_row_number AS position
                    FROM read_parquet({literal(folder.transcripts_file)}, file_row_number = true)
                ) USING (transcript_id)
                ORDER BY position, scorer
            ) TO {literal(target)} (FORMAT parquet)
            """
        )


def some_scored_transcripts(
    folder: RunFolder, ids: Collection[str]
) -> dict[str, tuple[Transcript, tuple[ScoreRow, ...]]]:
    """The transcripts of these ids with all of their score rows, held in memory.

    Raises:
        NotFoundError: the run has no tables yet.
        StoreError: a table is damaged.
    """
    where = {"transcript_id": list(ids)}
    rows: dict[str, list[ScoreRow]] = {}
    for row in read_rows(folder.scores_file, ScoreRow, where=where):
        rows.setdefault(row.transcript_id, []).append(row)
    return {
        found.transcript_id: (
            found,
            tuple(sorted(rows.get(found.transcript_id, ()), key=lambda row: row.scorer)),
        )
        for found in read_rows(folder.transcripts_file, Transcript, where=where)
    }
