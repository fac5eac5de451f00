"""promptfoo's assertions: targets, or the scorer that would check them."""

from __future__ import annotations

import pytest

from assay.evals.expected import NoTargetError, targets_of


@pytest.mark.parametrize(
    ("cell", "scorers", "targets"),
    [
        ("Paris", ["exact"], ("Paris",)),
        (" Paris ", ["refusal"], ("Paris",)),
        ("equals: Paris", ["exact"], ("Paris",)),
        ("EQUALS:Paris", ["numeric"], ("Paris",)),
        ("contains: is", ["includes"], ("is",)),
        ("icontains:is", ["includes", "exact"], ("is",)),
        ("contains-any: a, b ,c", ["includes"], ("a", "b", "c")),
        ("Note: this is text", ["exact"], ("Note: this is text",)),
        ("https://example.org", ["exact"], ("https://example.org",)),
    ],
)
def test_targets(cell: str, scorers: list[str], targets: tuple[str, ...]) -> None:
    assert targets_of(cell, scorers) == targets


@pytest.mark.parametrize(
    ("cell", "message", "remedy"),
    [
        ("regex: ^a", "'regex:' is no target.", "Use the scorer regex"),
        ("llm-rubric: kind", "'llm-rubric:' is no target.", "Use the scorer rubric"),
        ("similar(0.8): x", "'similar:' is no target.", "Use the scorer rubric, or includes"),
        ("javascript: output.length", "'javascript:' is no target.", "Use the scorer regex or"),
        ("starts-with: a", "'starts-with:' is no target.", "begins with ^"),
        ("contains-all: a, b", "'contains-all:' is no target.", "all_of"),
        ("is-json:", "'is-json:' is no target.", "no scorer measures it"),
        ("not-contains: a", "'not-contains:' says what must not be said", "good: low"),
        ("contains: a", "'contains:' needs the scorer includes", "List includes"),
        ("equals: a", "'equals:' needs the scorer exact", "List exact"),
    ],
)
def test_advice(cell: str, message: str, remedy: str) -> None:
    with pytest.raises(NoTargetError) as caught:
        targets_of(cell, ["refusal"])
    assert caught.value.message.startswith(message)
    assert remedy in caught.value.remedy
