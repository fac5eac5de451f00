"""Tells which drafts repeat what members of a group wrote: five words on end, or nearly all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from assay.evals.duplicates import NearPairs

RUN = 5
"""So many words on end that a member wrote are too many."""

_MOST = 20_000  # members whose near copies are looked for; runs of words are looked for in all
_WORD = re.compile(r"\w+")
_UNPARTED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")


def repeated(drafts: Sequence[str], members: Iterable[str]) -> set[int]:
    """Places of the drafts that overlap with a member's text. Members are read once, in a stream.

    Memory holds the drafts' runs of words, and the members' near copies only as hashes.
    """
    runs: dict[str, set[int]] = {}
    for place, draft in enumerate(drafts):
        for run in runs_of(draft):
            runs.setdefault(run, set()).add(place)
    near = NearPairs()
    for draft in drafts:
        near.add(draft)
    found: set[int] = set()
    for text in members:
        for run in runs_of(text):
            found |= runs.get(run, set())
        if len(near) < _MOST:
            near.add(text)
    for pair in near.pairs(lambda one, other: min(one, other) >= len(drafts)):
        first, second = sorted((pair.first, pair.second))
        if first < len(drafts) <= second:
            found.add(first)
    return found


def alike(drafts: Sequence[str]) -> set[int]:
    """Places of the drafts that say nearly what an earlier one says."""
    near = NearPairs()
    for draft in drafts:
        near.add(draft)
    return {max(pair.first, pair.second) for pair in near.pairs(lambda one, other: False)}


def runs_of(text: str) -> Iterator[str]:
    """Every run of five words, whatever their case and punctuation.

    Scripts that put no blanks between words count by letters, ten on end.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    words = []
    for word in _WORD.findall(plain):
        words += list(word) if _UNPARTED.search(word) else [word]
    size = RUN if not _UNPARTED.search(plain) else 2 * RUN
    for start in range(len(words) - size + 1):
        yield " ".join(words[start : start + size])
