"""The paired differences of one eval x scorer: overall and by slice, with what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from assay.records import Difference, EvalRecord, Good, ScorerRecord, Verdict
from assay.runs.figures import BY_POLARITY, CONFIDENCE, SLICINGS
from assay.runs.pairing import (
    CHANGED,
    MATCHED,
    ONLY_BASELINE,
    ONLY_CANDIDATE,
    REPEATED,
    Cell,
    Pairs,
)
from assay.stats import Paired, benjamini_hochberg, clustered_mean, paired, sums_by_cluster

Better = Literal["high", "low"] | None

FALSE_FLAGS = 0.05
"""Of the slices that are marked, at most this share is marked falsely, on average."""


def differences(
    pairs: Pairs, eval: EvalRecord, scorer: ScorerRecord, *, slices: bool = True
) -> Iterator[Difference]:
    """Overall, by polarity, by policy area, by language: the slices that figures have too.

    Verdicts of slices stand only after :func:`adjusted`.

    Args:
        slices: whether to go on after the overall differences.
    """
    slicings = BY_POLARITY if scorer.good == "by_polarity" else SLICINGS
    for slicing in slicings if slices else slicings[:1]:
        places = _places(pairs.cells, slicing)
        headline = slicing == (("polarity",) if scorer.good == "by_polarity" else ())
        if not headline and len({place[0] for place in places}) < 2:
            continue  # one slice that holds everything says nothing new
        for place, cells, rows in _rows(pairs, places):
            slice = dict(zip(slicing, place, strict=True))
            yield _Slice(pairs, cells, rows, eval, scorer, slice).difference()


def difference_in(
    pairs: Pairs, eval: EvalRecord, scorer: ScorerRecord, slice: dict[str, str]
) -> Difference:
    """The difference in one slice that was named beforehand, so that its verdict stands alone."""
    return _Slice(pairs, *pairs.within(slice), eval, scorer, slice).difference()


def adjusted(slices: Sequence[Difference]) -> list[Difference]:
    """The slices with p-values adjusted for their number, and verdicts only where those hold."""
    tested = [number for number, each in enumerate(slices) if each.p_value is not None]
    found = list(slices)
    if tested:
        after = benjamini_hochberg(np.array([slices[number].p_value for number in tested]))
        for number, p in zip(tested, after.tolist(), strict=True):
            verdict = slices[number].verdict if p <= FALSE_FLAGS else "unclear"
            found[number] = msgspec.structs.replace(found[number], adjusted=p, verdict=verdict)
    return found


def worst_first(
    found: Iterable[Difference], bounds: dict[tuple[str, str], tuple[float, float] | None]
) -> tuple[Difference, ...]:
    """Clear regressions, then what is unclear, then clear improvements; in each the worst first.

    How bad a change is counts as a share of the scorer's range, so that scales can be compared.
    """

    def key(each: Difference) -> tuple[int, float, str, str, list[str]]:
        low, high = bounds.get((each.eval, each.scorer)) or (0.0, 1.0)
        change = (each.value or 0.0) / (high - low)
        harm = -change if each.better == "high" else change if each.better else abs(change)
        name = (each.eval, each.scorer, list(each.slice.values()))
        return (_ORDER[each.verdict], -harm, *name)

    return tuple(sorted(found, key=key))


def direction(good: Good, slice: dict[str, str]) -> Better:
    """Which way a value is better; None where that cannot be told."""
    if good != "by_polarity":
        return good
    polarity = slice.get("polarity")
    return "high" if polarity == "violative" else "low" if polarity == "benign" else None


def verdict_of(better: Better, ends: Sequence[float | None], warning: str) -> Verdict:
    """What is clear: all ends lie on one side of no difference, and the method does not warn."""
    known = [end for end in ends if end is not None]
    if warning or len(known) < len(ends) or not (min(known) > 0 or max(known) < 0):
        return "unclear"
    rose = min(known) > 0
    if better is None:
        return "higher" if rose else "lower"
    return "better" if rose == (better == "high") else "worse"


_ORDER: dict[Verdict, int] = {
    "worse": 0,
    "lower": 1,
    "higher": 1,
    "unclear": 2,
    "nothing to compare": 3,
    "better": 4,
}

_Place = tuple[str, ...]


def _places(cells: Sequence[Cell], slicing: tuple[str, ...]) -> dict[_Place, list[int]]:
    """The slices of a slicing, each with the cells in it."""
    found: dict[_Place, list[int]] = {}
    for number, cell in enumerate(cells):
        found.setdefault(tuple(getattr(cell, name) for name in slicing), []).append(number)
    return dict(sorted(found.items()))


def _rows(
    pairs: Pairs, places: dict[_Place, list[int]]
) -> Iterator[tuple[_Place, list[Cell], NDArray[np.intp]]]:
    """Each slice with its cells and the positions of its rows; one sort serves all slices."""
    slice_of = np.zeros(len(pairs.cells), dtype=np.int64)
    for number, cells in enumerate(places.values()):
        slice_of[cells] = number
    slices = slice_of[pairs.cell]
    order = np.argsort(slices, kind="stable")
    ends = np.searchsorted(slices[order], np.arange(len(places) + 1))
    for number, (place, cells) in enumerate(places.items()):
        held = [pairs.cells[cell] for cell in cells]
        yield place, held, order[ends[number] : ends[number + 1]]


class _Slice:
    """One slice of one eval x scorer."""

    def __init__(
        self,
        pairs: Pairs,
        cells: Sequence[Cell],
        rows: NDArray[np.intp],
        eval: EvalRecord,
        scorer: ScorerRecord,
        slice: dict[str, str],
    ) -> None:
        self._candidate, self._baseline = pairs.candidate[rows], pairs.baseline[rows]
        self._clusters = None if pairs.clusters is None else pairs.clusters[rows]
        self._cells = cells
        self._eval, self._scorer, self._slice = eval, scorer, slice
        self._missing = bool((np.isnan(self._candidate) | np.isnan(self._baseline)).any())

    def difference(self) -> Difference:
        """The slice's difference; its verdict takes no heed of how many slices there are."""
        found = self._paired(self._candidate, self._baseline)
        interval = found.difference if found else None
        low_end, high_end = self._extremes(found)
        better = direction(self._scorer.good, self._slice)
        worst, best = (high_end, low_end) if better == "low" else (low_end, high_end)
        least = low_end.difference.low if low_end else None
        greatest = high_end.difference.high if high_end else None
        verdict, warning = _judged(better, found, least, greatest)
        return Difference(
            eval=self._eval.name,
            scorer=self._scorer.name,
            slice=self._slice,
            good=self._scorer.good,
            better=better,
            verdict=verdict,
            value=interval.estimate if interval else None,
            low=interval.low if interval else None,
            high=interval.high if interval else None,
            confidence=CONFIDENCE,
            method=f"paired, {interval.method}" if interval else "none: nothing to compare",
            paired=True,
            candidate=found.candidate if found else None,
            baseline=found.baseline if found else None,
            n=interval.n if interval else 0,
            clusters=interval.clusters if interval else 0,
            matched=len(self._candidate),
            candidate_missing=self._reasons("candidate_reason"),
            baseline_missing=self._reasons("baseline_reason"),
            worst=worst.difference.estimate if worst else None,
            best=best.difference.estimate if best else None,
            least=least,
            greatest=greatest,
            only_candidate=self._standing(ONLY_CANDIDATE),
            only_baseline=self._standing(ONLY_BASELINE),
            changed=self._standing(CHANGED),
            repeated=self._standing(REPEATED),
            raised=found.raised if found else 0,
            lowered=found.lowered if found else 0,
            p_value=found.p_value if found else None,
            test=found.test if found else "",
            warning=warning,
            candidate_interval=self._own(self._candidate),
            baseline_interval=self._own(self._baseline),
        )

    def _own(self, scores: NDArray[np.float64]) -> tuple[float, float] | None:
        """The interval of one side's own figure, over the pairs that have both scores."""
        both = ~np.isnan(self._candidate) & ~np.isnan(self._baseline)
        if not both.any():
            return None
        own = scores[both]
        clusters = np.arange(len(own)) if self._clusters is None else self._clusters[both]
        sums, squares, counts = sums_by_cluster(clusters, own, own**2)
        found = clustered_mean(
            sums,
            counts,
            sum_squares=squares,
            confidence=CONFIDENCE,
            bounds=self._scorer.bounds,
            binary=self._scorer.bounds == (0, 1) and _is_binary(own),
        )
        return found.low, found.high

    def _extremes(self, found: Paired | None) -> tuple[Paired | None, Paired | None]:
        """The difference with every missing score as low, and as high, as it could make it."""
        if not self._missing:
            return found, found
        if self._scorer.bounds is None:
            return None, None
        least, greatest = self._scorer.bounds
        return (
            self._paired(_filled(self._candidate, least), _filled(self._baseline, greatest)),
            self._paired(_filled(self._candidate, greatest), _filled(self._baseline, least)),
        )

    def _paired(
        self, candidate: NDArray[np.float64], baseline: NDArray[np.float64]
    ) -> Paired | None:
        both = ~np.isnan(candidate) & ~np.isnan(baseline)
        if not both.any():
            return None
        bounds = self._scorer.bounds
        binary = bounds == (0, 1) and _is_binary(candidate[both]) and _is_binary(baseline[both])
        return paired(
            candidate,
            baseline,
            clusters=self._clusters,
            confidence=CONFIDENCE,
            bounds=bounds,
            binary=binary,
        )

    def _reasons(self, side: str) -> dict[str, int]:
        found: Counter[str] = Counter()
        for cell in self._cells:
            if cell.standing == MATCHED and (reason := getattr(cell, side)):
                found[reason] += cell.rows
        return dict(found)

    def _standing(self, standing: int) -> int:
        return sum(cell.rows for cell in self._cells if cell.standing == standing)


def _judged(
    better: Better, found: Paired | None, least: float | None, greatest: float | None
) -> tuple[Verdict, str]:
    """The verdict on a difference, and what speaks against relying on it."""
    if found is None:
        return "nothing to compare", "no sample has a score in both runs"
    interval = found.difference
    ends = (interval.low, interval.high)
    if interval.warning or verdict_of(better, ends, "") == "unclear":
        return "unclear", interval.warning
    if found.p_value > 1 - CONFIDENCE:  # in tiny samples an interval is less strict
        return "unclear", f"the test does not bear the difference out (p = {found.p_value:.2g})"
    verdict = verdict_of(better, (*ends, least, greatest), "")
    return verdict, "what is missing could undo the difference" if verdict == "unclear" else ""


def _filled(scores: NDArray[np.float64], value: float) -> NDArray[np.float64]:
    return np.where(np.isnan(scores), value, scores)


def _is_binary(scores: NDArray[np.float64]) -> bool:
    return bool(((scores == 0) | (scores == 1)).all())
