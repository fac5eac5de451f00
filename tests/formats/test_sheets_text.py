"""csv and jsonl: what is read, what is refused, and in which words."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.errors import DefinitionError, Problem
from assay.formats import sheets_base
from assay.formats.sheets import count_rows, read_rows

ONE_FILE = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def rows_of(path: Path) -> list[tuple[int, dict[str, Any]]]:
    return list(read_rows(path))


def fault_of(path: Path) -> Problem:
    with pytest.raises(DefinitionError) as caught:
        rows_of(path)
    assert len(caught.value.problems) == 1
    problem = caught.value.problems[0]
    assert problem.file == str(path)
    return problem


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_csv_in_the_ways_that_spreadsheets_write_it(
    tmp_path: Path, bom: bytes, delimiter: str, newline: str
) -> None:
    lines = ["id;input;note", "1;Grüße;", '2;"with ; inside";"two', 'lines"']
    text = newline.join(lines).replace(";", delimiter)
    file = tmp_path / "s.csv"
    file.write_bytes(bom + text.encode())
    assert rows_of(file) == [
        (2, {"id": "1", "input": "Grüße", "note": ""}),
        (3, {"id": "2", "input": f"with {delimiter} inside", "note": f"two{newline}lines"}),
    ]


def test_the_delimiter_in_a_quoted_column_name_does_not_count(tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_text('"a,b,c";d\n1;2\n')
    assert rows_of(file) == [(2, {"a,b,c": "1", "d": "2"})]


def test_blank_rows_are_skipped_and_counted_in_the_numbers(tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_text("\na,b\n\n1,2\n,\n3,4\n\n")
    assert rows_of(file) == [(4, {"a": "1", "b": "2"}), (6, {"a": "3", "b": "4"})]
    assert count_rows(file) == 2


def test_empty_cells_beyond_the_header_are_no_fault(tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_text("a,b,,\n1,2,,\n3,4,,,\n")
    assert [row for _, row in rows_of(file)] == [{"a": "1", "b": "2"}, {"a": "3", "b": "4"}]


def test_a_column_without_a_name_is_left_out_with_a_warning(tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_text(",a\n0,1\n")
    told: list[Problem] = []
    assert list(read_rows(file, report=told.append)) == [(2, {"a": "1"})]
    assert [problem.severity for problem in told] == ["warning"]
    assert "column 1 has no name" in told[0].message


def test_every_fault_of_a_csv_is_told_and_the_sound_rows_are_read(tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_text('a,b\n1,2\n3\n"x"y,4\n5,6\n7,8,9\n10,11\n')
    told: list[Problem] = []
    found = list(read_rows(file, report=told.append))
    assert found == [
        (2, {"a": "1", "b": "2"}),
        (5, {"a": "5", "b": "6"}),
        (7, {"a": "10", "b": "11"}),
    ]
    assert [(p.row, p.message) for p in told] == [
        (3, "the row has 1 cells, the header 2."),
        (4, "text follows a closing quote."),
        (6, "the row has 3 cells, the header 2."),
    ]


@pytest.mark.parametrize(
    ("content", "row", "message"),
    [
        (b"", None, "the file is empty."),
        (b"\n\n", None, "the file is empty."),
        (b"a,a\n1,2\n", 1, "two columns are called 'a'."),
        (b'a,b\n1,"2\n3,4\n', 2, "a quote is opened and never closed."),
        (b'"a\n', 1, "a quote is opened and never closed."),
        ("a,b\n1,ü\n".encode("latin-1"), 2, "byte 0xfc is not UTF-8."),
        ("a,b\n1,2\n".encode("utf-16"), 1, "the file is UTF-16, not UTF-8."),
        ("a,b\n1,2\n".encode("utf-16-le"), 1, "the file is UTF-16, not UTF-8."),
    ],
)
def test_broken_csv(tmp_path: Path, content: bytes, row: int | None, message: str) -> None:
    file = tmp_path / "s.csv"
    file.write_bytes(content)
    problem = fault_of(file)
    assert (problem.row, problem.message) == (row, message)
    assert problem.remedy


def test_the_row_of_a_foreign_byte_is_found_far_down(tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    lines = [b"a,b", *[b'%d,"x\ny"' % i for i in range(5_000)], "z,é".encode("latin-1")]
    file.write_bytes(b"\n".join(lines))
    assert fault_of(file).row == 5_002


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_row_without_end_is_refused_before_it_fills_the_memory(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assay.formats.sheets_text.LONGEST_ROW", 1_000)
    file = tmp_path / f"s{suffix}"
    starts = {".csv": 'a,b\n1,2\n3,"', ".jsonl": '{"a": 1}\n{"a": "'}
    file.write_text(starts[suffix] + "x" * 5_000)
    problem = fault_of(file)
    assert "longer than" in problem.message
    assert problem.row == (3 if suffix == ".csv" else 2)


def test_many_short_lines_in_one_open_quote_are_one_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assay.formats.sheets_text.LONGEST_ROW", 1_000)
    file = tmp_path / "s.csv"
    file.write_text("a,b\n" + '1,"' + '","\n' * 2_000)
    assert "longer than" in fault_of(file).message


def test_a_cell_longer_than_the_csv_module_likes(tmp_path: Path) -> None:
    file = tmp_path / "s.csv"
    file.write_text("a\n" + "x" * 1_000_000 + "\n")
    assert len(rows_of(file)[0][1]["a"]) == 1_000_000
    assert sheets_base.LONGEST_ROW > 1_000_000


def test_jsonl_lines_are_numbered_as_editors_do(tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    file.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n\n  \n{"a": ["x", null]}')
    assert rows_of(file) == [(1, {"a": 1}), (4, {"a": ["x", None]})]
    assert count_rows(file) == 2


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"[1, 2]", "the line holds a list, not a JSON object."),
        (b'"text"', "the line holds a text, not a JSON object."),
        (b"null", "the line holds null, not a JSON object."),
        (b"3", "the line holds a number, not a JSON object."),
        (b'{"a": NaN}', "NaN and Infinity are not JSON."),
        (b'{"a": -Infinity}', "NaN and Infinity are not JSON."),
        (b'{"a": "\xff"}', "the line is not UTF-8."),
        (b'{"a": ' + b"[" * 100_000, "the JSON is nested too deeply."),
        (b"{'a': 1}", "the line is not JSON:"),
        (b'{"a": 1', "the line is not JSON:"),
        (b'{"a": 1} {"a": 2}', "the line is not JSON:"),
    ],
)
def test_broken_jsonl(tmp_path: Path, line: bytes, message: str) -> None:
    file = tmp_path / "s.jsonl"
    file.write_bytes(b'{"ok": 1}\n' + line + b"\n")
    problem = fault_of(file)
    assert problem.row == 2
    assert problem.message.startswith(message)
    assert problem.remedy


cells = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
names = st.text("abcXYZ_:é", min_size=1, max_size=6)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    header = draw(st.lists(names, min_size=1, max_size=5, unique=True))
    width = len(header)
    rows = draw(st.lists(st.lists(cells, min_size=width, max_size=width), max_size=8))
    return header, [row for row in rows if any(row)]


@ONE_FILE
@given(tables(), st.sampled_from([",", ";", "\t"]), st.sampled_from(["\n", "\r\n"]), st.booleans())
def test_what_the_csv_module_writes_is_read_back(
    tmp_path: Path,
    table: tuple[list[str], list[list[str]]],
    delimiter: str,
    newline: str,
    quoted: bool,
) -> None:
    header, rows = table
    quoted |= any("\r" in cell for row in rows for cell in row)  # else the module does not quote it
    if len(header) == 1 and delimiter != ",":
        return  # nothing to tell the delimiter by
    text = io.StringIO()
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(text, delimiter=delimiter, lineterminator=newline, quoting=quoting)
    writer.writerows([header, *rows])
    file = tmp_path / "s.csv"
    file.write_bytes(text.getvalue().encode())
    assert [list(row.values()) for _, row in rows_of(file)] == rows
    assert count_rows(file) == len(rows)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | cells,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=6,
)


@ONE_FILE
@given(st.lists(st.dictionaries(names, json_values, max_size=4), max_size=6), st.booleans())
def test_what_the_json_module_writes_is_read_back(
    tmp_path: Path, rows: list[dict[str, Any]], ascii_only: bool
) -> None:
    file = tmp_path / "s.jsonl"
    lines = [json.dumps(row, ensure_ascii=ascii_only) for row in rows]
    file.write_text("\n".join(lines), encoding="utf-8", newline="\n")
    assert rows_of(file) == list(enumerate(rows, 1))


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet", ".xlsx"])
@ONE_FILE
@given(content=st.binary(max_size=200) | st.text('",;\t\n\r{}[]:ab1 ', max_size=60).map(str.encode))
def test_no_bytes_crash_a_reader(tmp_path: Path, suffix: str, content: bytes) -> None:
    file = tmp_path / f"s{suffix}"
    file.write_bytes(content)
    told: list[Problem] = []
    found = list(read_rows(file, report=told.append))
    errors = [problem for problem in told if problem.severity == "error"]
    assert all(isinstance(row, dict) for _, row in found)
    assert all(problem.message and problem.file == str(file) for problem in told)
    try:
        strict = rows_of(file)
    except DefinitionError:
        assert errors
    else:
        assert strict == found
        assert count_rows(file) == len(found)
