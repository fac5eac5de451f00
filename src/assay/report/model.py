"""What a report shows of its runs, decided without I/O: rows, their order, and their words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from assay.records import Difference as Paired
from assay.records import Estimate, Good, RunRecord, ScoreRow, ScorerRecord, Transcript
from assay.report.changes import change
from assay.report.compare import Difference, difference, direction, incomparable
from assay.report.text import Scale, missing_words, seconds_words, trust_words

MAX_ROWS = 200
"""Rows of one table; where there are more, the best of them are left out and counted."""

SECTIONS: dict[tuple[str, ...], str] = {
    ("policy_area",): "By policy area",
    ("language",): "By language",
}
POLARITIES = {"violative": "violative requests", "benign": "benign requests"}

Bounds = tuple[float, float] | None


@dataclass(frozen=True)
class RunView:
    """One run, as the report needs it.

    ``estimates`` hold overall figures (``slice == {}``) and those of slices, such as
    ``{"polarity": "benign"}`` or ``{"policy_area": "fraud", "polarity": "violative"}``.
    ``transcripts`` gives each transcript with its scores; it is read once, and never held whole.
    ``cut_off`` counts, by eval, the replies that the token limit broke off. ``differences`` are the
    paired ones from the baseline, where this is a candidate.
    """

    record: RunRecord
    estimates: tuple[Estimate, ...]
    transcripts: Iterable[tuple[Transcript, tuple[ScoreRow, ...]]]
    cut_off: Mapping[str, int] = field(default_factory=dict)
    differences: tuple[Paired, ...] = ()


@dataclass(frozen=True)
class Figure:
    """One estimate, in the words of a table's cell."""

    estimate: Estimate
    value: str
    interval: str
    missing: str
    worst: str
    best: str
    trust: tuple[str, ...] = ()
    """What vouches for the scorer, and the figure without its error, where that is known."""
    seconds: tuple[str, ...] = ()
    """The figure had another way: corrected, or audited by people."""

    @property
    def missing_count(self) -> int:
        return sum(self.estimate.missing.values())

    @property
    def method(self) -> str:
        return f"{self.estimate.method}, {self.estimate.confidence:.0%}"


class Sliced:
    """Words for the slice that a row is about; whoever inherits has these two fields."""

    slice: Mapping[str, str]
    good: Good

    @property
    def name(self) -> str:
        """The slice's own name: its policy area, say; empty for an overall row."""
        return ", ".join(value for key, value in self.slice.items() if key != "polarity")

    @property
    def requests(self) -> str:
        return requests_words(self.slice)

    @property
    def direction(self) -> str:
        """``higher is better`` or ``lower is better``, as far as that can be said."""
        good = direction(self.good, self.slice.get("polarity"))
        return f"{good}er is better" if good == "high" else "lower is better" if good else ""


@dataclass(frozen=True)
class Row(Sliced):
    """One line of a table: what it is about, and a figure for each run that has one.

    ``badness`` is the candidate's, on the row's scale; None where it cannot be told.
    """

    eval: str
    scorer: str
    slice: Mapping[str, str]
    good: Good
    scale: Scale
    candidate: Figure | None
    baseline: Figure | None
    difference: Difference | None
    badness: float | None


@dataclass(frozen=True)
class Table:
    """Figures of one kind, worst first. ``dropped`` counts rows beyond the bound."""

    eval: str
    scorer: str
    good: Good
    rows: tuple[Row, ...]
    dropped: int = 0

    @property
    def requests(self) -> str:
        """The kind of requests that all rows are about; empty where they differ."""
        kinds = {row.requests for row in self.rows}
        return kinds.pop() if len(kinds) == 1 else ""

    @property
    def direction(self) -> str:
        """Which way is better, for all rows; empty where they differ."""
        kinds = {row.direction for row in self.rows}
        return kinds.pop() if len(kinds) == 1 else ""

    @property
    def method(self) -> str:
        """The method and confidence of all the table's intervals; empty where they differ."""
        figures = [figure for row in self.rows for figure in (row.candidate, row.baseline)]
        methods = {figure.method for figure in figures if figure and figure.estimate.n}
        return methods.pop() if len(methods) == 1 else ""

    @property
    def scale(self) -> Scale | None:
        """The scale that all rows share, if they do."""
        scales = {row.scale for row in self.rows}
        return scales.pop() if len(scales) == 1 else None

    @property
    def compared(self) -> int:
        return sum(1 for row in self.rows if row.difference and row.difference.size)


@dataclass(frozen=True)
class Section:
    """The tables of one way of slicing, one for each eval and scorer."""

    id: str
    title: str
    label: str
    tables: tuple[Table, ...]


@dataclass(frozen=True)
class Twin:
    """Refusals on violative requests against those on their benign twins, for one run."""

    eval: str
    scorer: str
    run: str
    model: str
    scale: Scale
    violative: Figure | None
    benign: Figure | None


def requests_words(slice: Mapping[str, str]) -> str:
    """``violative requests``, ``benign requests``, ``unmarked requests`` or ``all requests``."""
    if "polarity" not in slice:
        return "all requests"
    return POLARITIES.get(slice["polarity"], "unmarked requests")


def scorer_of(record: RunRecord, eval: str, scorer: str) -> ScorerRecord | None:
    """The scorer as the run used it, or None where the run does not know it."""
    found = (s for e in record.evals if e.name == eval for s in e.scorers if s.name == scorer)
    return next(found, None)


def badness(value: float | None, good: Good, bounds: Bounds, polarity: str | None) -> float | None:
    """How far a value is from the best, from 0 to 1; None where that cannot be told."""
    if value is None or bounds is None or bounds[0] >= bounds[1]:
        return None
    height = (value - bounds[0]) / (bounds[1] - bounds[0])
    way = direction(good, polarity)
    return min(1.0, max(0.0, 1 - height if way == "high" else height)) if way else None


class Tables:
    """All tables of a candidate's and a baseline's figures."""

    def __init__(self, candidate: RunView, baseline: RunView | None) -> None:
        self._runs = [candidate.record] + ([baseline.record] if baseline else [])
        self._figures = [_by_place(candidate), _by_place(baseline) if baseline else {}]
        self._paired = {_place(each): each for each in candidate.differences}
        self._incomparable = incomparable(candidate.record, baseline.record) if baseline else {}
        self._scales = dict(self._each_scale(candidate, baseline))

    def overall(self) -> Table:
        """One row an eval, scorer and polarity; the eval with the worst figure first."""
        rows = self._rows(lambda keys: not keys)
        groups: dict[tuple[str, str], list[Row]] = {}
        for row in rows:
            groups.setdefault((row.eval, row.scorer), []).append(row)
        order = {"all requests": 0, "violative requests": 1}
        for group in groups.values():
            group.sort(key=lambda row: order.get(row.requests, 2))
        ranked = sorted(groups.values(), key=lambda group: min(map(_rank_overall, group)))
        return _bounded("", "", "high", [row for group in ranked for row in group])

    def sections(self) -> tuple[Section, ...]:
        """A section for each way of slicing: policy area, language, then any other.

        A table holds one kind of request, since what is better differs between the kinds; where a
        scorer's figures of all requests together mean something, these stand instead.
        """
        seen = dict.fromkeys(_keys(place[2]) for figures in self._figures for place in figures)
        ways = [keys for keys in SECTIONS if keys in seen]
        ways += [keys for keys in seen if keys and keys not in SECTIONS]
        return tuple(self._section(keys) for keys in ways)

    def twins(self) -> tuple[Twin, ...]:
        """For each eval and scorer judged by polarity, each run's two rates side by side."""
        rows = [row for row in self.overall().rows if row.good == "by_polarity"]
        pairs: dict[tuple[str, str], dict[str, Row]] = {}
        for row in rows:
            pairs.setdefault((row.eval, row.scorer), {})[row.slice.get("polarity", "")] = row
        return tuple(
            Twin(
                *place,
                run=run,
                model=record.model,
                scale=next(iter(sides.values())).scale,
                violative=_side(sides.get("violative"), run),
                benign=_side(sides.get("benign"), run),
            )
            for place, sides in pairs.items()
            if sides.keys() & POLARITIES.keys()
            for run, record in zip(("candidate", "baseline"), self._runs, strict=False)
        )

    def _section(self, keys: tuple[str, ...]) -> Section:
        tables: dict[tuple[str, str], dict[str, list[Row]]] = {}
        for row in self._rows(lambda found: found == keys):
            kinds = tables.setdefault((row.eval, row.scorer), {})
            kinds.setdefault(row.slice.get("polarity", ""), []).append(row)
        told = [
            _bounded(*place, rows[0].good, sorted(rows, key=_rank))
            for place, kinds in tables.items()
            for kind, rows in sorted(kinds.items(), key=lambda item: item[0] == "benign")
            if kind == "" or "" not in kinds
        ]
        label = " and ".join(key.replace("_", " ") for key in keys)
        return Section(
            "by-" + "-".join(keys), SECTIONS.get(keys, f"By {label}"), label, tuple(told)
        )

    def _rows(self, wanted: Callable[[tuple[str, ...]], bool]) -> Iterator[Row]:
        places = dict.fromkeys(place for figures in self._figures for place in figures)
        for place in places:
            if wanted(_keys(place[2])):
                yield self._row(place)

    def _row(self, place: _Place) -> Row:
        ours, theirs = (figures.get(place) for figures in self._figures)
        shown = ours or theirs
        assert shown is not None
        scale = self._scales[shown.eval, shown.scorer]
        return Row(
            eval=shown.eval,
            scorer=shown.scorer,
            slice=shown.slice,
            good=shown.good,
            scale=scale,
            candidate=figure(ours, scale),
            baseline=figure(theirs, scale),
            difference=self._difference(ours, theirs, scale),
            badness=badness(
                ours.value if ours else None,
                shown.good,
                (scale.low, scale.high),
                shown.slice.get("polarity"),
            ),
        )

    def _difference(
        self, ours: Estimate | None, theirs: Estimate | None, scale: Scale
    ) -> Difference | None:
        if len(self._runs) < 2:
            return None
        if ours is None or theirs is None:
            return Difference("", "", "only one of the two runs has this figure", False)
        reason = self._incomparable.get((ours.eval, ours.scorer))
        if reason is None and ours.scorer_version != theirs.scorer_version:
            reason = "scored by different versions of the scorer"
        if reason:
            return Difference("", "", f"not comparable: {reason}", False)
        told = change(self._paired.get(_place(ours)), scale)
        if told is None or not told.size:
            return difference(ours, theirs, scale)
        note = "; ".join(filter(None, (told.interval, told.verdict, told.notes)))
        return Difference(told.size, told.difference.verdict, note, told.clear)

    def _each_scale(
        self, candidate: RunView, baseline: RunView | None
    ) -> Iterator[tuple[tuple[str, str], Scale]]:
        spans: dict[tuple[str, str], list[float]] = {}
        for view in filter(None, (candidate, baseline)):
            for estimate in view.estimates:
                ends = (estimate.value, estimate.low, estimate.high, estimate.worst, estimate.best)
                span = spans.setdefault((estimate.eval, estimate.scorer), [])
                span += [end for end in ends if end is not None]
        for place, span in spans.items():
            found = filter(None, (scorer_of(record, *place) for record in self._runs))
            scorer = next(found, None)
            if scorer and scorer.bounds:
                yield place, Scale(*scorer.bounds)
            else:
                yield place, scale_around(span)


_Place = tuple[str, str, tuple[tuple[str, str], ...]]


def figure(estimate: Estimate | None, scale: Scale) -> Figure | None:
    """An estimate in the words of a cell."""
    if estimate is None:
        return None
    return Figure(
        estimate=estimate,
        value=scale.say(estimate.value),
        interval=scale.interval(estimate.low, estimate.high),
        missing=missing_words(estimate.missing),
        worst=scale.say(estimate.worst) if estimate.worst is not None else "unknown",
        best=scale.say(estimate.best) if estimate.best is not None else "unknown",
        trust=trust_words(estimate, scale),
        seconds=seconds_words(estimate, scale),
    )


def _by_place(view: RunView) -> dict[_Place, Estimate]:
    return {_place(each): each for each in view.estimates}


def _place(of: Estimate | Paired) -> _Place:
    return of.eval, of.scorer, tuple(sorted(of.slice.items()))


def _keys(slice: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    return tuple(key for key, _ in slice if key != "polarity")


def _side(row: Row | None, run: str) -> Figure | None:
    if row is None:
        return None
    return row.candidate if run == "candidate" else row.baseline


def _rank(row: Row) -> tuple[int, float, str, str, str, str]:
    """Worst first: rows without any score, then by badness; last, what has no direction."""
    names = (row.eval, row.scorer, row.name, row.requests)
    if row.candidate is None or row.candidate.estimate.value is None:
        return (0, 0.0, *names)
    return (2, 0.0, *names) if row.badness is None else (1, -row.badness, *names)


def _rank_overall(row: Row) -> tuple[bool, tuple[int, float, str, str, str, str]]:
    """As :func:`_rank`, but scorers without bounds, which compare with no other, come last."""
    return (not row.scale.known, _rank(row))


def _bounded(eval: str, scorer: str, good: Good, rows: list[Row]) -> Table:
    return Table(eval, scorer, good, tuple(rows[:MAX_ROWS]), max(0, len(rows) - MAX_ROWS))


def scale_around(values: list[float]) -> Scale:
    """A scale a little wider than the figures, for a scorer that declares no bounds."""
    if not values:
        return Scale(0.0, 1.0, known=False)
    low, high = min(values), max(values)
    room = (high - low) * 0.05 or abs(high) * 0.05 or 1.0
    return Scale(low - room, high + room, known=False)
