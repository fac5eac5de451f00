"""Drafts that wait for a person: nothing that a model wrote enters an eval undecided."""

from __future__ import annotations

import re
from typing import Any

from assay.formats.safe import is_formula

COLUMN = "draft_decision"
"""The column of a sheet of samples that says what a person decided on a draft."""

UNDECIDED = "undecided"
REFUSED = "refuse"
DECISIONS = ("accept", "edit", REFUSED)

_BULLET = re.compile(r"\s*(?:[-*\u2022]|\d{1,3}[.)])\s+")


def decision_in(cell: Any) -> str:
    """The decision in a cell: one of DECISIONS, or what else stands there; empty where nothing."""
    told = str(cell or "").strip().casefold()
    return "" if told == UNDECIDED else told


def undecided(cell: Any) -> str:
    """What is wrong with a cell that should hold a decision; empty where one is there."""
    told = decision_in(cell)
    if told in DECISIONS:
        return ""
    return f"{told[:40]!r} is no decision." if told else "nobody decided."


def cleaned(text: str) -> str:
    """A draft without the quotation marks, bullets and blanks that models put around it."""
    text = _BULLET.sub("", text.strip(), count=1) if _BULLET.match(text.strip()) else text.strip()
    if len(text) > 1 and (text[0], text[-1]) in (('"', '"'), ("\u201c", "\u201d")):
        text = text[1:-1].strip()
    return text


def as_written(cell: Any) -> str:
    """A cell without the apostrophe that kept it from being a formula."""
    text = str(cell)
    return text[1:] if text[:1] == "'" and is_formula(text[1:]) else text
