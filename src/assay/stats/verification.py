"""Sensitivity and specificity where what people labelled was chosen by the scorer's own verdict.

Labelling more of what was flagged shows the scorer's mistakes sooner, and makes the plain shares
wrong: misses hide in the many replies that were not labelled. What such labels do show rightly is
how often each verdict is right; the rest follows by Bayes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from assay.stats.distributions import tail
from assay.stats.interval import Interval
from assay.stats.proportion import exact_limits
from assay.stats.scorer_error import SEED, Share, beta_draws

Column = NDArray[np.float64]

METHOD = "by verdict (Begg-Greenes), melded Monte Carlo"


def rates_from_verdicts(
    flagged: int,
    unflagged: int,
    among_flagged: Share,
    among_unflagged: Share,
    *,
    confidence: float = 0.95,
    draws: int = 20_000,
) -> tuple[Interval, Interval]:
    """Sensitivity and specificity from how often each verdict is right.

    With f the flagged share, and p, q the true positives' shares of the flagged and of the others:
    sensitivity = f p / (f p + (1 - f) q), and specificity likewise. Monte Carlo with a fixed seed:
    p and q from the Beta distributions whose quantiles are Clopper and Pearson's limits, on the
    side that moves the rate down for its lower end and up for its upper; f is drawn from Jeffreys'
    posterior.

    Args:
        flagged, unflagged: how many replies the scorer gave each verdict, labelled or not.
        among_flagged, among_unflagged: positives by people, of those of each verdict that were
            drawn at random and labelled; at their effective size where clustered or weighted.

    Returns:
        Sensitivity and specificity. ``effective_n`` is the number of independent labels whose
        exact interval would be as wide. The ends are 0 and 1 where nothing bounds them.

    Sources: Begg and Greenes (1983), Biometrics 39:207; Fay, Proschan and Brittain (2015),
    Biometrics 71:146 (melded confidence distributions).
    """
    if flagged < 0 or unflagged < 0 or flagged + unflagged < 1:
        raise ValueError("needs at least one verdict")
    random, outside = np.random.default_rng(SEED), tail(confidence)
    share = random.beta(flagged + 0.5, unflagged + 0.5, draws)
    p_low, p_high = (beta_draws(random, among_flagged, draws, upper=up) for up in (False, True))
    q_low, q_high = (beta_draws(random, among_unflagged, draws, upper=up) for up in (False, True))
    labels = among_flagged.n + among_unflagged.n
    seen = flagged / (flagged + unflagged)
    found = []
    # Specificity is the sensitivity of the opposite verdict to the opposite property.
    for f, hit, miss, best, worst in (
        (
            seen,
            among_flagged.rate,
            among_unflagged.rate,
            (share, p_high, q_low),
            (share, p_low, q_high),
        ),
        (
            1 - seen,
            1 - among_unflagged.rate,
            1 - among_flagged.rate,
            (1 - share, 1 - q_low, 1 - p_high),
            (1 - share, 1 - q_high, 1 - p_low),
        ),
    ):
        low = float(np.quantile(_caught(*worst, 0.0), outside))
        high = float(np.quantile(_caught(*best, 1.0), 1 - outside))
        whole = f * hit + (1 - f) * miss
        estimate = f * hit / whole if whole > 0 else 0.5
        found.append(_interval(min(max(estimate, low), high), low, high, confidence, labels, whole))
    return found[0], found[1]


def _caught(share: Column, hit: Column, miss: Column, otherwise: float) -> Column:
    """Bayes' rule, draw by draw; ``otherwise`` where there is nothing to catch."""
    caught, missed = share * hit, (1 - share) * miss
    whole = caught + missed
    return np.where(whole > 0, caught / np.where(whole > 0, whole, 1.0), otherwise)


def _interval(
    estimate: float, low: float, high: float, confidence: float, labels: float, whole: float
) -> Interval:
    return Interval(
        estimate=estimate,
        low=low,
        high=high,
        confidence=confidence,
        method=METHOD,
        n=round(labels),
        clusters=round(labels),
        effective_n=_as_wide(estimate, high - low, confidence, labels),
        warning="" if whole > 0 else "no label is of this kind: nothing tells of this rate",
    )


def _as_wide(rate: float, width: float, confidence: float, most: float) -> float:
    """The number of independent observations whose exact interval is so wide, up to ``most``."""
    low, high = 0.01, max(most, 0.02)
    for _ in range(60):
        middle = (low + high) / 2
        ends = exact_limits(rate * middle, middle, confidence)
        low, high = (middle, high) if ends[1] - ends[0] > width else (low, middle)
    return low
