"""Names groups by contrast with what lies nearest outside, without a model.

A word scores by how much more of a group's principals use it than of the groups beside, and than in
the whole import: each time the log of the ratio of odds, in its standard errors, with the import's
own frequencies as the prior (Monroe, Colaresi and Quinn 2008, Fightin' words, equation 16, on
principals). The first tells a group from its neighbours; the second says what all of them are
about. What is chosen would be chosen without any one principal of the group too: dropping one takes
at most one from any count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.usage.mapping.stopwords import STOPWORDS
from assay.usage.mapping.terms import Terms, uses_in
from assay.usage.mapping.words import joined

MOST_WORDS = 10
"""In a name."""
MOST_KEYWORDS = 8
NAMELESS = "Nothing that enough people say alike"
"""The name of a group in which no word is shared by enough principals."""
_PARTS = 4  # of a name
_PRIOR = 20.0  # principals that the prior weighs
_LEAST_SHARE, _WIDE_SHARE = 0.1, 0.03  # of a group's principals: of a hundred, of very many
_LEAST_LIFT = 1.5  # over the whole import
_COMMON = 0.5  # of all conversations: such words are no keywords
_LEAST_SCORE = 3.0  # standard errors above the groups beside and above the import, added up

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Named:
    """What a group is called, and the words that set it apart, best first."""

    name: str
    keywords: tuple[str, ...]


class Namer:
    """Names groups of one import.

    Args:
        vocabulary: words by number.
        frequencies: by word number, how many conversations have it.
        conversations: how many there are.
        k: the least principals behind every word and phrase.
    """

    def __init__(
        self,
        vocabulary: Sequence[str],
        frequencies: NDArray[np.int64],
        conversations: int,
        k: int,
    ) -> None:
        self._words = vocabulary
        self._rates = frequencies / max(conversations, 1)
        self._conversations = conversations
        self._k = k
        self._dull = _dull(vocabulary) | (self._rates > _COMMON)

    def name(self, own: Terms, beside: Sequence[Terms]) -> Named:
        """A name for a group by contrast with the groups beside it."""
        if not len(own.uses):
            return Named(NAMELESS, ())
        lengths = (own.grams > 0).sum(axis=1)
        usable = self._usable(own, lengths)
        stable, scores = self._stable(own, beside, usable)
        chosen = self._chosen(own, stable, scores, lengths)
        if not chosen:
            return Named(NAMELESS, ())
        alone = [each for each in stable if lengths[each] == 1 or self._unspaced(own, each)]
        keywords = self._apart(own, alone, MOST_KEYWORDS)
        return Named(
            ", ".join(self._written(own, each) for each in chosen),
            tuple(self._written(own, each) for each in keywords),
        )

    def _usable(self, own: Terms, lengths: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Enough use it, more than elsewhere, and it neither begins nor ends with a dull word."""
        first = own.grams[:, 0]
        last = own.grams[np.arange(len(own.grams)), lengths - 1]
        rates = own.uses / own.principals
        return np.asarray(
            (own.uses >= self._k)
            & (rates >= max(_WIDE_SHARE, _LEAST_SHARE * min(1, 10 / own.principals**0.5)))
            & (rates >= _LEAST_LIFT * self._prior(own))
            & ~self._dull[first]
            & ~self._dull[last]
        )

    def _prior(self, own: Terms) -> Scores:
        """The rate of a phrase in the import: that of its rarest word."""
        rates = np.where(own.grams > 0, self._rates[own.grams], np.inf)
        return np.asarray(rates.min(axis=1))

    def _stable(
        self, own: Terms, beside: Sequence[Terms], usable: NDArray[np.bool_]
    ) -> tuple[list[int], Scores]:
        """The best terms that stay among the best whoever is dropped, best first; all scores.

        A term loses at most one use with one principal; its rivals lose at least none.
        """
        near = uses_in(beside, own.keys), sum(table.principals for table in beside)
        prior = self._prior(own)
        everywhere = prior * self._conversations, self._conversations

        def score(uses: NDArray[np.int64], people: int) -> Scores:
            beyond = _score(uses, people, *everywhere, prior)
            return _score(uses, people, *near, prior) + beyond if beside else beyond

        full = score(own.uses, own.principals)
        if self._k < 2 or own.principals < 2:
            worst, rivals = full, full
        else:
            worst = score(own.uses - 1, own.principals - 1)
            rivals = score(own.uses, own.principals - 1)
            usable = usable & (own.uses > self._k)
        fair = usable & (worst >= _LEAST_SCORE)
        order = np.argsort(np.where(fair, -full, np.inf), kind="stable")[: int(fair.sum())]
        best = order[: 3 * MOST_KEYWORDS]
        others = np.setdiff1d(np.flatnonzero(usable), best)
        bar = rivals[others].max(initial=-np.inf)
        return [int(each) for each in best if worst[each] >= bar], full

    def _chosen(
        self, own: Terms, stable: list[int], scores: Scores, lengths: NDArray[np.int64]
    ) -> list[int]:
        """The parts of a name: the best phrase first, then words that add to it."""
        telling = (~self._dull[own.grams] & (own.grams > 0)).sum(axis=1)
        in_order = sorted(stable, key=lambda each: -scores[each] * telling[each])
        chosen: list[int] = []
        left = MOST_WORDS
        for each in self._apart(own, in_order, len(in_order)):
            if lengths[each] <= left and len(chosen) < _PARTS:
                chosen.append(each)
                left -= int(lengths[each])
        return chosen

    def _apart(self, own: Terms, in_order: list[int], most: int) -> list[int]:
        """Terms that do not repeat each other's words, nor their other forms."""
        taken: list[str] = []
        kept: list[int] = []
        for each in in_order:
            words = [self._words[word] for word in own.grams[each] if word]
            telling = [word for word in words if word not in STOPWORDS]
            if not any(_alike(word, other) for word in telling for other in taken):
                kept.append(each)
                taken += telling
            if len(kept) == most:
                break
        return kept

    def _unspaced(self, own: Terms, each: int) -> bool:
        return " " not in self._written(own, each)

    def _written(self, own: Terms, each: int) -> str:
        return joined([self._words[word] for word in own.grams[each] if word])


def _score(
    uses: NDArray[np.int64], people: int, there: NDArray[Any], people_there: int, prior: Scores
) -> Scores:
    """How far a term's odds here are above its odds there, in standard errors."""
    expected = np.maximum(_PRIOR * prior, 0.01)
    here = np.maximum(uses, 0) + expected
    beside = there + expected
    not_here = np.maximum(people - uses, 0) + _PRIOR - np.minimum(expected, _PRIOR - 1)
    not_beside = np.maximum(people_there - there, 0) + _PRIOR - np.minimum(expected, _PRIOR - 1)
    apart = np.log(here / not_here) - np.log(beside / not_beside)
    return np.asarray(apart / np.sqrt(1 / here + 1 / beside))


def _alike(word: str, other: str) -> bool:
    short, long = sorted((word, other), key=len)
    return short == long or (len(short) >= 4 and long.startswith(short[: max(4, len(short) - 1)]))


def _dull(vocabulary: Sequence[str]) -> NDArray[np.bool_]:
    """Which words say nothing alone: function words, single letters of alphabets, and hiragana.

    Japanese writes its endings and particles in hiragana, and most of what they join in others.
    """
    return np.array([_says_nothing(word) for word in vocabulary], dtype=bool)


def _says_nothing(word: str) -> bool:
    if len(word) == 1 and (word.isascii() or "\u3040" <= word <= "\u309f"):
        return True
    first, _, last = word.partition("'")  # don't, c'est
    return word in STOPWORDS or first in STOPWORDS or (len(first) == 1 and last in STOPWORDS)
