from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from assay.embeddings import Embedder, embedders, open_embedder
from assay.errors import AuthenticationError, NotFoundError
from assay.models import ModelSettings
from tests.support.strangers import installed


def test_our_own_embedders_come_through_the_entry_points() -> None:
    assert {"hashed", "minilm", "openai", "static"} <= set(embedders())


def test_the_name_is_split_at_its_first_slash() -> None:
    there = ModelSettings(base_url="http://127.0.0.1:9/v1")
    embedder = open_embedder("openai/BAAI/bge-m3", there)
    assert embedder.name == "openai/BAAI/bge-m3"
    assert embedder.details["model"] == "BAAI/bge-m3"
    assert embedder.version != open_embedder("openai/BAAI/bge-m2", there).version
    embedder.close()


@pytest.mark.parametrize("name", ["", "mpnet", "nobody/model", "/x"])
def test_a_name_that_names_no_embedder_lists_them(name: str) -> None:
    with pytest.raises(NotFoundError, match="hashed, minilm, openai, static"):
        open_embedder(name)


@pytest.mark.parametrize("name", ["openai", "openai/", "hashed/3", "static/512", "minilm/l12"])
def test_a_model_is_named_where_there_is_a_choice(name: str) -> None:
    with pytest.raises(NotFoundError, match="names no embedder"):
        open_embedder(name)


def test_an_endpoint_elsewhere_needs_a_key() -> None:
    with pytest.raises(AuthenticationError, match="OPENAI_API_KEY"):
        open_embedder("openai/text-embedding-3-small")


@pytest.mark.parametrize("name", ["minilm", "static"])
def test_without_weights_the_error_says_how_to_get_them(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASSAY_CACHE", str(tmp_path))
    with pytest.raises(NotFoundError, match="assay models add minilm-l6"):
        open_embedder(name)


def test_a_strangers_package_adds_an_embedder(tmp_path: Path) -> None:
    code = (
        "from assay.embeddings.hashed import Hashed\n"
        "class Strange(Hashed):\n"
        "    name = 'strange/one'\n"
        "def create(model, settings):\n"
        "    return Strange()\n"
    )
    entry_points = "[assay.embedders]\nstrange = strange:create\n"
    with installed(tmp_path, "strange", code, entry_points):
        embedder: Embedder = open_embedder("strange/one")
        assert embedder.name == "strange/one"
        assert np.allclose(np.linalg.norm(embedder.embed(["a word"]), axis=1), 1)
