"""How much more evidence would settle a gate that is open: samples, or people's labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from typing import Literal

from assay.launch.bounds import Bounds, bounds_of
from assay.launch.evidence import Pairs, ScorerError, Scores, Threshold
from assay.stats import Share, items_for_difference, items_for_rate

POWER = 0.8
"""The chance that so many samples settle the gate, if the truth is what the figure says."""

_SEARCH_DRAWS = 2_000
_MOST_TIMES = 4_096
_MOST_LABELS = 1 << 20


@dataclass(frozen=True, slots=True)
class Needed:
    """What would settle a gate. ``count`` is None where no number of it would, or none is known."""

    kind: Literal["samples", "labels", "scores", "run", "nothing"]
    count: int | None
    text: str


def settles(bounds: Bounds, threshold: Threshold) -> Literal["pass", "fail"] | None:
    """What bounds show of a threshold: that it is kept, that it is broken, or neither."""
    if threshold.kind == "max":
        if bounds.high <= threshold.value:
            return "pass"
        return "fail" if bounds.low > threshold.value else None
    if bounds.low >= threshold.value:
        return "pass"
    return "fail" if bounds.high < threshold.value else None


def more_samples(
    scores: Scores | Pairs, bounds: Bounds, threshold: Threshold, confidence: float
) -> Needed:
    """More samples like these, by the power functions, at the figure as it is now."""
    both, limit, value = 2 * confidence - 1, threshold.value, bounds.value
    dilution = bounds.n / max(bounds.independent, 1.0)
    try:
        if isinstance(scores, Scores) and scores.binary:
            items = items_for_rate(value, limit, power=POWER, confidence=both)
        else:
            span = scores.bounds[1] - scores.bounds[0] if scores.bounds else None
            least = (0.5 * span / bounds.n) ** 2 if span else 0.0  # no spread seen is not none
            variance = max(bounds.variance, least)
            items = items_for_difference(limit - value, variance, power=POWER, confidence=both)
    except ValueError:
        return Needed("samples", None, _too_close(limit))
    more = max(1, ceil(items * dilution) - bounds.planned)
    if more > 10**8:
        return Needed("samples", None, _too_close(limit))
    would = "pass" if (value < limit) == (threshold.kind == "max") else "fail"
    return Needed(
        "samples",
        more,
        f"about {more:,} more samples would show a {would}, if the figure stays as it is"
        f" (power {POWER:.0%})",
    )


def more_labels(
    scores: Scores | Pairs, error: ScorerError, threshold: Threshold, confidence: float
) -> Needed | None:
    """More labels with which the gate closes, the scorer erring as now; None where none would do.

    The smallest number of them, in the proportion in which there are labels now.
    """

    def closes(times: int) -> bool:
        more = ScorerError(
            sensitivity=_times(error.sensitivity, times / 16),
            specificity=_times(error.specificity, times / 16),
        )
        found = bounds_of(scores, confidence, more, draws=_SEARCH_DRAWS)
        return settles(found, threshold) is not None

    times = _first(closes, 17, 16 * _MOST_TIMES)
    if times is None:
        return None
    have = error.sensitivity.n + error.specificity.n
    count = max(1, ceil(have * (times / 16 - 1)))
    return Needed(
        "labels", count, f"about {count:,} more labels would settle it, if the scorer errs as now"
    )


def first_labels(scores: Scores | Pairs, threshold: Threshold, confidence: float) -> Needed | None:
    """The fewest labels for a scorer that has none: were it right about every one of them."""

    def closes(labels: int) -> bool:
        faultless = Share(labels, labels)
        error = ScorerError(sensitivity=faultless, specificity=faultless)
        found = bounds_of(scores, confidence, error, draws=_SEARCH_DRAWS)
        return settles(found, threshold) == "pass"

    labels = _first(closes, 1, _MOST_LABELS)
    if labels is None:
        return None
    return Needed(
        "labels",
        2 * labels,
        f"at least {2 * labels:,} labels ({labels:,} of replies with the property and {labels:,}"
        " without) would do, if the scorer is right about every one",
    )


def _too_close(limit: float) -> str:
    return f"no number of samples that can be had would settle it: the figure lies at {limit:g}"


def _times(share: Share, times: float) -> Share:
    return Share(share.successes * times, share.n * times)


def _first(holds: Callable[[int], bool], low: int, most: int) -> int | None:
    """The least whole number from low to most that holds, where all after it do."""
    high = low
    while not holds(high):
        low, high = high + 1, 2 * high
        if high > most:
            return None
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return high
