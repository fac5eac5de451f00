"""What made the figures, and how to make them again: taken from the run records alone."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from assay.records import EvalRecord, RunRecord, ScorerRecord

DIRECTIONS = {
    "high": "higher is better",
    "low": "lower is better",
    "by_polarity": "higher is better on violative requests, lower on benign ones",
}


@dataclass(frozen=True)
class Fact:
    """One line of provenance. ``long`` values are texts of their own, shown as they are."""

    label: str
    value: str
    long: bool = False


@dataclass(frozen=True)
class EvalSheet:
    """Everything that determined one eval of a run."""

    name: str
    facts: tuple[Fact, ...]
    scorers: tuple[tuple[str, tuple[Fact, ...]], ...]


def run_facts(record: RunRecord) -> tuple[Fact, ...]:
    """The run itself: model, times, versions, cost."""
    facts = [
        Fact("Model", record.model),
        *_each("Model details", record.model_details),
        *_each("Models in other roles", other_roles(record)),
        Fact("Run", record.id),
        Fact("Status", status_words(record)),
        Fact("Started", record.created),
        Fact("Finished", record.finished or ""),
        Fact("Plan (hash of all that determines the run)", record.plan),
        *_each("Software", record.versions),
        Fact("Totals", ", ".join(_total(*item) for item in sorted(record.totals.items()))),
    ]
    return tuple(fact for fact in facts if fact.value)


def eval_sheets(record: RunRecord) -> tuple[EvalSheet, ...]:
    """A sheet for each eval of the run."""
    return tuple(
        EvalSheet(
            eval.name,
            _eval_facts(eval),
            tuple((scorer.name, _scorer_facts(scorer)) for scorer in eval.scorers),
        )
        for eval in record.evals
    )


def status_words(record: RunRecord) -> str:
    """``complete``, or ``stopped: the budget was spent``."""
    because = f": {record.stopped_because}" if record.stopped_because else ""
    return record.status + because


def other_roles(record: RunRecord) -> dict[str, str]:
    """The models that took part besides the one under test."""
    return {role: model for role, model in record.roles.items() if role != "target"}


def samples_words(eval: EvalRecord) -> str:
    """``240 samples, each 3 times``; a run with a limit says that there may be more."""
    limited = eval.limit is not None and eval.limit <= eval.samples
    samples = f"only the first {eval.limit:,} samples" if limited else f"{eval.samples:,} samples"
    if limited and eval.draw is not None:
        samples = f"{eval.limit:,} samples drawn at random"
    return f"{samples}, each {eval.epochs} times" if eval.epochs > 1 else samples


def command(record: RunRecord, baseline: RunRecord | None = None) -> str:
    """The command that makes the run again; empty for one from elsewhere, or of a watch.

    Args:
        baseline: the run shown beside this one; named if this run was made together with it.
    """
    if not record.evals or any(not eval.path or eval.draw for eval in record.evals):
        return ""
    together = baseline is not None and record.baseline == baseline.id
    options = {
        "--model": record.model,
        "--baseline": baseline.model if baseline and together else None,
        "--judge": record.roles.get("judge"),
        "--limit": _shared(eval.limit for eval in record.evals),
        "--epochs": _shared(eval.epochs for eval in record.evals),
        "--max-tokens": _shared(eval.parameters.get("max_tokens") for eval in record.evals),
    }
    given = [part for name, value in options.items() if value for part in (name, str(value))]
    return shlex.join(["assay", "run", *(eval.name for eval in record.evals), *given])


def _shared(values: Iterable[int | None]) -> int | None:
    """The value that all evals share: only then can it have come from the command line."""
    found = set(values)
    return found.pop() if len(found) == 1 else None


def _eval_facts(eval: EvalRecord) -> tuple[Fact, ...]:
    facts = [
        Fact("Version", eval.version),
        Fact("Hash of definition and samples", eval.hash),
        Fact("Samples", samples_words(eval)),
        *_each("Solver", eval.solver),
        *_each("Parameters", eval.parameters),
        Fact("System prompt", eval.system or "none", long=bool(eval.system)),
        Fact("Prompt", eval.prompt, long=True),
    ]
    return tuple(fact for fact in facts if fact.value)


def _scorer_facts(scorer: ScorerRecord) -> tuple[Fact, ...]:
    bounds = "none" if scorer.bounds is None else "{:g} to {:g}".format(*scorer.bounds)
    return (
        Fact("Kind", scorer.kind),
        Fact("Version", scorer.version),
        Fact("Direction", DIRECTIONS[scorer.good]),
        Fact("Values", bounds),
        *_each("Parameters", scorer.parameters),
    )


def _each(kind: str, values: Mapping[str, Any]) -> tuple[Fact, ...]:
    """Short settings on one line; each long one, such as a rubric, by itself."""
    texts = {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, indent=1)
        for name, value in values.items()
    }
    brief = {name: text for name, text in texts.items() if "\n" not in text and len(text) <= 200}
    line = ", ".join(f"{name} {text}" for name, text in brief.items())
    long = (Fact(f"{kind}: {n}", text, True) for n, text in texts.items() if n not in brief)
    return (Fact(kind, line), *long) if line else tuple(long)


def _total(name: str, amount: float) -> str:
    whole = f"{amount:,.0f}" if amount == round(amount) else f"{amount:,.2f}"
    return f"{name.replace('_', ' ')} {whole}"
