"""The small local models' weights for tests: fetched once into the user's cache."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assay.errors import AssayError
from assay.models.weights import add


def smollm2() -> Path:
    """The small model's GGUF file, as :func:`weights_of`."""
    return weights_of("smollm2-135m")


def weights_of(name: str) -> Path:
    """A GGUF file. Where it cannot be had the test is left out, or fails where ``CI=true``."""
    return _weights("smollm2-135m", "xllamacpp")


def minilm() -> Path:
    """The ONNX file, in the same way; its tokenizer lies beside it."""
    return _weights("minilm-l6", "onnxruntime", "tokenizers")


def _weights(name: str, *packages: str) -> Path:
    try:
        for package in packages:
            __import__(package)
        return add(name)
    except (AssayError, ImportError) as error:
        reason = f"the local model is not to be had: {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
