"""What a launch report cannot tell, worked out from its data rather than written beforehand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from assay.records import Difference, Estimate
from assay.report.launch.chapters import ChapterView
from assay.report.launch.view import LaunchView, Source
from assay.report.model import requests_words
from assay.report.text import Scale, missing_words
from assay.runs import headline


@dataclass(frozen=True)
class Limit:
    """One thing that the figures do not show: of what kind, and where."""

    kind: str
    text: str
    where: tuple[str, ...] = ()


def limits(view: LaunchView, chapters: tuple[ChapterView, ...]) -> tuple[Limit, ...]:
    """Everything that a reader must not conclude, the gravest first."""
    own = [each for each in view.sources if each.subject.role == "candidate"]
    return (
        *_empty(chapters),
        *_without(view),
        *_missing(own),
        *_scorers(view),
        *_partial(own),
        *_warnings(own),
        *_named("Saturated evals", "Models can no longer be told apart here.", view.saturated),
        *_once(own),
        *_unmatched(view),
        *_guessed(chapters),
    )


def _empty(chapters: tuple[ChapterView, ...]) -> Iterator[Limit]:
    names = tuple(each.title for each in chapters if each.empty)
    yield from _named(
        "Chapters without evidence", "No run of the candidate speaks of these.", names
    )


def _without(view: LaunchView) -> Iterator[Limit]:
    told = [f"{gate.id}: {gate.reason}" for gate in view.check.gates if gate.value is None]
    yield from _named("Gates without evidence", "Nothing decides these.", tuple(told))
    yield from _named("Nothing to compare with", "These figures stand alone.", view.absent)


def _missing(own: list[Source]) -> Iterator[Limit]:
    reasons: Counter[str] = Counter()
    planned, where = 0, []
    for each in own:
        for estimate in headline(each.estimates):
            planned += estimate.planned
            absent = sum(estimate.missing.values())
            reasons.update(estimate.missing)
            if absent:
                share = Scale(0.0, 1.0).say(absent / estimate.planned)
                where.append(f"{_place(estimate)}: {absent:,} of {estimate.planned:,} ({share})")
    if reasons.total():
        told = f"{reasons.total():,} of {planned:,} planned scores: {missing_words(dict(reasons))}."
        yield Limit("Missing scores", f"{told} Each figure says how far its own could move it.",
                    tuple(where))  # fmt: skip


def _scorers(view: LaunchView) -> Iterator[Limit]:
    for standing, kind, text in (
        ("uncertified", "Uncertified scorers", "Nobody has measured how often these are wrong."),
        ("expired", "Expired certificates", "How often these are wrong was measured long ago."),
    ):
        told = tuple(
            f"{each.scorer.name}, version {each.scorer.version}, in {', '.join(each.evals)}"
            for each in view.standings
            if each.standing == standing
        )
        yield from _named(kind, text, told)


def _partial(own: list[Source]) -> Iterator[Limit]:
    limited = dict.fromkeys(
        f"{each.eval.name}: the first {each.eval.limit:,} samples"
        for each in own
        if each.eval.limit is not None
    )
    yield from _named("Not the whole eval", "Only a part of the samples was asked.", tuple(limited))
    cut = dict.fromkeys(
        f"{each.eval.name}: {each.broken_off:,} of {each.eval.samples * each.eval.epochs:,} replies"
        for each in own
        if each.broken_off
    )
    text = "The token limit broke these replies off; what would have followed was not scored."
    yield from _named("Replies cut off", text, tuple(cut))


def _warnings(own: list[Source]) -> Iterator[Limit]:
    told = [
        f"{_place(estimate)}: {estimate.warning}"
        for each in own
        for estimate in headline(each.estimates)
        if estimate.warning
    ]
    yield from _named("Methods that warn", "Do not rely on these intervals.", tuple(told))


def _once(own: list[Source]) -> Iterator[Limit]:
    once = dict.fromkeys(each.eval.name for each in own if each.eval.epochs == 1)
    sampled = "How much a reply varies when the same is asked again is not known of these."
    yield from _named("Asked once", sampled, tuple(once))


def _unmatched(view: LaunchView) -> Iterator[Limit]:
    told = [
        f"{each.subject.title}, {_place(difference)}: {difference.unmatched:,} samples"
        for each in view.sources
        for difference in each.differences
        if difference.overall and difference.unmatched
    ]
    yield from _named("Not matched", "These stand in one of the two runs alone, or changed.",
                      tuple(told))  # fmt: skip


def _guessed(chapters: tuple[ChapterView, ...]) -> Iterator[Limit]:
    told = tuple(f"{name}, told under {each.title}" for each in chapters for name in each.guessed)
    text = "These evals name no chapter: write chapter: in their eval.yaml."
    yield from _named("Chapter not stated", text, told)


def _named(kind: str, text: str, where: tuple[str, ...]) -> Iterator[Limit]:
    if where:
        yield Limit(kind, text, where)


def _place(of: Estimate | Difference) -> str:
    return f"{of.eval}, {of.scorer}, {requests_words(of.slice)}"
