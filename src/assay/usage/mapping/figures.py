"""What a map says of each group: its name, its size, and whether it may be shown."""

from __future__ import annotations

import math
from collections import Counter

import msgspec
import numpy as np
from numpy.typing import NDArray

from assay.usage.mapping.corpus import Corpus
from assay.usage.mapping.groups import Grouped, principals_in
from assay.usage.mapping.hands import Hands
from assay.usage.mapping.kmeans import Done
from assay.usage.mapping.names import name_groups
from assay.usage.mapping.naming import MOST_KEYWORDS, MOST_WORDS, NAMELESS, Named
from assay.usage.mapping.noise import counted_rows, noisy_counts, noisy_words, random_noise
from assay.usage.mapping.privacy import NO_WORDS, NOT_COUNTED, why_hidden
from assay.usage.mapping.settings import MapSettings
from assay.usage.mapping.stopwords import PALE

_PARTS = 4  # of a name


class Figure(msgspec.Struct, frozen=True):
    """A group's own figures; ``principals`` is None where unknown, ``hidden`` where it is shown."""

    name: str
    keywords: tuple[str, ...]
    conversations: int
    principals: int | None
    hidden: str | None
    summary: str = ""


class Figures(msgspec.Struct, frozen=True):
    """By level and group, the base first; and the conversations that no group holds, by reason."""

    levels: list[list[Figure]]
    nowhere: dict[str, int]

    @property
    def hidden(self) -> dict[str, int]:
        """Conversations that no shown base group holds, by reason."""
        counts: dict[str, int] = {}
        for each in self.levels[0]:
            if each.hidden:
                counts[each.hidden] = counts.get(each.hidden, 0) + each.conversations
        for reason, number in self.nowhere.items():
            counts[reason] = counts.get(reason, 0) + number
        return {reason: number for reason, number in counts.items() if number}


def told_apart(level: list[Figure]) -> list[str]:
    """The names of a level's groups, in order; those that several would bear, each made its own.

    A name gets a keyword that no other of that name has, where it has room, else a number.
    """
    bearers: dict[str, list[int]] = {}
    for number, each in enumerate(level):
        if each.name:
            bearers.setdefault(each.name, []).append(number)
    names = [each.name for each in level]
    for name, numbers in bearers.items():
        if len(numbers) == 1:
            continue
        uses = Counter(word for number in numbers for word in set(level[number].keywords))
        for turn, number in enumerate(numbers, start=1):
            own = next((w for w in level[number].keywords if uses[w] == 1 and w not in name), "")
            told = f"{name}, {own}"
            fits = own and len(told.split()) <= MOST_WORDS and told not in names
            names[number] = told if fits else f"{name} ({turn})"
    return names


def whose_conversations(corpus: Corpus, settings: MapSettings) -> NDArray[np.int32]:
    """The principal of each conversation; each its own where accounts are unknown."""
    if settings.accounts_unknown:
        return np.arange(len(corpus), dtype=np.int32)
    return np.asarray(corpus.principals)


def exact_figures(
    corpus: Corpus,
    grouped: Grouped,
    settings: MapSettings,
    done: Done,
    hands: Hands | None = None,
) -> Figures:
    """The figures as they are."""
    whose = whose_conversations(corpus, settings)
    names = name_groups(corpus, grouped, whose, settings.principals_needed, done, hands)
    levels = []
    for level, named in enumerate(names):
        labels = grouped.labels_at(level)
        sizes = np.bincount(labels[labels >= 0], minlength=len(named)).tolist()
        people = principals_in(labels, whose, len(named)).tolist()
        levels.append(
            [
                _figure(settings, each, size, None if settings.accounts_unknown else count)
                for each, size, count in zip(named, sizes, people, strict=True)
            ]
        )
    return Figures(levels, {NO_WORDS: int((grouped.labels < 0).sum())})


def private_figures(
    corpus: Corpus, grouped: Grouped, settings: MapSettings, epsilon: float
) -> Figures:
    """The figures under differential privacy. What is above the base is made of the base's."""
    random = random_noise()
    whose = whose_conversations(corpus, settings)
    rows = counted_rows(grouped.labels, whose, random)
    groups = len(grouped.middles)
    sizes, people = noisy_counts(grouped.labels, whose, rows, groups, epsilon, random)
    words = noisy_words(corpus, grouped.labels, whose, rows, epsilon, random)
    vocabulary = corpus.vocabulary()
    sizes, counted = np.maximum(sizes, 0), [words.get(group, {}) for group in range(groups)]
    named = _named(counted, vocabulary)
    levels = [
        [
            _figure(settings, each, int(size), max(int(count), 0))
            for each, size, count in zip(named, sizes, people, strict=True)
        ]
    ]
    for parent, middles in grouped.levels:
        sizes = np.bincount(parent, sizes, len(middles)).astype(np.int64)
        above: list[dict[int, int]] = [{} for _ in range(len(middles))]
        for group, own in enumerate(counted):
            for word, count in own.items():
                into = above[parent[group]]
                into[word] = into.get(word, 0) + count
        counted = above
        named = _named(counted, vocabulary)
        levels.append(
            [
                _figure(settings, each, int(size), None)
                for each, size in zip(named, sizes, strict=True)
            ]
        )
    return _adding_up(levels, len(corpus))


def _figure(
    settings: MapSettings, named: Named, conversations: int, principals: int | None
) -> Figure:
    hidden = why_hidden(settings, conversations, principals)
    return Figure(
        name="" if hidden else named.name,
        keywords=() if hidden else named.keywords,
        conversations=conversations,
        principals=principals,
        hidden=hidden,
    )


def _named(counted: list[dict[int, int]], vocabulary: list[str]) -> list[Named]:
    """Names of noisy counts: the words that a group has more of than the others."""
    everywhere: dict[int, int] = {}
    for own in counted:
        for word, count in own.items():
            everywhere[word] = everywhere.get(word, 0) + count
    total = sum(everywhere.values())
    named = []
    for own in counted:
        here = sum(own.values())
        score = {
            word: count * math.log1p((count / here) / (everywhere[word] / total))
            for word, count in own.items()
        }
        in_order = sorted(own, key=lambda each: (vocabulary[each] in PALE, -score[each], each))
        best = [vocabulary[word] for word in in_order]
        named.append(Named(", ".join(best[:_PARTS]) or NAMELESS, tuple(best[:MOST_KEYWORDS])))
    return named


def _adding_up(levels: list[list[Figure]], conversations: int) -> Figures:
    """Noisy figures, with what they leave of the import's size, which is no secret.

    Where noise gives groups more conversations than there are, the largest give some back.
    """
    base = levels[0]
    over = sum(each.conversations for each in base) - conversations
    if over > 0:
        for number in sorted(range(len(base)), key=lambda each: -base[each].conversations):
            less = min(over, base[number].conversations)
            base[number] = msgspec.structs.replace(
                base[number], conversations=base[number].conversations - less
            )
            over -= less
    rest = conversations - sum(each.conversations for each in base)
    return Figures(levels, {NOT_COUNTED: rest})
