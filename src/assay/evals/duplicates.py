"""Samples that say nearly the same, found without comparing each with each (MinHash and bands).

Broder, "On the resemblance and containment of documents" (1997); banding as in Leskovec,
Rajaraman and Ullman, "Mining of Massive Datasets", chapter 3.
"""

from __future__ import annotations

import random
import re
import unicodedata
from array import array
from collections.abc import Callable, Iterator
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
_ENOUGH = 45  # of 64 least hashes: 3 standard deviations below what 0.85 gives
_AT_ONCE = 100_000
_BASE = 0x9E3779B97F4A7C15


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


@dataclass(frozen=True)
class Alike:
    """Two texts that say nearly the same, by their numbers in the order of adding."""

    first: int
    second: int
    similarity: float


class NearPairs:
    """Holds many texts, of several evals, and tells which resemble each other, all at once.

    A text takes its own length and 256 bytes. The work grows with their number as sorting does:
    within a bucket each text is compared with the first and with the one before only, so of a
    crowd of copies each is paired with some others, not with every other.
    """

    def __init__(self) -> None:
        self._texts: list[str] = []
        self._least = array("I")

    def __len__(self) -> int:
        return len(self._texts)

    def add(self, text: str) -> int:
        """Take a text; its first and last 1,000 characters count. Gives its number."""
        import numpy as np

        plain = _plain(text)
        self._least.frombytes(_least(plain).astype(np.uint32).tobytes())
        self._texts.append(plain)
        return len(self._texts) - 1

    def pairs(self, kin: Callable[[int, int], bool]) -> Iterator[Alike]:
        """Pairs that are nearly the same. ``kin`` tells of two numbers that they may be."""
        import numpy as np

        least = np.frombuffer(self._least, dtype=np.uint32).reshape(-1, _BANDS, _ROWS)
        likely = [np.empty((0, 2), dtype=np.int64)]
        for band in range(_BANDS):
            keys = np.zeros(len(least), dtype=np.uint64)
            for row in range(_ROWS):
                keys = (keys ^ least[:, band, row]) * np.uint64(_BASE)
            _, bucket = np.unique(keys, return_inverse=True)
            order = np.argsort(bucket, kind="stable")
            ranked = bucket[order]
            again = np.flatnonzero(ranked[1:] == ranked[:-1]) + 1
            first = order[np.searchsorted(ranked, ranked[again])]
            both = np.concatenate(
                [np.stack([first, order[again]], 1), np.stack([order[again - 1], order[again]], 1)]
            )
            for part in np.array_split(both, len(both) // _AT_ONCE + 1):
                agree = (least[part[:, 0]] == least[part[:, 1]]).sum(axis=(1, 2))
                likely.append(part[agree >= _ENOUGH])
        held, pieces = -1, set[str]()  # pairs come in the order of their first text
        for one, other in np.unique(np.concatenate(likely), axis=0).tolist():
            if not kin(one, other):
                if one != held:
                    held, pieces = one, _pieces(self._texts[one])
                others = _pieces(self._texts[other])
                shared = len(pieces & others)
                similarity = shared / (len(pieces) + len(others) - shared)
                if similarity >= NEARLY_SAME:
                    yield Alike(one, other, similarity)


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
    return [hash((number, band.tobytes())) for number, band in enumerate(_least(plain))]


def _least(plain: str) -> Any:
    """The least hash of the text's pieces by each hash function, shape (bands, rows)."""
    import numpy as np

    letters = np.frombuffer(plain.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    last = max(len(letters) - _PIECE + 1, 1)
    hashes = np.zeros(last, dtype=np.uint64)
    for place in range(min(_PIECE, len(letters))):  # a polynomial, modulo 2**64
        hashes = hashes * np.uint64(_BASE) + letters[place : place + last].astype(np.uint64)
    mixed = (hashes[:, None] * _factors()) >> np.uint64(_SHIFT)  # multiply-shift, modulo 2**64
    return mixed.min(axis=0).reshape(_BANDS, _ROWS)


@cache
def _factors() -> Any:
    """One odd 64-bit number for each hash function."""
    import numpy as np

    chance = random.Random(20240229)
    return np.array([chance.getrandbits(64) | 1 for _ in range(_ROWS * _BANDS)], dtype=np.uint64)
