"""What the finders look at: the folded text, and its letters and digits reduced to their classes.

Almost all text holds nothing to take out. Over classes that is seen by searching for short byte
strings, which runs at memory speed; only what is found is looked at closely.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple


class Found(NamedTuple):
    """Something to take out: its place in the folded text, its kind, its value as it is hashed."""

    start: int
    end: int
    kind: str
    value: str


_ABOVE_ASCII = "?" * 128
_CLASSES = bytes(
    ord("0") if each.isdigit() else ord("A") if each.isalpha() else ord(" ") if each == "\t" else at
    for at, each in enumerate(map(chr, range(128)))
) + bytes(_ABOVE_ASCII, "ascii")
_TOKENS = bytes(
    ord("a") if each.isalnum() or each in "_-.+/=~" else ord(" ") for each in map(chr, range(128))
) + bytes(128 * " ", "ascii")


_TELLING = frozenset("@[(:=0123456789")
_UNTOLD = bytes(at for at in range(128) if chr(at) not in _TELLING)
PRIVATE_KEY = "-----BEGIN"
"""What the lines of a private key begin with, which may be short ones."""
LONG_TOKEN = b"a" * 20
"""What a key that its vendor's prefix tells of has at least, in :attr:`Scan.tokens`."""


def is_plain(text: str) -> bool:
    """Whether a text holds nothing that any finder begins with, as most messages do."""
    if not text.isascii() or PRIVATE_KEY in text:
        return False
    data = text.encode()
    return not data.translate(None, _UNTOLD) and LONG_TOKEN not in data.translate(_TOKENS)


class Scan:
    """A folded text; each view of it has one byte a character, in the same places."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.ascii = text.isascii()
        self.bytes = text.encode("latin-1", "replace")  # one for one: others become "?"
        self.classes = self.bytes.translate(_CLASSES)
        """``0`` for digits, ``A`` for letters, ``?`` above ASCII; the rest as it is."""
        self.tokens = self.bytes.translate(_TOKENS)
        """``a`` for what keys are made of, a blank for the rest."""
        self.digits = self.classes.count(b"0")
        """How many there are."""
        self.lower = self.bytes.lower() if self.digits else b""
        """In small letters; empty where there is no digit."""

    def before(self, at: int, length: int = 32) -> str:
        """What stands before a place, in lower case."""
        return self.text[max(0, at - length) : at].lower()

    def apart(self, start: int, end: int) -> bool:
        """Whether a part is no piece of a longer word."""
        before = self.text[start - 1 : start] if start else ""
        after = self.text[end : end + 1]
        return not (_word(before) or _word(after))


def places(text: str | bytes, word: str | bytes) -> Iterator[int]:
    """Where a word stands, piece of a longer one or not."""
    at = text.find(word)  # type: ignore[arg-type]
    while at >= 0:
        yield at
        at = text.find(word, at + 1)  # type: ignore[arg-type]


def _word(each: str) -> bool:
    return each.isascii() and (each.isalnum() or each == "_")
