"""A paired difference in words: its size and interval, and whether it stands out of the noise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

from assay.records import Difference
from assay.report.text import Scale

CLEAR = ("worse", "better", "lower", "higher")
"""Verdicts that neither chance, nor missing scores, nor the method's weakness explains."""


@dataclass(frozen=True)
class Change:
    """A difference, candidate less another. Only where ``clear`` may a page mark it.

    ``pairs`` says on how many it rests, ``open`` what missing and unmatched samples leave open.
    """

    difference: Difference
    size: str
    interval: str
    verdict: str
    clear: bool
    pairs: str
    method: str
    open: tuple[str, ...]
    adjusted: str

    @property
    def brief(self) -> str:
        """What a reader needs beside the difference, where its method is told elsewhere."""
        return "; ".join(filter(None, (self.pairs, *self.open)))

    @property
    def notes(self) -> str:
        """All that stands behind the difference."""
        told = (self.pairs, self.method, *self.open, self.adjusted)
        return "; ".join(filter(None, told))


def change(difference: Difference | None, scale: Scale) -> Change | None:
    """The difference in words; None where there is none."""
    if difference is None:
        return None
    clear = difference.verdict in CLEAR
    return Change(
        difference=difference,
        size="" if difference.value is None else scale.difference(difference.value),
        interval=between(difference.low, difference.high, scale),
        verdict=_verdict(difference),
        clear=clear,
        pairs=_pairs(difference),
        method=f"{difference.method}, {difference.confidence:.0%}" if difference.n else "",
        open=tuple(_open(difference, scale)),
        adjusted=(
            ""
            if difference.adjusted is None
            else f"p = {difference.adjusted:.2g}, adjusted for all slices (Benjamini and Hochberg)"
        ),
    )


def between(low: float | None, high: float | None, scale: Scale) -> str:
    """An interval of differences: ``[+1.0, +4.2]``, in the scale's unit."""
    if low is None or high is None:
        return ""
    ends = (_end(low, scale), _end(high, scale))
    return f"[{ends[0]}, {ends[1]}]"


def _end(value: float, scale: Scale) -> str:
    if not isfinite(value):
        return "no bound"
    return scale.difference(value).removesuffix(" points")


def _verdict(difference: Difference) -> str:
    if difference.verdict in CLEAR:
        return f"clearly {difference.verdict}"
    if difference.verdict == "nothing to compare":
        return "nothing to compare"
    if difference.warning:
        return f"not clear: {difference.warning}"
    ends = (difference.low, difference.high)
    apart = None not in ends and (ends[0] > 0 or ends[1] < 0)  # type: ignore[operator]
    return "not clear among so many slices" if apart else "within the noise"


def _pairs(difference: Difference) -> str:
    n, clusters = difference.n, difference.clusters
    if not difference.paired or not n:
        return ""
    of = "" if n == difference.matched else f" of {difference.matched:,}"
    return f"{n:,}{of} pairs" + (f", {clusters:,} clusters" if clusters != n else "")


def _open(difference: Difference, scale: Scale) -> Iterator[str]:
    if difference.missing:
        ends = [end for end in (difference.worst, difference.best) if end is not None]
        told = "how far these could move it is unknown"
        if len(ends) == 2:
            worst, best = map(scale.difference, ends)
            told = f"worst case {worst}, best {best}"
        scores = "1 score" if difference.missing == 1 else f"{difference.missing:,} scores"
        yield f"{scores} missing: {told}"
    if difference.unmatched:
        samples = "1 sample" if difference.unmatched == 1 else f"{difference.unmatched:,} samples"
        yield f"{samples} not matched"
