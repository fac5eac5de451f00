"""The chapters of a launch report: which eval belongs where, and which have no evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from assay.records import Chapter, Estimate, EvalRecord
from assay.report.launch.tables import AREAS, LANGUAGES, OVERALL, Table, Told, pair_up
from assay.report.launch.view import LaunchView

TITLES: dict[Chapter, tuple[str, str]] = {
    "single-turn": (
        "Single-turn requests",
        "One request, one reply: requests that break the policy, which should be refused, and"
        " benign ones that may sound alike, which should be answered.",
    ),
    "higher-difficulty": (
        "Higher-difficulty requests",
        "Requests made to be hard: disguised, ambiguous, or close to the policy's edge.",
    ),
    "multi-turn": (
        "Multi-turn conversations",
        "Conversations in which the user comes nearer to the aim from turn to turn.",
    ),
    "wellbeing": (
        "User wellbeing",
        "People who may be at risk: suicide and self-harm, eating disorders, children.",
    ),
    "bias": ("Bias", "Whether groups, views and questions of politics are treated alike."),
    "elections": (
        "Elections",
        "Deceiving, hindering or frightening voters; and help for those who vote, or run it.",
    ),
    "agentic": (
        "Agentic safety",
        "The model with tools: malicious tasks, and instructions hidden in what it reads.",
    ),
    "other": ("Other evals", "Evals that belong to none of the chapters above."),
}


@dataclass(frozen=True)
class ChapterView:
    """One chapter: overall tables, then those by policy area and by language.

    ``guessed`` names evals that do not say where they belong.
    """

    id: str
    title: str
    about: str
    overall: tuple[Table, ...]
    areas: tuple[Table, ...]
    languages: tuple[Table, ...]
    guessed: tuple[str, ...]

    @property
    def empty(self) -> bool:
        return not self.overall

    @property
    def sections(self) -> tuple[tuple[str, tuple[Table, ...]], ...]:
        """The tables of slices, under their headings."""
        named = (("By policy area", self.areas), ("By language", self.languages))
        return tuple((title, tables) for title, tables in named if tables)


def chapters(view: LaunchView) -> tuple[ChapterView, ...]:
    """Every chapter, in order; the last one only where an eval is in it."""
    told = pair_up(view.sources)
    found = tuple(_chapter(name, told) for name in get_args(Chapter))
    return tuple(each for each in found if each.id != "other" or not each.empty)


def chapter_of(eval: EvalRecord, estimates: tuple[Estimate, ...]) -> Chapter:
    """Where an eval belongs: as it says itself; else single-turn where requests have polarity."""
    if eval.chapter is not None:
        return eval.chapter
    marked = {each.slice.get("polarity") for each in estimates} & {"violative", "benign"}
    return "single-turn" if marked else "other"


def _chapter(name: Chapter, told: list[Told]) -> ChapterView:
    own = [each for each in told if _belongs(each) == name]
    title, about = TITLES[name]
    return ChapterView(
        id=name,
        title=title,
        about=about,
        overall=_tables(own, OVERALL),
        areas=_tables(own, AREAS),
        languages=_tables(own, LANGUAGES),
        guessed=tuple(
            dict.fromkeys(e.candidate.eval.name for e in own if e.candidate.eval.chapter is None)
        ),
    )


def _belongs(told: Told) -> Chapter:
    return chapter_of(told.candidate.eval, told.candidate.estimates)


def _tables(told: list[Told], label: str) -> tuple[Table, ...]:
    return tuple(filter(None, (each.table(label) for each in told)))
