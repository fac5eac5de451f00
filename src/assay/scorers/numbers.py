"""Numbers as people and models write them, in any country, read in one fixed way.

Which mark is the decimal one is decided by the number alone, never by a locale:

- Two kinds of marks: the last is the decimal mark (``1,234.5`` and ``1.234,5`` are 1234.5).
- One mark, several times: it groups thousands (``1.234.567``), if groups of three follow.
- One comma before exactly three digits, after one to three that do not begin with 0: it groups
  thousands (``1,234`` is 1234). Every other single comma is a decimal mark (``3,14``; ``0,125``).
- One point is always a decimal mark (``1.234`` is a little more than one).
- Spaces (also no-break and thin ones), apostrophes and underscores group thousands where three
  digits follow each: ``10 000`` is ten thousand.

``2e-3``, ``2 x 10^-3`` and ``2 x 10`` with a raised exponent are read; so are all scripts' digits,
``-`` and the minus sign. Fractions (``1/2``) and words (``twelve``) are not. Digits that follow a
letter (``H2O``) belong to the word.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

TAIL = 20_000
"""How much of the end of a text is searched for its last number."""


@dataclass(frozen=True)
class Number:
    """A number, as read and as written. ``percent``: a percent sign follows."""

    value: Decimal
    percent: bool
    text: str


def last_number(text: str) -> Number | None:
    """The last number of a text; None where its last 20,000 characters hold none."""
    tail = text[-TAIL:]
    if len(text) > TAIL:  # do not begin in the middle of a number
        tail = tail.lstrip("0123456789.,")
    found = deque(_NUMBER.finditer(tail), maxlen=1)
    return _read(found[0]) if found else None


def number_of(text: str) -> Number | None:
    """The number that a text is about (``$1,200``, ``42 km``); None unless it holds exactly one."""
    found = list(_NUMBER.finditer(text[:1000]))
    return _read(found[0]) if len(found) == 1 else None


def readings(a: Number, b: Number) -> Iterator[tuple[Decimal, Decimal]]:
    """The pairs of values to compare. Where one has a percent sign, 45% is both 45 and 0.45."""
    yield a.value, b.value
    if a.percent != b.percent:
        yield (a.value / 100, b.value) if a.percent else (a.value, b.value / 100)


_GROUPS = " '\u2019_\u00a0\u202f\u2009\u066c"
_NUMBER = re.compile(
    r"(?<![A-Za-z_\u00c0-\u024f\d])"
    rf"(?P<sign>(?<![\w)\]])[-\u2212\u2013])?[$\u20ac\u00a3\u00a5\u20b9]?"
    rf"(?P<body>\d{{1,3}}(?:[{_GROUPS}]\d{{3}})+(?!\d)(?:[.,\u066b]\d+)?"
    r"|\d+(?:[.,\u066b]\d+)*|[.,]\d+)"
    r"(?:[eE](?P<e>[-+\u2212]?\d{1,9})(?!\w)"
    r"|\s?[xX\u00d7*\u00b7]\s?10(?:(?:\^|\*\*)[({]?(?P<power>[-+\u2212]?\d{1,9})[)}]?"
    r"|(?P<raised>[\u207b\u207a]?[\u2070\u00b9\u00b2\u00b3\u2074-\u2079]{1,4})))?"
    r"(?P<percent>\s?(?:[%\u066a\uff05]|per\s?cent\b))?"
)
_RAISED = str.maketrans(
    "\u207b\u207a\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079", "-+0123456789"
)
_LONGEST = 200
_LARGEST_EXPONENT = 9999


def _read(match: re.Match[str]) -> Number | None:
    body = match["body"]
    if len(body) > _LONGEST:
        return None
    power = match["e"] or match["power"] or (match["raised"] or "0").translate(_RAISED)
    exponent = int(power.replace("\u2212", "-"))
    if abs(exponent) > _LARGEST_EXPONENT:
        return None
    value = Decimal(_plain(body)).scaleb(exponent)
    return Number(-value if match["sign"] else value, match["percent"] is not None, match.group())


def _plain(body: str) -> str:
    """The digits with a point for the decimal mark and nothing between thousands."""
    for mark in _GROUPS:
        body = body.replace(mark, "")
    body = body.replace("\u066b", ".")
    points, commas = body.count("."), body.count(",")
    if points and commas:
        decimal = "." if body.rfind(".") > body.rfind(",") else ","
        group = "," if decimal == "." else "."
        if body.count(decimal) == 1 and _GROUPED.fullmatch(
            body.split(decimal)[0].replace(group, ",")
        ):
            return body.replace(group, "").replace(decimal, ".")
        return re.split("[.,]", body)[-1]
    if commas == 1:
        thousands = _GROUPED.fullmatch(body) and not body.startswith("0")
        return body.replace(",", "" if thousands else ".")
    if points > 1 or commas > 1:
        if _GROUPED.fullmatch(body.replace(".", ",")):
            return body.replace(".", "").replace(",", "")
        return re.split("[.,]", body)[-1]  # a list, a date or a version: its last part
    return body


_GROUPED = re.compile(r"\d{1,3}(?:,\d{2,3})*,\d{3}")
