"""Adds rows to a table of samples in place: csv, tsv and jsonl; whole or not at all."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from assay.errors import AssayError
from assay.formats.export import written_whole
from assay.formats.sheets import read_rows
from assay.formats.sheets_text import delimiter_of

_BOM = b"\xef\xbb\xbf"


def add_rows(
    path: Path,
    added: Sequence[dict[str, Any]],
    change: Callable[[int, dict[str, Any]], dict[str, Any]] = lambda number, row: row,
) -> None:
    """Write a table anew with rows at its end. Columns that only new rows have come last.

    Args:
        path: a csv, tsv or jsonl file.
        added: the new rows.
        change: is given each row that was there with its number, and gives it as it is to be.

    Raises:
        AssayError: a file of another kind.
        DefinitionError: the file cannot be read. It is left as it was.
        StoreError: the disk refuses.
    """
    suffix = path.suffix.lower()
    if suffix == ".jsonl":
        written_whole(path, lambda file: _write_jsonl(path, file, added, change))
    elif suffix in (".csv", ".tsv"):
        written_whole(path, lambda file: _write_csv(path, file, added, change))
    else:
        raise AssayError(
            f"rows cannot be added to a {suffix} file.",
            where=str(path),
            fix="Save the samples as .csv or .jsonl and name that file in eval.yaml.",
        )


def _write_jsonl(
    path: Path,
    file: IO[bytes],
    added: Sequence[dict[str, Any]],
    change: Callable[[int, dict[str, Any]], dict[str, Any]],
) -> None:
    encode = msgspec.json.Encoder().encode
    for number, row in read_rows(path):
        file.write(encode(change(number, row)) + b"\n")
    for row in added:
        file.write(encode(row) + b"\n")


def _write_csv(
    path: Path,
    file: IO[bytes],
    added: Sequence[dict[str, Any]],
    change: Callable[[int, dict[str, Any]], dict[str, Any]],
) -> None:
    with path.open("rb") as before:
        start = before.read(3)
        before.seek(0)
        header = before.readline().decode("utf-8-sig", "replace")
    if start == _BOM:
        file.write(_BOM)
    ending = "\r\n" if header.endswith("\r\n") else "\n"
    delimiter = delimiter_of(header)

    def write(cells: list[Any]) -> None:
        line = io.StringIO(newline="")
        # Of line ends within cells, csv quotes those that its own line end holds: so both.
        csv.writer(line, delimiter=delimiter, lineterminator="\r\n").writerow(cells)
        file.write((line.getvalue().removesuffix("\r\n") + ending).encode())

    columns: list[str] = []
    for number, row in read_rows(path):
        changed = change(number, row)
        if not columns:
            columns = list(dict.fromkeys([*changed, *(key for new in added for key in new)]))
            write(list(columns))
        write([changed.get(name, "") for name in columns])
    for row in added:
        write([row.get(name, "") for name in columns])
