"""Counts and words of groups under differential privacy, a principal being what is protected.

Each principal counts for at most MOST_CONVERSATIONS conversations and MOST_WORDS words, chosen by
chance; so one principal more or less changes any list of counts by no more than that in all (the
sensitivity). Discrete Laplace noise of that scale (Ghosh, Roughgarden and Sundararajan 2009) then
hides whether anybody took part. Which words exist is itself a secret: a word is let out only where
its noisy count passes a bound that a word of a single principal passes with a chance below DELTA.

The budget is spent in three parts that add up to epsilon: a quarter on conversations, a quarter on
principals, half on words. All else is made of those noisy figures alone, and costs nothing.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.usage.mapping.corpus import Corpus
from assay.usage.mapping.kmeans import Labels
from assay.usage.mapping.stopwords import STOPWORDS

MOST_CONVERSATIONS = 4
"""Of one principal, that are counted."""
MOST_WORDS = 5
"""Of one principal, that are counted, over all groups together."""
DELTA = 1e-6
"""The chance, at most, that a word of a single principal is let out."""
OF_CONVERSATIONS, OF_PRINCIPALS, OF_WORDS = 0.25, 0.25, 0.5
"""The parts of epsilon."""
_SHORTEST = 3  # letters of a word
_ROWS = 20_000  # conversations whose words are looked at together

Counts = NDArray[np.int64]


def random_noise() -> np.random.Generator:
    """A source of noise that nobody can repeat: a seed that is told would take the noise away."""
    return np.random.default_rng(secrets.randbits(256))


def discrete_laplace(
    size: int, sensitivity: int, epsilon: float, random: np.random.Generator
) -> Counts:
    """Noise z with a chance proportional to exp(-|z| epsilon / sensitivity)."""
    stop = 1 - math.exp(-epsilon / sensitivity)
    return np.asarray(random.geometric(stop, size) - random.geometric(stop, size), dtype=np.int64)


def word_bound(epsilon: float, delta: float = DELTA, most: int = MOST_WORDS) -> int:
    """The least noisy count at which a word is let out.

    A principal alone with all its words lets one of them out with a chance of at most ``delta``:
    the noise is m or more with a chance of a^m / (1 + a), where a = exp(-epsilon / most).
    """
    a = math.exp(-epsilon / most)
    return 1 + max(1, math.ceil(math.log(delta / most * (1 + a)) / math.log(a)))


def counted_rows(
    labels: Labels, whose: NDArray[np.int32], random: np.random.Generator
) -> NDArray[np.int64]:
    """The conversations that count: of each principal a few, drawn by chance; by principal."""
    rows = np.flatnonzero(labels >= 0)
    rows = rows[np.lexsort((random.random(len(rows)), whose[rows]))]
    return rows[_place_in_run(whose[rows]) < MOST_CONVERSATIONS]


def noisy_counts(
    labels: Labels,
    whose: NDArray[np.int32],
    rows: NDArray[np.int64],
    groups: int,
    epsilon: float,
    random: np.random.Generator,
) -> tuple[Counts, Counts]:
    """Noisy numbers of conversations and of principals in each group.

    Args:
        rows: of :func:`counted_rows`.
        epsilon: of the whole map; its parts for these figures are taken here.
    """
    conversations = np.bincount(labels[rows], minlength=groups)
    pairs = np.unique(whose[rows].astype(np.int64) * groups + labels[rows])
    principals = np.bincount(pairs % groups, minlength=groups)
    most = MOST_CONVERSATIONS
    return (
        conversations + discrete_laplace(groups, most, epsilon * OF_CONVERSATIONS, random),
        principals + discrete_laplace(groups, most, epsilon * OF_PRINCIPALS, random),
    )


def noisy_words(
    corpus: Corpus,
    labels: Labels,
    whose: NDArray[np.int32],
    rows: NDArray[np.int64],
    epsilon: float,
    random: np.random.Generator,
) -> dict[int, dict[int, int]]:
    """By group and word number: the noisy count of principals, where it passes the bound.

    Args:
        rows: of :func:`counted_rows`.
        epsilon: of the whole map; its part for words is taken here.
    """
    vocabulary = corpus.vocabulary()
    usable = np.array(
        [len(word) >= _SHORTEST and word not in STOPWORDS for word in vocabulary], dtype=bool
    )
    size = len(vocabulary)
    drawn = [
        _drawn_words(corpus, labels, whose, some, usable, random)
        for some in _by_principals(rows, whose)
    ]
    pairs, counts = np.unique(np.concatenate(drawn), return_counts=True)
    share = epsilon * OF_WORDS
    noisy = counts + discrete_laplace(len(counts), MOST_WORDS, share, random)
    found: dict[int, dict[int, int]] = {}
    for pair, count in zip(pairs.tolist(), noisy.tolist(), strict=True):
        if count >= word_bound(share):
            found.setdefault(pair // size, {})[pair % size] = count
    return found


def _drawn_words(
    corpus: Corpus,
    labels: Labels,
    whose: NDArray[np.int32],
    rows: NDArray[np.int64],
    usable: NDArray[np.bool_],
    random: np.random.Generator,
) -> Counts:
    """A few (group, word) pairs of each principal, drawn by chance among all that it has."""
    words, of = corpus.words_of(rows)
    kept = usable[words]
    pair = labels[rows][of[kept]].astype(np.int64) * len(usable) + words[kept]
    who = whose[rows][of[kept]].astype(np.int64)
    order = np.lexsort((pair, who))
    who, pair = who[order], pair[order]
    new = np.append(True, (who[1:] != who[:-1]) | (pair[1:] != pair[:-1]))[: len(who)]
    who, pair = who[new], pair[new]
    order = np.lexsort((random.random(len(who)), who))
    return np.asarray(pair[order][_place_in_run(who[order]) < MOST_WORDS], dtype=np.int64)


def _by_principals(
    rows: NDArray[np.int64], whose: NDArray[np.int32]
) -> Iterator[NDArray[np.int64]]:
    """The rows in parts, none of which parts a principal."""
    firsts = np.flatnonzero(np.diff(whose[rows], prepend=-1))
    start = 0
    while start < len(rows):
        after = np.searchsorted(firsts, start + _ROWS)
        stop = int(firsts[after]) if after < len(firsts) else len(rows)
        yield rows[start:stop]
        start = stop


def _place_in_run(values: NDArray[np.integer[Any]]) -> NDArray[np.int64]:
    """0, 1, 2 ... within each run of equal values."""
    firsts = np.flatnonzero(np.diff(values, prepend=-1))
    return np.arange(len(values)) - np.repeat(firsts, np.diff(np.append(firsts, len(values))))
