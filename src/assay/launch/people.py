"""What people's labels of the very run tell of a gate's figure, and how they join a certificate.

Labels of a random part of the candidate's own run need no trust in its scorer. Where it has no
certificate that holds they decide alone. Where it has one both count, each at half of the chance of
error that the gate allows, so that the truth lies in both ranges at the gate's confidence; where
these do not meet, the certificate cannot hold for this run, and people's word decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import hypot, sqrt

from assay.launch.bounds import Bounds, bounds_of
from assay.launch.evidence import Evidence, People, Scores
from assay.runs.trust import audited_by
from assay.stats.distributions import normal_quantile

CONTRADICTED = "people's labels of this run contradict what is known of its scorer, and decide"


@dataclass(frozen=True, kw_only=True, slots=True)
class Told:
    """A figure from people's labels, with one-sided bounds."""

    value: float
    low: float
    high: float
    method: str
    warning: str


def bounds_from(evidence: Evidence, confidence: float, *, missing: bool = True) -> Bounds:
    """The bounds of a figure or difference by all that is known.

    Args:
        confidence: one-sided, above 0.5 and below 1.
        missing: False leaves missing scores out instead of counting them at their worst.

    Raises:
        ValueError: nothing was scored.
    """
    scores, people = evidence.scores, evidence.people
    assert scores is not None
    scored = bounds_of(scores, confidence, evidence.error, missing=missing)
    if people is None or not isinstance(scores, Scores):
        return scored
    alone = _joined(scored, told_by(people, confidence, missing=missing), people)
    if not evidence.trusted:
        return alone
    half = (1 + confidence) / 2
    scored = bounds_of(scores, half, evidence.error, missing=missing)
    told = told_by(people, half, missing=missing)
    low, high = max(scored.low, told.low), min(scored.high, told.high)
    if low > high:
        return replace(alone, warning="; ".join(filter(None, (alone.warning, CONTRADICTED))))
    return replace(
        _joined(scored, told, people),
        value=min(max(told.value, low), high),
        low=low,
        high=high,
        method=f"both of: {scored.method}; {told.method}",
        warning="; ".join(filter(None, (scored.warning, told.warning))),
    )


def told_by(people: People, confidence: float, *, missing: bool = True) -> Told:
    """The figure by people's labels alone, with half a label's continuity correction.

    Rows without a reply, which nobody could label, count at their worst for each end; how many
    there would be is uncertain too, and joins the labels' error as the sides of a triangle.
    """
    found = audited_by(people.audit, people.replies, people.bounds, 2 * confidence - 1)
    assert found is not None
    least, most = people.bounds
    half = 0.5 / people.labels * (most - least)
    low, high = max(found.low - half, least), min(found.high + half, most)
    method = f"people's labels of {people.labels:,} replies ({found.method})"
    if missing and people.absent:
        planned = people.absent + len(people.replies.values)
        share = people.absent / planned
        unsure = normal_quantile(confidence) * sqrt(share * (1 - share) / planned)
        below, above = (1 - share) * (found.value - low), (1 - share) * (high - found.value)
        centre = (1 - share) * found.value
        low = centre + share * least - hypot(below, unsure * (found.value - least))
        high = centre + share * most + hypot(above, unsure * (most - found.value))
        low, high = max(low, least), min(high, most)
        method += ", missing at their worst"
    return Told(value=found.value, low=low, high=high, method=method, warning=found.warning)


def _joined(scored: Bounds, told: Told, people: People) -> Bounds:
    """What the labels say, with the counts of what was scored."""
    return replace(
        scored,
        value=told.value,
        low=min(told.low, told.value),
        high=max(told.high, told.value),
        method=told.method,
        warning=told.warning,
        labels=people.labels,
    )
