"""Without the optional packages: what is missing, and how to get it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from assay.embeddings import open_embedder
from assay.errors import MissingPackageError


@pytest.mark.parametrize(
    ("name", "package"),
    [("minilm", "onnxruntime"), ("minilm", "tokenizers"), ("static", "tokenizers")],
)
def test_a_missing_package_is_named(
    name: str, package: str, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingPackageError, match=rf"{package}.*assay\[usage\]"):
        open_embedder(name)
