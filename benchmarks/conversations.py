"""Made-up conversations with known topics: Zipf words, some of them a topic's own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_FIRST = "b br c cl d dr f fl g gr h j k l m n p pl qu r s st t tr v w z"
_VOWELS = "a e i o u ai ou"
_LAST = "b ck d f l m n nd p r rn s st t x"


@dataclass(frozen=True)
class Topics:
    """What conversations are about, and in which words.

    Attributes:
        topics: how many there are; their sizes are Zipf's too.
        words: words in a conversation.
        own: the share of them that is the topic's own.
        vocabulary: words that all topics share.
        seed: of all of it.
    """

    topics: int = 200
    words: int = 150
    own: float = 0.3
    vocabulary: int = 5000
    seed: int = 0

    def texts(self, number: int, start: int = 0) -> Iterator[tuple[int, str]]:
        """Conversations from ``start`` on: the topic of each, and its text."""
        names = np.array(made_words(self.vocabulary + 30 * self.topics))
        common, special = names[: self.vocabulary], names[self.vocabulary :].reshape(-1, 30)
        general, within = _zipf(self.vocabulary), _zipf(30)
        sizes = _zipf(self.topics, 0.6)
        for block in range(start // 1000, (start + number + 999) // 1000):
            random = np.random.default_rng([self.seed, block])
            topics = random.choice(self.topics, 1000, p=sizes)
            plain = random.choice(common, (1000, self.words), p=general)
            about = special[topics[:, None], random.choice(30, (1000, self.words), p=within)]
            mixed = np.where(random.random((1000, self.words)) < self.own, about, plain)
            for row, topic in enumerate(topics.tolist()):
                if start <= block * 1000 + row < start + number:
                    yield topic, " ".join(mixed[row].tolist())


def made_words(number: int) -> list[str]:
    """Distinct words that nobody uses, the same every time."""
    random = np.random.default_rng(1)
    choices = [each.split() for each in (_FIRST, _VOWELS, _LAST, _VOWELS, _LAST)]
    found: dict[str, None] = {}
    while len(found) < number:
        parts = [random.choice(each) for each in choices]
        found["".join(parts)] = None
    return list(found)


def _zipf(size: int, power: float = 1.0) -> NDArray[np.float64]:
    weights = 1 / np.arange(1, size + 1) ** power
    return np.asarray(weights / weights.sum())
