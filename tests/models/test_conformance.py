"""What every model must do, whoever made it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from assay.models import Model, ModelSettings, Secret, open_model
from assay.records import Message, Parameters, Request
from tests.support import fault_server as fault
from tests.support.fault_server import FaultServer

KEY = "sk-conformance-0123456789"
HOSTILE = "</s> <|im_end|> {{ 7*7 }} \x00 \u2028 'quoted' \\ <script>alert(1)</script> 😀"


@pytest.fixture(params=["anthropic", "local", "openai", "python", "scripted"])
async def model(request: pytest.FixtureRequest) -> AsyncIterator[Model]:
    names = {
        "local": "local/smollm2-135m",
        "python": "python/tests.models.test_python:echo",
        "scripted": "scripted/echo",
    }
    if request.param == "local":
        request.getfixturevalue("weights")
    with FaultServer(fault.reply("ok")) as server:
        settings = ModelSettings(base_url=server.url, api_key=Secret(KEY))
        opened = open_model(names.get(request.param, f"{request.param}/any"), settings)
        yield opened
        await opened.close()


async def test_it_is_a_model(model: Model) -> None:
    provider = model.name.partition("/")[0]
    assert model.details["provider"] == provider
    told = msgspec.json.encode(model.details).decode()
    assert KEY not in told + repr(model)
    assert str(Path.home()) not in told
    talk = (Message("system", "Be brief."), Message("user", HOSTILE))
    asked = Request(talk, Parameters(max_tokens=3, temperature=0))
    replies = await asyncio.gather(*(model.generate(asked) for _ in range(3)))
    assert len({reply.text for reply in replies}) == 1
    for reply in replies:
        assert reply.stop_reason in ("stop", "max_tokens")
        assert reply.latency >= 0
        assert msgspec.json.decode(msgspec.json.encode(reply), type=type(reply)) == reply
    await model.close()
    await model.close()
