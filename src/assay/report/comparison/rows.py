"""A comparison in a page's words, decided without I/O: rows, bridges, and what did not match."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite

from assay.records import Bridge, Comparison, Difference, Good, RunRecord, Uncompared
from assay.report.changes import Change, change
from assay.report.model import MAX_ROWS, Sliced, requests_words, scale_around, scorer_of
from assay.report.sql import Place, Query, differences_sql
from assay.report.text import Scale, missing_words

_Place = tuple[str, str]


@dataclass(frozen=True)
class Row(Sliced):
    """One difference: what it is about, the two figures, and the change between them."""

    eval: str
    scorer: str
    slice: Mapping[str, str]
    good: Good
    difference: Difference
    scale: Scale
    change: Change
    baseline: str
    candidate: str
    baseline_interval: str
    candidate_interval: str
    missing: str

    @property
    def flips(self) -> str:
        """How many samples got worse and better, or lower and higher."""
        down, up = self.difference.lowered, self.difference.raised
        if self.difference.better is None:
            return f"{down:,} lower, {up:,} higher"
        worse, better = (up, down) if self.difference.better == "low" else (down, up)
        return f"{worse:,} worse, {better:,} better"


@dataclass(frozen=True)
class Part:
    """One part of a bridged change, and what it is of."""

    about: str
    row: Row


@dataclass(frozen=True)
class BridgeView:
    """The whole change of one figure, and its parts: the eval's and the model's."""

    bridge: Bridge
    parts: tuple[Part, ...]
    rest: str


@dataclass(frozen=True)
class ComparisonView:
    """What the page shows besides samples. ``dropped`` counts slices beyond the bound."""

    found: Comparison
    overall: tuple[Row, ...]
    slices: tuple[Row, ...]
    dropped: int
    bridges: tuple[BridgeView, ...]
    unmatched: tuple[tuple[str, str, tuple[str, ...]], ...]
    queries: tuple[Query, ...]
    summary: str


def view_of(found: Comparison, baseline: RunRecord, candidate: RunRecord) -> ComparisonView:
    """The comparison in the order in which it deserves a look: the worst regression first."""
    scales = _Scales(found, (candidate, baseline))
    slices = [scales.row(each) for each in found.slices]
    return ComparisonView(
        found=found,
        overall=tuple(scales.row(each) for each in found.overall),
        slices=tuple(slices[:MAX_ROWS]),
        dropped=max(0, len(slices) - MAX_ROWS),
        bridges=tuple(scales.bridge(each) for each in found.bridges if each.total.overall),
        unmatched=tuple(_unmatched(found)),
        queries=tuple(_queries(found, baseline, candidate)),
        summary=_summary(found.overall),
    )


def about_uncompared(each: Uncompared) -> str:
    """The eval, or the scorer of it, that could not be compared."""
    return ", ".join(filter(None, (each.eval, each.scorer)))


class _Scales:
    """What scale each eval's scorer has; where it has no bounds, one around the figures."""

    def __init__(self, found: Comparison, records: tuple[RunRecord, ...]) -> None:
        self._records = records
        self._ends: dict[_Place, list[float]] = {}
        for each in (*found.overall, *found.slices):
            ends = (each.candidate, each.baseline)
            held = self._ends.setdefault((each.eval, each.scorer), [])
            held += [end for end in ends if end is not None]

    def of(self, place: _Place) -> Scale:
        scorers = (scorer_of(record, *place) for record in self._records)
        bounds = next((each.bounds for each in scorers if each and each.bounds), None)
        if bounds:
            return Scale(*bounds)
        return scale_around(self._ends.get(place, []))

    def row(self, difference: Difference) -> Row:
        scale = self.of((difference.eval, difference.scorer))
        told = change(difference, scale)
        assert told is not None
        sides = (("candidate", difference.candidate_missing),
                 ("baseline", difference.baseline_missing))  # fmt: skip
        return Row(
            eval=difference.eval,
            scorer=difference.scorer,
            slice=difference.slice,
            good=difference.good,
            difference=difference,
            scale=scale,
            change=told,
            baseline=scale.say(difference.baseline),
            candidate=scale.say(difference.candidate),
            baseline_interval=_interval(difference.baseline_interval, scale),
            candidate_interval=_interval(difference.candidate_interval, scale),
            missing="; ".join(f"{side}: {missing_words(lost)}" for side, lost in sides if lost),
        )

    def bridge(self, bridge: Bridge) -> BridgeView:
        told = [
            ("the whole change", bridge.total),
            ("of it the eval's: the old model on both versions", bridge.from_eval),
            ("of it the model's: both models on the new version", bridge.from_model),
        ]
        if bridge.unchanged is not None and not bridge.from_eval.paired:
            told.append(("the eval's, on unchanged samples", bridge.unchanged))
        scale = self.of((bridge.eval, bridge.scorer))
        return BridgeView(
            bridge=bridge,
            parts=tuple(Part(about, self.row(each)) for about, each in told),
            rest=scale.difference(bridge.rest) if bridge.rest else "",
        )


def _interval(ends: tuple[float, float] | None, scale: Scale) -> str:
    if ends is None:
        return ""
    low, high = (scale.number(end) if isfinite(end) else "no bound" for end in ends)
    return f"[{low}, {high}]"


def _summary(overall: Iterable[Difference]) -> str:
    counts = Counter[str](each.verdict for each in overall)
    words = {
        "worse": "clearly worse", "better": "clearly better", "lower": "clearly lower",
        "higher": "clearly higher", "unclear": "within the noise or not clear",
        "nothing to compare": "with nothing to compare",
    }  # fmt: skip
    told = ", ".join(f"{counts[v]:,} {said}" for v, said in words.items() if counts[v])
    return f"{counts.total():,} overall figures: {told}." if told else "Nothing could be compared."


def _unmatched(found: Comparison) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    """For each eval: how many did not match and why, and the first that are named."""
    counts: dict[str, list[str]] = {}
    for each in found.overall:
        told = (
            (each.only_candidate, "only in the candidate"),
            (each.only_baseline, "only in the baseline"),
            (each.changed, "with changed content"),
            (each.repeated, "repeated"),
        )
        words = ", ".join(f"{count:,} {why}" for count, why in told if count)
        if words:
            about = f"{requests_words(each.slice)}, {each.scorer}"
            counts.setdefault(each.eval, []).append(f"{about}: {words}")
    for eval_name, lines in counts.items():
        named = [e for e in found.unmatched if e.eval == eval_name]
        yield eval_name, "; ".join(lines), tuple(f"{e.sample_id} ({e.why})" for e in named[:20])


def _queries(found: Comparison, baseline: RunRecord, candidate: RunRecord) -> Iterable[Query]:
    """SQL that gives the differences again: by eval and scorer, overall and for each slicing."""
    unknown = {e.eval for e in found.contrasts if e.what == "content of each sample"}
    changed = {e.eval for e in found.contrasts if e.what == "content hash"} - unknown
    told: dict[tuple[str, str, tuple[str, ...]], None] = {}
    for each in (*found.overall, *found.slices):
        told[each.eval, each.scorer, tuple(each.slice)] = None
    for eval_name, scorer, slicing in told:
        ours = scorer_of(candidate, eval_name, scorer)
        theirs = scorer_of(baseline, eval_name, scorer)
        if ours is None or theirs is None:
            continue
        by = " and ".join(name.replace("_", " ") for name in slicing)
        yield Query(
            f"{eval_name}, {scorer}" + (f", by {by}" if by else ""),
            differences_sql(
                Place(candidate.id, ours.version),
                [Place(baseline.id, theirs.version)],
                eval_name,
                scorer,
                slicing,
                by_content=eval_name in changed,
            ),
        )
