"""Rows added to a table: what was there stays as it was, and nothing is half written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import AssayError, DefinitionError
from assay.formats.sheets import read_rows
from assay.formats.sheets_write import add_rows


def rows(path: Path) -> list[dict[str, Any]]:
    return [row for _, row in read_rows(path)]


@pytest.mark.parametrize(
    "text",
    [
        "id,input\na,one\n",
        "\ufeffid;input\r\na;one\r\n",
        'id\tinput\na\t"one"\n',
    ],
)
def test_csv_keeps_its_delimiter_mark_and_line_ends(tmp_path: Path, text: str) -> None:
    path = tmp_path / "samples.csv"
    path.write_bytes(text.encode())
    add_rows(path, [{"id": "b", "input": 'two, "2"; \n more', "cluster": "a"}])
    assert rows(path) == [
        {"id": "a", "input": "one", "cluster": ""},
        {"id": "b", "input": 'two, "2"; \n more', "cluster": "a"},
    ]
    written = path.read_bytes()
    assert written.startswith(b"\xef\xbb\xbf") == text.startswith("\ufeff")
    assert (b"\r\n" in written) == ("\r\n" in text)


def test_rows_that_were_there_can_change(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    path.write_text('{"id":"a","input":"one","n":[1,null]}\n\n{"id":"b","input":"two"}\n')
    add_rows(path, [{"id": "c"}], lambda number, row: {**row, "row": number})
    assert rows(path) == [
        {"id": "a", "input": "one", "n": [1, None], "row": 1},
        {"id": "b", "input": "two", "row": 3},
        {"id": "c"},
    ]


def test_other_files_and_faulty_ones_are_left_alone(tmp_path: Path) -> None:
    book = tmp_path / "samples.xlsx"
    book.write_bytes(b"x")
    with pytest.raises(AssayError, match="cannot be added"):
        add_rows(book, [{"id": "b"}])
    broken = tmp_path / "samples.csv"
    broken.write_text("id,input\na,one,two,three\n")
    with pytest.raises(DefinitionError):
        add_rows(broken, [{"id": "b", "input": "two"}])
    assert broken.read_text() == "id,input\na,one,two,three\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["samples.csv", "samples.xlsx"]


TEXT = st.characters(exclude_categories=["Cs"], exclude_characters="\0")


@given(
    st.lists(st.tuples(st.text(TEXT, min_size=1), st.text(TEXT)), min_size=1, max_size=5),
    st.sampled_from([".csv", ".jsonl"]),
)
def test_any_text_comes_back(
    tmp_path_factory: pytest.TempPathFactory, cells: list[tuple[str, str]], suffix: str
) -> None:
    path = tmp_path_factory.mktemp("any") / f"samples{suffix}"
    path.write_text("id,input\na,one\n" if suffix == ".csv" else '{"id":"a","input":"one"}\n')
    added = [{"id": one, "input": other} for one, other in cells]
    add_rows(path, added)
    assert rows(path)[1:] == added
