"""Which words and phrases a group shares: counted by principal, kept only where enough use them.

A principal counts once for a phrase, however often it is said: whoever talks most does not name the
group, and what fewer than k principals said is not even kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assay.usage.mapping.words import BREAK

LONGEST_PHRASE = 5
_MOST_TERMS = 250  # kept of each length of phrase together, those that most use


@dataclass(frozen=True)
class Terms:
    """A group's words and phrases.

    Attributes:
        grams: word numbers, a row a phrase, filled up with 0.
        uses: how many principals use it.
        keys: a number for each phrase, by which groups are compared.
        principals: how many principals were counted.
    """

    grams: NDArray[np.int32]
    uses: NDArray[np.int64]
    keys: NDArray[np.uint64]
    principals: int


def terms_of(
    words: NDArray[np.int32], of: NDArray[np.int64], whose: NDArray[np.int32], k: int
) -> Terms:
    """The words and phrases of some conversations that at least ``k`` principals use.

    Args:
        words: of all the conversations, one after another.
        of: which conversation each word is from.
        whose: the principal of each conversation.
        k: the least principals.
    """
    people, person = np.unique(whose, return_inverse=True)
    who = person[of].astype(np.int64)
    place = np.flatnonzero(words != BREAK)
    known, uses, local = _shared(words[place].astype(np.int64), who[place], len(people), k)
    at = np.full(len(words) + LONGEST_PHRASE, -1, dtype=np.int64)  # the kept word at each place
    at[place] = local
    grams = [_row(known[:, None])]
    counts = [uses]
    ends, shorter = at[: len(words)].copy(), np.arange(len(known))[:, None]
    for length in range(2, LONGEST_PHRASE + 1):
        following = at[length - 1 : len(words) + length - 1]
        place = np.flatnonzero((ends >= 0) & (following >= 0))
        if not len(place):
            break
        both = ends[place] * len(known) + following[place]
        pairs, uses, local = _shared(both, who[place], len(people), k)
        ends = np.full(len(words), -1, dtype=np.int64)
        ends[place] = local
        shorter = np.column_stack([shorter[pairs // len(known)], pairs % len(known)])
        grams.append(_row(known[shorter]))
        counts.append(uses)
    return _kept(np.concatenate(grams), np.concatenate(counts), len(people))


def _shared(
    terms: NDArray[np.int64], who: NDArray[np.int64], people: int, k: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Terms that ``k`` people use; how many do; and the place of each term among them, or -1."""
    distinct, where = np.unique(terms, return_inverse=True)
    pairs = np.unique(where * people + who)
    uses = np.bincount(pairs // people, minlength=len(distinct))
    enough = uses >= k
    number = np.where(enough, np.cumsum(enough) - 1, -1)
    return distinct[enough], uses[enough], number[where]


def _row(grams: NDArray[np.int64]) -> NDArray[np.int32]:
    filled = np.zeros((len(grams), LONGEST_PHRASE), dtype=np.int32)
    filled[:, : grams.shape[1]] = grams
    return filled


def _kept(grams: NDArray[np.int32], uses: NDArray[np.int64], people: int) -> Terms:
    """The terms that most use, words before phrases where the others are alike."""
    order = np.argsort(-uses, kind="stable")[:_MOST_TERMS]
    return Terms(grams[order], uses[order], keys_of(grams[order]), people)


def keys_of(grams: NDArray[np.int32]) -> NDArray[np.uint64]:
    """A number for each phrase; two phrases share one with a chance of about 2**-64."""
    key = np.zeros(len(grams), dtype=np.uint64)
    for column in grams.T:
        key = (key ^ column.astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        key ^= key >> np.uint64(29)
    return key


def uses_in(tables: Sequence[Terms], keys: NDArray[np.uint64]) -> NDArray[np.int64]:
    """How many principals of some groups use each phrase, each group counted for itself."""
    found = np.zeros(len(keys), dtype=np.int64)
    order = np.argsort(keys)
    for table in tables:
        at = np.searchsorted(keys[order], table.keys)
        at = np.minimum(at, max(len(keys) - 1, 0))
        hit = keys[order][at] == table.keys if len(keys) else np.zeros(len(at), dtype=bool)
        found[order[at[hit]]] += table.uses[hit]
    return found


def word_shares(own: Terms) -> NDArray[np.float64]:
    """The share of a group's principals that use each word of its phrases, in their shape.

    Of a word that was not kept by itself, the share that uses the phrase: it can be no less.
    """
    alone = np.flatnonzero(own.grams[:, 1] == 0)
    alone = alone[np.argsort(own.grams[alone, 0])]
    words = own.grams[alone, 0]
    uses = np.broadcast_to(own.uses[:, None], own.grams.shape)
    if len(words):
        at = np.minimum(np.searchsorted(words, own.grams), len(words) - 1)
        uses = np.where(words[at] == own.grams, own.uses[alone][at], uses)
    return np.asarray(uses / own.principals)
