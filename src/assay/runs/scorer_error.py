"""From verdicts and people's words to the numbers of a certificate. Arrays in, measures out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.records import Measured, SliceError
from assay.stats import (
    Agreement,
    Interval,
    Share,
    agreement,
    clustered_mean,
    krippendorff_alpha,
    rates_from_verdicts,
    sums_by_cluster,
)
from assay.stats.proportion import rate_limits

CONFIDENCE = 0.95
_FINE = 1e9

ENOUGH = 10
"""Replies of a class that a slice needs for its rate to be told."""

Column = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """What a scorer and people say of the same n replies; all arrays have the shape (n,).

    ``verdict`` is 1, 0, or NaN where unscored; ``truth`` is 1 or 0. ``clusters`` names origins.
    ``chance`` is None where every reply was as likely to be labelled as any other; else it is each
    one's, and ``verdicts`` counts the whole run's (flagged, passed).
    """

    verdict: Column
    truth: Column
    clusters: NDArray[np.str_]
    chance: Column | None = None
    verdicts: tuple[int, int] = (0, 0)

    def part(self, chosen: NDArray[np.bool_]) -> Judged:
        """Some of the replies."""
        return Judged(self.verdict[chosen], self.truth[chosen], self.clusters[chosen])


@dataclass(frozen=True)
class Errors:
    """The scorer's error; each is None where no label tells of it."""

    sensitivity: Measured | None
    specificity: Measured | None
    worst_sensitivity: Measured | None
    worst_specificity: Measured | None
    agreement: Measured | None
    precision: Measured | None
    kappa: Measured | None
    ac1: Measured | None
    constant: float | None
    constant_ac1: float | None


def errors_of(judged: Judged) -> Errors:
    """Sensitivity, specificity and agreement, with the unscored left out and counted as wrong."""
    if judged.chance is not None:
        return _by_verdict(judged)
    scored = ~np.isnan(judged.verdict)
    wrong = np.where(scored, judged.verdict, 1 - judged.truth)
    found = _agreement(judged.part(scored)) if scored.any() else None
    worst = _agreement(Judged(wrong, judged.truth, judged.clusters)) if len(wrong) else None
    return Errors(
        sensitivity=_recall(found, 1.0),
        specificity=_recall(found, 0.0),
        worst_sensitivity=_recall(worst, 1.0),
        worst_specificity=_recall(worst, 0.0),
        agreement=measured(found.agreement) if found else None,
        precision=_precision(found),
        kappa=measured(found.kappa) if found and found.kappa else None,
        ac1=measured(found.ac1) if found and found.ac1 else None,
        constant=found.constant if found else None,
        constant_ac1=found.constant_ac1 if found else None,
    )


def slices_of(judged: Judged, name: str, values: Sequence[str | None]) -> list[SliceError]:
    """The error within each value of a field, where there are several and enough is labelled."""
    column = np.array([value or "(none)" for value in values], dtype=object)
    there = sorted(set(column.tolist()))
    if len(there) < 2 or judged.chance is not None:
        return []
    told = []
    for value in there:
        own = judged.part(column == value)
        positives = int((own.truth == 1).sum())
        negatives = len(own.truth) - positives
        if max(positives, negatives) < ENOUGH:
            continue
        found = errors_of(own)
        told.append(
            SliceError(
                slice={name: value},
                positives=positives,
                negatives=negatives,
                sensitivity=found.sensitivity if positives >= ENOUGH else None,
                specificity=found.specificity if negatives >= ENOUGH else None,
            )
        )
    return told


def flip_rate(first: Column, second: Column, clusters: NDArray[np.str_]) -> Measured | None:
    """The share of verdicts that changed; being unscored once and scored once is a change."""
    if not len(first):
        return None
    same = (first == second) | (np.isnan(first) & np.isnan(second))
    sums, counts = sums_by_cluster(clusters, ~same)
    return measured(clustered_mean(sums, counts, binary=True))


def rater_agreement(
    ratings: Sequence[dict[str, float]], clusters: Sequence[str]
) -> Measured | None:
    """Krippendorff's alpha among raters; None where too few replies have two of them."""
    raters = sorted({rater for own in ratings for rater in own})
    if len(raters) < 2:
        return None
    table = np.array([[own.get(rater, np.nan) for own in ratings] for rater in raters])
    try:
        return measured(krippendorff_alpha(table, clusters=np.array(clusters, dtype=str)))
    except ValueError:
        return None


def measured(interval: Interval) -> Measured:
    """An interval as a certificate holds it."""
    return Measured(
        value=interval.estimate,
        low=interval.low if interval.low > -inf else None,
        high=interval.high if interval.high < inf else None,
        method=interval.method,
        n=interval.n,
        clusters=interval.clusters,
        effective_n=interval.effective_n,
        warning=interval.warning,
    )


def _agreement(judged: Judged) -> Agreement:
    return agreement(judged.verdict, judged.truth, clusters=judged.clusters)


def _recall(found: Agreement | None, label: float) -> Measured | None:
    classes = found.classes if found else ()
    own = next((each.recall for each in classes if each.label == label), None)
    return measured(own) if own else None


def _precision(found: Agreement | None) -> Measured | None:
    classes = found.classes if found else ()
    own = next((each.precision for each in classes if each.label == 1.0), None)
    return measured(own) if own else None


def _by_verdict(judged: Judged) -> Errors:
    """Where labels were not equally likely: how often each verdict is right, then Bayes.

    Agreement beyond chance, and the worst case, are not told: the plain ones would be wrong.
    """
    assert judged.chance is not None
    shares = {
        verdict: _weighted_share(judged, verdict)
        for verdict in (1.0, 0.0)
        if (judged.verdict == verdict).any()
    }
    nothing: dict[str, Any] = dict.fromkeys(Errors.__dataclass_fields__)
    if len(shares) < 2:
        return Errors(**nothing)
    found = rates_from_verdicts(*judged.verdicts, shares[1.0], shares[0.0])
    right = shares[1.0]
    low, high, method = rate_limits(right.rate, right.n, CONFIDENCE)
    own = judged.verdict == 1
    precision = Measured(
        value=right.rate,
        low=low,
        high=high,
        method=f"weighted {method}",
        n=int(own.sum()),
        clusters=len(set(judged.clusters[own].tolist())),
        effective_n=right.n,
    )
    told = {"sensitivity": measured(found[0]), "specificity": measured(found[1])}
    return Errors(**{**nothing, **told, "precision": precision})


def _weighted_share(judged: Judged, verdict: float) -> Share:
    """Positives by people among those of a verdict, at the effective size of weights and clusters.

    Each reply stands for 1 / chance of them (Korn and Graubard 1998, Survey Methodology 24:193).
    """
    assert judged.chance is not None
    own = judged.verdict == verdict
    weight = 1 / judged.chance[own]
    weight *= _FINE / weight.sum()  # counts are whole: so fine that rounding does not matter
    sums, counts, _ = sums_by_cluster(judged.clusters[own], weight * judged.truth[own], weight)
    held = clustered_mean(sums, counts, confidence=CONFIDENCE, binary=True)
    size = min(held.effective_n or 1.0, float(own.sum()))
    return Share(min(max(held.estimate, 0.0), 1.0) * size, size)
