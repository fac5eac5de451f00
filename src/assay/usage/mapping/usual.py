"""How usual each word of an import is, in the languages that a group writes.

Where few write a language, its "and" is rare in the import, and so is every greeting: compared with
the whole import, they would set its groups apart. Compared with what else is written in that
language, they do not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

OTHERS = 0
"""The number of all languages that few write, and of what nobody could tell."""
_MOST_LANGUAGES = 12  # that are counted apart
_FEW = 20  # conversations that those who stand in weigh


def numbers_of(languages: Sequence[str | None]) -> NDArray[np.int32]:
    """The language of each conversation, by number: the commonest of them; others are OTHERS."""
    told = Counter(each for each in languages if each and each != "und")
    number = {each: 1 + place for place, (each, _) in enumerate(told.most_common(_MOST_LANGUAGES))}
    return np.array([number.get(each or "", OTHERS) for each in languages], dtype=np.int32)


class Usual:
    """How large a share of conversations has each word, by language.

    Args:
        counts: by language and word number, how many conversations have it.
        languages: the language of each conversation.
    """

    def __init__(self, counts: NDArray[np.int32], languages: NDArray[np.int32]) -> None:
        self.conversations = len(languages)
        self._languages = languages
        self._sizes = np.bincount(languages, minlength=len(counts))
        self._counts = counts
        self._total = counts.sum(axis=0)

    def members(self, labels: NDArray[np.int32], groups: int) -> NDArray[np.int64]:
        """By group and language, how many conversations it holds."""
        kept = labels >= 0
        kinds = len(self._sizes)
        of = labels[kept].astype(np.int64) * kinds + self._languages[kept]
        return np.bincount(of, minlength=groups * kinds).reshape(groups, kinds)

    def rates(
        self, words: NDArray[np.int32], said: NDArray[np.float64], members: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """How usual words would be, if all others wrote what they write in the group's languages.

        Where hardly anybody else writes them, all others stand in for those who are missing.
        In an import of one language these are the import's own rates.

        Args:
            words: word numbers, of any shape.
            said: the share of the group that says each of them, in the shape of ``words``.
            members: of the group, by language.

        Returns:
            Shares of conversations, in the shape of ``words``.
        """
        size, everybody = members.sum(), self.conversations
        rest = np.maximum(self._total[words] - size * said, 0) / max(everybody - size, 1)
        elsewhere = np.zeros(words.shape)
        for language in np.flatnonzero(members):
            own = members[language]
            others = np.maximum(self._counts[language, words] - own * said, 0)
            rate = (others + _FEW * rest) / (self._sizes[language] - own + _FEW)
            elsewhere += own / size * rate
        return np.asarray((size * said + (everybody - size) * elsewhere) / everybody)
