"""How much more evidence would settle a gate that is open: samples, or people's labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import ceil, inf
from typing import Literal

import numpy as np

from assay.launch.bounds import Bounds, bounds_by_error, bounds_of, furthest
from assay.launch.evidence import Pairs, People, ScorerError, Scores, Threshold
from assay.launch.people import Told
from assay.stats import Share, faultless_labels, items_for_difference, items_for_rate
from assay.stats.distributions import normal_quantile

POWER = 0.8
"""The chance that so many samples settle the gate, if the truth is what the figure says."""

_MOST_TIMES = 4_096
_MOST_LABELS = 1 << 20
_MOST_REPEATS = 256
_MOST_UNITS = 1_000_000
_MORE_TRIES = 12


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

    bounds = bounds_by_error(scores, confidence)

    def closes(times: int) -> bool:
        more = ScorerError(
            sensitivity=_times(error.sensitivity, times / 16),
            specificity=_times(error.specificity, times / 16),
        )
        return settles(bounds(more), threshold) is not None

    times = _first(closes, 17, 16 * _MOST_TIMES)
    if times is None:
        return None
    have = error.sensitivity.n + error.specificity.n
    count = max(1, ceil(have * (times / 16 - 1)))
    return Needed(
        "labels", count, f"about {count:,} more labels would settle it, if the scorer errs as now"
    )


def more_with_error(
    scores: Scores | Pairs, error: ScorerError, threshold: Threshold, confidence: float
) -> Needed:
    """What settles a gate whose scorer errs: labels alone, else samples alone, else both alike."""
    labels = more_labels(scores, error, threshold, confidence)
    if labels is not None:
        return labels

    def closes(times: int, labels: int) -> bool:
        more = ScorerError(
            sensitivity=_times(error.sensitivity, labels),
            specificity=_times(error.specificity, labels),
        )
        found = bounds_of(_repeated(scores, times), confidence, more)
        return settles(found, threshold) is not None

    units = len(scores.candidate if isinstance(scores, Pairs) else scores.sums)
    most = min(_MOST_REPEATS, _MOST_UNITS // units)
    planned = units if isinstance(scores, Pairs) else int((scores.counts + scores.missing).sum())
    if times := _first(lambda times: closes(times, 1), 2, most):
        more = (times - 1) * planned
        told = f"about {more:,} more samples would settle it, if figures stay as they are"
        return Needed("samples", more, told)
    if times := _first(lambda times: closes(times, times), 2, most):
        more = (times - 1) * planned
        count = ceil((times - 1) * (error.sensitivity.n + error.specificity.n))
        told = f"about {more:,} more samples together with about {count:,} more labels would settle"
        return Needed("samples", more, f"{told} it, if figures stay as they are")
    return Needed("samples", None, _too_close(threshold.value))


def more_by_people(people: People, told: Told, threshold: Threshold, confidence: float) -> Needed:
    """More labels of this run, or more samples all of which are labelled, if so many lack.

    By how the width of a range falls with the number of labels, if they go on as they are.
    """
    gap = abs(threshold.value - told.value)
    half = told.high - told.value if told.value < threshold.value else told.value - told.low
    sure = normal_quantile(confidence)
    times = (half / gap * (sure + normal_quantile(POWER)) / sure) ** 2 if gap > 0 else inf
    if people.labels * times > 10**8:
        return Needed("samples", None, _too_close(threshold.value))
    more = max(1, ceil(people.labels * times) - people.labels)
    rest = len(people.replies.values) - people.labels
    stays = f"would settle it, if figures stay as they are (power {POWER:.0%})"
    if more <= rest:
        return Needed("labels", more, f"about {more:,} more labels of this run {stays}")
    samples = more - rest
    told_ = f"about {samples:,} more samples, with labels of all {people.labels + more:,} replies,"
    return Needed("samples", samples, f"{told_} {stays}")


def first_labels(scores: Scores | Pairs, threshold: Threshold, confidence: float) -> Needed | None:
    """The fewest labels for a scorer that has none: were it right about every one of them.

    Of a scorer that says more than yes or no, no number is known: its error enters no bound.
    """
    if not scores.binary:
        return Needed("labels", None, "measure the scorer against people's labels: `assay certify`")

    bounds = bounds_by_error(scores, confidence)

    def closes(labels: int) -> bool:
        faultless = Share(labels, labels)
        error = ScorerError(sensitivity=faultless, specificity=faultless)
        return settles(bounds(error), threshold) == "pass"

    if isinstance(scores, Pairs):
        labels = _first(closes, 1, _MOST_LABELS)
    else:
        labels = _faultless(scores, threshold, confidence)
        for _ in range(_MORE_TRIES):  # the bounds that decide are Monte Carlo, and differ a little
            if labels is None or closes(labels):
                break
            labels += max(1, labels // 10)
        else:
            labels = None
    if labels is None:
        return None
    return Needed(
        "labels",
        2 * labels,
        f"at least {2 * labels:,} labels ({labels:,} of replies with the property and {labels:,}"
        " without) would do, if the scorer is right about every one",
    )


def _faultless(scores: Scores, threshold: Threshold, confidence: float) -> int | None:
    upper = threshold.kind == "max"
    share = furthest(scores, confidence, upper=upper)
    if share is None:
        return None
    both = 2 * confidence - 1
    return faultless_labels(share, threshold.value, upper=upper, confidence=both, most=_MOST_LABELS)


def _too_close(limit: float) -> str:
    return f"no number of samples that can be had would settle it: the figure lies at {limit:g}"


def _repeated(scores: Scores | Pairs, times: int) -> Scores | Pairs:
    """As if so many times as much had been seen, just like what was."""
    if isinstance(scores, Scores):
        return replace(
            scores,
            sums=np.tile(scores.sums, times),
            counts=np.tile(scores.counts, times),
            missing=np.tile(scores.missing, times),
        )
    clusters = scores.clusters
    if clusters is not None:
        codes = np.unique(clusters, return_inverse=True)[1].astype(np.uint64)
        offsets = np.repeat(np.arange(times, dtype=np.uint64), len(codes))
        clusters = np.tile(codes, times) + offsets * np.uint64(len(codes))
    new, old = np.tile(scores.candidate, times), np.tile(scores.baseline, times)
    return replace(scores, candidate=new, baseline=old, clusters=clusters)


def _times(share: Share, times: float) -> Share:
    return Share(share.successes * times, share.n * times)


def _first(holds: Callable[[int], bool], low: int, most: int) -> int | None:
    """A whole number from low to most that holds, within 5% of the least; None where none does.

    What holds for one holds for all after it.
    """
    if low > most or not holds(most):
        return None
    high = low
    while high < most and not holds(high):
        low, high = high + 1, min(2 * high, most)
    while high - low > high // 20:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return high
