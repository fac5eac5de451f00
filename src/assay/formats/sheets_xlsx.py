"""Excel workbooks as sheets."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from assay.formats.sheets_archive import BadArchiveError, look_into
from assay.formats.sheets_base import Row, Rows, Source, columns_of


def read_xlsx(source: Source) -> Rows:
    """Rows of one sheet of a workbook (the first, if none is named), numbered as Excel does.

    Cells become the text that a csv export would show: numbers without a trailing ``.0``, dates in
    ISO 8601, ``TRUE`` and ``FALSE``. Formulas give the value stored with them; a row where one
    gives an error is reported. The first row that is not blank is the header; blank rows are
    skipped. Archives that are damaged or would grow too large are refused.
    """
    try:
        view = look_into(source.path)
    except BadArchiveError as error:
        source.fault(f"{error}.", "Save it again as .xlsx, without a password.")
        return
    opened = _open(source)
    if opened is None:
        return
    name, rows = opened
    broken = {row: letters for letters, row in reversed(view.errors.get(name, []))}
    columns: list[str] | None = None
    for number, cells in enumerate(rows, 1):
        texts = [_text(cell) for cell in cells]
        if number in broken:
            place = f"{broken[number]}{number}"
            source.fault(f"the formula in {place} gives an error.", "Mend it.", row=number)
            if columns is None:
                return
            continue
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


def _open(source: Source) -> tuple[str, Iterator[list[Any]]] | None:
    """The name of the sheet that is meant, and its rows."""
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(source.path))
        name = _sheet_name(source, book.sheet_names)
        if name is None:
            return None
        return name, book.get_sheet_by_name(name).iter_rows()
    except (CalamineError, OSError, ValueError) as error:
        source.fault(f"the workbook cannot be read ({error}).", "Save it again as .xlsx.")
        return None


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
