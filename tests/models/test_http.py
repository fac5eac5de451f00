"""Every way in which a server can fail, over a real socket, and the error that it becomes."""

from __future__ import annotations

import asyncio
import gzip
import logging
import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from assay import errors
from assay.models import Model, ModelSettings, Secret, open_model
from assay.models.http import LARGEST_REPLY
from assay.records import Message, Request
from tests.support import fault_server as fault
from tests.support.fault_server import FaultServer

KEY = "sk-test-0123456789abcdefghijklmnop"
HELLO = Request((Message("user", "hello"),))
BOTH = pytest.mark.parametrize("provider", ["openai", "anthropic"])


def model_at(server: FaultServer, provider: str = "openai", timeout: float = 5.0) -> Model:
    settings = ModelSettings(base_url=server.url, api_key=Secret(KEY), timeout=timeout)
    return open_model(f"{provider}/any", settings)


async def failure(model: Model) -> errors.ModelError:
    """The error that one request ends in."""
    try:
        with pytest.raises(errors.ModelError) as caught:
            await model.generate(HELLO)
    finally:
        await model.close()
    return caught.value


def body_of(**choice: object) -> bytes:
    return fault.completion("x", **choice)


FAULTS = [
    (fault.status(401), errors.AuthenticationError),
    (fault.status(403), errors.AuthenticationError),
    (fault.status(404), errors.RequestRejectedError),
    (fault.status(400), errors.RequestRejectedError),
    (fault.status(429), errors.RateLimitError),
    (fault.status(500), errors.ServerError),
    (fault.status(502, b"<html>bad gateway"), errors.ServerError),
    (fault.status(503), errors.OverloadedError),
    (fault.status(529), errors.OverloadedError),
    (fault.status(204, b""), errors.MalformedReplyError),
    (fault.reset(), errors.ModelConnectionError),
    (fault.reset_midway(), errors.MalformedReplyError),
    (fault.not_http(), errors.MalformedReplyError),
    (fault.body(b""), errors.MalformedReplyError),
    (fault.body(b"{"), errors.MalformedReplyError),
    (fault.body(b"not json"), errors.MalformedReplyError),
    (fault.body(b"[" * 100_000), errors.MalformedReplyError),
    (fault.body(b"\xff\xfe"), errors.MalformedReplyError),
    (fault.body(b"null"), errors.MalformedReplyError),
    (fault.body(b"{}"), errors.MalformedReplyError),
    (fault.body(b'{"choices": []}'), errors.MalformedReplyError),
    (fault.body(b'{"choices": null}'), errors.MalformedReplyError),
    (fault.body(b'{"choices": [{}]}'), errors.MalformedReplyError),
    (fault.body(b'{"content": "no list"}'), errors.MalformedReplyError),
    (fault.body(b'{"choices": NaN, "content": NaN}'), errors.MalformedReplyError),
    (fault.body(b"<html>hello</html>", "text/html"), errors.MalformedReplyError),
    (fault.body(body_of(), "text/event-stream"), errors.MalformedReplyError),
    (fault.body(b"oops", content_encoding="gzip"), errors.MalformedReplyError),
    (fault.redirect("http://127.0.0.1:9/elsewhere"), errors.RequestRejectedError),
]


@BOTH
@pytest.mark.parametrize(("behaviour", "kind"), FAULTS)
async def test_each_fault_has_its_error(
    provider: str, behaviour: fault.Behaviour, kind: type[Exception]
) -> None:
    with FaultServer(behaviour) as server:
        error = await failure(model_at(server, provider))
    assert type(error) is kind
    assert str(error).startswith(f"{provider}/any: ")
    assert KEY not in str(error)


@BOTH
async def test_a_nan_within_a_reply_is_malformed(provider: str) -> None:
    bad = b'{"choices": [{"message": {"content": "a"}, "logprobs": {"content": [{"token": "a",'
    bad += b' "logprob": NaN}]}}], "content": [], "usage": {"input_tokens": NaN}}'
    with FaultServer(fault.body(bad)) as server:
        assert type(await failure(model_at(server, provider))) is errors.MalformedReplyError


async def test_retry_after_in_seconds_as_a_date_and_not_at_all() -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    turns = [fault.status(429, retry_after="2.5"), fault.status(429, retry_after=date)]
    with FaultServer(fault.in_turn(*turns, fault.status(429))) as server:
        model = model_at(server)
        waits = []
        for _ in range(3):
            error = await failure(model)
            assert isinstance(error, errors.RateLimitError)
            waits.append(error.retry_after)
    assert waits[0] == 2.5
    assert waits[1] == pytest.approx(60, abs=5)
    assert waits[2] is None


@pytest.mark.parametrize("behaviour", [fault.hang(), fault.drip(0.05)])
async def test_a_server_that_hangs_or_drips_meets_the_deadline(behaviour: fault.Behaviour) -> None:
    with FaultServer(behaviour) as server:
        start = time.perf_counter()
        error = await failure(model_at(server, timeout=0.5))
        took = time.perf_counter() - start
    assert type(error) is errors.ModelTimeoutError
    assert took == pytest.approx(0.5, abs=0.4)


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_huge_body_is_not_read(chunked: bool) -> None:
    with FaultServer(fault.huge(200, chunked=chunked)) as server:
        tracemalloc.start()
        error = await failure(model_at(server, timeout=30))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert type(error) is errors.MalformedReplyError
    assert "32 MiB" in str(error)
    assert peak < 3 * LARGEST_REPLY


async def test_a_small_body_that_unpacks_to_a_huge_one_is_not_unpacked() -> None:
    bomb = gzip.compress(b" " * 200 * 2**20, 1)
    with FaultServer(fault.body(bomb, content_encoding="gzip")) as server:
        assert "32 MiB" in str(await failure(model_at(server, timeout=30)))


async def test_a_huge_fault_is_quoted_in_300_characters() -> None:
    with FaultServer(fault.status(500, b"\x1b[2J" + b"x" * 10_000_000)) as server:
        error = await failure(model_at(server))
    assert type(error) is errors.ServerError
    assert len(str(error)) < 400
    assert str(error).isprintable()


async def test_no_server_at_all() -> None:
    with FaultServer(fault.reply()) as server:
        pass
    error = await failure(model_at(server))
    assert type(error) is errors.ModelConnectionError
    assert f"127.0.0.1:{server.port}" in str(error)


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_a_redirect_to_another_host_is_not_followed(code: int) -> None:
    with FaultServer(fault.reply()) as other:
        elsewhere = f"http://localhost:{other.port}/v1/chat/completions"
        with FaultServer(fault.redirect(elsewhere, code)) as server:
            error = await failure(model_at(server))
    assert "redirect" in str(error)
    assert other.seen == []


@BOTH
@pytest.mark.parametrize("code", [200, 400, 401, 429, 500])
async def test_a_server_that_echoes_the_key_does_not_get_it_into_errors_or_logs(
    provider: str, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), FaultServer(fault.echo_headers(code)) as server:
        model = model_at(server, provider)
        error = await failure(model)
        assert KEY in str(server.seen[0].headers)
    shown = [str(error), repr(error), repr(error.__cause__), repr(error.__context__), caplog.text]
    shown += [repr(model), str(model.details), repr(vars(error))]
    assert not any(KEY[i : i + 8] in each for each in shown for i in range(len(KEY) - 7))


async def test_a_reply_that_holds_the_key_loses_it() -> None:
    with FaultServer(fault.reply(f"Your key is {KEY}!")) as server:
        model = model_at(server)
        assert (await model.generate(HELLO)).text == "Your key is [key]!"
        await model.close()


async def test_connections_are_kept_and_capped() -> None:
    with FaultServer(fault.reply(latency=0.05)) as server:
        settings = ModelSettings(base_url=server.url, connections=3)
        model = open_model("openai/any", settings)
        await asyncio.gather(*(model.generate(HELLO) for _ in range(12)))
        await model.close()
    assert server.most_in_flight == 3
    assert server.counts.total() == 12


async def test_a_cancelled_request_leaves_the_model_usable() -> None:
    with FaultServer(fault.in_turn(fault.hang(), fault.reply("back"))) as server:
        model = model_at(server)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await model.generate(HELLO)
        assert (await model.generate(HELLO)).text == "back"
        await model.close()


async def test_cookies_and_proxies_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with FaultServer(fault.status(500, set_cookie="a=b")) as server:
        model = model_at(server)
        await failure(model)
        await failure(model)
    assert "cookie" not in server.seen[1].headers
