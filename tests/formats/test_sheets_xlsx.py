"""Workbooks: cells as text, sheets by name, and archives that are no workbooks but bombs."""

from __future__ import annotations

import datetime
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.errors import DefinitionError, Problem
from assay.formats import sheets_archive
from assay.formats.sheets import count_rows, read_rows


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False, "strings_to_urls": False})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                if value is not None:
                    sheet.write(number, column, value)
    book.close()
    return path


def fault_of(path: Path, sheet: str | None = None) -> Problem:
    with pytest.raises(DefinitionError) as caught:
        list(read_rows(path, sheet))
    return caught.value.problems[0]


def test_cells_become_the_text_that_a_csv_export_shows(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "s.xlsx"))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["id", "n", "half", "big", "yes", "day", "time"])
    sheet.write_row(1, 0, ["007", 7, 0.5, 10**15, True])
    date = book.add_format({"num_format": "yyyy-mm-dd"})
    clock = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    sheet.write_datetime(1, 5, datetime.datetime(2027, 1, 31), date)
    sheet.write_datetime(1, 6, datetime.datetime(2027, 1, 31, 8, 30), clock)
    book.close()
    [(number, row)] = read_rows(tmp_path / "s.xlsx")
    assert number == 2
    assert row == {
        "id": "007",
        "n": "7",
        "half": "0.5",
        "big": "1000000000000000",
        "yes": "TRUE",
        "day": "2027-01-31",
        "time": "2027-01-31T08:30:00",
    }


def test_blank_rows_and_columns_before_and_between_keep_the_numbers(tmp_path: Path) -> None:
    rows = [[], [None, "a", "b"], [], [None, "1", "2"], [None, None, None], [None, "3"]]
    file = workbook(tmp_path / "s.xlsx", Data=rows)
    assert list(read_rows(file)) == [(4, {"a": "1", "b": "2"}), (6, {"a": "3", "b": ""})]
    assert count_rows(file) == 2


def test_merged_cells_count_once(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "s.xlsx"))
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["a", "b"])
    sheet.merge_range(1, 0, 2, 1, "both")
    sheet.write_row(3, 0, ["1", "2"])
    book.close()
    assert list(read_rows(tmp_path / "s.xlsx")) == [
        (2, {"a": "both", "b": ""}),
        (4, {"a": "1", "b": "2"}),
    ]


def test_sheets_are_found_by_name_and_the_first_is_the_default(tmp_path: Path) -> None:
    file = workbook(tmp_path / "s.xlsx", One=[["a"], ["1"]], Two=[["a"], ["2"]])
    assert [row["a"] for _, row in read_rows(file)] == ["1"]
    assert [row["a"] for _, row in read_rows(file, "Two")] == ["2"]
    problem = fault_of(file, "Tow")
    assert problem.message == "there is no sheet 'Tow'."
    assert "Did you mean 'Two'? The sheets are: One, Two." in problem.remedy
    assert problem.sheet == "Tow"


def test_a_formula_gives_its_stored_value_and_its_error_is_told(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "s.xlsx"))
    book.add_worksheet("Other").write_formula(1, 0, "=1/0", value="#DIV/0!")
    sheet = book.add_worksheet("Data")
    sheet.write_row(0, 0, ["a", "b"])
    sheet.write_formula(1, 0, "=6*7", value=42)
    sheet.write_formula(2, 1, "=NA()", value="#N/A")
    sheet.write_row(3, 0, ["x", "y"])
    book.close()
    told: list[Problem] = []
    found = list(read_rows(tmp_path / "s.xlsx", "Data", told.append))
    assert found == [(2, {"a": "42", "b": ""}), (4, {"a": "x", "b": "y"})]
    assert [(p.row, p.message) for p in told] == [(3, "the formula in B3 gives an error.")]


@pytest.mark.parametrize(
    ("rows", "row", "message"),
    [
        ([], None, "the sheet is empty."),
        ([["a", "a"], ["1", "2"]], 1, "two columns are called 'a'."),
        ([["a"], ["1", "2"]], 2, "the row has cells beyond the header's 1 columns."),
    ],
)
def test_broken_sheets(
    tmp_path: Path, rows: list[list[Any]], row: int | None, message: str
) -> None:
    problem = fault_of(workbook(tmp_path / "s.xlsx", Data=rows))
    assert (problem.row, problem.message) == (row, message)


def rewritten(path: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """The workbook with its parts changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, change(name, content))
    return path


def sheet_with(cells: bytes) -> Callable[[str, bytes], bytes]:
    def change(name: str, content: bytes) -> bytes:
        if name != "xl/worksheets/sheet1.xml":
            return content
        return content.replace(b"</sheetData>", cells + b"</sheetData>")

    return change


BOMBS: dict[str, tuple[Callable[[str, bytes], bytes], str]] = {
    "opposite corners": (
        sheet_with(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        "a sheet spans 1,048,576 rows and 16,384 columns",
    ),
    "opposite corners, attributes turned": (
        sheet_with(b"<row r='1048576'><c  s='0'   \n r='XFD1048576'><v>1</v></c></row>"),
        "a sheet spans 1,048,576 rows and 16,384 columns",
    ),
    "opposite corners, places left out": (
        sheet_with(b'<row r="1048576">' + b"<c><v>1</v></c>" * 20 + b"</row>"),
        "a sheet spans 1,048,576 rows and 10 columns",
    ),
    "entities": (
        lambda name, content: content.replace(
            b"<sst", b'<!DOCTYPE sst [<!ENTITY a "aaaaaaaaaa">]><sst'
        ),
        "the archive holds XML with a document type",
    ),
    "entities in UTF-16": (
        lambda name, content: (
            '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a [<!ENTITY b "b">]><a/>'.encode(
                "utf-16"
            )
            if name == "xl/sharedStrings.xml"
            else content
        ),
        "the archive holds XML with a document type",
    ),
    "more texts than fit": (
        lambda name, content: re.sub(rb'uniqueCount="\d+"', b'uniqueCount="4294967296"', content),
        "the archive declares 4294967296 items of 'sst'",
    ),
    "an encoding that is none": (
        lambda name, content: content.replace(b'encoding="UTF-8"', b'encoding="UTF-5"', 1),
        "the archive is damaged",
    ),
    "a sheet that hides": (
        lambda name, content: content.replace(b"worksheets/sheet1.xml", b"media/image1.png"),
        "the archive's sheets are not where they belong",
    ),
    "not XML": (
        lambda name, content: b"<a><b></a>" if name == "xl/workbook.xml" else content,
        "the archive is damaged",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused(tmp_path: Path, name: str) -> None:
    change, message = BOMBS[name]
    file = rewritten(workbook(tmp_path / "s.xlsx", Data=[["a"], ["text"]]), change)
    problem = fault_of(file)
    assert problem.message.startswith(message)
    assert "Save it again" in problem.remedy


def test_one_long_text_behind_many_cells_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sheets_archive, "MOST_BYTES", 200_000)
    rows = [["a"], *[["x" * 5_000]] * 50]
    file = workbook(tmp_path / "s.xlsx", Data=rows)
    assert fault_of(file).message.startswith("a sheet's texts have more than 200,000")


def test_an_archive_that_declares_too_much_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = workbook(tmp_path / "s.xlsx", Data=[["a"], ["1"]])
    monkeypatch.setattr(sheets_archive, "MOST_BYTES", 1_000)
    assert "a workbook at most 1,000" in fault_of(file).message


def test_an_archive_of_many_files_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = workbook(tmp_path / "s.xlsx", Data=[["a"], ["1"]])
    monkeypatch.setattr(sheets_archive, "MOST_ENTRIES", 5)
    assert "a workbook at most 5" in fault_of(file).message


def test_a_false_size_in_the_archive_is_seen(tmp_path: Path) -> None:
    file = tmp_path / "s.xlsx"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b" " * 1_000_000 + b"<a/>")
    content = bytearray(file.read_bytes())
    true = struct.pack("<I", 1_000_004)
    for place in (content.find(true), content.rfind(true)):
        content[place : place + 4] = struct.pack("<I", 10)
    file.write_bytes(content)
    assert "unpacks to more than it declares" in fault_of(file).message


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    file = workbook(tmp_path / "s.xlsx", Data=[["a"], ["1"]])
    with (
        zipfile.ZipFile(file, "a") as archive,
        pytest.warns(UserWarning, match="Duplicate name"),
    ):
        archive.writestr("xl/worksheets/sheet1.xml", b"<a/>")
    assert "two files of one name" in fault_of(file).message


def test_what_is_no_archive_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "s.xlsx"
    file.write_bytes(b"PK\x03\x04 but nothing else")
    assert "not a sound .xlsx archive" in fault_of(file).message


texts = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=15
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(texts, texts | st.integers(-(10**9), 10**9)), max_size=5))
def test_what_a_workbook_is_given_is_read_back(
    tmp_path: Path, rows: list[tuple[str, str | int]]
) -> None:
    file = workbook(tmp_path / "s.xlsx", Data=[["a", "b"], *[list(row) for row in rows]])
    wanted = [(a, str(b)) for a, b in rows if a or str(b)]
    assert [(row["a"], row["b"]) for _, row in read_rows(file)] == wanted


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_damaged_workbook_never_crashes_the_reader(tmp_path: Path, data: st.DataObject) -> None:
    whole = tmp_path / "whole.xlsx"
    if not whole.exists():
        workbook(whole, Data=[["a", "b"], ["1", 2], ["3", 4.5]])
    content = bytearray(whole.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    file = tmp_path / "s.xlsx"
    file.write_bytes(content[: data.draw(st.integers(0, len(content)))] or b"x")
    told: list[Problem] = []
    list(read_rows(file, report=told.append))
