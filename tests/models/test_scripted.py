from __future__ import annotations

import time
from pathlib import Path

import pytest

from assay.errors import NotFoundError, RateLimitError, RequestRejectedError
from assay.models import Scripted, open_model
from assay.records import Message, Reply, Request


def asked(text: str) -> Request:
    return Request((Message("user", text),))


async def test_lines_come_in_turn_and_the_last_one_stays() -> None:
    model = Scripted(["one", RateLimitError("wait"), Reply("two", output_tokens=9)])
    assert (await model.generate(asked("a b"))).text == "one"
    with pytest.raises(RateLimitError):
        await model.generate(asked("b"))
    for _ in range(3):
        assert (await model.generate(asked("c"))).output_tokens == 9
    assert model.calls == 5
    assert model.requests[0] == asked("a b")


async def test_lines_by_the_last_message() -> None:
    model = Scripted({"a": "1", "": "else"})
    assert (await model.generate(asked("a"))).text == "1"
    assert (await model.generate(asked("z"))).text == "else"
    with pytest.raises(RequestRejectedError, match="no line for 'z'"):
        await Scripted({"a": "1"}).generate(asked("z"))


async def test_a_function_and_a_latency() -> None:
    model = Scripted(lambda request: request.messages[0].content.upper(), latency=0.05)
    start = time.perf_counter()
    reply = await model.generate(asked("two words"))
    assert time.perf_counter() - start >= 0.045
    assert (reply.text, reply.input_tokens, reply.output_tokens) == ("TWO WORDS", 2, 2)


@pytest.mark.parametrize(
    ("name", "said"),
    [("echo", "hello"), ("refuse", "can't help"), ("comply", "Sure"), ("silent", "")],
)
async def test_named_scripts(name: str, said: str) -> None:
    model = open_model(f"scripted/{name}")
    assert said in (await model.generate(asked("hello"))).text
    assert model.name == f"scripted/{name}"
    await model.close()


async def test_a_script_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "s.jsonl"
    file.write_text('{"input": "a", "reply": "1"}\n{"input": "", "reply": "else"}\n')
    model = open_model(f"scripted/{file}")
    assert (await model.generate(asked("a"))).text == "1"
    assert (await model.generate(asked("b"))).text == "else"


@pytest.mark.parametrize("content", [None, b"{", b'{"input": 1}\n', b"\xff"])
def test_scripts_that_are_none(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "s.jsonl"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(NotFoundError, match=r"s\.jsonl"):
        open_model(f"scripted/{file}")


def test_an_unknown_script_lists_the_known() -> None:
    with pytest.raises(NotFoundError, match="echo, refuse, comply, silent"):
        open_model("scripted/nothing")
