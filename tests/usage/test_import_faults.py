"""What logs can do to an import: nothing is lost silently, and memory stays flat."""

from __future__ import annotations

import errno
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.cli.usage import _tell_rejected
from assay.errors import StoreError
from assay.records import Transcript
from assay.store import tables
from assay.usage import sources
from assay.usage.ingest import ingest
from tests.support.memory import PEAK
from tests.usage.logs import chat, folder, rejected, stored, take, texts, write


def line(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"


def test_malformed_rows_are_rejected_and_the_rest_is_taken(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    bad = {
        b'{"id": "x", "conversations": [{"from": "human", "val\n': "not_json",
        b"\0\0\0\0\0\0\n": "no_text",
        b"[" * 5_000 + b"]" * 5_000 + b"\n": "too_deep",
        b"[1, 2]\n": "not_an_object",
        b'"text"\n': "not_an_object",
        b'{"id": "y"}\n': "no_messages",
        b'{"id": "y", "conversations": []}\n': "no_messages",
        b'{"id": "y", "conversations": [{"from": "ghost", "value": "boo"}]}\n': "unknown_role",
        b'{"id": "y", "conversations": [{"from": "human", "value": 5}]}\n': "bad_message",
        b'{"id": "y", "conversations": [{"from": "human", "value": ""}]}\n': "no_messages",
    }
    log.write_bytes(line(chat(1)) + b"".join(line(chat(n)) + b for n, b in enumerate(bad, 2)))
    record = take(tmp_path, log)
    assert record.conversations == 1 + len(bad)
    rows = rejected(tmp_path)
    data = log.read_bytes()
    assert [row.reason for row in rows] == list(bad.values())
    for row, text in zip(rows, bad, strict=True):
        assert row.offset is not None
        assert data[row.offset :].startswith(text.rstrip(b"\n"))
        assert data[: row.offset].count(b"\n") + 1 == row.row
        assert row.detail
        assert row.source == str(log)


def test_a_truncated_file_gives_what_came_before(tmp_path: Path) -> None:
    data = b"".join(line(chat(number)) for number in range(50))
    (tmp_path / "a.jsonl").write_bytes(data[:-20])
    record = take(tmp_path, tmp_path / "a.jsonl")
    assert record.sources[0].rejected == {"not_json": 1}
    assert record.conversations == 49
    packed = gzip.compress(data * 200)
    (tmp_path / "b.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    record = take(tmp_path, tmp_path / "b.jsonl.gz")
    assert record.sources[1].rejected["truncated"] == 1
    (tmp_path / "b.jsonl.gz").write_bytes(packed)  # it was still being copied
    record = take(tmp_path, tmp_path / "b.jsonl.gz")
    assert record.conversations == 50
    (tmp_path / "c.csv.gz").write_bytes(packed[:30])
    (tmp_path / "d.parquet").write_bytes(b"PAR1" + b"x" * 100)
    (tmp_path / "e.xlsx").write_bytes(b"PK\x03\x04" + b"x" * 100)
    for name in ("c.csv.gz", "d.parquet", "e.xlsx"):
        record = take(tmp_path, tmp_path / name)
        assert sum(record.sources[-1].rejected.values()) == record.sources[-1].rows == 1


def test_mixed_encodings(tmp_path: Path) -> None:
    text = "Erkl\u00e4ren Sie bitte \u05e9\u05dc\u05d5\u05dd, gr\u00fc\u00dfe"
    row = {"messages": [{"role": "user", "content": text}]}
    for encoding in ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"):
        log = tmp_path / f"{encoding}.jsonl"
        log.write_bytes(line(row).decode().encode(encoding))
        take(tmp_path, log, name=encoding)
        assert texts(tmp_path, encoding) == [[text]]
    latin = tmp_path / "latin.jsonl"
    latin.write_bytes(line(row) + b'{"messages": [{"role": "user", "content": "Gr\xfc\xdfe"}]}\n')
    record = take(tmp_path, latin, name="latin")
    assert texts(tmp_path, "latin") == [[text], ["Gr\u00fc\u00dfe"]]
    assert record.sources[0].flagged["mixed_encoding"] == 1


def test_text_of_every_direction_and_width_is_kept(tmp_path: Path) -> None:
    text = "\u202e\u05e9\u05dc\u05d5\u05dd\u202c a\u200bb\u200dc\ufeff "
    text += "\u0645\u0631\u062d\u0628\u0627 \U0001f469\u200d\U0001f52c"
    log = tmp_path / "a.jsonl"
    log.write_bytes(
        line({"messages": [{"role": "user", "content": text}]})
        + b'{"messages": [{"role": "user", "content": "half \\ud83d, zero \\u0000"}]}\n'
    )
    record = take(tmp_path, log)
    assert texts(tmp_path) == [[text], ["half \ufffd, zero \ufffd"]]
    assert record.sources[0].flagged["half_characters"] == 1
    assert record.sources[0].flagged["zero_characters"] == 1


_RSS = f"""{PEAK}
import sys
from pathlib import Path
from assay import api
record = api.import_usage([sys.argv[1]], name="logs", workspace=sys.argv[2])
print(peak() >> 10)
"""


def test_a_line_of_a_gigabyte_is_passed_over_in_little_memory(tmp_path: Path) -> None:
    log = tmp_path / "a.jsonl"
    gigabyte = 1 << 30
    with log.open("wb") as file:
        file.write(line(chat(1)))
        start = file.tell()
        file.write(b'{"id": "')
        file.seek(gigabyte, os.SEEK_CUR)  # a hole: zero bytes that take no space
        file.write(b'"}\n')
        file.write(line(chat(2)))
    told = subprocess.run(
        [sys.executable, "-c", _RSS, str(log), str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(told.stdout) < 400  # MB, of which Python and its packages take half
    assert len(stored(tmp_path)) == 2
    [row] = rejected(tmp_path)
    assert (row.reason, row.offset, row.row) == ("too_long", start, 2)


def test_a_file_that_changes_or_goes_while_it_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = tmp_path / "logs"
    for name in "abc":
        write(logs / f"{name}.jsonl", [chat(ord(name))])

    def change(standing: object) -> None:
        raise AssertionError

    cut = sources._cut

    def cutting(path: Path, *rest: Any) -> Any:
        if path.name == "b.jsonl":
            path.unlink()
        if path.name == "c.jsonl":
            with path.open("ab") as file:
                file.write(line(chat(1)))
        return cut(path, *rest)

    monkeypatch.setattr(sources, "_cut", cutting)
    record = take(tmp_path, logs)
    monkeypatch.undo()
    _, gone, grown = record.sources
    assert gone.rejected == {"unreadable": 1}
    assert grown.flagged["source_changed"] == 1
    assert take(tmp_path, logs).conversations == record.conversations == 3


def test_a_full_disk_stops_it_and_the_same_command_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = write(tmp_path / "a.jsonl", [chat(number) for number in range(5_000)])
    place = folder(tmp_path)
    closed = tables.TableWriter.close

    def full(self: tables.TableWriter) -> None:
        if self.path == place.part(1):
            with self._disk():
                raise OSError(errno.ENOSPC, "No space left on device")
        closed(self)

    monkeypatch.setattr(tables.TableWriter, "close", full)
    with pytest.raises(StoreError, match="disk is full"):
        ingest(place, b"k" * 32, [log], part_rows=1_000)
    assert place.read().status == "running"
    assert [part.name for part in place.parts()] == ["part-00000.parquet"]
    monkeypatch.undo()
    record = ingest(place, b"k" * 32, [log], part_rows=1_000)
    assert (record.status, record.conversations) == ("complete", 5_000)
    other = folder(tmp_path, "other")
    ingest(other, b"k" * 32, [log], part_rows=1_000)
    assert [one.read_bytes() for one in place.parts()] == [
        one.read_bytes() for one in other.parts()
    ]


def test_two_processes_do_not_work_on_one_import(tmp_path: Path) -> None:
    log = write(tmp_path / "a.jsonl", [chat(1)])
    with (
        folder(tmp_path).lock(),
        pytest.raises(StoreError, match="another process is working on this import"),
    ):
        take(tmp_path, log)


def test_numbers_and_depths_that_only_the_slow_reader_takes(tmp_path: Path) -> None:
    call = b'{"function": {"name": "f", "arguments": {"n": %s, "x": NaN}}}'
    row = b'{"messages": [{"role": "assistant", "content": "caf\xe9", "tool_calls": [%s]}]}\n'
    numbers = (b"1" + b"0" * 30, b"9" * 400, b"9" * 5_000, b"[" * 300 + b"]" * 300)
    log = tmp_path / "a.jsonl"
    log.write_bytes(b"".join(row % (call % number) for number in numbers))
    record = take(tmp_path, log)
    assert record.sources[0].rows == len(numbers)
    assert record.conversations >= 3


def test_hostile_names_and_numbers(tmp_path: Path) -> None:
    row = {
        "id": "../../etc/passwd",
        "model": "<script>alert(1)</script>",
        "input_tokens": 10**400,
        "messages": [
            {"role": "user", "content": "Is it?"},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {
                        "function": {
                            "name": "f",
                            "arguments": {"n": 10**30, "card": 5500005555555559},
                        }
                    }
                ],
            },
        ],
    }
    record = take(tmp_path, write(tmp_path / "a.jsonl", [row]))
    assert record.conversations == 1
    [found] = stored(tmp_path)
    assert "5500005555555559" not in str(found)
    assert found.input_tokens is None
    assert isinstance(found, Transcript)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    data=st.lists(
        st.binary(max_size=80)
        | st.builds(
            line,
            st.dictionaries(
                st.sampled_from(
                    ["id", "messages", "conversations", "timestamp", "prompt", "response"]
                ),
                st.text()
                | st.integers()
                | st.lists(st.fixed_dictionaries({"role": st.just("user"), "content": st.text()})),
            ),
        ),
        max_size=8,
    ).map(b"\n".join)
)
def test_any_file_ends_in_counts_that_add_up(data: bytes, tmp_path_factory: Any) -> None:
    place = tmp_path_factory.mktemp("any")
    (place / "a.jsonl").write_bytes(data)
    take(place, place / "a.jsonl")


def test_the_first_row_of_each_reason_is_told_as_it_is_stored(tmp_path: Path) -> None:
    ghost = {"from": "ghost of ann@example.org", "value": "x"}
    rows = [{"conversations": [ghost]}, {"conversations": [ghost]}, 5, chat(1), 6]
    write(tmp_path / "a.jsonl", rows)
    write(tmp_path / "b.jsonl", [7, chat(2)])
    record = take(tmp_path, tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    told = [(Path(each.source).name, each.row, each.reason) for each in record.first_rejected]
    assert told == [
        ("a.jsonl", 1, "unknown_role"),
        ("a.jsonl", 3, "not_an_object"),
        ("b.jsonl", 1, "not_an_object"),
    ]
    assert "ann@example.org" not in record.first_rejected[0].detail
    assert set(record.first_rejected) <= set(rejected(tmp_path))
    assert folder(tmp_path).read() == record


def test_details_cannot_steer_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = {"from": "x\x1b[2J\nImport a: 9 conversations.", "value": "x"}
    record = take(tmp_path, write(tmp_path / "a.jsonl", [{"conversations": [said]}]))
    hostile = msgspec.structs.replace(
        record.first_rejected[0],
        source="/logs/\x1b[1mb.jsonl",
        detail="one\n\x1b[2Jtwo\u202e",
    )
    _tell_rejected(msgspec.structs.replace(record, first_rejected=(hostile,)))
    told = capsys.readouterr().err
    assert "one \\x1b[2Jtwo\\x202e (unknown_role)" in told
    assert "\x1b" not in told
    assert len(told.splitlines()) == 2


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    table = tmp_path / "semi.csv"
    table.write_text("id;prompt;reply;user\n1;Hi there;Yes;a\n2;Now;No;b\n")
    detail = "the file is refused as a whole: no column 'nosuch'; there are id, prompt, reply, user"
    wrong: list[dict[str, Any]] = [
        {"mapping": {"prompt": "nosuch", "reply": "reply"}},
        {"mapping": {"prompt": "nosuch", "reply": "reply"}, "format": "chat"},
        {"mapping": {"prompt": "prompt", "reply": "nosuch"}},
        {"mapping": {"account": "nosuch"}},
        {"mapping": {"id": "id", "role": "nosuch", "content": "prompt"}},
    ]
    for number, options in enumerate(wrong):
        record = take(tmp_path, table, name=f"wrong-{number}", **options)
        [row] = record.first_rejected
        assert (row.reason, row.row, row.detail) == ("unknown_column", 0, detail)
        assert record.conversations == 0
        assert record.sources[0].rows == 1
    right = take(tmp_path, table, name="right", mapping={"account": "user"})
    assert right.with_account == right.conversations == 2


def test_a_column_of_which_rows_hold_nothing_is_no_missing_one(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("prompt,reply,user\nOne?,Yes.,\nTwo?,No.,ann\n")
    record = take(tmp_path, tmp_path / "a.csv", mapping={"account": "user"})
    assert (record.conversations, record.with_account) == (2, 1)
    assert record.sources[0].flagged == {"account_missing": 1, "date_missing": 2}
    rows = [chat(1), chat(2, meta={"who": "ann"}), chat(3, meta=None)]
    log = write(tmp_path / "a.jsonl", rows)
    record = take(tmp_path, log, name="json", mapping={"account": "meta.who"})
    assert record.sources[0].flagged == {"account_missing": 2}
    record = take(tmp_path, log, name="typo", mapping={"account": "mta.who"})
    assert record.sources[0].flagged == {"account_missing": 3}
    record = take(tmp_path, log, name="needed", mapping={"messages": "conversation.list"})
    assert "no column 'conversation.list'; there are id, " in record.first_rejected[0].detail


def test_a_format_that_the_rows_are_not_of_is_flagged(tmp_path: Path) -> None:
    asked = [{"role": "user", "content": "Is it late?"}, {"role": "assistant", "content": "No."}]
    log = write(tmp_path / "a.jsonl", [{"id": "1", "messages": asked, "timestamp": 1_772_359_200}])
    record = take(tmp_path, log, format="anthropic")
    assert record.sources[0].flagged == {"looks_like_chat": 1}
    assert not take(tmp_path, log, name="chat", format="chat").sources[0].flagged
    call = {"request": {"messages": asked[:1]}, "response": {"content": "No.", "id": "r"}}
    log = write(tmp_path / "b.jsonl", [{**call, "timestamp": 1_772_359_200}])
    record = take(tmp_path, log, name="call", format="anthropic")
    assert record.sources[0].flagged == {}
    assert record.conversations == 1


def test_a_table_that_is_called_a_log_of_json_is_told_apart(tmp_path: Path) -> None:
    table = "prompt,reply\nHi,Yo\nHo,Ya\n"
    (tmp_path / "a.jsonl").write_text(table)
    [row] = take(tmp_path, tmp_path / "a.jsonl").first_rejected
    assert row.reason == "not_json"
    assert row.detail.endswith("it is no JSON, but looks like a table; name it .csv or .tsv")
    (tmp_path / "a.csv").write_text(table)
    assert take(tmp_path, tmp_path / "a.csv", name="named").conversations == 2
    (tmp_path / "b.txt").write_text("Some words, and more.\nThen others.\n")
    record = take(tmp_path, tmp_path / "b.txt", name="prose")
    assert record.sources[0].rejected == {"not_json": 2}


def test_a_file_that_was_refused_stays_so_after_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = write(tmp_path / "a.jsonl", [{"colour": "green"}, {"colour": "blue"}])

    def killed(keeper: Any, step: Any) -> None:
        keeper.commit()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("assay.usage.ingest._end", killed)
        with pytest.raises(KeyboardInterrupt):
            take(tmp_path, log)
    record = take(tmp_path, log)
    assert record.sources[0].rejected == {"unknown_format": 1}
    assert "there are colour" in record.first_rejected[0].detail
