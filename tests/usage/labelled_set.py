"""Reads the labelled set of redaction, and counts what a redactor finds in it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("redaction_set.tsv")
KINDS = ("email", "phone", "card", "id", "key", "address")

_MARK = re.compile(r"\{\{(\w+)\|(.*?)\}\}(?!\})", re.DOTALL)

Span = tuple[int, int, str]


@dataclass(frozen=True)
class Item:
    """A text of the set. ``split``: dev (looked at while the finders were tuned), held, hostile."""

    split: str
    locale: str
    text: str
    spans: tuple[Span, ...]


@dataclass
class Tally:
    """``hidden``: labelled values of which nothing is left; ``right``: what was found is one."""

    labelled: int = 0
    hidden: int = 0
    found: int = 0
    right: int = 0


def read_set() -> list[Item]:
    items = []
    for line in FILE.read_text(encoding="utf-8").split("\n"):
        if line and not line.startswith("#"):
            split, locale, text = line.split("\t")
            items.append(_item(split, locale, text.replace("\\n", "\n")))
    return items


def _item(split: str, locale: str, marked: str) -> Item:
    text, spans, last = "", [], 0
    for match in _MARK.finditer(marked):
        text += marked[last : match.start()]
        value = match[2].replace("~", "", 1)
        spans.append((len(text), len(text) + len(value), match[1]))
        text += value
        last = match.end()
    return Item(split, locale, text + marked[last:], tuple(spans))


def tally(items: Iterable[tuple[Item, list[Span]]], kind: str) -> Tally:
    """What was found of a kind. A value is hidden by a find of any kind that covers it."""
    count = Tally()
    for item, found in items:
        for start, end, labelled in item.spans:
            if labelled == kind:
                count.labelled += 1
                count.hidden += any(one <= start and end <= other for one, other, _ in found)
        for one, other, told in found:
            if told == kind:
                count.found += 1
                count.right += any(
                    start < other and one < end and labelled == kind
                    for start, end, labelled in item.spans
                )
    return count
