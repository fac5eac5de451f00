"""Sheets that are plain text: csv and jsonl, read row by row in little memory."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import BinaryIO, TextIO

import msgspec

from assay.formats.sheets_base import LONGEST_ROW, Row, Rows, Source, columns_of

_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}
_SAVE_AS = 'Save it as "CSV UTF-8" (in a text editor: encoding UTF-8).'


def read_csv(source: Source) -> Rows:
    """Rows of a csv file: UTF-8 with or without BOM; comma, semicolon or tab.

    The delimiter is the one that the header has most of. Rows are numbered as a spreadsheet does
    (the header is row 1, a quoted line break does not count). Blank rows are skipped; rows whose
    number of cells is not the header's are reported.
    """
    csv.field_size_limit(LONGEST_ROW)
    if _is_utf16(source):
        return
    with source.path.open(encoding="utf-8-sig", newline="") as file:
        try:
            yield from _csv_rows(source, _Lines(file))
        except UnicodeDecodeError as error:
            bad = error.object[error.start]
            source.fault(
                f"byte 0x{bad:02x} is not UTF-8.", _SAVE_AS, row=_row_that_is_not_utf8(source)
            )


def count_csv(source: Source) -> int:
    """Number of rows that :func:`read_csv` gives where nothing is at fault."""
    return sum(1 for _ in read_csv(source))


def read_jsonl(source: Source) -> Rows:
    """Rows of a jsonl file: one JSON object a line, UTF-8, numbered by line.

    Blank lines are skipped. A line that is not one JSON object (NaN and Infinity are not JSON) is
    reported.
    """
    decode = msgspec.json.Decoder().decode
    if _is_utf16(source):
        return
    with source.path.open("rb") as file:
        if file.read(3) != b"\xef\xbb\xbf":
            file.seek(0)
        for number, line in enumerate(_byte_lines(file), 1):
            try:
                row = decode(line)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, ValueError) as error:
                if line.isspace():
                    continue
                if len(line) >= LONGEST_ROW:
                    _too_long(source, number)
                    return
                source.fault(*_why_not_json(line, error), row=number)
                continue
            if type(row) is dict:
                yield number, row
            else:
                source.fault(
                    f"the line holds {_name_of(row)}, not a JSON object.",
                    'Write each row as one line: {"id": "1", "input": "..."}',
                    row=number,
                )


def count_jsonl(source: Source) -> int:
    """Number of lines of a jsonl file that are not blank."""
    with source.path.open("rb") as file:
        return sum(1 for line in _byte_lines(file) if not line.isspace())


class _Lines:
    """The lines of a text file, up to the limit of a row. The header's line is looked at first."""

    def __init__(self, file: TextIO) -> None:
        self.first = file.readline(LONGEST_ROW)
        self.taken = 0  # characters since the reader of rows last set it to 0
        self._file = file

    def __iter__(self) -> Iterator[str]:
        line = self.first
        readline = self._file.readline
        while line:
            self.taken += len(line)
            if self.taken >= LONGEST_ROW:
                raise _TooLongError
            yield line
            line = readline(LONGEST_ROW)


class _TooLongError(Exception):
    """One row has more characters than any row may have."""


def _csv_rows(source: Source, lines: _Lines) -> Iterator[Row]:
    reader = csv.reader(lines, delimiter=delimiter_of(lines.first), strict=True)
    number, columns = _header(source, reader)
    if columns is None:
        return
    width, named = len(columns), [c for c in columns if c]
    unnamed = [i for i, column in enumerate(columns) if not column]
    while True:
        try:
            for cells in reader:
                number += 1
                lines.taken = 0
                if len(cells) != width:
                    if not any(cells):
                        continue
                    if len(cells) < width or any(cells[width:]):
                        _ragged(source, number, len(cells), width)
                        continue
                    del cells[width:]
                if unnamed:
                    cells = [cell for i, cell in enumerate(cells) if i not in unnamed]
                row = dict(zip(named, cells, strict=True))
                if any(cells):
                    yield number, row
            return
        except _TooLongError:
            _too_long(source, number + 1)
            return
        except csv.Error as error:
            number += 1
            lines.taken = 0
            source.fault(*_why_not_csv(str(error)), row=number)


def _header(source: Source, reader: Iterator[list[str]]) -> tuple[int, list[str] | None]:
    number = 0
    try:
        for cells in reader:
            number += 1
            if any(cell.strip() for cell in cells):
                return number, columns_of(source, cells, number)
    except _TooLongError:
        _too_long(source, number + 1)
        return number, None
    except csv.Error as error:
        source.fault(*_why_not_csv(str(error)), row=number + 1)
        return number, None
    source.fault("the file is empty.", "Its first row must name the columns.")
    return number, None


def delimiter_of(header: str) -> str:
    """Comma, semicolon or tab: the one that a header has most of."""
    outside = "".join(header.split('"')[::2])
    return max(",;\t", key=outside.count)


def _ragged(source: Source, row: int, found: int, wanted: int) -> None:
    source.fault(
        f"the row has {found} cells, the header {wanted}.",
        "Put quotes around text that contains the delimiter, or add the missing cells.",
        row=row,
    )


def _too_long(source: Source, row: int) -> None:
    source.fault(
        f"the row is longer than {LONGEST_ROW // 2**20} MB.",
        "Is a quote never closed, or is this not the right kind of file?",
        row=row,
    )


def _why_not_csv(error: str) -> tuple[str, str]:
    if "unexpected end of data" in error:
        return "a quote is opened and never closed.", 'Close it; double quotes inside text: ""'
    if "expected after" in error:
        return "text follows a closing quote.", 'Double the quotes inside quoted text: ""'
    return f"the row is not csv ({error}).", "Save the sheet as csv again."


def _why_not_json(line: bytes, error: Exception) -> tuple[str, str]:
    if b"NaN" in line or b"Infinity" in line:
        return "NaN and Infinity are not JSON.", "Write null."
    if isinstance(error, RecursionError):
        return "the JSON is nested too deeply.", "Flatten it."
    if isinstance(error, UnicodeDecodeError) or "utf-8" in str(error):
        return "the line is not UTF-8.", "Save the file in the encoding UTF-8."
    return f"the line is not JSON: {error}.", "Write one JSON object a line."


def _name_of(value: object) -> str:
    kinds = {list: "a list", str: "a text", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number")


def _byte_lines(file: BinaryIO) -> Iterator[bytes]:
    readline = file.readline
    while line := readline(LONGEST_ROW):
        yield line


def _is_utf16(source: Source) -> bool:
    with source.path.open("rb") as file:
        start = file.read(256)
    encoding = _BOMS.get(start[:2]) or ("UTF-16" if b"\0" in start else None)
    if encoding:
        source.fault(f"the file is {encoding}, not UTF-8.", _SAVE_AS, row=1)
    return encoding is not None


def _row_that_is_not_utf8(source: Source) -> int:
    """Read again, letting foreign bytes through as surrogates, up to the first row with one."""
    number = 0
    with source.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        lines = _Lines(file)
        for number, cells in enumerate(csv.reader(lines, delimiter=delimiter_of(lines.first)), 1):  # noqa: B007
            if not "".join(cells).isascii() and any(
                "\udc80" <= c <= "\udcff" for c in "".join(cells)
            ):
                break
    return number
