"""Fixtures of the models' tests: no vendor's variables, a real local model and its HTTP server."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.local_weights import smollm2

VARIABLES = ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL")


@pytest.fixture(autouse=True)
def _no_vendors_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def weights() -> Path:
    """SmolLM2's GGUF file."""
    return smollm2()


@dataclass(frozen=True)
class LlamaServer:
    """llama.cpp's own HTTP server on a loopback port, with the key that it wants."""

    origin: str
    key: str
    running: Any


@pytest.fixture(scope="session")
def llama_server(weights: Path) -> LlamaServer:
    import xllamacpp

    settings = xllamacpp.CommonParams()
    settings.model.path = str(weights)
    settings.verbosity, settings.n_ctx, settings.n_parallel = -1, 2048, 2
    settings.cpuparams.n_threads = settings.cpuparams_batch.n_threads = 1
    settings.api_keys = ["key-of-the-llama-server"]
    settings.warmup = settings.ui = False
    server = xllamacpp.Server(settings)
    return LlamaServer(server.listening_address, "key-of-the-llama-server", server)
