from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from assay.errors import (
    MalformedReplyError,
    ModelConnectionError,
    ModelTimeoutError,
    NotFoundError,
    RateLimitError,
    RequestRejectedError,
)
from assay.models import ModelSettings, open_model
from assay.models.python import PythonModel
from assay.records import Message, Parameters, Reply, Request

HELLO = Request((Message("user", "hello"),), Parameters(max_tokens=5, temperature=0))


async def echo(messages: list[dict[str, Any]], parameters: dict[str, Any]) -> str:
    return f"{messages[-1]['role']}: {messages[-1]['content']} {sorted(parameters)}"


async def whole(messages: list[dict[str, Any]], parameters: dict[str, Any]) -> Reply:
    return Reply("whole", input_tokens=3)


async def number(messages: list[dict[str, Any]], parameters: dict[str, Any]) -> Any:
    return 42


async def crash(messages: list[dict[str, Any]], parameters: dict[str, Any]) -> str:
    return str({}["missing"])


async def limited(messages: list[dict[str, Any]], parameters: dict[str, Any]) -> str:
    raise RateLimitError("slow down", retry_after=3)


async def lost(messages: list[dict[str, Any]], parameters: dict[str, Any]) -> str:
    raise ConnectionResetError("gone")


async def slow(messages: list[dict[str, Any]], parameters: dict[str, Any]) -> str:
    await asyncio.sleep(60)
    return ""


def not_async(messages: list[dict[str, Any]], parameters: dict[str, Any]) -> str:
    return "text"


async def test_text_and_whole_replies() -> None:
    reply = await PythonModel("python/here:echo", echo).generate(HELLO)
    assert reply.text == "user: hello ['max_tokens', 'temperature']"
    assert 0 < reply.latency < 5
    reply = await PythonModel("python/here:whole", whole).generate(HELLO)
    assert (reply.text, reply.input_tokens) == ("whole", 3)


async def test_a_module_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", [*__import__("sys").path])
    source = "async def answer(messages, parameters):\n    return 'from here'\n"
    (tmp_path / "my_own_model.py").write_text(source)
    model = open_model("python/my_own_model:answer")
    assert (await model.generate(HELLO)).text == "from here"
    assert len(model.details["source_sha256"]) == 64


async def test_a_crash_names_its_last_line() -> None:
    with pytest.raises(RequestRejectedError, match=r"KeyError: 'missing'.*test_python\.py, line"):
        await PythonModel("python/here:crash", crash).generate(HELLO)


async def test_errors_keep_their_kind() -> None:
    with pytest.raises(RateLimitError):
        await PythonModel("python/x:y", limited).generate(HELLO)
    with pytest.raises(ModelConnectionError):
        await PythonModel("python/x:y", lost).generate(HELLO)
    with pytest.raises(ModelTimeoutError):
        await PythonModel("python/x:y", slow, timeout=0.05).generate(HELLO)
    with pytest.raises(MalformedReplyError, match="int"):
        await PythonModel("python/x:y", number).generate(HELLO)
    with pytest.raises(RequestRejectedError, match="await"):
        await PythonModel("python/x:y", not_async).generate(HELLO)


@pytest.mark.parametrize("name", ["nowhere:f", "json", "json:nothing", "json:", ":f", "math:pi"])
def test_what_cannot_be_loaded(name: str) -> None:
    with pytest.raises(NotFoundError):
        open_model(f"python/{name}", ModelSettings())


async def test_a_cancelled_call_is_cancelled() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await PythonModel("python/x:y", slow).generate(HELLO)
