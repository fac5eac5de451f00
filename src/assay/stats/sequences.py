"""Watching a rate over time: intervals that may be looked at daily, alarms with a known patience.

An interval made for one look is wrong somewhere along the way if it is looked at every day. Those
here hold at all times at once, and the alarm's false-alarm rate holds however often one looks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import lgamma, log, log1p

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.stats.distributions import chi2_tail, tail
from assay.stats.interval import Interval


def rate_at_any_time(successes: float, n: int, *, confidence: float = 0.95) -> Interval:
    """The interval of a rate that holds at every n at once, so that one may look and stop at will.

    It holds every rate p whose likelihood is within a factor of 1 / (1 - confidence) of the average
    likelihood under Jeffreys' prior: that ratio is a martingale at the true p, which ever exceeds
    such a factor with chance 1 - confidence at most (Ville's inequality). Observations must be
    independent, with one rate throughout; ``find_change`` watches for another.

    It also holds, and is wider than it need be, for the mean of scores between 0 and 1, for
    observations of different rates whose mean is meant, and for random parts of a fixed population
    drawn anew from time to time, without repeats within a part: for all of these exp(a * total) is
    no greater on average than for independent observations of one rate (Hoeffding 1963, theorems 1
    and 4).

    Args:
        successes, n: all of them since the watch began; ``successes`` may be a sum of scores.

    Sources: Robbins (1970), Annals of Mathematical Statistics 41:1397; Howard et al. (2021), Annals
    of Statistics 49:1055 (the beta-binomial mixture); Hoeffding (1963), JASA 58:13.
    """
    if n < 0 or not 0 <= successes <= n:
        raise ValueError(f"{successes} successes of {n} observations")
    tail(confidence)
    failures = n - successes
    mixture = _log_beta(successes + 0.5, failures + 0.5) - _log_beta(0.5, 0.5)
    threshold = mixture + log(1 - confidence)

    def plausible(p: float) -> bool:
        likelihood = (log(p) * successes if successes else 0.0) + (
            log1p(-p) * failures if failures else 0.0
        )
        return likelihood >= threshold

    estimate = successes / n if n else 0.5
    return Interval(
        estimate=estimate,
        low=0.0 if not successes else _edge(plausible, estimate, 0.0),
        high=1.0 if not failures else _edge(plausible, estimate, 1.0),
        confidence=confidence,
        method="confidence sequence (beta-binomial mixture)",
        n=n,
        clusters=n,
        warning="" if n else "nothing has been seen yet",
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What a watch found. ``alarm`` is the first look that raised it, or None.

    ``evidence`` holds the statistic after each look, shape (looks,); the alarm is raised when it
    reaches ``patience``. Without any change a false alarm comes once in ``patience`` looks on
    average, or more rarely. ``since`` is the look from which the evidence for the alarm was
    strongest, an estimate of when the rate changed.
    """

    alarm: int | None
    since: int | None
    evidence: NDArray[np.float64]
    patience: float


def find_change(
    successes: ArrayLike,
    trials: ArrayLike,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    patience: float = 1000.0,
) -> Change:
    """Whether a rate has left its range, look by look, with a false-alarm rate that is guaranteed.

    Shiryaev and Roberts' statistic on e-values: each look multiplies the evidence by how much
    better a changed rate explains it than the range's edge, averaged over several sizes of change.
    On average over time it takes ``patience`` looks or more for a false alarm, whatever the rate
    within the range and however many trials a look has (1,000 daily looks: once in three years).

    Args:
        successes, trials: of each look, shape (looks,); a look without trials tells nothing.
        at_most, at_least: the range's edges, strictly between 0 and 1; one of them or both. Take
            them from the baseline's interval, not from its estimate.
        patience: looks between false alarms on average, more than 1.

    Sources: Shin, Ramdas and Rinaldo (2023), New England Journal of Statistics in Data Science,
    arXiv 2203.03532 (e-detectors and their guarantee); Roberts (1966), Technometrics
    8:411.
    """
    won, tried = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    if won.shape != tried.shape or won.ndim != 1 or (won < 0).any() or (won > tried).any():
        raise ValueError("each look needs its successes, 0 or more, and as many trials or more")
    if patience <= 1:
        raise ValueError("patience counts looks between false alarms, and must exceed 1")
    steps = _log_ratios(won, tried, at_most, at_least)
    evidence = np.zeros(len(won))
    running = np.full(steps.shape[1], -np.inf)  # the logarithm of each change's statistic
    for look, step in enumerate(steps):
        running = np.logaddexp(running, 0.0) + step
        evidence[look] = np.exp(np.minimum(running, 700.0)).mean()
    reached = np.flatnonzero(evidence >= patience)
    alarm = int(reached[0]) if len(reached) else None
    return Change(
        alarm=alarm,
        since=None if alarm is None else _since(steps[: alarm + 1]),
        evidence=evidence,
        patience=patience,
    )


def strongest_since(
    successes: ArrayLike,
    trials: ArrayLike,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
) -> int:
    """The look from which the evidence that a rate left its range is strongest up to the last one.

    It is an estimate of when the rate changed, without an interval.

    Args:
        successes, trials: of each look, shape (looks,), at least one.
        at_most, at_least: as for ``find_change``.
    """
    won, tried = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    return _since(_log_ratios(won, tried, at_most, at_least))


def chance_of_spread(successes: ArrayLike, trials: ArrayLike, *, since: int = 0) -> float:
    """How likely looks of one rate are to differ as much as these do; small where they sway.

    Pearson's test of homogeneity. A rate that changed once, at look ``since``, is allowed for.
    Where looks sway beyond chance, neither the intervals nor the alarm here keep their word.

    Args:
        successes, trials: of each look, shape (looks,).

    Returns:
        The p-value; 1 where there is too little to tell.

    Source: Cochran (1954), Biometrics 10:417.
    """
    won, tried = np.asarray(successes, dtype=np.float64), np.asarray(trials, dtype=np.float64)
    statistic, freedom = 0.0, 0
    for part in (slice(0, since), slice(since, None)):
        held = tried[part] > 0
        x, n = won[part][held], tried[part][held]
        rate = float(x.sum() / n.sum()) if len(n) else 0.0
        if len(n) > 1 and 0 < rate < 1:
            statistic += float(((x - n * rate) ** 2 / (n * rate * (1 - rate))).sum())
            freedom += len(n) - 1
    return float(chi2_tail(statistic, freedom)) if freedom else 1.0


_ODDS = np.array([1.25, 1.5, 2.0, 3.0, 5.0, 10.0])
"""The sizes of change that the alarm looks out for, as ratios of the odds."""


def _log_ratios(
    won: NDArray[np.float64],
    tried: NDArray[np.float64],
    at_most: float | None,
    at_least: float | None,
) -> NDArray[np.float64]:
    """Each look's log likelihood ratio of every changed rate to the edge, (looks, changes)."""
    columns = []
    for edge, ratios in ((at_most, _ODDS), (at_least, 1 / _ODDS)):
        if edge is None:
            continue
        if not 0 < edge < 1:
            raise ValueError(f"an edge must lie strictly between 0 and 1, not at {edge}")
        changed = ratios * edge / (1 - edge + ratios * edge)
        gain, loss = np.log(changed / edge), np.log((1 - changed) / (1 - edge))
        columns.append(np.outer(won, gain) + np.outer(tried - won, loss))
    if not columns:
        raise ValueError("give at_most, at_least or both")
    return np.hstack(columns)


def _since(steps: NDArray[np.float64]) -> int:
    """The start from which some change explains the looks to the end best."""
    from_each = np.cumsum(steps[::-1], axis=0)[::-1]
    return int(from_each.max(axis=1).argmax())


def _edge(plausible: Callable[[float], bool], inside: float, outside: float) -> float:
    """Where plausible rates end, between one that is and one that is not, on the safe side."""
    for _ in range(60):
        middle = (inside + outside) / 2
        if plausible(middle):
            inside = middle
        else:
            outside = middle
    return outside


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
