"""The small local model's weights for tests: fetched once into the user's cache."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from assay.errors import AssayError
from assay.models.weights import add


def smollm2() -> Path:
    """The GGUF file. Where it cannot be had the test is left out, or fails where ``CI=true``."""
    try:
        import xllamacpp  # noqa: F401

        return add("smollm2-135m")
    except (AssayError, ImportError) as error:
        reason = f"the local model is not to be had: {error}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
