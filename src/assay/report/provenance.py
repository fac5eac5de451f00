"""What made the figures, and how to make them again: taken from the run records alone."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
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
        *_each("Models in other roles", record.roles),
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


def command(record: RunRecord) -> str:
    """The command that makes the run again."""
    limits = {eval.limit for eval in record.evals}
    limit = limits.pop() if len(limits) == 1 else None
    words = ["assay", "run", *(eval.path for eval in record.evals), "--model", record.model]
    if record.baseline:
        words += ["--baseline", record.baseline]
    if limit is not None:
        words += ["--limit", str(limit)]
    return shlex.join(words)


def _eval_facts(eval: EvalRecord) -> tuple[Fact, ...]:
    limit = "" if eval.limit is None else f", of which the first {eval.limit:,} were asked"
    facts = [
        Fact("Version", eval.version),
        Fact("Hash of definition and samples", eval.hash),
        Fact("Folder", eval.path),
        Fact("Samples", f"{eval.samples:,}{limit}"),
        Fact("Times each was asked", f"{eval.epochs:,}"),
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
    return f"{name.replace('_', ' ')} {'$' if name == 'cost' else ''}{whole}"
