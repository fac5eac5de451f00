"""Items that are worth a look: why, and which of them first."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from assay.health.measure import Measured
from assay.health.result import Item
from assay.health.scores import Scores
from assay.health.verdict import named

MOST_ITEMS = 1_000
"""Items of one reason that are listed."""

NEVER = "never scored"
_BACKWARDS = "better with models that do worse elsewhere"


def note_items(scores: Scores, measured: Measured, listed: dict[str, list[str]]) -> list[str]:
    """Add each item that a cell's scores make worth a look to its reasons.

    Of more than 1,000 for one reason so many are drawn at random: what is said of that is given.
    """
    cell, told = measured.health, []
    for places, why in (
        (measured.negative, f"{_BACKWARDS} ({named(cell)})"),
        (measured.failed, f"all {cell.models} models fail ({named(cell)})"),
        (measured.passed, f"all {cell.models} models pass ({named(cell)})"),
    ):
        chosen = places.tolist()
        if len(chosen) > MOST_ITEMS:
            told.append(f"Listed are {MOST_ITEMS:,} at random of {len(chosen):,} items: {why}.")
            chosen = random.Random(len(chosen)).sample(chosen, MOST_ITEMS)
        for name in scores.names(cell.polarity, chosen) if chosen else ():
            listed.setdefault(name, []).append(why)
    return told


def in_order(listed: Mapping[str, Sequence[str]]) -> tuple[Item, ...]:
    """The items, the gravest reason first."""
    found = (Item(sample=name, reasons=tuple(why)) for name, why in listed.items())
    return tuple(sorted(found, key=lambda each: (gravity(each), each.sample)))


def gravity(item: Item) -> int:
    """0 for what may be wrong, then what repeats, last what every model passes."""
    return min(map(_gravity, item.reasons))


def _gravity(reason: str) -> int:
    if reason.startswith((_BACKWARDS, NEVER)):
        return 0
    if reason.startswith("all"):
        return 3 if " pass (" in reason else 1
    return 2
