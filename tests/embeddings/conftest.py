"""Fixtures of the embedders' tests: the real model, its table, and a server of vectors."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from assay.embeddings.minilm import MiniLM
from assay.embeddings.static import Static
from tests.support.fault_server import Behaviour, Seen, body
from tests.support.local_weights import minilm as minilm_weights

VARIABLES = ("OPENAI_API_KEY", "OPENAI_BASE_URL")


@pytest.fixture(autouse=True)
def _no_vendors_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def weights() -> Path:
    """MiniLM's ONNX file."""
    return minilm_weights()


@pytest.fixture(scope="session")
def minilm(weights: Path) -> Iterator[MiniLM]:
    embedder = MiniLM()
    yield embedder
    embedder.close()


@pytest.fixture(scope="session")
def static(weights: Path) -> Static:
    """The real table, in the user's cache: distilled once a machine."""
    embedder = Static()
    embedder.prepare()
    return embedder


def numbers(text: str, dimensions: int = 8) -> list[float]:
    """The vector that the test server has for a text; not of length one."""
    seed = hashlib.sha256(text.encode()).digest()
    return [byte - 127.5 for byte in seed[:dimensions]]


def unit(text: str, dimensions: int = 8) -> np.ndarray:
    vector = np.array(numbers(text, dimensions))
    return vector / np.linalg.norm(vector)


def vectors(dimensions: int = 8, *, latency: float = 0.0, backwards: bool = False) -> Behaviour:
    """A server that gives every text its vector."""

    async def behave(seen: Seen, writer: asyncio.StreamWriter) -> bool:
        assert seen.path == "/v1/embeddings"
        if latency:
            await asyncio.sleep(latency)
        data = [
            {"object": "embedding", "index": i, "embedding": numbers(text, dimensions)}
            for i, text in enumerate(seen.json["input"])
        ]
        told = {"object": "list", "data": data[::-1] if backwards else data}
        return await body(json.dumps(told).encode())(seen, writer)

    return behave
