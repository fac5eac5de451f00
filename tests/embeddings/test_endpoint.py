"""Against real servers on a loopback socket: one that misbehaves as told, and llama.cpp's own."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay import errors
from assay.embeddings import Cached, open_embedder
from assay.embeddings.endpoint import LONGEST, Endpoint
from assay.models import ModelSettings
from assay.models.patience import Patience
from tests.embeddings.conftest import unit, vectors
from tests.support.fault_server import (
    Behaviour,
    FaultServer,
    Seen,
    body,
    chosen,
    echo_headers,
    hang,
    in_turn,
    not_http,
    reset,
    reset_midway,
    status,
)
from tests.support.local_weights import smollm2

QUICK = Patience(tries=4, first_pause=0.01)
KEY = "sk-test-0123456789abcdefghij"


_opened: list[Endpoint] = []


@pytest.fixture(autouse=True)
def _all_are_closed() -> Iterator[None]:
    yield
    while _opened:
        _opened.pop().close()


def endpoint(server: FaultServer, **more: Any) -> Endpoint:
    settings = ModelSettings(base_url=server.url, **{"timeout": 20.0, **more})
    _opened.append(Endpoint("any", settings, QUICK))
    return _opened[-1]


def told(*data: Any) -> Behaviour:
    """A reply of these vectors, numbered in order."""
    rows = [{"index": i, "embedding": each} for i, each in enumerate(data)]
    return body(json.dumps({"data": rows}).encode())


@pytest.mark.parametrize("backwards", [False, True])
def test_each_text_gets_its_vector_whatever_the_order(backwards: bool) -> None:
    texts = [f"text {i}" for i in range(1000)]
    with FaultServer(vectors(backwards=backwards)) as server:
        embedder = endpoint(server)
        found = embedder.embed(texts)
        embedder.close()
    assert np.allclose(found, [unit(text) for text in texts], atol=1e-6)
    assert len(server.seen) == 16
    asked = server.seen[0].json
    assert (asked["model"], asked["encoding_format"]) == ("any", "float")


def test_several_requests_are_under_way_and_never_more_than_allowed() -> None:
    texts = [f"text {i}" for i in range(64 * 12)]
    with FaultServer(vectors(latency=0.1)) as server:
        endpoint(server).embed(texts)
        assert 2 < server.most_in_flight <= 8
        server.most_in_flight = 0
        endpoint(server, connections=1).embed(texts[:300])
        assert server.most_in_flight == 1


def test_blank_texts_are_not_sent() -> None:
    with FaultServer(vectors()) as server:
        found = endpoint(server).embed(["", "one", " \n", "\ud800 two"])
        assert [bool(row.any()) for row in found] == [False, True, False, True]
        assert [seen.json["input"] for seen in server.seen] == [["one", "\ufffd\ufffd\ufffd two"]]


def test_the_number_of_dimensions_is_asked_for_once() -> None:
    with FaultServer(vectors(12)) as server:
        embedder = endpoint(server)
        assert embedder.dimensions == 12
        assert embedder.dimensions == 12
        assert embedder.embed([]).shape == (0, 12)
        assert embedder.embed([""]).shape == (1, 12)
        assert len(server.seen) == 1


def test_it_can_be_called_within_a_running_loop() -> None:
    async def within(server: FaultServer) -> np.ndarray:
        return endpoint(server).embed(["one"])

    with FaultServer(vectors()) as server:
        assert np.allclose(asyncio.run(within(server))[0], unit("one"), atol=1e-6)


@pytest.mark.parametrize(
    "fault",
    [status(500), status(503), status(429, retry_after="0.1"), status(408), reset(),
     reset_midway(), not_http(), body(b"{"), told([1.0, 2.0])],
)  # fmt: skip
def test_faults_that_pass_are_waited_out(fault: Behaviour) -> None:
    with FaultServer(in_turn(fault, fault, vectors())) as server:
        found = endpoint(server, connections=1).embed(["one", "two", "three"])
    assert np.allclose(found, [unit("one"), unit("two"), unit("three")], atol=1e-6)
    assert len(server.seen) == 3


@pytest.mark.parametrize(
    ("fault", "kind", "said"),
    [
        (told([1.0, 2.0]), errors.MalformedReplyError, "it has 1 vectors for 2 texts"),
        (told([1.0], [1.0], [1.0]), errors.MalformedReplyError, "it has 3 vectors for 2 texts"),
        (told([1.0, 2.0], [1.0]), errors.MalformedReplyError, r"hold \[1, 2\] numbers"),
        (told([], []), errors.MalformedReplyError, r"hold \[0\] numbers"),
        (told([1.0], [1e300]), errors.MalformedReplyError, "holds what is no number"),
        (told([1.0], [float("nan")]), errors.MalformedReplyError, "cannot be read"),
        (told([1.0], [None]), errors.MalformedReplyError, "cannot be read"),
        (told([1.0], "AAAA"), errors.MalformedReplyError, "cannot be read"),
        (body(b'{"data": [{"index": 1, "embedding": [1]}, {"index": 1, "embedding": [1]}]}'),
         errors.MalformedReplyError, "not numbered from 0 on"),
        (body(b'{"object": "list"}'), errors.MalformedReplyError, "cannot be read"),
        (body(b"<html>", "text/html"), errors.MalformedReplyError, "not JSON"),
        (status(401), errors.AuthenticationError, "Check the key"),
        (status(404), errors.RequestRejectedError, "model's name and the base URL"),
        (status(429, b'{"error": {"code": "insufficient_quota"}}'),
         errors.RequestRejectedError, "quota is used up"),
        (status(500), errors.ServerError, "500"),
        (status(429), errors.RateLimitError, "429"),
        (reset(), errors.ModelConnectionError, "connection failed"),
    ],
)  # fmt: skip
def test_faults_that_stay_are_clear_errors(
    fault: Behaviour, kind: type[Exception], said: str
) -> None:
    with FaultServer(fault) as server, pytest.raises(kind, match=said) as caught:
        endpoint(server).embed(["one", "two"])
    assert str(caught.value).startswith("openai/any: ")


def test_a_reply_that_never_comes_times_out() -> None:
    with FaultServer(hang()) as server, pytest.raises(errors.ModelTimeoutError):
        endpoint(server, timeout=0.1).embed(["one"])


def test_vectors_that_change_their_length_midway_are_an_error() -> None:
    small = chosen(lambda seen: vectors(8 if "text 0" in seen.json["input"] else 9))
    with (
        FaultServer(small) as server,
        pytest.raises(errors.MalformedReplyError, match=r"hold \[9\] numbers, not 8"),
    ):
        endpoint(server, connections=1).embed([f"text {i}" for i in range(100)])


def test_no_error_repeats_the_key() -> None:
    with FaultServer(echo_headers(400)) as server:
        with pytest.raises(errors.RequestRejectedError) as caught:
            endpoint(server, api_key=KEY).embed(["one"])
        assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"
    assert KEY not in str(caught.value)
    assert "0123456789" not in str(caught.value)


def test_what_is_too_long_for_the_model_is_halved_and_the_rest_stays_whole() -> None:
    def choose(seen: Seen) -> Behaviour:
        longest = max(map(len, seen.json["input"]))
        too_long = status(400, b'{"error": {"code": "context_length_exceeded"}}')
        return too_long if longest > 1000 else vectors()

    text = "word " * 600
    with FaultServer(chosen(choose)) as server:
        found = endpoint(server).embed(["one", text, "three"])
    assert np.allclose(found, [unit("one"), unit(text[:750]), unit("three")], atol=1e-6)


def test_a_huge_text_is_cut_before_it_is_sent() -> None:
    with FaultServer(vectors()) as server:
        endpoint(server).embed(["word " * 200_000, "short"])
        assert [len(text) for text in server.seen[0].json["input"]] == [LONGEST, 5]


def failing_after(requests: int) -> Behaviour:
    """Good for so many requests, and out of quota from then on."""
    quota = status(429, b'{"error": {"code": "insufficient_quota"}}')
    return in_turn(*[vectors(latency=0.02)] * requests, quota)


def test_an_endpoint_that_fails_midway_is_not_paid_twice(tmp_path: Path) -> None:
    texts = [f"text {i}" for i in range(64 * 20)]
    with FaultServer(failing_after(7)) as server:
        embedder = Cached(endpoint(server), tmp_path)
        with pytest.raises(errors.RequestRejectedError, match="quota"):
            embedder.embed(texts)
        assert len(server.seen) <= 7 + 8  # those under way, and no new ones
        server.behaviour = vectors()
        server.seen.clear()
        again = Cached(endpoint(server), tmp_path)
        found = again.embed(texts)
        asked = [text for seen in server.seen for text in seen.json["input"]]
    assert len(asked) == len(set(asked)) == len(texts) - 7 * 64
    assert np.allclose(found, [unit(text) for text in texts], atol=1e-3)


def test_an_interruption_stops_the_requests() -> None:
    def keep(rows: object, vectors: object) -> None:
        raise KeyboardInterrupt

    with FaultServer(vectors(latency=0.05)) as server:
        embedder = endpoint(server)
        with pytest.raises(KeyboardInterrupt):
            embedder.embed([f"text {i}" for i in range(64 * 100)], keep)
        time.sleep(0.3)
        assert len(server.seen) < 30
        assert embedder.embed(["one"]).any()
        embedder.close()
        embedder.close()


@pytest.fixture(scope="module")
def llama() -> Iterator[str]:
    """llama.cpp's own server with SmolLM2, which embeds; its base URL."""
    weights = smollm2()
    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path = str(weights)
    settings.verbosity, settings.n_ctx, settings.n_parallel = -1, 1024, 1
    settings.embedding = True
    settings.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
    settings.api_keys = [KEY]
    settings.warmup = settings.ui = False
    server = xllamacpp.Server(settings)
    yield f"{server.listening_address}/v1"
    del server


def test_a_real_server_embeds(llama: str) -> None:
    embedder = open_embedder("openai/smollm2", ModelSettings(base_url=llama, api_key=KEY))
    texts = ["A kitten on a rug.", "A cat on a carpet.", "", "The stock market fell.", "go " * 3000]
    found = embedder.embed(texts)
    embedder.close()
    assert found.shape == (5, 576)
    assert [bool(row.any()) for row in found] == [True, True, False, True, True]
    cosines = found @ found.T
    assert cosines[0, 1] > cosines[0, 3]


def test_a_real_server_wants_its_key(llama: str) -> None:
    embedder = open_embedder("openai/smollm2", ModelSettings(base_url=llama, api_key="wrong-key"))
    with pytest.raises(errors.AuthenticationError):
        embedder.embed(["one"])
    embedder.close()
