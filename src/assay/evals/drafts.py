"""Drafts that wait for a person: nothing that a model wrote enters an eval undecided."""

from __future__ import annotations

import hashlib
import re
from typing import Any

from assay.formats.safe import is_formula

COLUMN = "draft_decision"
"""The column of a sheet of samples that says what a person decided on a draft."""

HASH = "draft_hash"
"""The column that tells whether somebody who decided to edit a draft did so."""

UNDECIDED = "undecided"
REFUSED = "refuse"
EDITED = "edit"
DECISIONS = ("accept", EDITED, REFUSED)
UNCHANGED = "it says edit, but the input is as it was drafted."

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


def draft_hash(cell: Any) -> str:
    """A letter and 16 hex digits over a draft's words, whatever blanks are between them.

    The letter keeps a spreadsheet from taking it for a number.
    """
    told = " ".join(as_written(cell or "").split()).encode("utf-8", "surrogatepass")
    return f"h{hashlib.blake2b(told, digest_size=8).hexdigest()}"


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
