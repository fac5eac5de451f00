"""Transcripts to score, and where the real data lies."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from assay.records import Message, Transcript


def said(reply: str, prompt: str = "A question.", **fields: Any) -> Transcript:
    """A transcript of one question and its reply."""
    messages = (Message("user", prompt), Message("assistant", reply))
    return Transcript("t1", messages, **{"stop_reason": "stop", **fields})


def data_file(name: str) -> Path:
    """A file of the real data; the test is skipped where it is not there."""
    root = Path(__file__).parents[2]
    folder = Path(os.environ.get("ASSAY_TEST_DATA") or root.parent / "shared" / "data")
    path = folder / name
    if not path.exists():
        pytest.skip(f"the real data is not there: {path} (set ASSAY_TEST_DATA to its folder)")
    return path
