"""Cuts texts into words that a name may use: numbers, addresses and placeholders are left out."""

from __future__ import annotations

import re
from array import array
from collections.abc import Sequence

BREAK = 0
"""The number of whatever parts two words so that no phrase runs across it."""
MOST_WORDS = 4_000_000
"""A vocabulary holds no more; what comes later parts phrases, as numbers do."""
_LONGEST = 30  # letters: what is longer is no word

_PLACEHOLDER = re.compile(r"\[([a-z]+) [0-9a-f]{28}\]", re.IGNORECASE)  # as redaction writes it
_ADDRESS = re.compile(r"(?:[a-z]+://|www\.)\S+|\S+@\S+")
_PIECE = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
    r"|[^\W\d_]+(?:['\u2019-][^\W\d_]+)*"
    r"|[^\w\s]|\d[^\W_]*|_|\n"
)
_UNSPACED = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)


class Vocabulary:
    """Words by number, from 1; :data:`BREAK` is none of them."""

    def __init__(self, words: Sequence[str] = ()) -> None:
        self._numbers = {word: number for number, word in enumerate(words, start=1)}

    def numbers(self, text: str) -> array[int]:
        """The text's words by number. New ones are added while there is room."""
        known = self._numbers
        found = array("i")
        last = BREAK
        for piece in pieces(text):
            number = known.get(piece)
            if number is None:
                number = BREAK
                if piece and len(known) < MOST_WORDS:
                    number = known[piece] = len(known) + 1
            if number != BREAK or last != BREAK:
                found.append(number)
            last = number
        return found

    @property
    def words(self) -> list[str]:
        """Every word, the first having the number 1."""
        return list(self._numbers)


def pieces(text: str) -> list[str]:
    """The text's words in lower case; empty where something parts them.

    Languages that write without spaces are cut into characters, of which phrases are made.
    """
    plain = _PLACEHOLDER.sub(".", text)
    if "@" in plain or "://" in plain or "www." in plain:
        plain = _ADDRESS.sub(".", plain)
    plain = plain.replace("\u2019", "'").lower()
    return [
        piece if piece[0].isalpha() and len(piece) <= _LONGEST else ""
        for piece in _PIECE.findall(plain)
    ]


def without_placeholders(text: str) -> str:
    """A text whose placeholders say only of what kind they are: for embedding."""
    return _PLACEHOLDER.sub(lambda found: found[1].lower(), text)


def joined(words: Sequence[str]) -> str:
    """Words as they are written: with spaces, but for languages that have none."""
    written = ""
    for word in words:
        tight = written and _UNSPACED.match(word) and _UNSPACED.match(written[-1])
        written += word if tight or not written else f" {word}"
    return written
