"""Transcripts side by side with their scores, streamed, whatever order the tables are in."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
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
