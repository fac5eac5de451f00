"""A run's true rate from people's labels of a random part of each of its strata.

With strata by the scorer's verdict nothing needs to be assumed of the scorer: a poor one widens the
interval, and never moves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from assay.stats.distributions import tail
from assay.stats.interval import Interval
from assay.stats.scorer_error import SEED, Share, beta_draws


@dataclass(frozen=True, slots=True)
class Stratum:
    """A part of a run (such as what the scorer flagged), and the people's labels of some of it.

    ``size`` counts its samples, ``labelled`` those of them that were drawn at random and labelled,
    ``positive`` those labelled as having the property.
    """

    size: int
    labelled: int
    positive: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Audited:
    """The true rate, and the position of the stratum where the next label is worth most (or -1)."""

    interval: Interval
    label_next: int


def audited_rate(
    strata: Sequence[Stratum], *, confidence: float = 0.95, draws: int = 20_000
) -> Audited:
    """The true rate of a run whose strata were each labelled at random: sum of share x rate.

    Made for rare events, with strata by the scorer's verdict and the flagged labelled more densely.
    Monte Carlo with a fixed seed: the strata's rates are drawn from the Beta distributions whose
    quantiles are Clopper and Pearson's limits, and their shares from a Dirichlet posterior, so that
    the interval is of the rate that the model would show on endless samples like these.

    Raises:
        ValueError: no samples, a stratum with samples but no label, impossible counts.

    Sources: Cochran (1977), Sampling Techniques, 3rd ed., chapter 5 (stratified estimate and
    allocation); Fay, Proschan and Brittain (2015), Biometrics 71:146 (melded distributions).
    """
    for part in strata:
        if not 0 <= part.positive <= part.labelled <= part.size:
            raise ValueError(f"{part} does not hold: positive <= labelled <= size")
        if part.size and not part.labelled:
            raise ValueError("a stratum has samples but no label: label some of it, or merge it")
    sizes = np.array([part.size for part in strata if part.size], dtype=np.float64)
    if len(sizes) == 0:
        raise ValueError("an audit needs at least one sample")
    shares = [Share(part.positive, part.labelled) for part in strata if part.size]
    random, outside = np.random.default_rng(SEED), tail(confidence)
    weights = random.dirichlet(sizes + 0.5, draws) if len(sizes) > 1 else np.ones((draws, 1))
    ends = []
    for upper in (False, True):
        rates = [beta_draws(random, share, draws, upper=upper) for share in shares]
        true = np.einsum("ds,sd->d", weights, np.array(rates))
        ends.append(min(1.0, float(np.quantile(true, 1 - outside if upper else outside))))
    labelled = sum(part.labelled for part in strata)
    estimate = float(sum(sizes / sizes.sum() * [share.rate for share in shares]))
    return Audited(
        interval=Interval(
            estimate=min(max(estimate, ends[0]), ends[1]),
            low=ends[0],
            high=ends[1],
            confidence=confidence,
            method="stratified audit, melded Monte Carlo",
            n=labelled,
            clusters=labelled,
        ),
        label_next=_most_worth(strata),
    )


def _most_worth(strata: Sequence[Stratum]) -> int:
    """The stratum where one more label takes away most variance; -1 where all are labelled."""

    def worth(part: Stratum) -> float:
        if part.labelled >= part.size:
            return -1.0
        smooth = (part.positive + 0.5) / (part.labelled + 1)
        return part.size**2 * smooth * (1 - smooth) / (part.labelled * (part.labelled + 1))

    best = max(range(len(strata)), key=lambda place: worth(strata[place]))
    return best if worth(strata[best]) > 0 else -1
