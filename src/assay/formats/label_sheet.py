"""A sheet of replies for a person to label: a workbook with a list to choose from, or csv."""

from __future__ import annotations

import csv
import io
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import msgspec

from assay.errors import AssayError
from assay.formats.export import fitting, written_whole
from assay.formats.safe import harmless_cell, is_formula, printable

COLUMNS = ("draw", "item", "input", "reply", "label", "note", "rater")
"""What stands in a sheet. ``draw`` and ``item`` say which reply a row is; raters fill the rest."""

_WIDTHS = {"draw": 14, "item": 6, "input": 50, "reply": 80, "label": 18, "note": 30, "rater": 12}


class SheetRow(msgspec.Struct, frozen=True):
    """One reply to label: the number of its row in the draw, what was asked, what was replied."""

    item: int
    input: str
    reply: str


def write_label_sheet(
    path: Path,
    draw: str,
    rows: Sequence[SheetRow],
    *,
    question: str,
    options: Sequence[str],
    rater: str = "",
) -> None:
    """Write a sheet, xlsx or csv by the file's suffix. No cell of it is a formula or a link.

    Args:
        path: the file; it must not be there yet, as it could hold somebody's work.
        draw: the draw's id.
        question: what raters are to decide.
        options: the labels that they may choose.
        rater: the rater's name, where it is known.

    Raises:
        AssayError: the file is there, or is neither xlsx nor csv.
        StoreError: the disk refuses.
    """
    if path.exists():
        raise AssayError(
            "the file is there already, and may hold somebody's labels.",
            where=str(path),
            fix="Name another one.",
        )
    writers = {".xlsx": _write_xlsx, ".csv": _write_csv}
    if path.suffix.lower() not in writers:
        raise AssayError("a sheet is .xlsx or .csv.", where=str(path), fix="Name it so.")
    lines = [(draw, row.item, row.input, row.reply, "", "", rater) for row in rows]
    written_whole(path, lambda file: writers[path.suffix.lower()](file, lines, question, options))


Line = tuple[str | int, ...]


def _write_csv(
    file: IO[bytes], lines: Sequence[Line], question: str, options: Sequence[str]
) -> None:
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")  # Excel knows UTF-8 by its mark
    sheet = csv.writer(text, lineterminator="\r\n")
    sheet.writerow(COLUMNS)
    for line in lines:
        sheet.writerow([each if isinstance(each, int) else harmless_cell(each) for each in line])
    text.flush()
    text.detach()


def _write_xlsx(
    file: IO[bytes], lines: Sequence[Line], question: str, options: Sequence[str]
) -> None:
    import xlsxwriter

    with tempfile.TemporaryDirectory(prefix=".xlsx-") as temporary:
        book = xlsxwriter.Workbook(file, {"tmpdir": temporary, "use_zip64": True})
        _fill_labels(book, lines, len(options))
        _fill_guide(book, question, options)
        book.close()


def _fill_labels(book: Any, lines: Sequence[Line], options: int) -> None:
    sheet = book.add_worksheet("labels")
    sheet.freeze_panes(1, 0)
    bold = book.add_format({"bold": True})
    look = {"text_wrap": True, "valign": "top"}
    plain, quoted = book.add_format(look), book.add_format({**look, "quote_prefix": True})
    for column, name in enumerate(COLUMNS):
        sheet.set_column(column, column, _WIDTHS[name], plain)
        sheet.write_string(0, column, name, bold)
    for number, line in enumerate(lines, 1):
        for column, value in enumerate(line):
            if isinstance(value, int):
                sheet.write_number(number, column, value, plain)
            elif value:
                cell = fitting(printable(value))
                sheet.write_string(number, column, cell, quoted if is_formula(cell) else plain)
    if lines:
        place = COLUMNS.index("label")
        choice = {
            "validate": "list",
            "source": f"=guide!$A$3:$A${2 + options}",
            "error_title": "Not a label",
            "error_message": "Choose one from the list.",
        }
        sheet.data_validation(1, place, len(lines), place, choice)


def _fill_guide(book: Any, question: str, options: Sequence[str]) -> None:
    sheet = book.add_worksheet("guide")
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    bold = book.add_format({"bold": True})
    sheet.set_column(0, 0, 100, wrapped)
    sheet.write_string(0, 0, fitting(printable(question)), wrapped)
    sheet.write_string(1, 0, "Labels to choose from:", bold)
    for number, option in enumerate(options, 2):
        sheet.write_string(number, 0, fitting(printable(option)), wrapped)
