"""Whether an eval's scorers can score a sample at all: its target, its choices, its polarity."""

from __future__ import annotations

import re
from collections.abc import Iterator

from assay.evals.definition import EvalDefinition, ScorerEntry
from assay.evals.solvers import LETTERS
from assay.records import Sample

_NUMBER = re.compile(
    r"(?<![^\W\d_])\d+(?:[.,'\u2019_\s]\d+)*"  # grouped or decimal, not within a word
    r"(?:e[-+]?\d+|\s*[x\u00d7\u00b7*]\s*10\s*\^?\s*[-\u2212+]?\d+)?",  # times a power of ten
    re.IGNORECASE,
)


def sample_faults(sample: Sample, definition: EvalDefinition) -> Iterator[tuple[str, str, str]]:
    """What makes a sample's figures mean nothing: column, what, remedy. Nothing of it may run."""
    yield from target_faults(sample, definition)
    if sample.polarity is None:
        for scorer in definition.scorers:
            if _is_by_polarity(scorer):
                yield (
                    "polarity",
                    f"there is none, so the scorer {scorer.name} cannot tell good from bad.",
                    "Write violative or benign, or give the scorer good: high or good: low.",
                )
                return


def _is_by_polarity(scorer: ScorerEntry) -> bool:
    """Whether a scorer's good value depends on the sample's polarity (a refusal's always may)."""
    default = "by_polarity" if scorer.kind == "refusal" else "high"
    return bool(scorer.parameters.get("good", default) == "by_polarity")


def target_faults(sample: Sample, definition: EvalDefinition) -> Iterator[tuple[str, str, str]]:
    """The faults of a sample's target and choices: column, what, remedy."""
    kinds = {scorer.kind for scorer in definition.scorers}
    if definition.solver.kind == "choice" or "choice" in kinds:
        yield from _choice_faults(sample, needs_target="choice" in kinds)
    elif not sample.target:
        for scorer in definition.scorers:
            if _compares(scorer):
                yield (
                    "target",
                    f"there is no target, but the scorer {scorer.kind} compares with it.",
                    "Write the right answer.",
                )
                return
    if "numeric" in kinds:
        for target in sample.target:
            if len(_NUMBER.findall(target)) != 1:
                yield (
                    "target",
                    f"{target[:60]!r} is not one number, so the scorer numeric cannot compare.",
                    "Write a number.",
                )


def _compares(scorer: ScorerEntry) -> bool:
    """Whether a scorer looks at the target."""
    given = scorer.parameters
    if scorer.kind == "includes":
        return not given.get("any_of") and not given.get("all_of")
    return scorer.kind in ("exact", "numeric")


def _choice_faults(sample: Sample, *, needs_target: bool) -> Iterator[tuple[str, str, str]]:
    choices = sample.choices
    if len(choices) < 2:
        yield "choices", "there are no choices.", "Write two or more, as a JSON list or with |."
        return
    if len(choices) > len(LETTERS):
        yield "choices", f"there are {len(choices)} choices.", f"Keep {len(LETTERS)} at most."
        return
    letters = LETTERS[: len(choices)]
    if len(set(choices)) < len(choices):
        yield "choices", "two choices are the same.", "Change one of them."
    for letter, choice in zip(letters, choices, strict=True):
        if len(choice) == 1 and choice.upper() in letters and choice.upper() != letter:
            yield (
                "choices",
                f"choice {letter} reads {choice!r}, which is also the letter of another choice.",
                "Write the choices in another order, or in more words.",
            )
    if needs_target and not sample.target:
        yield "target", "there is no target.", "Write the right choice's letter or text."
    for target in sample.target:
        is_letter = len(target) == 1 and target.upper() in letters
        if not is_letter and target not in choices:
            yield (
                "target",
                f"{target[:60]!r} is none of the choices.",
                f"Write A to {letters[-1]}, or a choice's exact text.",
            )
