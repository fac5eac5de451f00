"""What two runs differ in besides the model: said before any difference between their figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from assay.records import Contrast, EvalRecord, RunRecord, ScorerRecord, Uncompared

ABSENT = "(none)"


def contrasts(baseline: RunRecord, candidate: RunRecord) -> tuple[Contrast, ...]:
    """Everything in which the records differ, of the evals and scorers that both runs have.

    First what was asked and how, eval by eval; then the other models, the status, the software.
    """
    return (*_of_evals(baseline, candidate), *_of_runs(baseline, candidate))


def common_scorers(
    baseline: RunRecord, candidate: RunRecord
) -> Iterator[tuple[EvalRecord, ScorerRecord, EvalRecord, ScorerRecord]]:
    """Each eval and scorer that both runs have on one scale: the baseline's, the candidate's."""
    for old, new in _common_evals(baseline, candidate):
        theirs = {scorer.name: scorer for scorer in old.scorers}
        for scorer in new.scorers:
            other = theirs.get(scorer.name)
            if other is not None and not _unlike(other, scorer):
                yield old, other, new, scorer


def uncompared(baseline: RunRecord, candidate: RunRecord) -> tuple[Uncompared, ...]:
    """Evals and scorers for which no difference can be told, and why."""
    found: list[Uncompared] = []
    old_evals = {each.name for each in baseline.evals}
    new_evals = {each.name for each in candidate.evals}
    found += [Uncompared(e, "", "only in the candidate") for e in sorted(new_evals - old_evals)]
    found += [Uncompared(e, "", "only in the baseline") for e in sorted(old_evals - new_evals)]
    for old, new in _common_evals(baseline, candidate):
        theirs = {scorer.name: scorer for scorer in old.scorers}
        ours = {scorer.name: scorer for scorer in new.scorers}
        for name in {**ours, **theirs}:
            if name not in theirs:
                found.append(Uncompared(new.name, name, "only in the candidate"))
            elif name not in ours:
                found.append(Uncompared(new.name, name, "only in the baseline"))
            elif why := _unlike(theirs[name], ours[name]):
                found.append(Uncompared(new.name, name, why))
    return tuple(found)


def _common_evals(
    baseline: RunRecord, candidate: RunRecord
) -> Iterator[tuple[EvalRecord, EvalRecord]]:
    theirs = {each.name: each for each in baseline.evals}
    return ((theirs[each.name], each) for each in candidate.evals if each.name in theirs)


def _unlike(old: ScorerRecord, new: ScorerRecord) -> str:
    """Why two scorers' values are not on one scale; empty where they are."""
    if old.good != new.good:
        return f"what is good differs: {old.good} in the baseline, {new.good} in the candidate"
    if old.bounds != new.bounds:
        there, here = said(old.bounds), said(new.bounds)
        return f"bounds differ: {there} in the baseline, {here} in the candidate"
    return ""


def _of_evals(baseline: RunRecord, candidate: RunRecord) -> Iterator[Contrast]:
    for old, new in _common_evals(baseline, candidate):
        before, now = _asked(old), _asked(new)
        for what in {**before, **now}:
            yield from _contrast(new.name, what, before.get(what), now.get(what))
        theirs = {scorer.name: scorer for scorer in old.scorers}
        for scorer in new.scorers:
            if scorer.name in theirs:
                yield from _of_scorers(new.name, theirs[scorer.name], scorer)


def _asked(record: EvalRecord) -> dict[str, Any]:
    """What an eval asks, and how, by the words for it."""
    return {
        "version": record.version,
        "content hash": record.hash,
        "samples": record.samples,
        "limit": record.limit,
        "draw": record.draw,
        "epochs": record.epochs,
        "prompt": record.prompt,
        "system prompt": record.system,
        **{f"solver {name}": value for name, value in record.solver.items()},
        **{f"parameter {name}": value for name, value in record.parameters.items()},
    }


def _of_scorers(eval_name: str, old: ScorerRecord, new: ScorerRecord) -> Iterator[Contrast]:
    about = f"scorer {new.name}"
    yield from _contrast(eval_name, f"{about} kind", old.kind, new.kind)
    yield from _contrast(eval_name, f"{about} version", old.version, new.version)
    for name in {**old.parameters, **new.parameters}:
        before, now = old.parameters.get(name), new.parameters.get(name)
        yield from _contrast(eval_name, f"{about} {name}", before, now)


def _of_runs(baseline: RunRecord, candidate: RunRecord) -> Iterator[Contrast]:
    yield from _of_mappings("model as", _others(baseline.roles), _others(candidate.roles))
    yield from _contrast("", "status", baseline.status, candidate.status)
    yield from _of_mappings("software", baseline.versions, candidate.versions)


def _others(roles: Mapping[str, str]) -> dict[str, str]:
    return {role: model for role, model in roles.items() if role != "target"}


def _of_mappings(about: str, old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Contrast]:
    for name in {**old, **new}:
        yield from _contrast("", f"{about} {name}", old.get(name), new.get(name))


def _contrast(eval_name: str, what: str, old: Any, new: Any) -> Iterator[Contrast]:
    if old != new:
        yield Contrast(eval_name, what, said(old), said(new))


def said(value: Any) -> str:
    """A setting in words: text as it is, anything else as JSON."""
    if value is None:
        return ABSENT
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
