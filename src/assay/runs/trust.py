"""What is known of the scorer behind a figure: its certificate, and people's labels of the run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.records import Certificate, Measured, Second
from assay.runs.audit import FLAGGED, PASSED, UNSCORED, Audit
from assay.runs.certify import threshold_of
from assay.stats import (
    Interval,
    Share,
    Stratum,
    audited_mean,
    audited_rate,
    corrected_rate,
)

FEWEST = 10
"""Labels that a slice needs for an estimate from them, and scores for a correction of its rate."""

Column = NDArray[np.float64]


def contradiction(certificate: Certificate, interval: Interval) -> str:
    """Why the certificate cannot hold for a rate; empty where it may.

    Whatever the truth, a scorer flags at least the negatives that it takes for positives, and at
    most the positives that it sees.
    """
    sensitivity, specificity = certificate.sensitivity, certificate.specificity
    if specificity and specificity.high is not None and interval.high < 1 - specificity.high:
        most = (
            f"{certificate.id} says that {1 - specificity.value:.1%} of all negatives are flagged"
        )
    elif sensitivity and sensitivity.high is not None and interval.low > sensitivity.high:
        most = f"{certificate.id} says that only {sensitivity.value:.1%} of positives are flagged"
    else:
        return ""
    return f"not corrected: {most}, which cannot hold here; label some of this run"


def corrected_by(certificate: Certificate, interval: Interval, others: int) -> Second | None:
    """A rate freed of the scorer's error; None where the certificate does not tell enough.

    Args:
        interval: the rate as the scorer gives it.
        others: how many other certificates the scorer version has.
    """
    sensitivity, specificity = certificate.sensitivity, certificate.specificity
    if not certificate.binary or sensitivity is None or specificity is None:
        return None
    if interval.n < FEWEST or contradiction(certificate, interval):
        return None
    found = corrected_rate(
        Share.of(interval),
        _share(sensitivity),
        _share(specificity),
        confidence=interval.confidence,
    ).interval
    more = f"; one of {others + 1} certificates" if others else ""
    return Second(
        value=found.estimate,
        low=found.low,
        high=found.high,
        method=found.method,
        n=certificate.positives + certificate.negatives,
        basis=f"{certificate.id} ({certificate.labels}): Se {sensitivity.value:.3f}, "
        f"Sp {specificity.value:.3f}{more}",
        warning=found.warning,
    )


@dataclass(frozen=True)
class Replies:
    """The replies of a slice: arrays of the shape (n,).

    ``values`` are the scorer's (NaN: unscored); ``truth``, ``chance`` and ``strata`` are people's
    word, its chance and its stratum (NaN, NaN and None where not labelled).
    """

    values: Column
    truth: Column
    chance: Column
    strata: NDArray[Any]
    clusters: NDArray[Any]


def audited_by(
    audit: Audit, replies: Replies, bounds: tuple[float, float], confidence: float
) -> Second | None:
    """The slice's figure from people's labels of a random part of it, whatever the scorer's error.

    Where the labels were drawn by verdict, of independent replies: each stratum's share times its
    rate. Else prediction-powered, or by inverse probability where chances differ.
    """
    known = ~np.isnan(replies.truth)
    labels = int(known.sum())
    if labels < FEWEST:
        return None
    interval = _by_strata(audit, replies, bounds, confidence)
    if interval is None:
        chance = np.where(known, replies.chance, replies.chance[known].min())
        alike = bool(np.ptp(chance) < 1e-9)
        guess = np.where(np.isnan(replies.values), threshold_of(bounds), replies.values)
        interval = audited_mean(
            replies.truth,
            guess,
            chances=None if alike else chance,
            clusters=replies.clusters,
            confidence=confidence,
            bounds=bounds,
        )
    return Second(
        value=interval.estimate,
        low=interval.low,
        high=interval.high,
        method=interval.method,
        n=labels,
        basis=f"people's labels of {labels:,} of {len(known):,} replies ({audit.how})",
        warning=interval.warning,
    )


def _by_strata(
    audit: Audit, replies: Replies, bounds: tuple[float, float], confidence: float
) -> Interval | None:
    """By verdict; None where the draw was otherwise, or verdicts have changed since."""
    known = ~np.isnan(replies.truth)
    independent = len(np.unique(replies.clusters)) == len(replies.clusters)
    told = replies.truth[known]
    if audit.strategies != {"stratified"} or not independent or bounds != (0, 1):
        return None
    if not np.isin(told, (0.0, 1.0)).all():
        return None
    verdicts = np.where(replies.values >= threshold_of(bounds), FLAGGED, PASSED)
    verdicts = np.where(np.isnan(replies.values), UNSCORED, verdicts)
    if any(a != b for a, b in zip(verdicts[known], replies.strata[known], strict=True)):
        return None
    strata = [
        Stratum(
            size=int((verdicts == name).sum()),
            labelled=int((known & (verdicts == name)).sum()),
            positive=int((replies.truth[verdicts == name] == 1).sum()),
        )
        for name in (FLAGGED, PASSED, UNSCORED)
    ]
    if any(part.size and not part.labelled for part in strata):
        return None
    return audited_rate(strata, confidence=confidence).interval


def _share(each: Measured) -> Share:
    size = each.effective_n or float(each.n)
    return Share(min(each.value, 1.0) * size, size)
