"""How far the truth may lie from a gate's figure: sampling, missing scores, the scorer's error.

Each end is a one-sided bound that the gate's confidence holds for by itself. Missing scores enter
at their worst for that end; a scorer's error enters through its certificate's labels.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import inf, sqrt

import numpy as np

from assay.launch.evidence import Numbers, Pairs, ScorerError, Scores
from assay.stats import Interval, Share, clustered_mean, corrected_rate, paired
from assay.stats.distributions import normal_quantile
from assay.stats.proportion import exact_limits


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """A figure, and the one-sided bounds that decide.

    ``value`` is the figure of what was scored, freed of the scorer's error where it is known;
    ``raw`` is as scored. ``independent`` is how many independent observations the n count as, and
    ``variance`` that of one observation, in the figure's units. ``labels`` counts people's labels
    of this very run, where these are in it.
    """

    value: float
    raw: float
    low: float
    high: float
    method: str
    n: int
    clusters: int
    planned: int
    independent: float
    variance: float
    warning: str
    labels: int = 0


def bounds_of(
    scores: Scores | Pairs,
    confidence: float,
    error: ScorerError | None = None,
    *,
    missing: bool = True,
) -> Bounds:
    """The bounds of a figure, or of a difference (candidate less baseline).

    Args:
        confidence: one-sided, above 0.5 and below 1.
        error: taken out of the figure; None takes the scores as they are.
        missing: False leaves missing scores out instead of counting them at their worst.

    Raises:
        ValueError: nothing was scored.
    """
    return bounds_by_error(scores, confidence, erring=error is not None, missing=missing)(error)


def bounds_by_error(
    scores: Scores | Pairs, confidence: float, *, erring: bool = True, missing: bool = True
) -> Callable[[ScorerError | None], Bounds]:
    """The bounds under one error after another: the scores are gone through only once.

    Args:
        erring: whether an error will be taken out. A difference then keeps a part of the chance
            of error for it.
    """
    if isinstance(scores, Pairs):
        return _of_difference(scores, confidence, erring, missing)
    return _of_figure(scores, confidence, missing)


def _of_figure(
    scores: Scores, confidence: float, missing: bool
) -> Callable[[ScorerError | None], Bounds]:
    n, absent = int(scores.counts.sum()), int(scores.missing.sum())
    seen = _interval(scores, 0.0, 0.0, confidence)
    low_end, high_end = seen, seen
    if missing and absent:
        if scores.bounds is None:
            low_end, high_end = replace(seen, low=-inf), replace(seen, high=inf)
        else:
            low_end, high_end = (
                _interval(scores, value, 1.0, confidence) for value in scores.bounds
            )
    size = seen.effective_n or n * (seen.clusters / n if scores.counts.max() > 1 else 1.0)
    variance = _variance(scores, seen)

    def of(error: ScorerError | None) -> Bounds:
        ends, method, warning = (seen, low_end, high_end), seen.method, seen.warning
        if error is not None:
            freed = {end: _corrected(end, error) for end in dict.fromkeys(ends)}
            ends = freed[seen], freed[low_end], freed[high_end]
            place = f" in {error.where}" if error.where else ""
            method = f"{method}, freed of the scorer's error{place} ({freed[seen].method})"
            warning = "; ".join(each for each in (warning, freed[seen].warning) if each)
        if missing and absent:
            method += ", missing at their worst"
        value = ends[0].estimate
        return Bounds(
            value=value,
            raw=seen.estimate,
            low=min(ends[1].low, value),
            high=max(ends[2].high, value),
            method=method,
            n=n,
            clusters=seen.clusters,
            planned=n + absent,
            independent=size,
            variance=variance,
            warning=warning,
        )

    return of


def furthest(scores: Scores, confidence: float, *, upper: bool) -> Share | None:
    """The share that one end rests on, missing scores at their worst; None where it has no end."""
    if scores.bounds is None:
        return None if scores.missing.any() else Share.of(_interval(scores, 0.0, 0.0, confidence))
    return Share.of(_interval(scores, scores.bounds[upper], 1.0, confidence))


def _interval(scores: Scores, value: float, weight: float, confidence: float) -> Interval:
    """Each end alone at the confidence; rates by the exact limits, which hold at every rate."""
    sums = scores.sums + weight * value * scores.missing
    counts = scores.counts + weight * scores.missing
    both = 2 * confidence - 1
    found = clustered_mean(
        sums,
        counts,
        confidence=both,
        bounds=scores.bounds,
        binary=scores.binary,
    )
    if found.method in ("t", "clustered t"):
        return _against_skewness(found, sums, counts, scores.bounds)
    if not scores.binary or found.effective_n is None:
        return found
    size = found.effective_n
    low, high = exact_limits(found.estimate * size, size, both)
    alike = size < found.n
    method = "exact (Clopper-Pearson)" + (" at the effective sample size" if alike else "")
    return replace(found, low=low, high=high, method=method)


def _against_skewness(
    found: Interval, sums: Numbers, counts: Numbers, bounds: tuple[float, float] | None
) -> Interval:
    """Student's limits, with the end on the side of the long tail further out.

    Two-sided, the errors of t on skewed scores cancel; one-sided they do not. The end moves by the
    first term of t's expansion, skewness (1 + 2 z^2) / (6 sqrt(n)) standard errors: Johnson (1978),
    JASA 73:536; Hall (1992), JRSS B 54:221. The other end stays: no bound becomes narrower.
    """
    held = counts > 0
    residuals = sums[held] - found.estimate * counts[held]
    units, second = len(residuals), float(np.mean(residuals**2))
    if units < 2 or second <= 0:
        return found
    skewness = float(np.mean(residuals**3)) / second**1.5
    error = sqrt(units * second * units / (units - 1)) / float(counts[held].sum())
    z = normal_quantile((1 + found.confidence) / 2)
    shift = skewness * (1 + 2 * z * z) / (6 * sqrt(units)) * error
    least, most = bounds or (-inf, inf)
    return replace(
        found,
        low=max(found.low + min(shift, 0.0), least),
        high=min(found.high + max(shift, 0.0), most),
        method=f"{found.method}, against skewness",
    )


def _corrected(end: Interval, error: ScorerError) -> Interval:
    return corrected_rate(
        Share.of(end),
        error.sensitivity,
        error.specificity,
        confidence=end.confidence,
    ).interval


def _variance(scores: Scores, seen: Interval) -> float:
    """Of one observation: p (1 - p) of a rate; else from how far the clusters' means lie apart."""
    if scores.binary:
        return seen.estimate * (1 - seen.estimate)
    held = scores.counts > 0
    means = scores.sums[held] / scores.counts[held]
    return float(np.var(means, ddof=1)) if len(means) > 1 else inf


def _of_difference(
    pairs: Pairs, confidence: float, erring: bool, missing: bool
) -> Callable[[ScorerError | None], Bounds]:
    new, old = pairs.candidate, pairs.baseline
    both = ~np.isnan(new) & ~np.isnan(old)
    absent = len(new) - int(both.sum())
    # A scorer's gain shares the chance of error with the difference: half each (Bonferroni).
    each = (1 + confidence) / 2 if erring else confidence
    seen = _difference(pairs, new, old, each)
    least, most = seen.low, seen.high
    if missing and absent:
        if pairs.bounds is None:
            least, most = -inf, inf
        else:
            worst, best = pairs.bounds
            least = _difference(pairs, _filled(new, worst), _filled(old, best), each).low
            most = _difference(pairs, _filled(new, best), _filled(old, worst), each).high
    change, raw = (new - old)[both], seen.estimate
    variance = float(np.var(change, ddof=1)) if len(change) > 1 else inf

    def of(error: ScorerError | None) -> Bounds:
        value, low, high, method, warning = raw, least, most, seen.method, seen.warning
        if missing and absent:
            method += ", missing at their worst"
        if error is not None:
            gain, surely = _gain(error, (1 + confidence) / 2)
            method += ", over the scorer's gain"
            value = raw / gain if gain > 0 else raw
            low, high = _over(low, high, surely, pairs.bounds)
            if surely <= 0:
                warning = "the scorer may be no better than chance on its labels"
        return Bounds(
            value=min(max(value, low), high),
            raw=raw,
            low=min(low, raw),
            high=max(high, raw),
            method=method,
            n=seen.n,
            clusters=seen.clusters,
            planned=len(new),
            independent=seen.effective_n or float(seen.clusters),
            variance=variance,
            warning=warning,
        )

    return of


def _difference(pairs: Pairs, new: Numbers, old: Numbers, confidence: float) -> Interval:
    """The paired interval, with half an item's continuity correction for rates.

    Tango's limits alone let a candidate at the margin pass up to 5.8% of the time; with the
    correction no more than 5.5% in simulations, and less than 5% in most.
    """
    found = paired(
        new,
        old,
        clusters=pairs.clusters,
        confidence=2 * confidence - 1,
        bounds=pairs.bounds,
        binary=pairs.binary,
    ).difference
    if not pairs.binary:
        return found
    half = 0.5 / (found.effective_n or found.n)
    return replace(found, low=max(found.low - half, -1.0), high=min(found.high + half, 1.0))


def _filled(values: Numbers, with_: float) -> Numbers:
    return np.where(np.isnan(values), with_, values)


def _gain(error: ScorerError, confidence: float) -> tuple[float, float]:
    """Sensitivity + specificity - 1, as measured and at least.

    By that factor a scorer shrinks every difference of rates (Rogan and Gladen 1978), if it errs
    alike on both models.
    """
    parts = (error.sensitivity, error.specificity)
    each = (1 + confidence) / 2  # one-sided, for each of the two
    least = sum(exact_limits(part.successes, part.n, 2 * each - 1)[0] for part in parts)
    return sum(part.rate for part in parts) - 1, least - 1


def _over(
    low: float, high: float, gain: float, bounds: tuple[float, float] | None
) -> tuple[float, float]:
    """Both ends over the least gain: away from 0 by it, and never nearer than as scored.

    A gain lies between 0 and 1, so an end that already lies on the far side of 0 holds as it is.
    """
    span = bounds[1] - bounds[0] if bounds else inf
    if gain <= 0:
        return -span, span
    return max(low / gain, -span) if low < 0 else low, min(high / gain, span) if high > 0 else high
