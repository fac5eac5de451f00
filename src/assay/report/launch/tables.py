"""Tables of a launch report, decided without I/O: a row a figure, what is beside it, its SQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from assay.records import Difference, Estimate, Good, ScorerRecord
from assay.report.changes import Change, change
from assay.report.launch.view import Source, Subject
from assay.report.model import MAX_ROWS, Figure, Sliced, badness, figure, scale_around
from assay.report.sql import (
    Place,
    Query,
    differences_sql,
    figures_sql,
    missing_sql,
    transcripts_sql,
)
from assay.report.text import Scale

Item = TypeVar("Item", Estimate, Difference)

ON_PAPER = 12
"""Rows of a slices' table that are printed, besides those that stand out or lack scores."""

OVERALL, AREAS, LANGUAGES = "", "policy_area", "language"


@dataclass(frozen=True)
class Other:
    """Another subject's figure beside the candidate's, and the paired difference of the two."""

    subject: Subject
    figure: Figure | None
    change: Change | None


@dataclass(frozen=True)
class Row(Sliced):
    """One figure of the candidate, and those that stand beside it."""

    eval: str
    scorer: str
    slice: Mapping[str, str]
    good: Good
    scale: Scale
    candidate: Figure | None
    others: tuple[Other, ...]
    badness: float | None

    @property
    def stands_out(self) -> bool:
        """Whether it differs clearly from another subject, or a score of it is missing."""
        figures = [self.candidate, *(other.figure for other in self.others)]
        lacks = any(each is not None and each.missing_count for each in figures)
        return lacks or any(other.change and other.change.clear for other in self.others)


@dataclass(frozen=True)
class Table:
    """Figures of one eval and scorer: overall, by policy area, or by language."""

    eval: str
    version: str
    scorer: ScorerRecord
    label: str
    rows: tuple[Row, ...]
    dropped: int
    queries: tuple[Query, ...]

    @property
    def scale(self) -> Scale:
        return self.rows[0].scale

    @property
    def unprinted(self) -> frozenset[int]:
        """The rows, by their number from 0, that paper leaves out: none of overall figures."""
        if not self.label:
            return frozenset()
        later = enumerate(self.rows[ON_PAPER:], ON_PAPER)
        return frozenset(number for number, row in later if not row.stands_out)

    @property
    def clear(self) -> int:
        """How many differences stand out of the noise."""
        return sum(bool(o.change and o.change.clear) for row in self.rows for o in row.others)

    @property
    def methods(self) -> list[str]:
        """How the differences were made."""
        found = [o.change.method for row in self.rows for o in row.others if o.change]
        return sorted(set(filter(None, found)))

    @property
    def compared(self) -> int:
        return sum(bool(o.change and o.change.size) for row in self.rows for o in row.others)


class Told:
    """One eval and scorer: the candidate's run, and the others'."""

    def __init__(self, candidate: Source, others: Sequence[Source]) -> None:
        self.candidate, self.others = candidate, others
        self._scale = _scale(candidate.scorer, candidate.estimates)
        self._figures = [_by_slice(each.estimates) for each in (candidate, *others)]
        self._changes = [_by_slice(each.differences) for each in others]

    def table(self, label: str) -> Table | None:
        """The figures sliced by a column, worst first; overall for an empty label."""
        slices = [s for s in self._figures[0] if _label(s) == label]
        rows = [self._row(slice_) for slice_ in slices]
        if not rows:
            return None
        if label:
            rows.sort(key=_rank)
        else:
            rows.sort(key=lambda row: row.slice.get("polarity") == "benign")
        return Table(
            eval=self.candidate.eval.name,
            version=self.candidate.eval.version,
            scorer=self.candidate.scorer,
            label=label.replace("_", " "),
            rows=tuple(rows[:MAX_ROWS]),
            dropped=max(0, len(rows) - MAX_ROWS),
            queries=tuple(
                self._queries(dict.fromkeys(tuple(name for name, _ in s) for s in slices))
            ),
        )

    def _row(self, slice_: _Slice) -> Row:
        ours = self._figures[0][slice_]
        others = tuple(
            Other(
                each.subject,
                figure(figures.get(slice_), self._scale),
                change(changes.get(slice_), self._scale),
            )
            for each, figures, changes in zip(
                self.others, self._figures[1:], self._changes, strict=True
            )
        )
        told = dict(slice_)
        ends = (self._scale.low, self._scale.high) if self._scale.known else None
        return Row(
            eval=ours.eval,
            scorer=ours.scorer,
            slice=told,
            good=ours.good,
            scale=self._scale,
            candidate=figure(ours, self._scale),
            others=others,
            badness=badness(ours.value, ours.good, ends, told.get("polarity")),
        )

    def _queries(self, slicings: Iterable[tuple[str, ...]]) -> Iterator[Query]:
        names = self.candidate.eval.name, self.candidate.scorer.name
        own = _place(self.candidate)
        places = list(dict.fromkeys([own, *map(_place, self.others)]))
        told = list(slicings)
        for slicing in told:
            by = f", by {' and '.join(slicing).replace('_', ' ')}" if slicing else ""
            yield Query(f"the figures{by}", figures_sql(places, *names, slicing))
            for beside, others, by_content in self._beside():
                query = differences_sql(own, others, *names, slicing, by_content=by_content)
                yield Query(f"the differences from {beside}{by}", query)
        if any(e.missing for figures in self._figures for e in figures.values()):
            yield Query("what is missing from them", missing_sql(places, *names))
        yield Query("every transcript of the candidate's", transcripts_sql([own], *names))

    def _beside(self) -> Iterator[tuple[str, list[Place], bool]]:
        """The runs that the candidate's is compared with, by how samples are matched."""
        own = _place(self.candidate)
        for by_content in (False, True):
            others = [
                each
                for each in self.others
                if each.differences and each.by_content == by_content and _place(each) != own
            ]
            if others:
                titles = ", ".join(each.subject.title for each in others)
                yield titles, list(dict.fromkeys(map(_place, others))), by_content


_Slice = tuple[tuple[str, str], ...]


def pair_up(sources: Iterable[Source]) -> list[Told]:
    """The candidate's evals and scorers, each with the others' runs of the same."""
    candidates: list[Source] = []
    others: dict[tuple[str, str], list[Source]] = {}
    for each in sources:
        if each.subject.role == "candidate":
            candidates.append(each)
        else:
            others.setdefault((each.eval.name, each.scorer.name), []).append(each)
    return [Told(c, others.get((c.eval.name, c.scorer.name), [])) for c in candidates]


def _place(source: Source) -> Place:
    return Place(source.run.id, source.scorer.version)


def _by_slice(found: Iterable[Item]) -> dict[_Slice, Item]:
    return {tuple(sorted(each.slice.items(), key=_order)): each for each in found}


def _order(item: tuple[str, str]) -> bool:
    return item[0] == "polarity"


def _label(slice_: _Slice) -> str:
    return "".join(name for name, _ in slice_ if name != "polarity")


def _rank(row: Row) -> tuple[bool, bool, float, str]:
    """Violative before benign, then what has no score, then the worst."""
    bad = row.badness
    benign = row.slice.get("polarity") == "benign"
    return (benign, bad is not None, -(bad or 0.0), row.name)


def _scale(scorer: ScorerRecord, estimates: Sequence[Estimate]) -> Scale:
    if scorer.bounds:
        return Scale(*scorer.bounds)
    ends = (end for e in estimates for end in (e.value, e.low, e.high))
    return scale_around([end for end in ends if end is not None])
