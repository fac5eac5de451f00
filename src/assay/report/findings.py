"""What a reader must know before the figures: what is missing, what warns, what clearly differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from assay.records import Estimate, EvalRecord, RunRecord
from assay.report.compare import asked, direction, eval_of, incomparable
from assay.report.model import Row, RunView, Table, requests_words
from assay.report.provenance import other_roles
from assay.report.text import Scale, missing_words


@dataclass(frozen=True)
class Finding:
    """One statement about the runs. ``serious`` ones stand in the warning at the top."""

    about: str
    text: str
    serious: bool = False


def findings(candidate: RunView, baseline: RunView | None, overall: Table) -> tuple[Finding, ...]:
    """All findings, the serious ones first; what holds for both runs is said once."""
    if baseline is None:
        found = [_named("This run", one) for one in _of_run(candidate)]
    else:
        ours, theirs = list(_of_run(candidate)), list(_of_run(baseline))
        found = [_named("Both runs" if one in theirs else "Candidate", one) for one in ours]
        found += [_named("Baseline", one) for one in theirs if one not in ours]
        found += _of_pair(candidate.record, baseline.record)
    found += _furthest(overall, "candidate's figure" if baseline else "figure")
    if baseline:
        found += _differences(overall)
    return tuple(sorted(found, key=lambda finding: not finding.serious))


def headline(view: RunView) -> tuple[Estimate, ...]:
    """The estimates that cover a run once: the whole of each eval and scorer, or its polarities."""
    whole = {(e.eval, e.scorer) for e in view.estimates if not e.slice}
    return tuple(
        estimate
        for estimate in view.estimates
        if not estimate.slice
        or (set(estimate.slice) == {"polarity"} and (estimate.eval, estimate.scorer) not in whole)
    )


def _named(run: str, finding: Finding) -> Finding:
    return replace(finding, about=", ".join(filter(None, (run, finding.about))))


def _of_run(view: RunView) -> Iterator[Finding]:
    """What is to be said of one run; ``about`` names the eval and scorer, if it is about one."""
    yield from _status(view.record)
    yield from _missing(view)
    yield from _uncovered(view)
    yield from _limits(view.record)
    yield from _cut_off(view)
    yield from _warnings(view)


def _limits(record: RunRecord) -> Iterator[Finding]:
    limited: dict[str, list[str]] = {}
    for eval in record.evals:
        if eval.limit is not None and eval.limit <= eval.samples:
            drawn = f"{eval.limit:,} samples, drawn at random," if eval.draw else ""
            told = drawn or f"the first {eval.limit:,} samples"
            limited.setdefault(told, []).append(eval.name)
    for part, names in limited.items():
        told = f"Only {part} were asked, not the whole: {', '.join(names)}."
        yield Finding("", told, serious=True)


def _cut_off(view: RunView) -> Iterator[Finding]:
    """Replies that the token limit broke off: what would have come later was never scored."""
    counts = [
        f"{eval.name} {view.cut_off[eval.name]:,} of {eval.samples * eval.epochs:,}"
        for eval in view.record.evals
        if view.cut_off.get(eval.name)
    ]
    if counts:
        told = "Replies broke off at the token limit, and what would have followed was not scored: "
        yield Finding("", told + ", ".join(counts) + ".", serious=True)


def _warnings(view: RunView) -> Iterator[Finding]:
    """The methods' warnings: each that stands against an overall figure; of slices, how many."""
    whole = headline(view)
    for estimate in whole:
        about, requests = f"{estimate.eval}, {estimate.scorer}", requests_words(estimate.slice)
        if not estimate.n:
            yield Finding(about, f"Nothing was scored on {requests}.", serious=True)
        elif estimate.warning:
            told = f"On {requests}, the method warns: {estimate.warning.rstrip('.')}."
            yield Finding(about, told, serious=True)
    others = sum(1 for e in view.estimates if e.warning) - sum(1 for e in whole if e.warning)
    if others:
        figures = "1 figure of a slice" if others == 1 else f"{others:,} figures of slices"
        told = f"{figures} should not be relied on; the reason stands beside each."
        yield Finding("", told, serious=True)


def _status(record: RunRecord) -> Iterator[Finding]:
    told = {
        "running": "The run had not finished when this report was written.",
        "stopped": "The run was stopped before its end",
        "failed": "The run failed before its end",
    }.get(record.status)
    if told:
        because = f": {record.stopped_because}" if record.stopped_because else ""
        ending = "" if told.endswith(".") else f"{because}."
        yield Finding("", told + ending, serious=True)


def _missing(view: RunView) -> Iterator[Finding]:
    estimates = headline(view)
    planned = sum(estimate.planned for estimate in estimates)
    reasons: Counter[str] = Counter()
    for estimate in estimates:
        reasons.update(estimate.missing)
    missing = reasons.total()
    if not planned:
        yield Finding("", "There is no figure at all.", serious=True)
    elif missing:
        share = Scale(0.0, 1.0).say(missing / planned)
        told = (
            f"{missing:,} of {planned:,} planned scores are missing ({share}): "
            f"{missing_words(dict(reasons))}. Each figure says how far its own could move it."
        )
        yield Finding("", told, serious=True)
    else:
        yield Finding("", f"None of the {planned:,} planned scores is missing.")


def _uncovered(view: RunView) -> Iterator[Finding]:
    """Planned scores that no figure counts: the denominator is the plan, or the report says so."""
    covered: Counter[tuple[str, str]] = Counter()
    unmarked: Counter[tuple[str, str]] = Counter()
    for estimate in headline(view):
        place = estimate.eval, estimate.scorer
        covered[place] += estimate.planned
        if direction(estimate.good, estimate.slice.get("polarity")) is None:
            unmarked[place] += estimate.planned
    for eval in view.record.evals:
        planned = asked(eval) * eval.epochs
        for scorer in eval.scorers:
            counted = covered[eval.name, scorer.name]
            about = f"{eval.name}, {scorer.name}"
            if not counted:
                yield Finding(about, "Planned, but there is no figure for it.", serious=True)
            elif counted < planned:
                told = f"{planned - counted:,} of {planned:,} planned scores are in no figure."
                yield Finding(about, told, serious=True)
            blind = unmarked[eval.name, scorer.name]
            if blind:
                told = (
                    f"{blind:,} of {planned:,} planned scores are of samples marked neither"
                    " violative nor benign: no value is good or bad for them."
                )
                yield Finding(about, told, serious=True)


def _of_pair(ours: RunRecord, theirs: RunRecord) -> Iterator[Finding]:
    told: dict[tuple[str, str], None] = {}
    for (eval, _), reason in incomparable(ours, theirs).items():
        told[eval, reason] = None
    for eval, reason in told:
        yield Finding(eval, f"The two runs cannot be compared here: {reason}.", serious=True)
    for one in ours.evals:
        other = eval_of(theirs, one.name)
        changed = _changed(one, other) if other else []
        if changed:
            ways = ", ".join(changed)
            yield Finding(
                one.name, f"Besides the model, the two runs differ in: {ways}.", serious=True
            )
    if other_roles(ours) != other_roles(theirs):
        yield Finding("Judges", "The two runs were scored with different models.", serious=True)


def _changed(one: EvalRecord, other: EvalRecord) -> list[str]:
    pairs = {
        "system prompt": (one.system, other.system),
        "prompt": (one.prompt, other.prompt),
        "solver": (one.solver, other.solver),
        "parameters": (one.parameters, other.parameters),
    }
    return [name for name, (ours, theirs) in pairs.items() if ours != theirs]


def _differences(overall: Table) -> Iterator[Finding]:
    rows = [row for row in overall.rows if row.difference]
    clear = [row for row in rows if row.difference and row.difference.clear]
    for row in clear:
        ours, theirs = row.candidate, row.baseline
        verdict = row.difference.verdict if row.difference else ""
        told = f"On {row.requests}, the candidate is clearly {verdict} than the baseline"
        if ours and theirs:
            told += f": {ours.value} {ours.interval} against {theirs.value} {theirs.interval}"
        yield Finding(f"{row.eval}, {row.scorer}", told + ".")
    if not overall.compared:
        yield Finding("Comparison", "No overall figure of the two runs could be compared.")
    elif not clear:
        told = (
            f"None of {overall.compared} overall differences from the baseline is clear, which is"
            " not to say that there is none: see their intervals."
        )
        yield Finding("Comparison", told)


def _furthest(overall: Table, what: str) -> Iterator[Finding]:
    ranked = [row for row in overall.rows if row.badness is not None and row.scale.known]
    if not ranked:
        return
    row = max(ranked, key=_badness)
    figure = row.candidate
    assert figure is not None
    told = (
        f"On {row.requests}, the {what} furthest from the ideal: {figure.value} "
        f"{figure.interval}{_on_scale(row)}, {figure.estimate.n:,} of "
        f"{figure.estimate.planned:,} scored"
    )
    worst = f"; worst case {figure.worst}" if figure.missing_count else ""
    yield Finding(f"{row.eval}, {row.scorer}", told + worst + ".")


def _on_scale(row: Row) -> str:
    known = row.scale.known and not row.scale.percent
    return f" on a scale of {row.scale.low:g} to {row.scale.high:g}" if known else ""


def _badness(row: Row) -> float:
    return row.badness or 0.0
