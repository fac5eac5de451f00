import contextlib
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import NotFoundError, StoreError
from assay.records import Message, ScoreRow, ToolCall, Transcript, fields_of
from assay.store.tables import TableWriter, read_rows, schema_of
from tests.support.memory import PEAK

FULL = Transcript(
    transcript_id="t1",
    messages=(
        Message("system", "Be kind."),
        Message("user", "Grüße 😀\n\x00"),
        Message("assistant", "", tool_calls=(ToolCall("c1", "search", {"q": [1, None]}),)),
        Message("tool", "found", tool_call_id="c1"),
    ),
    source_type="assay_run",
    task_repeat=2,
    agent_args={"turns": 3},
    score={"value": 0.5},
    success=True,
    total_time=1.25,
    total_tokens=2**62,
    events=[{"event": "info"}],
    target=("a", "b"),
    choice_distribution={"A": 0.25, "B": 0.75},
    polarity="benign",
    sample_metadata={"deep": {"er": [True, None, "x"]}},
)


def score(transcript_id: str, **changes: object) -> ScoreRow:
    row = ScoreRow(
        transcript_id=transcript_id,
        run_id="r",
        eval="e",
        sample_id="s",
        epoch=1,
        scorer="refusal",
        scorer_version="abc",
        value=1.0,
        label=None,
        unscored=None,
        explanation="",
        citations=("no", "never"),
        raw=None,
        tokens=0,
        scored_at="2026-01-01T00:00:00Z",
        scored_by="assay",
        cluster=None,
        pair_id=None,
        polarity=None,
        policy_area=None,
        language=None,
    )
    return msgspec.structs.replace(row, **changes)


def write(path: Path, rows: list[msgspec.Struct], **options: int) -> Path:
    with TableWriter(path, type(rows[0]), **options) as writer:
        for row in rows:
            writer.write(row)
    return path


def test_schema_has_a_column_for_each_field_in_scouts_types() -> None:
    schema = schema_of(Transcript)
    assert schema.names == [field.name for field in fields_of(Transcript)]
    assert schema.field("transcript_id").type == pa.large_string()
    assert schema.field("messages").type == pa.large_string()
    assert schema.field("polarity").type == pa.large_string()
    assert schema.field("task_repeat").type == pa.int64()
    assert schema.field("total_time").type == pa.float64()
    assert schema.field("success").type == pa.bool_()


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    rows = [FULL, Transcript("t2")]
    assert list(read_rows(write(tmp_path / "t.parquet", rows), Transcript)) == rows


def test_scores_are_read_back(tmp_path: Path) -> None:
    rows = [
        score("t1"),
        score("t2", value=None, unscored="refusal", citations=(), raw='{"a": 1}', epoch=3),
    ]
    assert list(read_rows(write(tmp_path / "s.parquet", rows), ScoreRow)) == rows


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
TRANSCRIPTS = st.builds(
    Transcript,
    transcript_id=TEXT,
    messages=st.lists(
        st.builds(Message, st.sampled_from(["system", "user", "assistant", "tool"]), TEXT),
        max_size=3,
    ).map(tuple),
    model=st.none() | TEXT,
    task_repeat=st.none() | st.integers(-(2**63), 2**63 - 1),
    success=st.none() | st.booleans(),
    total_time=st.none() | st.floats(allow_nan=False),
    score=JSON,
    target=st.lists(TEXT, max_size=2).map(tuple),
    sample_metadata=st.none() | st.dictionaries(TEXT, JSON, max_size=3),
)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(TRANSCRIPTS, min_size=1, max_size=12), group=st.integers(1, 5))
def test_any_transcripts_survive_the_file(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Transcript], group: int
) -> None:
    path = tmp_path_factory.mktemp("any") / "t.parquet"
    assert list(read_rows(write(path, rows, rows_per_group=group), Transcript)) == rows


def test_half_characters_are_replaced_and_lose_no_row(tmp_path: Path) -> None:
    broken = Transcript(
        "t\ud800",
        messages=(Message("user", "half \udc00 of one"),),
        model="m\udfff",
        score="\ud801",
    )
    [row] = read_rows(write(tmp_path / "t.parquet", [broken]), Transcript)
    assert row.transcript_id == "t\ufffd"
    assert row.model == "m\ufffd"
    assert row.messages == (Message("user", "half \ufffd of one"),)
    assert row.score == "\ufffd"


def test_empty_table_has_its_columns(tmp_path: Path) -> None:
    TableWriter(tmp_path / "t.parquet", Transcript).close()
    assert pq.read_schema(tmp_path / "t.parquet").names == schema_of(Transcript).names
    assert list(read_rows(tmp_path / "t.parquet", Transcript)) == []


def test_file_takes_its_name_only_when_complete(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    writer = TableWriter(path, Transcript, rows_per_group=1)
    writer.write(FULL)
    assert not path.exists()
    writer.close()
    writer.close()
    assert os.listdir(tmp_path) == ["t.parquet"]


def test_error_leaves_the_earlier_file_and_no_part(tmp_path: Path) -> None:
    path = write(tmp_path / "t.parquet", [FULL])
    with pytest.raises(ZeroDivisionError), TableWriter(path, Transcript) as writer:
        writer.write(Transcript(str(1 / 0)))
    assert os.listdir(tmp_path) == ["t.parquet"]
    assert list(read_rows(path, Transcript)) == [FULL]


def test_row_groups_are_bounded_in_rows_and_in_bytes(tmp_path: Path) -> None:
    small = write(
        tmp_path / "small.parquet", [Transcript(f"t{i}") for i in range(600)], rows_per_group=256
    )
    assert pq.ParquetFile(small).num_row_groups == 3
    text = os.urandom(1 << 19).hex()
    large = write(
        tmp_path / "large.parquet",
        [Transcript(f"t{i}", messages=(Message("user", text),)) for i in range(24)],
    )
    assert pq.ParquetFile(large).num_row_groups >= 3


def test_duckdb_reads_it(tmp_path: Path) -> None:
    path = write(tmp_path / "s.parquet", [score(f"t{i}", value=i / 10) for i in range(10)])
    [(mean, first)] = duckdb.sql(
        f"select avg(value), min(citations->>0) from read_parquet('{path}')"
    ).fetchall()
    assert mean == pytest.approx(0.45)
    assert first == "no"


def test_chosen_columns_are_read_and_others_are_empty(tmp_path: Path) -> None:
    path = write(tmp_path / "s.parquet", [score("t1", label="partly")])
    [row] = read_rows(path, ScoreRow, columns=["transcript_id", "value"])
    assert (row.transcript_id, row.value) == ("t1", 1.0)
    assert (row.label, row.run_id, row.epoch, row.citations) == (None, "", 0, ())


def test_rows_are_selected_by_value_and_by_list_of_values(tmp_path: Path) -> None:
    rows = [
        Transcript(f"t{i}", model="a" if i % 2 else "b", messages=(Message("user", str(i)),))
        for i in range(20)
    ]
    path = write(tmp_path / "t.parquet", rows, rows_per_group=3)
    found = read_rows(path, Transcript, where={"transcript_id": ["t3", "t4", "t17"], "model": "a"})
    assert list(found) == [rows[3], rows[17]]
    assert list(read_rows(path, Transcript, where={"model": None})) == []


def test_selecting_by_an_unknown_column_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "t.parquet", [FULL])
    with pytest.raises(StoreError, match="no column 'acount_id'"):
        list(read_rows(path, Transcript, where={"acount_id": "x"}))


def test_unknown_and_missing_columns_and_other_types_are_tolerated(tmp_path: Path) -> None:
    table = pa.table(
        {
            "transcript_id": pa.array(["a", "b"]).dictionary_encode(),
            "task_id": pa.array([7, None]),
            "task_repeat": pa.array([1, 2], pa.int32()),
            "mood": ["good", "bad"],
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    assert list(read_rows(tmp_path / "t.parquet", Transcript)) == [
        Transcript("a", task_id="7", task_repeat=1),
        Transcript("b", task_repeat=2),
    ]


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("task_repeat", ["one"], "The column 'task_repeat' is .*, not int"),
        ("messages", ["[{"], "The column 'messages' holds JSON of another shape"),
        ("messages", ['[{"role": "pope", "content": ""}]'], "'messages' holds JSON .*pope"),
        ("messages", ["[" * 100_000], "The column 'messages' holds JSON of another shape"),
    ],
)
def test_a_value_of_another_kind_is_named(
    tmp_path: Path, column: str, values: list[str], message: str
) -> None:
    pq.write_table(pa.table({"transcript_id": ["a"], column: values}), tmp_path / "t.parquet")
    with pytest.raises(StoreError, match=message) as caught:
        list(read_rows(tmp_path / "t.parquet", Transcript))
    assert "t.parquet" in str(caught.value)


def test_a_required_column_that_is_missing_is_named(tmp_path: Path) -> None:
    pq.write_table(pa.table({"id": ["a"]}), tmp_path / "t.parquet")
    with pytest.raises(StoreError, match="no column 'transcript_id'"):
        list(read_rows(tmp_path / "t.parquet", Transcript))


def test_missing_and_damaged_files_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such file"):
        list(read_rows(tmp_path / "no.parquet", Transcript))
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 and then nothing")
    with pytest.raises(StoreError, match="not a Parquet file"):
        list(read_rows(tmp_path / "bad.parquet", Transcript))
    whole = write(tmp_path / "t.parquet", [FULL] * 50).read_bytes()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    for cut in range(4, len(whole), 101):
        damaged = bytearray(whole)
        damaged[cut] ^= 0xFF
        (tmp_path / "bad.parquet").write_bytes(damaged)
        with contextlib.suppress(StoreError):
            rows = list(read_rows(tmp_path / "bad.parquet", Transcript))
            assert cut >= footer or rows == [FULL] * 50


def test_a_value_that_does_not_fit_is_a_clear_error(tmp_path: Path) -> None:
    writer = TableWriter(tmp_path / "t.parquet", Transcript)
    writer.write(Transcript("t", total_tokens=2**70))
    with pytest.raises(StoreError, match="'total_tokens'"):
        writer.close()
    assert os.listdir(tmp_path) == []


FILL = """
import os, resource, sys
from assay.errors import StoreError
from assay.records import Message, Transcript
from assay.store.tables import TableWriter
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    with TableWriter(sys.argv[1], Transcript, rows_per_group=256) as writer:
        for i in range(5_000):
            writer.write(Transcript(f"t{i}", messages=(Message("user", os.urandom(200).hex()),)))
except StoreError as error:
    print(error)
"""


def test_full_disk_is_a_clear_error_and_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(path)], capture_output=True, text=True, timeout=60
    )
    assert f"{path}: The disk is full" in done.stdout, done.stderr
    assert "Free some space and resume" in done.stdout
    assert done.stderr == ""
    assert os.listdir(tmp_path) == []


def test_unwritable_folder_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        TableWriter(tmp_path / "no" / "t.parquet", Transcript)


GROW = (
    PEAK
    + """
import sys
from assay.records import Message, Transcript
from assay.store.tables import TableWriter, read_rows
with TableWriter(sys.argv[1], Transcript) as writer:
    for i in range(int(sys.argv[2])):
        message = Message("user", f"{i} " * 80)
        writer.write(Transcript(f"t{i}", messages=(message,), task_id=str(i), model="m"))
assert sum(1 for _ in read_rows(sys.argv[1], Transcript)) == int(sys.argv[2])
print(peak())
"""
)


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    def peak(rows: int) -> int:
        path = str(tmp_path / "t.parquet")
        done = subprocess.run(
            [sys.executable, "-c", GROW, path, str(rows)], capture_output=True, check=True
        )
        return int(done.stdout)

    few, many = peak(15_000), peak(60_000)
    assert many < few * 1.1
