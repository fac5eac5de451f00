import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from assay.errors import DefinitionError, NotFoundError
from assay.formats import read_scout
from assay.records import Message, Transcript
from assay.store.tables import write_rows
from tests.formats.examples import TRANSCRIPTS


def table_of(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), path)
    return path


def test_our_own_table_is_read(tmp_path: Path) -> None:
    rows = [
        Transcript("t", message_count=0),
        *(each for each in TRANSCRIPTS if each.message_count is not None),
    ]
    write_rows(tmp_path / "t.parquet", Transcript, rows)
    assert list(read_scout(tmp_path / "t.parquet")) == rows


def test_columns_of_others(tmp_path: Path) -> None:
    path = table_of(
        tmp_path / "t.parquet",
        transcript_id=pa.array(["a", "b", "c"]).dictionary_encode(),
        messages=['[{"role": "user", "content": [{"type": "text", "text": "Hi"}]}]', None, "[]"],
        task_id=[1, None, 3],
        task_repeat=pa.array([1.0, None, 2.0]),
        score=["C", '{"a": 1}', "0.5"],
        success=[True, None, False],
        date=[datetime.datetime(2026, 1, 2), None, None],
        filename=["x", "y", "z"],
        account=["a1", None, "a3"],
        turns=pa.array([1, None, 3]),
        nested=pa.array([{"x": [1, 2]}, None, None]),
    )
    assert list(read_scout(path)) == [
        Transcript(
            "a",
            (Message("user", "Hi"),),
            date="2026-01-02T00:00:00",
            task_id="1",
            task_repeat=1,
            score="C",
            success=True,
            message_count=1,
            sample_metadata={"account": "a1", "turns": 1, "nested": {"x": [1, 2]}},
        ),
        Transcript("b", score={"a": 1}, message_count=0),
        Transcript(
            "c",
            task_id="3",
            task_repeat=2,
            score=0.5,
            success=False,
            message_count=0,
            sample_metadata={"account": "a3", "turns": 3},
        ),
    ]


def test_only_the_id_is_needed(tmp_path: Path) -> None:
    path = table_of(tmp_path / "t.parquet", transcript_id=[f"t{i}" for i in range(3000)])
    assert [each.transcript_id for each in read_scout(path)] == [f"t{i}" for i in range(3000)]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"id": ["a"]}, "there is no column transcript_id"),
        ({"transcript_id": ["a", None]}, "row 2: the transcript_id is empty"),
        ({"transcript_id": ["a"], "messages": ["[{"]}, "row 1: messages: "),
        ({"transcript_id": ["a"], "messages": [5]}, "row 1: messages: messages must be a list"),
        ({"transcript_id": ["a"], "agent_args": ["[1]"]}, "row 1: agent_args: "),
        ({"transcript_id": ["a"], "success": ["yes"]}, "row 1: success: "),
    ],
)
def test_a_row_at_fault_is_named(tmp_path: Path, columns: dict[str, Any], message: str) -> None:
    path = table_of(tmp_path / "t.parquet", **columns)
    with pytest.raises(DefinitionError) as caught:
        list(read_scout(path))
    assert message in str(caught.value)
    assert "t.parquet" in str(caught.value)


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        list(read_scout(tmp_path / "no.parquet"))
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 nothing PAR1")
    with pytest.raises(DefinitionError, match="not sound Parquet"):
        list(read_scout(tmp_path / "bad.parquet"))
