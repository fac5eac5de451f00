"""A rate corrected for the error of the scorer that measured it, by what labels tell of it.

Two ways. With a certificate, made elsewhere: Rogan and Gladen's correction by sensitivity and
specificity, which must hold for this run too. With people's labels of a random part of this very
run: a stratified audit here, or the prediction-powered mean in ``audit``; these need no such trust.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assay.stats.distributions import beta_quantiles, tail
from assay.stats.interval import Interval

SEED = 1934
"""The Monte Carlo draws' fixed seed, so that the same counts give the same interval."""

Source = Literal["samples", "positives", "negatives"]


@dataclass(frozen=True, slots=True)
class Share:
    """So many successes of n observations; neither need be whole, so an effective size will do."""

    successes: float
    n: float

    def __post_init__(self) -> None:
        if not 0 <= self.successes <= self.n or self.n <= 0:
            raise ValueError(f"{self.successes:g} successes of {self.n:g} observations")

    @classmethod
    def of(cls, interval: Interval) -> Share:
        """The share that a rate's interval rests on, at its effective size where clustered."""
        n = interval.effective_n or float(interval.n)
        return cls(interval.estimate * n, n)

    @property
    def rate(self) -> float:
        """Successes over n."""
        return self.successes / self.n


@dataclass(frozen=True, kw_only=True, slots=True)
class Corrected:
    """A rate freed of the scorer's error.

    ``interval`` is of the true rate, ``flagged`` the rate that the scorer gives. ``variance``
    splits the corrected rate's variance over where it comes from: the run's samples, the labelled
    positives (sensitivity) and the labelled negatives (specificity); it sums to 1. ``label_next``
    is where one more observation takes most of it away.
    """

    interval: Interval
    flagged: float
    variance: dict[Source, float]
    label_next: Source


def corrected_rate(
    flagged: Share,
    sensitivity: Share,
    specificity: Share,
    *,
    confidence: float = 0.95,
    draws: int = 20_000,
) -> Corrected:
    """The true rate behind a flagged one: (flagged + Sp - 1) / (Se + Sp - 1), with its interval.

    The interval is Monte Carlo: the three rates are drawn from the Beta distributions whose
    quantiles are Clopper and Pearson's limits, those that push the true rate down for its lower end
    and those that push it up for its upper, and each draw is corrected and kept within 0 to 1. It
    holds at low prevalence and with few labels, where normal approximations do not. Draws in which
    the scorer is no better than chance say nothing, and widen the end at hand to its bound.

    Args:
        flagged: what the scorer flagged, of all samples that it scored.
        sensitivity: flagged among the labelled true positives.
        specificity: not flagged among the labelled true negatives.
        draws: at least 1,000. The same counts always give the same interval.

    Sources: Rogan and Gladen (1978), American Journal of Epidemiology 107:71; Fay, Proschan and
    Brittain (2015), Biometrics 71:146 (melded confidence distributions); Lee et al. (2025), arXiv
    2511.21140 (why it matters for judges).
    """
    if draws < 1000:
        raise ValueError("needs at least 1,000 draws")
    random = np.random.default_rng(SEED)
    outside = tail(confidence)
    ends = []
    for upper in (False, True):
        p = beta_draws(random, flagged, draws, upper=upper)
        se = beta_draws(random, sensitivity, draws, upper=not upper)
        sp = beta_draws(random, specificity, draws, upper=upper)
        gains = se + sp - 1
        true = np.where(gains > 0, (p + sp - 1) / np.where(gains > 0, gains, 1.0), float(upper))
        ends.append(np.quantile(np.clip(true, 0.0, 1.0), 1 - outside if upper else outside))
    low, high = float(ends[0]), float(ends[1])
    gain = sensitivity.rate + specificity.rate - 1
    estimate = (flagged.rate + specificity.rate - 1) / gain if gain > 0 else flagged.rate
    estimate = min(max(estimate, low), high)
    parts = _variance_parts(estimate, flagged, sensitivity, specificity)
    return Corrected(
        interval=Interval(
            estimate=estimate,
            low=low,
            high=high,
            confidence=confidence,
            method="Rogan-Gladen, melded Monte Carlo",
            n=round(flagged.n),
            clusters=round(flagged.n),
            effective_n=flagged.n,
            warning="" if gain > 0 else "the scorer is no better than chance on its labels",
        ),
        flagged=flagged.rate,
        variance={name: parts[name] / sum(parts.values()) for name in parts},
        label_next=_most_worth(parts, flagged, sensitivity, specificity),
    )


def faultless_labels(
    flagged: Share, limit: float, *, upper: bool, confidence: float = 0.95, most: int = 1 << 20
) -> int | None:
    """The fewest labels of each class, all of them judged rightly, that bring an end to a limit.

    Such labels leave one of the two rates at 1, and the other at s with P(s < x) = x^labels. So the
    end of :func:`corrected_rate` keeps the limit where the mean of min(1, p / limit)^labels, over
    the flagged rate's own limits p, is no more than the chance left outside: a sum over p's
    quantiles, without Monte Carlo. For the lower end the same holds of what was not flagged.

    Args:
        upper: whether the upper end must come down to the limit, or the lower one up to it.
        most: None is given where more than these would be needed.
    """
    outside, limit = tail(confidence), limit if upper else 1 - limit
    wrong = flagged.successes if upper else flagged.n - flagged.successes
    if limit <= 0:
        return None
    middles = (np.arange(_QUANTILES) + 0.5) / _QUANTILES
    ratio = np.minimum(beta_quantiles(middles, wrong + 1, flagged.n - wrong) / limit, 1.0)
    if np.mean(ratio**most) > outside:
        return None
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        if np.mean(ratio**middle) <= outside:
            high = middle
        else:
            low = middle + 1
    return low


_QUANTILES = 2_000


def beta_draws(
    random: np.random.Generator, share: Share, draws: int, *, upper: bool
) -> NDArray[np.float64]:
    """Draws whose quantiles are the share's upper or lower Clopper-Pearson limits."""
    a, b = share.successes, share.n - share.successes
    a, b = (a + 1, b) if upper else (a, b + 1)
    if a <= 0 or b <= 0:
        return np.full(draws, 0.0 if a <= 0 else 1.0)
    return random.beta(a, b, draws)


def labels_between_classes(
    labels: int, flagged: float, sensitivity: float, specificity: float
) -> tuple[int, int]:
    """How to split labels over true positives and true negatives for the narrowest correction.

    positives = labels / (1 + (1/p - 1) sqrt(k)) with p the flagged rate and
    k = (1 - specificity) / (1 - sensitivity): Lee et al. (2025), arXiv 2511.21140. At
    low prevalence nearly all should be true negatives. Each class gets one label at least.
    """
    if labels < 2 or not 0 < flagged < 1:
        raise ValueError("needs two labels or more, and a flagged rate between 0 and 1")
    ratio = max(1 - specificity, 1e-6) / max(1 - sensitivity, 1e-6)
    positives = round(labels / (1 + (1 / flagged - 1) * sqrt(ratio)))
    positives = min(max(positives, 1), labels - 1)
    return positives, labels - positives


def _variance_parts(
    true: float, flagged: Share, sensitivity: Share, specificity: Share
) -> dict[Source, float]:
    """The delta method's three terms, up to their common factor, each rate kept off 0 and 1."""
    return {
        "samples": _variance(flagged),
        "positives": true**2 * _variance(sensitivity),
        "negatives": (1 - true) ** 2 * _variance(specificity),
    }


def _variance(share: Share) -> float:
    smooth = (share.successes + 0.5) / (share.n + 1)
    return smooth * (1 - smooth) / share.n


def _most_worth(
    parts: dict[Source, float], flagged: Share, sensitivity: Share, specificity: Share
) -> Source:
    """One more observation takes a share of 1 / (n + 1) of its own term away."""
    sizes = {"samples": flagged.n, "positives": sensitivity.n, "negatives": specificity.n}
    return max(parts, key=lambda source: parts[source] / (sizes[source] + 1))
