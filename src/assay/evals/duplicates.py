"""Samples that say nearly the same, found without comparing each with each (MinHash and bands).

Broder, "On the resemblance and containment of documents" (1997); banding as in Leskovec,
Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3.
"""

from __future__ import annotations

import random
import re
import unicodedata
import zlib
from dataclasses import dataclass
from functools import cache
from typing import Any

NEARLY_SAME = 0.85
"""The share of 5-letter pieces (Jaccard) from which two texts count as nearly the same."""

MOST_TEXTS = 20_000
"""Texts that are compared; further ones are not."""

_PIECE = 5
_ROWS, _BANDS = 4, 16
_LONGEST = 2_000
_NOT_WORD = re.compile(r"[\W_]+")
_SHIFT = 32


@dataclass(frozen=True)
class Twin:
    """An earlier text that a text resembles. ``similarity`` is 1 where they are equal."""

    row: int
    similarity: float


class NearDuplicates:
    """Takes texts one at a time and tells which earlier one each resembles.

    The first 20,000 texts are compared, in about 4 kB of memory each.
    """

    def __init__(self) -> None:
        self._equal: dict[str, int] = {}
        self._buckets: dict[int, tuple[int, int]] = {}
        self._seen: list[tuple[int, frozenset[str], str]] = []

    @property
    def full(self) -> bool:
        """Whether further texts are no longer compared."""
        return len(self._seen) >= MOST_TEXTS

    def find(self, row: int, text: str, families: frozenset[str]) -> Twin | None:
        """The first earlier text of another family that this one resembles.

        Args:
            row: what the text is called.
            text: the text; its first and last 1,000 characters count.
            families: texts that share a family may resemble each other.
        """
        if self.full:
            return None
        plain = _plain(text)
        index = len(self._seen)
        self._seen.append((row, families, plain))
        same = self._equal.setdefault(plain, index)
        others = self._candidates(index, plain) if same == index else [same]
        for other in others:
            earlier_row, kin, earlier = self._seen[other]
            if kin & families:
                continue
            similarity = _jaccard(plain, earlier)
            if similarity >= NEARLY_SAME:
                return Twin(earlier_row, similarity)
        return None

    def _candidates(self, index: int, plain: str) -> list[int]:
        """Of each bucket its first text and its last: so the work stays linear."""
        found: dict[int, None] = {}
        for key in _bands(plain):
            bucket = self._buckets.get(key)
            if bucket is not None:
                found.update(dict.fromkeys(bucket))
            self._buckets[key] = (bucket[0] if bucket else index, index)
        return list(found)


def _plain(text: str) -> str:
    if len(text) > _LONGEST:
        text = text[: _LONGEST // 2] + text[-_LONGEST // 2 :]
    text = unicodedata.normalize("NFKC", text).casefold()
    return _NOT_WORD.sub(" ", text).strip()


def _pieces(plain: str) -> set[str]:
    last = max(len(plain) - _PIECE + 1, 1)
    return {plain[start : start + _PIECE] for start in range(last)}


def _jaccard(one: str, other: str) -> float:
    a, b = _pieces(one), _pieces(other)
    return len(a & b) / len(a | b)


def _bands(plain: str) -> list[int]:
    import numpy as np

    hashes = np.array([zlib.crc32(piece.encode()) for piece in _pieces(plain)], dtype=np.uint64)
    mixed = (hashes[:, None] * _factors()) >> np.uint64(_SHIFT)  # multiply-shift, modulo 2**64
    least = mixed.min(axis=0).reshape(_BANDS, _ROWS)
    return [hash((number, band.tobytes())) for number, band in enumerate(least)]


@cache
def _factors() -> Any:
    """One odd 64-bit number for each hash function."""
    import numpy as np

    chance = random.Random(20240229)
    return np.array([chance.getrandbits(64) | 1 for _ in range(_ROWS * _BANDS)], dtype=np.uint64)
