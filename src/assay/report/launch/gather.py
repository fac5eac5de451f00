"""Gathers what a launch report tells from a workspace: runs, figures, differences, certificates."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from assay.errors import NotFoundError
from assay.launch import LaunchCheck
from assay.launch.collect import Collector, Found, most_alike
from assay.launch.definition import LaunchDefinition
from assay.launch.definition import Subject as Named
from assay.launch.signing import last_signed
from assay.records import Contrast, Finding, RunRecord, now
from assay.report.compare import direction
from assay.report.launch.choose import choose_samples
from assay.report.launch.read import Reader
from assay.report.launch.view import Changes, LaunchView, Source, Standing, Subject
from assay.report.model import POLARITIES, requests_words
from assay.report.provenance import other_roles
from assay.runs.certificates import BY_DEFINITION, certificate_for
from assay.runs.contrast import ABSENT, contrasts
from assay.store.workspace import Workspace


@dataclass(frozen=True)
class _Held:
    """A subject's run that holds an eval and a scorer."""

    subject: Subject
    found: Found


def gather(
    place: Workspace,
    definition: LaunchDefinition,
    check: LaunchCheck,
    findings: tuple[Finding, ...] = (),
) -> LaunchView:
    """Everything that the report of a checked launch tells.

    Of each eval and scorer that the candidate was scored with, the newest complete run counts, as
    it does for gates; of a surface or a baseline, the newest that was asked most alike.
    """
    collector = Collector(place, definition)
    candidate = Subject("candidate", check.candidate)
    own = [_Held(candidate, found) for found in _of_subject(place, collector, definition.candidate)]
    absent: list[str] = []
    others = list(_others(collector, definition, own, absent))
    read = Reader(each.found.folder for each in (*own, *others))
    pairs = {
        (other.found.folder.id, mine.found.folder.id)
        for mine, other in _paired(own, others)
        if other.found.folder.path != mine.found.folder.path
    }
    read.compare(pairs)
    beside = next((each.subject for each in others if each.subject.role == "baseline"), None)
    twins = {
        (mine.found.folder.path, mine.found.eval.name): other.found
        for mine, other in _paired(own, others)
        if other.subject == beside
    }
    compared, changes = _changes(place, check.launch, own, others)
    return LaunchView(
        check=check,
        subjects=tuple(dict.fromkeys(each.subject for each in (*own, *others))) or (candidate,),
        sources=tuple(_sources(read, own, others)),
        samples=choose_samples([each.found for each in own], twins),
        standings=_standings(collector, (*own, *others)),
        changes=changes,
        compared=compared,
        findings=findings,
        saturated=tuple(dict.fromkeys(_saturated(collector, own))),
        absent=tuple(dict.fromkeys(absent)),
        beside=beside.name if beside else None,
    )


def _of_subject(place: Workspace, collector: Collector, subject: Named) -> list[Found]:
    """The newest complete run of each eval and scorer that a subject was scored with."""
    found: dict[tuple[str, str], Found] = {}
    for record in _runs_of(place, collector, subject):
        for asked in record.evals:
            for scorer in asked.scorers:
                key = asked.name, scorer.name
                if key not in found:
                    fitting = collector.fitting(subject, *key, None)
                    if not isinstance(fitting, str):
                        found[key] = fitting[0]
    return sorted(found.values(), key=lambda each: (each.eval.name, each.scorer.name))


def _runs_of(place: Workspace, collector: Collector, subject: Named) -> Iterator[RunRecord]:
    """A subject's runs: those of its model, newest first, or the one that is named."""
    if subject.run is not None:
        yield place.run(subject.run).read()
    else:
        yield from (record for _, record in collector.runs if record.model == subject.model)


def _others(
    collector: Collector,
    definition: LaunchDefinition,
    own: Sequence[_Held],
    absent: list[str],
) -> Iterator[_Held]:
    """Surfaces, then baselines; what one of them lacks is added to ``absent``."""
    for name, surface in definition.surfaces.items():
        told = ". ".join(filter(None, (surface.description, surface.safeguards)))
        subject = definition.candidate
        if surface.run or surface.model:
            subject = Named.model_construct(model=surface.model, run=surface.run)
        if surface.run or surface.model or surface.system is not None:
            about = Subject("surface", name, told)
            yield from _beside(collector, about, subject, surface.system, own, absent)
    for name, baseline in definition.baselines.items():
        about = Subject("baseline", name, baseline.model or f"run {baseline.run}")
        yield from _beside(collector, about, baseline, None, own, absent)


def _beside(
    collector: Collector,
    about: Subject,
    subject: Named,
    system: str | None,
    own: Sequence[_Held],
    absent: list[str],
) -> Iterator[_Held]:
    for mine in own:
        names = mine.found.eval.name, mine.found.scorer.name
        found = collector.fitting(subject, *names, system)
        if isinstance(found, str):
            absent.append(f"{about.title}: {found}")
        else:
            yield _Held(about, most_alike(found, mine.found))


def _paired(own: Sequence[_Held], others: Iterable[_Held]) -> Iterator[tuple[_Held, _Held]]:
    mine = {(each.found.eval.name, each.found.scorer.name): each for each in own}
    for other in others:
        yield mine[other.found.eval.name, other.found.scorer.name], other


def _sources(read: Reader, own: Sequence[_Held], others: Sequence[_Held]) -> Iterator[Source]:
    for each in own:
        yield _source(read, each)
    for mine, other in _paired(own, others):
        yield _source(read, other, mine.found)


def _source(read: Reader, held: _Held, mine: Found | None = None) -> Source:
    found = held.found
    return Source(
        subject=held.subject,
        run=found.record,
        eval=found.eval,
        scorer=found.scorer,
        estimates=read.estimates(found),
        differences=read.differences(found, mine) if mine else (),
        by_content=read.by_content(found, mine) if mine else False,
        broken_off=read.broken_off(found),
    )


def _standings(collector: Collector, held: Sequence[_Held]) -> tuple[Standing, ...]:
    """Each scorer version that made a figure, and what vouches for it."""
    evals: dict[tuple[str, str, str], dict[str, None]] = {}
    first: dict[tuple[str, str, str], Found] = {}
    for each in held:
        scorer = each.found.scorer
        key = scorer.name, scorer.kind, scorer.version
        evals.setdefault(key, {})[each.found.eval.name] = None
        first.setdefault(key, each.found)
    moment = now()
    found = []
    for key, of in first.items():
        certificate = certificate_for(
            collector.certificates, of.scorer.version, of.record.id, moment
        )
        standing: str = "by definition" if of.scorer.kind in BY_DEFINITION else "uncertified"
        if certificate is not None:
            standing = certificate.standing(moment)
        found.append(Standing(of.scorer, tuple(evals[key]), standing, certificate))
    return tuple(found)


def _changes(
    place: Workspace, launch: str, own: Sequence[_Held], others: Sequence[_Held]
) -> tuple[tuple[str, ...], tuple[Changes, ...]]:
    """What was compared, and in what evals differ since: the last launch, then the baselines."""
    compared: dict[str, None] = {}
    found: dict[Changes, None] = {}
    for since, record in _last_launch(place, launch):
        compared[since] = None
        for mine in own:
            found.update(dict.fromkeys(_differing(since, record, mine.found)))
    for mine, other in _paired(own, others):
        if other.subject.role == "baseline":
            since = f"baseline {other.subject.name}"
            compared[since] = None
            found.update(dict.fromkeys(_differing(since, other.found.record, mine.found)))
    return tuple(compared), tuple(found)


def _last_launch(place: Workspace, launch: str) -> Iterator[tuple[str, RunRecord]]:
    """The runs that the newest sign-off of another launch rests on, as far as they are there."""
    last = last_signed(place, launch)
    if last is None:
        return
    entry, signed = last
    for run in signed.runs:
        with contextlib.suppress(NotFoundError):
            yield f"launch {entry.subject}, signed {entry.time[:10]}", place.run(run).read()


def _differing(since: str, before: RunRecord, mine: Found) -> Iterator[Changes]:
    """Judges and scorers count; the status of a run and its software do not."""
    told = [each for each in contrasts(before, mine.record) if each.eval == mine.eval.name]
    theirs, ours = other_roles(before), other_roles(mine.record)
    for role in sorted({*theirs, *ours}):
        old, new = theirs.get(role, ABSENT), ours.get(role, ABSENT)
        if old != new and any(each.name == mine.eval.name for each in before.evals):
            told.append(Contrast(mine.eval.name, f"model as {role}", old, new))
    if told:
        yield Changes(since, before.id, mine.eval.name, tuple(told))


def _saturated(collector: Collector, own: Sequence[_Held]) -> Iterator[str]:
    """Evals that no longer tell models apart, by each figure that says what is good."""
    for each in own:
        good = each.found.scorer.good
        slices = [{"polarity": p} for p in POLARITIES] if good == "by_polarity" else [{}]
        for slice_ in slices:
            low = direction(good, slice_.get("polarity")) == "low"
            said = collector.saturation(each.found, slice_, low_is_good=low)
            if said:
                yield f"{requests_words(slice_)}: {said}" if slice_ else said
