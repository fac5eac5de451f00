"""Text as its reader sees it: what hides or varies characters is undone, places are kept.

A full-width digit, an Arabic one or a mathematical bold one is that digit; a small full stop is a
dot; zero-width characters, soft hyphens and combining marks are not there.
"""

from __future__ import annotations

import bisect
import functools
import re
import unicodedata
from collections.abc import Sequence

_HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e01ef\u0300-\u036f"
)
_VARIED = (
    "\u00a0\u00b2\u00b3\u00b9\u0660-\u0669\u06f0-\u06f9\u07c0-\u07c9\u0966-\u096f\u09e6-\u09ef"
    "\u0a66-\u0a6f\u0ae6-\u0aef\u0b66-\u0b6f\u0be6-\u0bef\u0c66-\u0c6f\u0ce6-\u0cef\u0d66-\u0d6f"
    "\u0de6-\u0def\u0e50-\u0e59\u0ed0-\u0ed9\u0f20-\u0f29\u1040-\u1049\u17e0-\u17e9\u1810-\u1819"
    "\u2000-\u200a\u2010-\u2013\u2024\u202f\u205f\u2070-\u209f\u2212\u2460-\u24ff\u3000\u3002"
    "\ufe50-\ufe6f\uff01-\uff5e\uff61\U0001d400-\U0001d7ff\U0001f100-\U0001f1ff"
)
_ODD = re.compile(f"[{_HIDDEN}{_VARIED}]")
_TO_DROP = re.compile(f"[{_HIDDEN}]+")
_BY_HAND = {
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-"),
    **dict.fromkeys("\u3002\uff61\u2024", "."),
}


class Folded:
    """Folded text. ``starts`` and ``shifts`` say how many characters were dropped before each."""

    __slots__ = ("shifts", "starts", "text")

    def __init__(self, text: str, starts: Sequence[int] = (), shifts: Sequence[int] = ()) -> None:
        self.text, self.starts, self.shifts = text, starts, shifts

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of the folded text lies in the text itself."""
        if not self.starts:
            return start, end
        return self._place(start), self._place(end - 1) + 1

    def _place(self, at: int) -> int:
        index = bisect.bisect_right(self.starts, at) - 1
        return at + (self.shifts[index] if index >= 0 else 0)


def fold(text: str) -> Folded:
    """Fold a text. What is not hidden or varied stays as it is."""
    if text.isascii() or not _ODD.search(text):
        return Folded(text)
    starts, shifts, parts = [], [], []
    dropped = last = 0
    for match in _TO_DROP.finditer(text):
        parts.append(text[last : match.start()])
        last = match.end()
        dropped += last - match.start()
        starts.append(last - dropped)
        shifts.append(dropped)
    parts.append(text[last:])
    return Folded("".join(parts).translate(_table()), starts, shifts)


@functools.cache
def _table() -> dict[int, str]:
    """Each varied character -> the ASCII character that it is read as."""
    table = {ord(varied): plain for varied, plain in _BY_HAND.items()}
    varied = re.compile(f"[{_VARIED}]")
    for code in (*range(0xA0, 0x3100), *range(0xFE50, 0xFFA0), *range(0x1D400, 0x1F200)):
        each = chr(code)
        if code not in table and varied.match(each):
            digit = unicodedata.decimal(each, None)
            plain = unicodedata.normalize("NFKC", each) if digit is None else str(digit)
            if len(plain) == 1 and plain.isascii():
                table[code] = plain
    return table
