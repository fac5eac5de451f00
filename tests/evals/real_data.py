"""Where the real data lies that some tests read: beside the project, or where a variable says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.conftest import REAL_DATA

DATA = Path(os.environ.get("ASSAY_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")


def data_file(name: str) -> Path:
    """A file of the real data; the test is skipped where it is not at hand."""
    file = DATA / name
    if not file.is_file():
        pytest.skip(f"{REAL_DATA}: {file} (set ASSAY_TEST_DATA)")
    return file
