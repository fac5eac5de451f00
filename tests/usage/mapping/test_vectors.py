"""Vectors are compared within their languages, where several are written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from assay.usage.mapping.usual import OTHERS
from assay.usage.mapping.vectors import RAW, VECTORS, compare_within_languages

ENGLISH, GERMAN = 1, 2
TOPICS = np.eye(8)[:3]
TONGUES = np.eye(8)[5:]


def compared(
    folder: Path, raw: NDArray[np.float64], languages: NDArray[np.int32]
) -> NDArray[np.float32]:
    np.save(folder / RAW, raw.astype(np.float16))
    compare_within_languages(folder, languages)
    assert not (folder / RAW).exists()
    return np.asarray(np.load(folder / VECTORS), dtype=np.float32)


def made(languages: NDArray[np.int32]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Vectors that are of a language first and of a topic second; and their topics."""
    topics = np.arange(len(languages)) % 3
    raw = 3 * TONGUES[languages] + TOPICS[topics]
    return raw / np.linalg.norm(raw, axis=1, keepdims=True), topics


def test_where_one_language_is_written_nothing_changes(tmp_path: Path) -> None:
    languages = np.array([ENGLISH] * 400 + [GERMAN] * 49 + [OTHERS] * 200, dtype=np.int32)
    raw, _ = made(languages)
    assert np.array_equal(compared(tmp_path, raw, languages), raw.astype(np.float16))


def test_where_several_are_written_conversations_are_near_by_what_they_say(
    tmp_path: Path,
) -> None:
    languages = np.array([ENGLISH] * 3000 + [GERMAN] * 600, dtype=np.int32)
    raw, topics = made(languages)
    german, english = 3000, np.arange(3)
    before = raw[english] @ raw[german]
    after = compared(tmp_path, raw, languages)
    assert np.linalg.norm(after, axis=1) == pytest.approx(np.ones(3600), abs=2e-3)
    near = after[english] @ after[german]
    assert near[topics[german]] > 0.85
    assert max(np.delete(near, topics[german])) < 0
    assert np.ptp(before) < 0.2  # as given, all topics of another language were as far away


def test_what_says_nothing_stays_nothing_and_what_all_say_stays_itself(tmp_path: Path) -> None:
    languages = np.array([ENGLISH] * 300 + [GERMAN] * 300, dtype=np.int32)
    raw, _ = made(languages)
    raw[300:] = raw[300]
    raw[[0, 599]] = 0
    after = compared(tmp_path, raw, languages)
    assert not after[[0, 599]].any()
    assert after[300:599] @ raw[300] == pytest.approx(np.ones(299), abs=2e-3)
