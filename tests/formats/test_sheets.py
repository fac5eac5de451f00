"""Any table by its suffix, Parquet, and memory that does not grow with the rows."""

from __future__ import annotations

import datetime
import decimal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.errors import DefinitionError, NotFoundError, Problem
from assay.formats.sheets import count_rows, read_rows
from tests.support.memory import PEAK


def parquet(path: Path, columns: dict[str, Any]) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_parquet_values_take_their_json_form(tmp_path: Path) -> None:
    file = parquet(
        tmp_path / "s.parquet",
        {
            "text": ["a", None],
            "number": [1, 2],
            "share": [0.5, float("nan")],
            "flag": [True, False],
            "list": [["x", "y"], []],
            "deep": [{"k": 1.5}, {"k": None}],
            "day": [datetime.date(2027, 1, 31), None],
            "price": [decimal.Decimal("1.10"), None],
        },
    )
    assert list(read_rows(file)) == [
        (
            1,
            {
                "text": "a",
                "number": 1,
                "share": 0.5,
                "flag": True,
                "list": ["x", "y"],
                "deep": {"k": 1.5},
                "day": "2027-01-31",
                "price": "1.10",
            },
        ),
        (
            2,
            {
                "text": None,
                "number": 2,
                "share": None,
                "flag": False,
                "list": [],
                "deep": {"k": None},
                "day": None,
                "price": None,
            },
        ),
    ]
    assert count_rows(file) == 2


def test_more_rows_than_a_batch_are_numbered_on(tmp_path: Path) -> None:
    file = parquet(tmp_path / "s.parquet", {"n": list(range(1_300))})
    assert [(number, row["n"]) for number, row in read_rows(file)] == [
        (n + 1, n) for n in range(1_300)
    ]


def test_bytes_have_no_json_form(tmp_path: Path) -> None:
    file = parquet(tmp_path / "s.parquet", {"a": [b"\xff"]})
    with pytest.raises(DefinitionError, match="a cell holds bytes, which has no JSON form"):
        list(read_rows(file))


def test_two_columns_of_one_name_in_parquet(tmp_path: Path) -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    pq.write_table(table, tmp_path / "s.parquet")
    with pytest.raises(DefinitionError, match="two columns are called 'a'"):
        list(read_rows(tmp_path / "s.parquet"))


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(st.none() | st.text(max_size=10), st.integers(-(2**62), 2**62))))
def test_parquet_is_read_back(tmp_path: Path, rows: list[tuple[str | None, int]]) -> None:
    rows = [(a and a.encode("utf-8", "replace").decode(), b) for a, b in rows]
    schema = pa.schema({"a": pa.string(), "b": pa.int64()})
    table = pa.Table.from_pylist([{"a": a, "b": b} for a, b in rows], schema=schema)
    pq.write_table(table, tmp_path / "s.parquet")
    found = [(row["a"], row["b"]) for _, row in read_rows(tmp_path / "s.parquet")]
    assert found == rows


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_damaged_parquet_never_crashes_the_reader(tmp_path: Path, data: st.DataObject) -> None:
    whole = tmp_path / "whole.parquet"
    if not whole.exists():
        parquet(whole, {"a": ["x", "y"], "b": [[1], [2]]})
    content = bytearray(whole.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    file = tmp_path / "s.parquet"
    file.write_bytes(content)
    told: list[Problem] = []
    list(read_rows(file, report=told.append))


def test_unknown_suffixes_and_missing_files(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"files ending in \.docx are not read"):
        list(read_rows(tmp_path / "s.docx"))
    with pytest.raises(NotFoundError, match="there is no such file"):
        list(read_rows(tmp_path / "s.csv"))
    (tmp_path / "s.csv").write_text("a\n1\n")
    with pytest.raises(DefinitionError, match="only xlsx files have sheets"):
        list(read_rows(tmp_path / "s.csv", "Sheet1"))


_PEAK = f"""{PEAK}
import sys
from pathlib import Path
from assay.formats.sheets import read_rows
rows = sum(1 for _ in read_rows(Path(sys.argv[1])))
print(rows, peak())
"""


def _peak(file: Path) -> tuple[int, int]:
    """Rows read, and the reading process's peak memory in kB."""
    found = subprocess.run(
        [sys.executable, "-c", _PEAK, str(file)], capture_output=True, text=True, check=True
    )
    rows, peak = found.stdout.split()
    return int(rows), int(peak)


def _table(file: Path, rows: int) -> Path:
    text = "What would you say to a stranger who asks you for the way to the station, number "
    if file.suffix == ".parquet":
        schema = pa.schema({"id": pa.string(), "input": pa.string()})
        with pq.ParquetWriter(file, schema) as writer:
            for start in range(0, rows, 50_000):
                numbers = range(start, start + 50_000)
                columns = {
                    "id": [str(n) for n in numbers],
                    "input": [f"{text}{n}" for n in numbers],
                }
                writer.write_table(pa.table(columns, schema=schema))
        return file
    with file.open("w", encoding="utf-8") as out:
        if file.suffix == ".csv":
            out.write("id,input\n")
            out.writelines(f'{n},"{text}{n}"\n' for n in range(rows))
        else:
            out.writelines(f'{{"id": "{n}", "input": "{text}{n}"}}\n' for n in range(rows))
    return file


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory needs /proc")
@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_memory_does_not_grow_with_the_rows(tmp_path: Path, suffix: str) -> None:
    few = _peak(_table(tmp_path / f"few{suffix}", 200_000))
    many = _peak(_table(tmp_path / f"many{suffix}", 400_000))
    assert (few[0], many[0]) == (200_000, 400_000)
    assert many[1] < few[1] * 1.1
