"""What a mitigation did, by a run before it and a run after it: paired, with what is missing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from assay.errors import AssayError, NotFoundError
from assay.launch.bounds import bounds_of
from assay.launch.evidence import Threshold
from assay.launch.matched import side_by_side
from assay.launch.needed import POWER, more_samples
from assay.launch.standing import known_of
from assay.launch.subjects import check_direction
from assay.records import Contrast, Difference, Effect, Finding, Measure, now
from assay.runs.certificates import read_certificates
from assay.runs.contrast import contrasts
from assay.runs.differences import difference_in
from assay.runs.pairing import Pairing, Side
from assay.runs.pairing import Pairs as Matched
from assay.store.query import connect
from assay.store.workspace import RunFolder, Workspace

_MOST = 80
"""Settings in which two runs differ are shortened to so many characters."""


def effect_of(place: Workspace, finding: Finding, before: str, after: str) -> Effect:
    """The difference that a mitigation made to what measures its finding.

    Args:
        before: a complete run without the mitigation.
        after: a complete run with it.

    Raises:
        AssayError: the finding has no measure, or the runs cannot prove anything: why.
    """
    if finding.measure is None:
        raise AssayError(
            f"nothing says what measures {finding.id}.",
            fix="Prove it with --measure eval/scorer/column=value.",
        )
    old, new = (_side(place.run(name), finding.measure) for name in (before, after))
    _check_alike(old, new, finding.measure)
    with connect() as connection:
        pairing = Pairing(connection, old, new, flips=finding.sample_id is not None)
        matched = pairing.pairs()
        differ = (*contrasts(old.folder.read(), new.folder.read()), *pairing.contrasts())
        told = difference_in(matched, new.eval, new.scorer, finding.measure.slice)
        sample = None
        if finding.sample_id is not None:
            sample = pairing.sample(finding.sample_id, finding.epoch)
    assert told.better is not None
    certificates = read_certificates(place.root)
    known = known_of(new.scorer, certificates, told.slice, new.folder.id, now())
    shown = told.verdict == "better"
    needed, count = ("", None) if shown else _needed(matched, told, new.scorer.bounds)
    return Effect(
        eval=told.eval,
        scorer=told.scorer,
        slice=told.slice,
        before_run=old.folder.id,
        after_run=new.folder.id,
        before=told.baseline,
        after=told.candidate,
        value=told.value,
        low=told.low,
        high=told.high,
        confidence=told.confidence,
        method=told.method,
        n=told.n,
        clusters=told.clusters,
        missing=_missing(told),
        shown=shown,
        warning=told.warning,
        better=told.better,
        least=told.least,
        greatest=told.greatest,
        rate=new.scorer.bounds == (0.0, 1.0),
        standing=known.standing,
        differs=tuple(_differs(old, new, differ)),
        needed=needed,
        needed_samples=count,
        sample=sample,
    )


def _side(folder: RunFolder, measure: Measure) -> Side:
    record = folder.read()
    if record.status != "complete" or not folder.scores_file.exists():
        raise AssayError(
            f"run {record.id} is incomplete ({record.status}), so it can prove nothing.",
            fix=f"Go on with it: assay resume {record.id}",
        )
    evals = [each for each in record.evals if each.name == measure.eval]
    for each in evals:
        for scorer in each.scorers:
            if scorer.name == measure.scorer:
                return Side(folder, each, scorer)
    lacks = f"scores of {measure.scorer}" if evals else f"eval {measure.eval}"
    raise NotFoundError(
        f"run {record.id} has no {lacks}, by which this finding is measured.",
        fix=f"Run it: assay run {measure.eval} --model {record.model}",
    )


def _check_alike(old: Side, new: Side, measure: Measure) -> None:
    """The two must be asked and judged by the same versions; else these could be the effect."""
    if old.folder.id == new.folder.id:
        raise AssayError("the run before and the run after are one.", where=old.folder.id)
    pairs = (
        (f"eval {measure.eval}", old.eval.version, new.eval.version),
        (f"scorer {measure.scorer}", old.scorer.version, new.scorer.version),
        (f"scorer {measure.scorer}'s good side", old.scorer.good, new.scorer.good),
        (f"scorer {measure.scorer}'s bounds", old.scorer.bounds, new.scorer.bounds),
    )
    for what, before, after in pairs:
        if before != after:
            raise AssayError(
                f"the runs cannot prove an effect: {what} is {before} in {old.folder.id} and"
                f" {after} in {new.folder.id}.",
                fix="Run or rescore both with one version.",
            )
    check_direction(new.scorer, measure)


def _missing(told: Difference) -> dict[str, int]:
    """What is not among the pairs, by reason."""
    unmatched = {
        "only in the run before": told.only_baseline,
        "only in the run after": told.only_candidate,
        "content changed": told.changed,
        "repeated": told.repeated,
    }
    return {
        **{f"before: {reason}": n for reason, n in told.baseline_missing.items()},
        **{f"after: {reason}": n for reason, n in told.candidate_missing.items()},
        **{reason: n for reason, n in unmatched.items() if n},
    }


def _differs(old: Side, new: Side, differ: Iterable[Contrast]) -> Iterator[str]:
    """In what the runs differ, the mitigation among it."""
    before, after = (side.folder.read().model for side in (old, new))
    if before != after:
        yield f"model: {_short(before)} before, {_short(after)} after"
    for each in differ:
        if each.eval in ("", new.eval.name) and each.what != "content hash":
            yield f"{each.what}: {_short(each.baseline)} before, {_short(each.candidate)} after"


def _needed(
    matched: Matched, told: Difference, bounds: tuple[float, float] | None
) -> tuple[str, int | None]:
    """What would show an effect that is not shown; and how many more samples."""
    if told.value is None:
        return "score some samples in both runs", None
    if (told.value > 0) != (told.better == "high") or told.value == 0:
        return "no number of samples like these: it is no change for the better", None
    if told.missing and told.warning.startswith("what is missing"):
        return f"score the {told.missing:,} that are missing (`assay resume`)", None
    pairs, _ = side_by_side(matched, told.slice, bounds)
    assert pairs is not None
    sure = (1 + told.confidence) / 2  # one end of the interval
    found = more_samples(
        pairs,
        bounds_of(pairs, sure, missing=False),
        Threshold(kind="min" if told.better == "high" else "max", value=0.0),
        sure,
    )
    if found.count is None:
        return found.text, None
    return (
        f"about {found.count:,} more samples like these would show it, if the difference stays as"
        f" it is (power {POWER:.0%})",
        found.count,
    )


def _short(text: str) -> str:
    return text if len(text) <= _MOST else text[: _MOST - 3] + "..."
