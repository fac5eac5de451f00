"""Foreign tables in: csv, jsonl, xlsx and parquet, all as the same stream of numbered rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from assay.errors import NotFoundError
from assay.formats.sheets_base import Report, Row, Rows, Source, raise_problem
from assay.formats.sheets_parquet import count_parquet, read_parquet
from assay.formats.sheets_text import count_csv, count_jsonl, read_csv, read_jsonl
from assay.formats.sheets_xlsx import count_xlsx, read_xlsx

__all__ = ["SUFFIXES", "TEXT_SUFFIXES", "Report", "Row", "Rows", "count_rows", "read_rows"]

_READERS: dict[str, tuple[Callable[[Source], Rows], Callable[[Source], int]]] = {
    ".csv": (read_csv, count_csv),
    ".jsonl": (read_jsonl, count_jsonl),
    ".parquet": (read_parquet, count_parquet),
    ".tsv": (read_csv, count_csv),
    ".xlsx": (read_xlsx, count_xlsx),
}

SUFFIXES = tuple(_READERS)
"""The kinds of file that can be read."""

TEXT_SUFFIXES = (".csv", ".tsv", ".xlsx")
"""Those whose every cell is text."""


def read_rows(path: Path, sheet: str | None = None, report: Report = raise_problem) -> Rows:
    """Stream a table: pairs of a row's number (from 1) and its cells by column.

    Cells are text in csv and xlsx, JSON values in jsonl and parquet. Memory does not grow with the
    number of rows, except in xlsx (limits: 10 million cells, 512 MB unpacked).

    Args:
        path: the file; its suffix says what it is.
        sheet: the sheet of a workbook; the first if None.
        report: is told each fault. The default raises at the first; if it returns, the faulty row
            is left out and reading goes on where it can.

    Raises:
        DefinitionError: by the default ``report``, with file, sheet, row, column and remedy.
        NotFoundError: if there is no such file.
    """
    source = _source(path, sheet, report)
    return _READERS[path.suffix.lower()][0](source) if source else iter(())


def count_rows(path: Path, sheet: str | None = None) -> int:
    """How many rows :func:`read_rows` gives where nothing is at fault; cheaper than reading them.

    Raises:
        DefinitionError: where the file cannot be read.
        NotFoundError: if there is no such file.
    """
    source = _source(path, sheet, raise_problem)
    return _READERS[path.suffix.lower()][1](source) if source else 0


def _source(path: Path, sheet: str | None, report: Report) -> Source | None:
    source = Source(path, sheet, report)
    suffix = path.suffix.lower()
    if suffix not in _READERS:
        source.fault(
            f"files ending in {suffix or 'nothing'} are not read.", f"Use {', '.join(SUFFIXES)}."
        )
        return None
    if sheet is not None and suffix != ".xlsx":
        source.fault("only xlsx files have sheets.", f"Leave out #{sheet}.")
        return None
    if not path.is_file():
        raise NotFoundError("there is no such file.", where=str(path), fix="Check its name.")
    return source
