"""Names groups by contrast with what lies nearest outside, without a model.

A word scores by how much more of a group's principals use it than of the groups beside, and than in
the whole import: each time the log of the ratio of odds, in its standard errors, with the import's
own frequencies as the prior (Monroe, Colaresi and Quinn 2008, Fightin' words, equation 16, on
principals). The first tells a group from its neighbours; the second says what all of them are
about. What is chosen would be chosen without any one principal of the group too: dropping one takes
at most one from any count. Words that fill or judge, and weaker contrast, are for groups that have
nothing better. How usual a word is, is asked of those who write a group's languages (:mod:`usual`).

Where even all words of a name together are said by less than half of a group, the name says so
("partly"), after how the group asks, if many ask alike ("how do i").

A group of groups is named by the themes within it: the best of each group below, the largest first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.usage.mapping.stopwords import ENDINGS, PALE, PARTICLES, STOPWORDS, says_nothing
from assay.usage.mapping.terms import Terms, keys_of, uses_in, word_shares
from assay.usage.mapping.usual import Usual
from assay.usage.mapping.words import joined

MOST_WORDS = 10
"""In a name."""
MOST_KEYWORDS = 8
NAMELESS = "Nothing that enough people say alike"
"""The name of a group in which no word is shared by enough principals."""
PARTLY = "partly: "
"""Comes before words that less than half of a group can have said."""
GOES_ON = " \u2026"
"""Ends a form of asking."""
_HALF = 0.5
_FORM_SHARE, _FORM_WORDS = 0.3, 3  # of a group's principals ask so; words of a form, at least
_PARTS = 4  # of a name
_FEW_PARTS = 3  # of a name for which strong evidence gives one at most
_PRIOR = 20.0  # principals that the prior weighs
_LEAST_SHARE, _WIDE_SHARE = 0.1, 0.03  # of a group's principals: of a hundred, of very many
_NEARLY_ALL = 0.8  # of those who say a word say a phrase around it, which then stands for it
_BEST = 3 * MOST_KEYWORDS  # terms among which a term must stay, whoever is dropped
_COMMON = 0.5  # of all conversations: such words are no keywords

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class Bar:
    """What a word must pass to name a group.

    Attributes:
        pale: words that fill or judge may pass too.
        common: how much of the usual least share of a group's principals must use it.
        lift: how many times its rate in the import, at least.
        score: standard errors above the groups beside and above the import, added up, at least.
    """

    pale: bool
    common: float
    lift: float
    score: float


STRONG = Bar(pale=False, common=1.0, lift=1.5, score=3.0)
WEAK = Bar(pale=False, common=0.5, lift=1.2, score=1.0)
_PALE_BARS = (
    Bar(pale=True, common=1.0, lift=1.5, score=3.0),
    Bar(pale=True, common=0.5, lift=1.2, score=1.0),
)

Theme = tuple[int, ...]
"""A word or phrase, as word numbers."""


@dataclass(frozen=True)
class Named:
    """What a group is called, and the words that set it apart, best first.

    Attributes:
        themes: the parts of the name, as word numbers.
        strong: they passed the highest bar.
        whole: half the group's principals, or more, may say one of them.
    """

    name: str
    keywords: tuple[str, ...]
    themes: tuple[Theme, ...] = ()
    strong: bool = False
    whole: bool = True


@dataclass(frozen=True)
class _Group:
    """A group that is being named.

    Attributes:
        own: its words and phrases.
        beside: those of the groups nearest to it.
        prior: how usual each phrase is in the import: as its rarest word.
        dull: by phrase and word, which words say nothing, or are too common to.
    """

    own: Terms
    beside: Sequence[Terms]
    prior: Scores
    dull: NDArray[np.bool_]


class Namer:
    """Names groups of one import.

    Args:
        vocabulary: words by number.
        usual: how usual each word of the import is.
        k: the least principals behind every word and phrase.
    """

    def __init__(self, vocabulary: Sequence[str], usual: Usual, k: int) -> None:
        self._words = vocabulary
        self._usual = usual
        self._k = k
        self._dull = np.array([says_nothing(word) for word in vocabulary], dtype=bool)
        self._pale = np.array([word in PALE for word in vocabulary], dtype=bool)
        self._endings = np.array([word in ENDINGS for word in vocabulary], dtype=bool)
        self._particles = np.array([word in PARTICLES for word in vocabulary], dtype=bool)

    def name(self, own: Terms, beside: Sequence[Terms], members: NDArray[np.int64]) -> Named:
        """A name for a group by contrast with the groups beside it.

        Args:
            own: the group's terms.
            beside: the terms of the groups nearest to it.
            members: how many conversations of each language it holds.
        """
        if not len(own.uses):
            return Named(NAMELESS, ())
        group = self._group(own, beside, members)
        strong = self._passing(group, STRONG)
        found = strong if len(strong[0]) > 1 else self._passing(group, WEAK)
        themes = self._of(strong[0], found[0])
        form = None
        if _said_by(own, themes) < _HALF:
            form = self._form(group, _FORM_SHARE if themes else _LEAST_SHARE)
        for bar in _PALE_BARS:
            if not themes and form is None:
                found = self._passing(group, bar)
                if _said_by(own, self._of(found[0])) < _HALF:
                    found = [], []
                themes = self._of(found[0])
        keywords = strong[1] or found[1]
        return Named(
            self._told(own, form, themes),
            tuple(self._written(theme) for theme in keywords),
            tuple(themes),
            strong=bool(strong[0]),
            whole=_said_by(own, themes) >= _HALF,
        )

    def _group(self, own: Terms, beside: Sequence[Terms], members: NDArray[np.int64]) -> _Group:
        rates = self._usual.rates(own.grams, word_shares(own), members)
        prior = np.where(own.grams > 0, rates, np.inf).min(axis=1)
        return _Group(own, beside, prior, self._dull[own.grams] | (rates > _COMMON))

    def _of(self, first: list[Theme], then: Sequence[Theme] = ()) -> list[Theme]:
        """The parts of a name: all of the first, and of the others as long as it has few."""
        return self._apart([*first, *then], max(len(first), _FEW_PARTS), MOST_WORDS)

    def _told(self, own: Terms, form: Theme | None, themes: Sequence[Theme]) -> str:
        """A name in words."""
        asked = [] if form is None else [form]
        parts = [f"{self._written(theme)}{GOES_ON}" for theme in asked]
        topics = [self._written(theme) for theme in themes]
        if asked and _said_by(own, asked) < _HALF:  # so are the themes, or it would not be here
            parts[0] = PARTLY + parts[0]
        elif topics and _said_by(own, themes) < _HALF:
            topics[0] = PARTLY + topics[0]
        return ", ".join([*parts, *topics]) or NAMELESS

    def _form(self, group: _Group, share: float) -> Theme | None:
        """The words of no topic with which such a share of a group asks, as few beside it do."""
        own = group.own
        if not group.beside:
            return None
        nothing = group.dull | self._pale[own.grams] | (own.grams == 0)
        usable = (
            nothing.all(axis=1)
            & ((own.grams > 0).sum(axis=1) >= _FORM_WORDS)
            & (own.uses >= share * own.principals)
        )
        near = self._contrast(group, everywhere=False)
        stable, _ = self._stable(own, usable, near, STRONG.score)
        themes = [_theme(own, each) for each in stable]
        return _whole(0, stable, themes, own) if stable else None

    def _passing(self, group: _Group, bar: Bar) -> tuple[list[Theme], list[Theme]]:
        """The parts of a name that pass a bar, and the keywords, best first."""
        own = group.own
        usable, contrast = self._usable(group, bar), self._contrast(group)
        stable, scores = self._stable(own, usable, contrast, bar.score)
        alone = [_theme(own, each) for each in stable]
        alone = [each for each in alone if len(each) == 1 or " " not in self._written(each)]
        return self._chosen(group, stable, scores), self._apart(alone, MOST_KEYWORDS)

    def name_above(self, alone: Named, below: Sequence[Named]) -> Named:
        """A name for a group of groups: the themes of those below.

        Args:
            alone: its name by contrast, and its keywords; it adds where those below say little.
            below: the groups within it, the largest first; those of half-said names come last.
        """
        strong = [each for each in below if each.strong]
        given = strong or [each for each in below if each.themes]
        given = sorted(given, key=lambda each: not each.whole)
        if not given or (alone.strong and not strong):
            return alone
        most = max(len(each.themes) for each in given)
        in_turn = [
            each.themes[turn] for turn in range(most) for each in given if turn < len(each.themes)
        ]
        themes = self._apart(in_turn, _PARTS, MOST_WORDS)
        if len(themes) < _FEW_PARTS and alone.strong:
            themes = self._apart([*themes, *alone.themes], _FEW_PARTS, MOST_WORDS)
        whole = any(each.whole for each in given)
        name = ("" if whole else PARTLY) + ", ".join(self._written(theme) for theme in themes)
        return Named(name, alone.keywords, tuple(themes), strong=bool(strong), whole=whole)

    def _usable(self, group: _Group, bar: Bar) -> NDArray[np.bool_]:
        """Enough use it, more than elsewhere, and it neither begins nor ends with a dull word."""
        own = group.own
        lengths = (own.grams > 0).sum(axis=1)
        each, last = np.arange(len(own.grams)), lengths - 1
        rates = own.uses / own.principals
        least = max(_WIDE_SHARE, _LEAST_SHARE * min(1, 10 / own.principals**0.5))
        dull = group.dull if bar.pale else group.dull | self._pale[own.grams]
        endings = self._endings[own.grams] & ~group.dull
        ends = dull & ~endings & ~self._particles[own.grams]
        return np.asarray(
            (own.uses >= self._k)
            & (rates >= bar.common * least)
            & (rates >= bar.lift * group.prior)
            & ~dull[:, 0]
            & ~np.where(lengths > 1, ends[each, last], dull[each, last])
        )

    def _contrast(
        self, group: _Group, *, everywhere: bool = True
    ) -> Callable[[NDArray[np.int64], int], Scores]:
        """Scores a group's terms, given how many principals use each, and how many there are."""
        near = uses_in(group.beside, group.own.keys), sum(each.principals for each in group.beside)
        prior, count = group.prior, self._usual.conversations
        all_of_them = prior * count, count

        def score(uses: NDArray[np.int64], people: int) -> Scores:
            apart = _score(uses, people, *near, prior) if group.beside else np.zeros(len(uses))
            return apart + _score(uses, people, *all_of_them, prior) if everywhere else apart

        return score

    def _stable(
        self,
        own: Terms,
        usable: NDArray[np.bool_],
        score: Callable[[NDArray[np.int64], int], Scores],
        least: float,
    ) -> tuple[list[int], Scores]:
        """The best terms that stay among the best whoever is dropped, best first; all scores.

        A term loses at most one use with one principal; its rivals lose at least none.
        """
        full = score(own.uses, own.principals)
        if self._k < 2 or own.principals < 2:
            worst, rivals = full, full
        else:
            worst = score(own.uses - 1, own.principals - 1)
            rivals = score(own.uses, own.principals - 1)
            usable = usable & (own.uses > self._k)
        fair = usable & (worst >= least)
        order = np.argsort(np.where(fair, -full, np.inf), kind="stable")[: int(fair.sum())]
        for most in (_BEST, len(order)):  # where all say one sentence, its many parts are alike
            best = order[:most]
            others = np.setdiff1d(np.flatnonzero(usable), best)
            rival = rivals[others].max(initial=-np.inf)
            stable = [int(each) for each in best if worst[each] >= rival]
            if stable:
                break
        return stable[:_BEST], full

    def _chosen(self, group: _Group, stable: list[int], scores: Scores) -> list[Theme]:
        """The parts of a name: the best phrase first, then words that add to it."""
        own = group.own
        pale = group.dull | (self._pale & ~self._endings)[own.grams]
        telling = (~pale & (own.grams > 0)).sum(axis=1)
        in_order = sorted(stable, key=lambda each: -scores[each] * max(telling[each], 1))
        themes = [_theme(own, each) for each in in_order]
        either = [
            one
            for place, theme in enumerate(themes)
            for one in (_whole(place, in_order, themes, own), theme)
        ]
        return self._apart(either, _PARTS, MOST_WORDS)

    def _apart(self, in_order: Sequence[Theme], most: int, words: int = 2**30) -> list[Theme]:
        """The first that do not repeat each other's words, nor their other forms.

        Args:
            most: so many, at most.
            words: of all of them together, at most.
        """
        kept: list[Theme] = []
        for each in in_order:
            fits = len(kept) < most and sum(map(len, kept)) + len(each) <= words
            if fits and not any(self._repeats(each, other) for other in kept):
                kept.append(each)
        return kept

    def _repeats(self, theme: Theme, other: Theme) -> bool:
        return any(
            _alike(word, taken) for word in self._telling(theme) for taken in self._telling(other)
        )

    def _telling(self, theme: Theme) -> list[str]:
        words = [self._words[word] for word in theme if self._words[word] not in STOPWORDS]
        return [word for word in words if word not in PALE] or words

    def _written(self, theme: Theme) -> str:
        return joined([self._words[word] for word in theme])


def said_in(name: str) -> str:
    """What a group says of a name: without what is said of the words in it."""
    return name.replace(PARTLY, "").replace(GOES_ON, "")


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


def _theme(own: Terms, each: int) -> Theme:
    return tuple(int(word) for word in own.grams[each] if word)


def _said_by(own: Terms, themes: Sequence[Theme]) -> float:
    """The share of a group's principals that say any of these, at most: each counts for itself."""
    grams = np.zeros((len(themes), own.grams.shape[1]), dtype=np.int32)
    for row, theme in enumerate(themes):
        grams[row, : len(theme)] = theme
    return float(own.uses[np.isin(own.keys, keys_of(grams))].sum() / own.principals)


def _whole(each: int, stable: Sequence[int], themes: Sequence[Theme], own: Terms) -> Theme:
    """The longest of the stable phrases that hold one of them and that nearly all its users say."""
    theme, least = themes[each], _NEARLY_ALL * own.uses[stable[each]]
    longer = [
        other
        for number, other in zip(stable, themes, strict=True)
        if len(other) > len(theme) and own.uses[number] >= least and _holds(other, theme)
    ]
    return max(longer, key=len, default=theme)


def _holds(phrase: Theme, theme: Theme) -> bool:
    size = len(theme)
    return any(phrase[at : at + size] == theme for at in range(len(phrase) - size + 1))


def _one(word: str) -> str:
    return f"{word[:-3]}man" if word.endswith("men") else word


def _alike(word: str, other: str) -> bool:
    word, other = _one(word), _one(other)
    short, long = sorted((word, other), key=len)
    return short == long or (len(short) >= 4 and long.startswith(short[: max(4, len(short) - 1)]))
