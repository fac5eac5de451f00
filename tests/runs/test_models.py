"""How assay.toml says that models, and embedders, are reached."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.embeddings import open_embedder
from assay.errors import AuthenticationError
from assay.runs import load_settings
from assay.runs.models import reach
from tests.embeddings.conftest import unit, vectors
from tests.support.fault_server import FaultServer


def test_an_embedder_is_reached_as_a_chat_model_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "openai/BAAI/bge-m3"
    with FaultServer(vectors(latency=0.02)) as server:
        (tmp_path / "assay.toml").write_text(
            f'[models."{name}"]\nbase_url = "{server.url}"\napi_key_env = "THE_KEY"\n'
            "connections = 2\ntimeout = 7\n"
        )
        settings = load_settings(tmp_path / "assay.toml")
        monkeypatch.delenv("THE_KEY", raising=False)
        with pytest.raises(AuthenticationError, match="THE_KEY"):
            reach(name, settings)
        monkeypatch.setenv("THE_KEY", "a-key-of-some-length")
        embedder = open_embedder(name, reach(name, settings))
        found = embedder.embed([f"text {i}" for i in range(400)])
        embedder.close()
    assert np.allclose(found[399], unit("text 399"), atol=1e-6)
    assert server.most_in_flight == 2
    assert server.seen[0].headers["authorization"] == "Bearer a-key-of-some-length"
    assert server.seen[0].json["model"] == "BAAI/bge-m3"


def test_one_that_assay_toml_does_not_name_gets_the_defaults(tmp_path: Path) -> None:
    found = reach("static", load_settings(tmp_path / "assay.toml"))
    assert (found.base_url, found.api_key, found.timeout) == (None, None, 120.0)
