import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import DefinitionError, NotFoundError
from assay.formats import read_jsonl
from assay.records import Message, ToolCall, Transcript
from tests.formats.examples import TRANSCRIPTS

MESSAGES = [{"role": "user", "content": "Hi"}]


def lines_of(path: Path, *lines: object) -> Path:
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return path


def test_lines_become_transcripts(tmp_path: Path) -> None:
    path = lines_of(
        tmp_path / "chats.jsonl",
        {"messages": MESSAGES},
        {"id": 17, "messages": MESSAGES, "model": "m", "account_id": "a", "mood": {"good": 1}},
        {"transcript_id": "t", "id": "kept", "messages": []},
    )
    assert list(read_jsonl(path)) == [
        Transcript("chats-1", (Message("user", "Hi"),), message_count=1),
        Transcript(
            "17",
            (Message("user", "Hi"),),
            message_count=1,
            model="m",
            account_id="a",
            sample_metadata={"mood": {"good": 1}},
        ),
        Transcript("t", message_count=0, sample_metadata={"id": "kept"}),
    ]


def test_blank_lines_and_a_mark_of_byte_order_are_passed_over(tmp_path: Path) -> None:
    line = json.dumps({"id": "a", "messages": MESSAGES})
    (tmp_path / "a.jsonl").write_bytes(b"\xef\xbb\xbf" + line.encode() + b"\r\n\r\n  \n")
    assert [each.transcript_id for each in read_jsonl(tmp_path / "a.jsonl")] == ["a"]


def test_openais_tool_calls_are_kept(tmp_path: Path) -> None:
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    messages = [{"role": "assistant", "content": None, "tool_calls": [call]}]
    [transcript] = read_jsonl(lines_of(tmp_path / "a.jsonl", {"messages": messages}))
    assert transcript.messages == (Message("assistant", "", (ToolCall("c", "f", {"a": 1}),)),)


def test_our_own_transcripts_are_read_back(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(msgspec.json.encode(each) for each in TRANSCRIPTS[:2]))
    counted = [
        msgspec.structs.replace(each, message_count=len(each.messages)) for each in TRANSCRIPTS[:2]
    ]
    assert [msgspec.structs.replace(each) for each in read_jsonl(path)] == counted


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"messages": ', "row 2: "),
        ("[]", "row 2: Expected `object`, got `array`"),
        ('{"text": "Hi"}', "row 2: there is no field messages"),
        ('{"messages": "Hi"}', "row 2: messages: "),
        ('{"messages": [{"role": "pope", "content": ""}]}', "message 1: the role 'pope'"),
        ('{"messages": [], "task_repeat": "one"}', "row 2: task_repeat: "),
        ('{"messages": [], "polarity": "odd"}', "row 2: polarity: "),
        ('{"messages": [], "model": [1]}', "row 2: model: "),
        ('{"messages": ' + "[" * 100_000, "row 2: the JSON nests too deeply"),
    ],
)
def test_the_first_line_at_fault_is_named(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"messages": []}\n' + line + "\n")
    with pytest.raises(DefinitionError) as caught:
        list(read_jsonl(path))
    assert message in str(caught.value)
    assert "a.jsonl" in str(caught.value)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b'{"messages": [{"role": "user", "content": "\xff"}]}')
    with pytest.raises(DefinitionError, match="row 1"):
        list(read_jsonl(tmp_path / "a.jsonl"))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        list(read_jsonl(tmp_path / "no.jsonl"))


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace"))
)
def test_any_bytes_give_transcripts_or_an_error_of_ours(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "a.jsonl"
    path.write_bytes(data)
    try:
        found = list(read_jsonl(path))
    except DefinitionError as error:
        row = error.problems[0].row
    else:
        row, blank = None, not data.removeprefix(b"\xef\xbb\xbf").strip()
        assert blank or found
    assert row is None or 1 <= row <= data.count(b"\n") + 1
