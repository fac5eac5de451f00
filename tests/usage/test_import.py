"""Logs become transcripts: each row once, redacted, who acted as hashes, and counts that add up."""

from __future__ import annotations

import bz2
import gzip
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import xlsxwriter
import zstandard

from assay import api
from assay.errors import AssayError, DefinitionError, NotFoundError
from assay.records import Message, RawRow, Transcript
from assay.store.tables import read_rows, write_rows
from assay.usage.ingest import ingest
from tests.formats import usage_examples as ex
from tests.formats.test_inspect_log import log_of, sample
from tests.usage.logs import chat, folder, rejected, stored, take, texts, write


def test_a_log_becomes_transcripts(tmp_path: Path) -> None:
    log = write(tmp_path / "chats.jsonl", [ex.OPENAI, ex.OPENAI_TOOLS, ex.OPENAI_BATCH])
    record = take(tmp_path, log)
    assert record.status == "complete"
    [source] = record.sources
    assert (source.format, source.rows, source.added) == ("openai", 3, 2)
    assert source.rejected == {"conflicting_id": 1}  # the batch's reply has the first one's id
    spoon, rain = stored(tmp_path)
    assert spoon.messages == (
        Message("system", "Be brief."),
        Message("user", ex.ASKED),
        Message("assistant", ex.REPLY),
    )
    assert (spoon.date, spoon.model, spoon.source_type, spoon.source_uri) == (
        "2026-03-01T10:00:00+00:00",
        "gpt-x-2026",
        "usage",
        "chats.jsonl",
    )
    assert (spoon.message_count, spoon.total_tokens, spoon.language) == (3, 29, "en")
    assert rain.messages[1].tool_calls[0].arguments == {"city": "Oslo"}
    assert rain.messages[2].tool_call_id == rain.messages[1].tool_calls[0].id


def test_the_same_again_adds_nothing(tmp_path: Path) -> None:
    log = write(tmp_path / "chats.jsonl", [chat(number) for number in range(20)])
    first = take(tmp_path, log)
    again = take(tmp_path, log)
    assert again.sources == first.sources
    others = {
        "other.jsonl": log.read_bytes(),
        "packed.jsonl.gz": gzip.compress(log.read_bytes()),
        "packed.jsonl.bz2": bz2.compress(log.read_bytes()),
        "packed.jsonl.zst": zstandard.compress(log.read_bytes()),
        "list.json": json.dumps([chat(number) for number in range(20)], indent=2).encode(),
    }
    for name, data in others.items():
        (tmp_path / name).write_bytes(data)
        record = take(tmp_path, tmp_path / name)
        assert (record.sources[-1].added, record.sources[-1].duplicates) == (0, 20)
    assert len(stored(tmp_path)) == 20
    assert len(folder(tmp_path).parts()) == 1


def test_a_file_that_has_grown_adds_what_is_new(tmp_path: Path) -> None:
    log = write(tmp_path / "chats.jsonl", [chat(1), chat(2)])
    take(tmp_path, log)
    with log.open("a") as file:
        file.write(json.dumps(chat(3)) + "\n")
    record = take(tmp_path, log)
    assert [(each.added, each.duplicates) for each in record.sources] == [(2, 0), (1, 2)]


def test_the_same_words_by_another_or_at_another_time_are_another_conversation(
    tmp_path: Path,
) -> None:
    rows = [
        {**ex.PAIR},
        {**ex.PAIR},
        {**ex.PAIR, "user_id": "ben"},
        {**ex.PAIR, "date": "2026-03-02"},
    ]
    record = take(tmp_path, write(tmp_path / "a.jsonl", rows))
    assert (record.sources[0].added, record.sources[0].duplicates) == (3, 1)


def test_one_id_with_other_words_is_rejected(tmp_path: Path) -> None:
    rows = [chat(1), {**chat(2), "id": "c1"}, chat(1)]
    record = take(tmp_path, write(tmp_path / "a.jsonl", rows))
    assert record.sources[0].rejected == {"conflicting_id": 1}
    assert record.sources[0].duplicates == 1
    [row] = rejected(tmp_path)
    assert (row.row, row.reason) == (2, "conflicting_id")
    assert row.offset == len(json.dumps(rows[0])) + 1


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_longer_versions_replace_shorter_ones(tmp_path: Path, order: tuple[int, ...]) -> None:
    rows = [chat(1, turns) for turns in order]
    record = take(tmp_path, write(tmp_path / "a.jsonl", rows))
    assert record.conversations == 1
    assert len(stored(tmp_path)[0].messages) == 6
    again = take(tmp_path, write(tmp_path / "b.jsonl", rows))
    assert again.sources[1].duplicates == 3


def test_very_long_conversations_are_told_apart(tmp_path: Path) -> None:
    rows = [chat(1, 600), chat(1, 600), {**chat(1, 601), "timestamp": 1_772_400_000}]
    record = take(tmp_path, write(tmp_path / "a.jsonl", rows))
    assert record.sources[0].duplicates == 1
    assert record.sources[0].rejected == {"conflicting_id": 1}  # 1,200 messages; not lost silently


def test_what_the_system_says_alone_is_told_apart(tmp_path: Path) -> None:
    rows = [
        {"id": "s", "messages": [{"role": "system", "content": f"You are number {number}."}]}
        for number in (1, 2, 1)
    ]
    record = take(tmp_path, write(tmp_path / "a.jsonl", rows))
    assert (record.sources[0].added, record.sources[0].duplicates) == (1, 1)
    assert record.sources[0].rejected == {"conflicting_id": 1}


def requests(account: str, turns: int, **more: Any) -> list[dict[str, Any]]:
    """The requests of one conversation: each holds what was said before."""
    rows = []
    messages: list[dict[str, str]] = [{"role": "system", "content": "It is Monday."}]
    for turn in range(turns):
        messages = [*messages, {"role": "user", "content": f"Question {turn} of {account}?"}]
        reply = {"role": "assistant", "content": f"Answer {turn}."}
        body = {"model": "gpt-x", "user": account, "messages": messages}
        response = {
            "id": f"{account}-{turn}",
            "object": "chat.completion",
            "created": 1_772_359_200 + turn,
            "choices": [{"message": reply}],
        }
        rows.append({"request": body, "response": response, **more})
        messages = [*messages, reply]
    return rows


@pytest.mark.parametrize("more", [{}, {"session_id": "s"}])
def test_the_requests_of_a_conversation_are_one(tmp_path: Path, more: dict[str, str]) -> None:
    ann, ben = requests("ann", 4, **more), requests("ben", 2, **more)
    rows = [row for pair in zip(ann, [*ben, *ben], strict=True) for row in pair]
    record = take(tmp_path, write(tmp_path / "a.jsonl", rows))
    assert record.conversations == 2
    assert sorted(len(each.messages) for each in stored(tmp_path)) == [5, 9]
    assert (record.superseded, record.sources[0].duplicates) == (4, 2)


def test_requests_without_an_account_or_a_session_are_not_joined(tmp_path: Path) -> None:
    rows = requests("ann", 3)
    for row in rows:
        del row["request"]["user"]
    assert take(tmp_path, write(tmp_path / "a.jsonl", rows)).conversations == 3


def test_who_acted_is_kept_as_hashes_only(tmp_path: Path) -> None:
    secrets = {
        "user_id": "ann.smith.1984",
        "org_id": "org-acme-secret",
        "ip": "203.0.113.77",
        "user_agent": "AcmeClient/7 (Ann)",
        "api_key": "sk-live-0123456789abcdef0123456789abcdef",
    }
    rows = [
        {**chat(1), **secrets},
        {**chat(2), **secrets, "ip": "203.0.113.77:5123"},
        {**chat(3), **secrets, "user_id": "ben"},
    ]
    take(tmp_path, write(tmp_path / "a.jsonl", rows))
    one, two, three = stored(tmp_path)
    assert one.account_id == two.account_id != three.account_id
    assert one.org_id == two.org_id == three.org_id is not None
    assert one.network_id == two.network_id is not None  # the port does not matter
    assert one.client_id == two.client_id is not None
    for file in (tmp_path / "usage").rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            for value in secrets.values():
                assert value.encode() not in content, f"{value} in {file}"
    columns = pq.read_table(folder(tmp_path).part(0)).to_pydict()
    assert not any(value in str(columns) for value in secrets.values())


def test_every_text_is_redacted(tmp_path: Path) -> None:
    mail = "ann@example.org"
    row: dict[str, Any] = {
        "id": f"chat of {mail}",
        "model": f"model for {mail}",
        "surface": mail,
        "error": f"{mail} has no quota",
        "country": mail,
        "messages": [
            {"role": "system", "content": f"You help {mail}."},
            {"role": "user", "content": f"Write to {mail}."},
            {
                "role": "assistant",
                "content": "",
                "tool_calls": [
                    {
                        "id": f"call {mail}",
                        "function": {
                            "name": "send",
                            "arguments": json.dumps({"to": [mail], f"cc {mail}": {"x": mail}}),
                        },
                    }
                ],
            },
            {"role": "tool", "tool_call_id": f"call {mail}", "content": f"Sent to {mail}."},
        ],
    }
    bad = {"id": "x", "messages": [{"role": mail, "content": "?"}]}
    record = take(tmp_path, write(tmp_path / "a.jsonl", [row, bad]))
    [found] = stored(tmp_path)
    told = f"{found} {rejected(tmp_path)}"
    assert mail not in told
    assert "[email" in told
    assert record.redacted["email"] >= 7
    call = found.messages[2].tool_calls[0]
    assert call.id == found.messages[3].tool_call_id  # links stay
    assert call.function == "send"


def test_raw_text_is_kept_only_where_the_workspace_says_so(tmp_path: Path) -> None:
    log = write(tmp_path / "a.jsonl", [ex.PAIR])
    assert not take(tmp_path, log).keeps_raw
    assert not folder(tmp_path).raw_folder.exists()
    (tmp_path / "assay.toml").write_text("[usage]\nkeep_raw = true\nretention_days = 30\n")
    record = take(tmp_path, log, name="kept")
    assert (record.keeps_raw, record.retention_days) == (True, 30)
    [raw] = read_rows(folder(tmp_path, "kept").raw_part(0), RawRow)
    [found] = stored(tmp_path, "kept")
    assert raw.transcript_id == found.transcript_id
    assert raw.messages == (Message("user", ex.ASKED), Message("assistant", ex.REPLY))
    (tmp_path / "assay.toml").write_text("[usage]\nkeep_raw = true\n")
    with pytest.raises(DefinitionError, match="retention_days"):
        take(tmp_path, log, name="other")


def test_dates_that_cannot_be_right_are_counted(tmp_path: Path) -> None:
    dates = [0, "2100-01-01T00:00:00Z", "2026-03-01 10:00:00", None, 1_772_359_200_000]
    rows = [{**chat(number), "timestamp": date} for number, date in enumerate(dates)]
    record = take(tmp_path, write(tmp_path / "a.jsonl", rows))
    assert record.sources[0].flagged == {
        "date_in_future": 1,
        "date_missing": 1,
        "date_too_early": 1,
        "date_without_zone": 1,
    }
    moment = "2026-03-01T10:00:00+00:00"
    assert [each.date for each in stored(tmp_path)] == [None, None, moment, None, moment]


def test_tables(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "frage;antwort;wer;wann\n"
        "Wie schnitzt man einen L\u00f6ffel?;Mit einem Messer.;ann;2026-03-01T10:00:00Z\n"
        "Zu wenige Zellen\n",
        encoding="utf-8",
    )
    mapping = {"prompt": "frage", "reply": "antwort", "account": "wer", "date": "wann"}
    record = take(tmp_path, tmp_path / "a.csv", mapping=mapping)
    assert record.sources[0].rejected == {"bad_table": 1}
    [found] = stored(tmp_path)
    assert found.messages[1].content == "Mit einem Messer."
    assert (found.date, found.language) == ("2026-03-01T10:00:00+00:00", "de")
    assert found.account_id is not None
    with gzip.open(tmp_path / "b.csv.gz", "wb") as file:
        file.write((tmp_path / "a.csv").read_bytes())
    again = take(tmp_path, tmp_path / "b.csv.gz", mapping=mapping)
    assert again.sources[-1].duplicates == 1
    assert not list(folder(tmp_path).path.glob("source.*"))


def test_a_table_with_a_message_in_each_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "chat,who,said\n1,user,Hello there.\n1,assistant,Good day.\n2,user,Anybody here?\n"
    )
    mapping = {"id": "chat", "role": "who", "content": "said"}
    record = take(tmp_path, tmp_path / "a.csv", mapping=mapping)
    assert record.sources[0].rows == 2
    assert texts(tmp_path) == [["Hello there.", "Good day."], ["Anybody here?"]]


def test_parquet_of_a_data_set(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist([ex.WILDCHAT, ex.WILDCHAT]), tmp_path / "w.parquet")
    record = take(tmp_path, tmp_path / "w.parquet")
    assert (record.sources[0].added, record.sources[0].duplicates) == (1, 1)
    [found] = stored(tmp_path)
    assert found.date == "2023-04-09T00:02:53+00:00"
    assert found.sample_metadata == {"turn": 1, "toxic": False, "country": "Norway"}


def test_scout_and_inspect(tmp_path: Path) -> None:
    rows = [
        Transcript(
            transcript_id="t1",
            messages=(Message("user", ex.ASKED), Message("assistant", ex.REPLY)),
            date="2026-03-01T10:00:00Z",
            account_id="ann",
            model="m",
        )
    ]
    write_rows(tmp_path / "scout.parquet", Transcript, rows)
    record = take(tmp_path, tmp_path / "scout.parquet")
    assert record.sources[0].format == "transcripts"
    [found] = stored(tmp_path)
    assert found.messages == rows[0].messages
    assert found.account_id not in (None, "ann")
    log_of(tmp_path / "log.eval", sample(), sample(id="s2", messages=[{"role": "elf"}]))
    record = take(tmp_path, tmp_path / "log.eval", name="eval")
    assert record.sources[0].rejected == {"damaged": 1}
    assert texts(tmp_path, "eval") == [["Hi", "Hello"]]


def test_folders_and_patterns(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    write(logs / "a" / "one.jsonl", [chat(1)])
    write(logs / "two.jsonl", [ex.ANTHROPIC])
    write(logs / ".hidden.jsonl", [chat(2)])
    (logs / "README.md").write_text("# Logs\n")
    (logs / "other.json").write_text('{"colour": "green"}')
    (logs / "empty.jsonl").write_text("")
    record = take(tmp_path, logs)
    told = {Path(each.uri).name: (each.format, each.rows, each.added) for each in record.sources}
    assert told == {
        "one.jsonl": ("chat", 1, 1),
        "two.jsonl": ("anthropic", 1, 1),
        "README.md": ("chat", 1, 0),
        "other.json": ("unknown", 1, 0),
        "empty.jsonl": ("empty", 0, 0),
    }
    assert {row.reason for row in rejected(tmp_path)} == {"not_json", "unknown_format"}
    assert take(tmp_path, Path(f"{logs}/**/*.jsonl"), name="other").conversations == 2


def test_otel_files(tmp_path: Path) -> None:
    rows = list(ex.OTEL.values())
    record = take(tmp_path, write(tmp_path / "spans.jsonl", rows))
    assert record.sources[0].format == "otel"
    assert record.conversations + record.sources[0].duplicates == len(rows)
    (tmp_path / "one.json").write_text(json.dumps(ex.OTEL_PRESENT, indent=2))
    assert take(tmp_path, tmp_path / "one.json", name="one").conversations == 1


def test_other_processes_give_the_same_rows(tmp_path: Path) -> None:
    rows: list[Any] = [chat(number, 1 + number % 3, user_id="ann") for number in range(3_000)]
    rows[17] = "no object"
    log = write(tmp_path / "a.jsonl", rows)
    found = []
    for children in (0, 2):
        place = folder(tmp_path, f"with-{children}")
        record = ingest(place, b"k" * 32, [log], children=children, part_rows=900)
        assert record.sources[0].added == 2_999
        assert len(place.parts()) == 3
        found.append([part.read_bytes() for part in place.parts()])
    assert found[0] == found[1]


def test_the_name_is_made_from_the_first_source(tmp_path: Path) -> None:
    log = write(tmp_path / "My Chats, 2026.jsonl.gz", [])
    log.write_bytes(gzip.compress(json.dumps(chat(1)).encode()))
    assert api.import_usage([log], workspace=tmp_path).name == "my-chats-2026"


def test_what_cannot_be_asked_for(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no such file"):
        take(tmp_path, tmp_path / "nothing.jsonl")
    log = write(tmp_path / "a.jsonl", [chat(1)])
    with pytest.raises(NotFoundError, match="cannot be called"):
        take(tmp_path, log, name="../out")
    with pytest.raises(NotFoundError, match="no format"):
        take(tmp_path, log, format="x")


def test_another_secret_gives_other_hashes(tmp_path: Path) -> None:
    log = write(tmp_path / "a.jsonl", [chat(1, user_id="ann")])
    take(tmp_path, log)
    other = tmp_path / "other"
    other.mkdir()
    take(other, log)
    [one], [two] = stored(tmp_path), stored(other)
    assert one.account_id != two.account_id
    assert one.transcript_id != two.transcript_id
    shutil.rmtree(other)


def test_sql_sees_each_conversation_in_its_last_version(tmp_path: Path) -> None:
    question = "select import, count(*), max(message_count) from usage group by import order by 1"
    assert api.sql(question, why="a drill", workspace=tmp_path)[1] == []
    take(tmp_path, write(tmp_path / "a.jsonl", [chat(1), chat(1, 2), chat(2)]))
    take(tmp_path, write(tmp_path / "b.jsonl", [chat(3)]), name="other")
    (tmp_path / "usage" / "other" / "raw").mkdir()
    _, rows = api.sql(question, why="a drill", workspace=tmp_path)
    assert rows == [("logs", 2, 4), ("other", 1, 2)]


def test_sql_reads_usage_only_for_a_reason_and_writes_it_down(tmp_path: Path) -> None:
    take(tmp_path, write(tmp_path / "a.jsonl", [chat(1)]))
    (part,) = folder(tmp_path).parts()
    for source in ("usage", "usage_scores", f"read_parquet('{part}')", f"'{part}'"):
        with pytest.raises(AssayError, match="--why"):
            api.sql(f"select * from {source}", workspace=tmp_path)
    assert api.usage_looks(workspace=tmp_path) == []
    with pytest.raises(AssayError, match="failed"):  # what failed was asked for, too
        api.sql("select nonsense from usage", why="case 17", workspace=tmp_path)
    assert api.sql("select count(*) from usage", why="case 17", workspace=tmp_path)[1] == [(1,)]
    first, second = api.usage_looks(workspace=tmp_path)
    assert (first.what, first.subject) == ("sql", "select nonsense from usage")
    assert (second.subject, second.why) == ("select count(*) from usage", "case 17")


def test_the_command(tmp_path: Path) -> None:
    log = write(tmp_path / "a.jsonl", [chat(1), {"id": "c1", "conversations": []}])

    def assay(*told: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "assay", "usage", "import", *told],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )

    said = assay(log.name)
    assert said.returncode == 0
    assert "a.jsonl" in said.stdout
    assert "no_messages 1" in said.stdout
    assert "Import a: 1 conversation." in said.stderr
    why = "Rejected: a.jsonl, row 2: there is neither a list of messages nor a prompt (no_messages)"
    assert why in said.stderr
    assert "usage/a/rejected.parquet" in said.stderr
    told = assay(log.name, "--json", "--name", "other", "--map", "account=id")
    record = json.loads(told.stdout)
    assert record["with_account"] == 1
    assert [(each["row"], each["reason"]) for each in record["first_rejected"]] == [
        (2, "no_messages")
    ]
    wrong = assay(log.name, "--map", "account")
    assert wrong.returncode == 1
    assert "FIELD=COLUMN" in wrong.stderr
    empty = assay(write(tmp_path / "b.jsonl", [1, 2]).name)
    assert empty.returncode == 2


def test_workbooks(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        for number, row in enumerate([("prompt", "response"), (ex.ASKED, ex.REPLY)]):
            sheet.write_row(number, 0, row)
    take(tmp_path, tmp_path / "a.xlsx")
    assert texts(tmp_path) == [[ex.ASKED, ex.REPLY]]
    (tmp_path / "b.table").write_bytes((tmp_path / "a.xlsx").read_bytes())  # its content tells
    assert take(tmp_path, tmp_path / "b.table").sources[-1].duplicates == 1


def test_what_imports_made_is_not_imported(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", [chat(1)])
    take(tmp_path, tmp_path)
    record = take(tmp_path, tmp_path)
    assert [Path(source.uri).name for source in record.sources] == ["a.jsonl"]
    with pytest.raises(NotFoundError, match="no file in it"):
        take(tmp_path, tmp_path / "usage")


def test_a_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotFoundError, match="Write it to a file first"):
        take(tmp_path, tmp_path / "pipe")
