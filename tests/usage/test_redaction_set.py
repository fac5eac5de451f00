"""Holds what redaction was measured to find: no kind may get worse than the docs say."""

from __future__ import annotations

import pytest

from assay.usage.redact import Redactor
from tests.usage.labelled_set import KINDS, Item, Tally, read_set, tally

REDACTOR = Redactor(b"k" * 32)
FOUND = [(item, REDACTOR.spans(item.text)) for item in read_set()]
MISSED = {
    "dev": {},
    "held": {"email": 1, "id": 2, "key": 2},
    "hostile": {"phone": 2},
}
"""Labelled values that are missed, by split and kind: see docs/reference/redaction.md."""


@pytest.mark.parametrize("split", MISSED)
@pytest.mark.parametrize("kind", KINDS)
def test_recall_and_precision_hold(split: str, kind: str) -> None:
    count = tally([(item, spans) for item, spans in FOUND if item.split == split], kind)
    assert count.labelled - count.hidden <= MISSED[split].get(kind, 0), missed(split, kind)
    assert count.found == count.right, wrong(split, kind)


def test_nothing_is_taken_out_of_texts_with_nothing_to_find() -> None:
    assert [(item.text, spans) for item, spans in FOUND if not item.spans and spans] == []


def test_the_set_is_large_enough_to_say_something() -> None:
    for kind in KINDS:
        assert tally(FOUND, kind).labelled >= 30
    assert sum(not item.spans for item, _ in FOUND) >= 150


def test_a_redactor_that_finds_nothing_would_fail() -> None:
    blind = [(item, []) for item, _ in FOUND if item.split == "held"]
    assert tally(blind, "email") == Tally(labelled=20, hidden=0, found=0, right=0)


def missed(split: str, kind: str) -> list[str]:
    return [
        item.text[start:end]
        for item, spans in FOUND
        for start, end, labelled in item.spans
        if (item.split, labelled) == (split, kind)
        and not any(one <= start and end <= other for one, other, _ in spans)
    ]


def wrong(split: str, kind: str) -> list[Item]:
    return [
        item
        for item, spans in FOUND
        if item.split == split
        and {told for *_, told in spans if told == kind} - {labelled for *_, labelled in item.spans}
    ]
