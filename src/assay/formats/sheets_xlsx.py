"""Excel workbooks as sheets, after a look into the archive that keeps bombs out."""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from assay.formats.sheets_base import Row, Rows, Source, columns_of

MOST_ENTRIES = 2_000
"""Files that the archive of a workbook may hold."""
MOST_BYTES = 512 * 2**20
"""Bytes that a workbook may unpack to."""
MOST_CELLS = 10_000_000
"""Cells, blank ones counted, of the rectangle that a sheet spans."""

_CELL = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"')
_CHUNK = 2**20
_OVERLAP = 64


def read_xlsx(source: Source) -> Rows:
    """Rows of one sheet of a workbook (the first, if none is named), numbered as Excel does.

    Cells become the text that a csv export would show: numbers without a trailing ``.0``, dates in
    ISO 8601, ``TRUE`` and ``FALSE``. Formulas give the value stored with them. The first row that
    is not blank is the header; blank rows are skipped. Archives that are damaged, declare sizes
    that are not true, unpack to too much or span too many cells are refused.
    """
    if not _is_harmless(source):
        return
    rows = _sheet_rows(source)
    if rows is None:
        return
    columns: list[str] | None = None
    for number, cells in enumerate(rows, 1):
        texts = [_text(cell) for cell in cells]
        if not any(texts):
            continue
        if columns is None:
            columns = columns_of(source, texts, number)
            if columns is None:
                return
        elif (row := _row(source, number, columns, texts)) is not None:
            yield row
    if columns is None:
        source.fault("the sheet is empty.", "Its first row must name the columns.")


def count_xlsx(source: Source) -> int:
    """Number of rows that :func:`read_xlsx` gives where nothing is at fault."""
    return sum(1 for _ in read_xlsx(source))


def _row(source: Source, number: int, columns: list[str], texts: list[str]) -> Row | None:
    if any(texts[len(columns) :]):
        source.fault(
            f"the row has cells beyond the header's {len(columns)} columns.",
            "Name their columns or delete them.",
            row=number,
        )
        return None
    row = {column: text for column, text in zip(columns, texts, strict=False) if column}
    return (number, row) if any(row.values()) else None


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    return str(cell)


def _sheet_rows(source: Source) -> Iterator[list[Any]] | None:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(source.path))
        name = _sheet_name(source, book.sheet_names)
        if name is None:
            return None
        rows: Iterator[list[Any]] = book.get_sheet_by_name(name).iter_rows()
    except (CalamineError, OSError, ValueError) as error:
        source.fault(f"the workbook cannot be read ({error}).", "Save it again as .xlsx.")
        return None
    return rows


def _sheet_name(source: Source, names: list[str]) -> str | None:
    wanted = source.sheet
    if wanted is None and names:
        return names[0]
    if wanted in names:
        return wanted
    close = get_close_matches(wanted or "", names, 1)
    meant = f"Did you mean {close[0]!r}? " if close else ""
    source.fault(
        f"there is no sheet {wanted!r}.", f"{meant}The sheets are: {', '.join(names) or 'none'}."
    )
    return None


def _is_harmless(source: Source) -> bool:
    """Unpack the archive once, piece by piece, to see what it really holds."""
    try:
        with zipfile.ZipFile(source.path) as archive:
            fault = _fault_of(archive)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, EOFError) as error:
        fault = f"the file is not a sound .xlsx archive ({error})"
    except RuntimeError:
        fault = "the archive is encrypted"
    except Exception as error:
        if type(error).__module__ != "zlib":
            raise
        fault = f"the archive is damaged ({error})"
    if fault:
        source.fault(f"{fault}.", "Save it again as .xlsx, without a password.")
    return not fault


def _fault_of(archive: zipfile.ZipFile) -> str:
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        return f"the archive holds {len(entries):,} files, a workbook at most {MOST_ENTRIES:,}"
    declared = sum(entry.file_size for entry in entries)
    if declared > MOST_BYTES:
        return f"the archive unpacks to {declared:,} bytes, a workbook at most {MOST_BYTES:,}"
    if len({entry.filename for entry in entries}) < len(entries):
        return "the archive holds two files of one name"
    for entry in entries:
        if fault := _fault_of_entry(archive, entry):
            return fault
    return ""


def _fault_of_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> str:
    declared, seen = entry.file_size, 0
    entry.file_size = MOST_BYTES + 1  # else zipfile stops at the declared size and sees no lie
    rows, columns, tail = 0, 0, b""
    with archive.open(entry) as part:
        while chunk := part.read(_CHUNK):
            seen += len(chunk)
            if seen > declared:
                return f"{entry.filename!r} in the archive unpacks to more than it declares"
            text = tail + chunk
            if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
                return f"{entry.filename!r} in the archive declares XML entities"
            if entry.filename.startswith("xl/worksheets/"):
                for letters, digits in _CELL.findall(text):
                    rows = max(rows, int(digits))
                    columns = max(columns, _column_number(letters))
            tail = text[-_OVERLAP:]
    if rows * columns > MOST_CELLS:
        return (
            f"a sheet spans {rows:,} rows and {columns:,} columns, more than {MOST_CELLS:,} cells "
            "(delete stray cells far from the table)"
        )
    return ""


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number
