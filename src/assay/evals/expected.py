"""promptfoo's ``__expected`` cells: turned into targets, or into advice on which scorer to use."""

from __future__ import annotations

import re
from collections.abc import Collection

_KIND = re.compile(r"^(not-)?([a-z-]+)(\([^)]*\))?:\s*", re.IGNORECASE)

_AS_SCORER = {
    "contains-all": "Use the scorer includes with its parameter all_of.",
    "factuality": "Use the scorer rubric and put the criterion into its rubric.",
    "g-eval": "Use the scorer rubric and put the criterion into its rubric.",
    "is-refusal": "Use the scorer refusal.",
    "javascript": "Use the scorer regex or numeric, or a scorer of your own.",
    "llm-rubric": "Use the scorer rubric and put the criterion into its rubric.",
    "model-graded-closedqa": "Use the scorer rubric and put the criterion into its rubric.",
    "python": "Use the scorer regex or numeric, or a scorer of your own.",
    "regex": "Use the scorer regex with this pattern.",
    "similar": "Use the scorer rubric, or includes with the words that must be there.",
    "starts-with": "Use the scorer regex with a pattern that begins with ^.",
}
_OTHER_KINDS = ("classifier", "cost", "is-json", "latency", "levenshtein", "perplexity", "rouge-n")
_INCLUDES = ("contains", "icontains", "contains-any", "icontains-any")
_EXACT = ("exact", "numeric", "choice")


class NoTargetError(Exception):
    """An assertion that is no target; says what to do instead."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


def targets_of(cell: str, scorers: Collection[str]) -> tuple[str, ...]:
    """The targets that an ``__expected`` cell means.

    Text without a known kind in front of it means ``equals``, as in promptfoo.

    Args:
        cell: such as ``equals: Paris`` or ``contains-any: Paris, Lutetia``.
        scorers: the kinds of scorers that the eval lists.

    Raises:
        NoTargetError: where the assertion is no target, or none of the eval's scorers checks it so.
    """
    match = _KIND.match(cell)
    kind = match[2].lower() if match else ""
    known = kind == "equals" or kind in _INCLUDES or kind in _AS_SCORER or kind in _OTHER_KINDS
    if match is None or not known:
        return (cell.strip(),)
    value = cell[match.end() :].strip()
    if match[1]:
        raise NoTargetError(
            f"'not-{kind}:' says what must not be said, which no target can.",
            "Use the scorer regex with good: low.",
        )
    if kind in _AS_SCORER or kind in _OTHER_KINDS:
        remedy = _AS_SCORER.get(kind, "Take it out; no scorer measures it.")
        raise NoTargetError(f"'{kind}:' is no target.", f"{remedy} Then empty this cell.")
    if kind in _INCLUDES and "includes" not in scorers:
        raise NoTargetError(
            f"'{kind}:' needs the scorer includes, which eval.yaml does not list.",
            "List includes among its scorers.",
        )
    if kind == "equals" and not set(scorers) & set(_EXACT):
        raise NoTargetError(
            "'equals:' needs the scorer exact, which eval.yaml does not list.",
            "List exact among its scorers.",
        )
    if kind.endswith("-any"):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return (value,)
