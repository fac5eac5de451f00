"""Transcripts from Parquet files: Inspect Scout's, or any with its column names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from assay.errors import DefinitionError, NotFoundError, Problem
from assay.formats.mapping import transcript_of
from assay.records import Transcript

_IGNORED = frozenset({"filename"})  # Scout's own word for the file that a row came from
_BATCH_ROWS = 1024
_BATCH_BYTES = 4 << 20


def read_scout(path: Path) -> Iterator[Transcript]:
    """The transcripts of a Parquet file in order; memory does not grow with their number.

    Only ``transcript_id`` must be there. Columns beyond Scout's and ours go to ``sample_metadata``.

    Raises:
        NotFoundError: there is no such file.
        DefinitionError: it is no Parquet file, or a row cannot be a transcript.
    """
    import pyarrow
    import pyarrow.parquet

    try:
        with pyarrow.parquet.ParquetFile(str(path), pre_buffer=False) as file:
            names = [name for name in file.schema_arrow.names if name not in _IGNORED]
            if "transcript_id" not in names:
                raise _fault(
                    path,
                    None,
                    "there is no column transcript_id.",
                    "A table of transcripts has transcript_id and messages, as Inspect Scout's.",
                )
            row = 0
            for group in range(file.num_row_groups):
                about = file.metadata.row_group(group)
                fitting = about.num_rows * _BATCH_BYTES // (about.total_byte_size + 1)
                for batch in file.iter_batches(
                    max(1, min(_BATCH_ROWS, fitting)),
                    row_groups=[group],
                    columns=names,
                    use_threads=False,
                ):
                    columns = [column.to_pylist() for column in batch.columns]
                    for values in zip(*columns, strict=True):
                        row += 1
                        yield _transcript(path, row, dict(zip(names, values, strict=True)))
    except FileNotFoundError:
        raise NotFoundError("there is no such file.", where=str(path)) from None
    except (pyarrow.ArrowException, OSError, UnicodeDecodeError) as error:
        raise _fault(
            path, None, f"the file is not sound Parquet ({error}).", "Fetch or make it again."
        ) from error


def _transcript(path: Path, row: int, values: dict[str, object]) -> Transcript:
    if not values["transcript_id"]:
        raise _fault(path, row, "the transcript_id is empty.", "Give every transcript a name.")
    try:
        return transcript_of(values)
    except ValueError as error:
        raise _fault(path, row, f"{error}.", "Mend the value or leave it null.") from None


def _fault(path: Path, row: int | None, message: str, remedy: str) -> DefinitionError:
    return DefinitionError([Problem(str(path), message, remedy, row=row)])
