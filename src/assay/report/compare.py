"""When two runs' figures may be compared, and when a difference between them is clear."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assay.records import Estimate, EvalRecord, Good, RunRecord
from assay.report.text import Scale


@dataclass(frozen=True)
class Difference:
    """Candidate less baseline; ``clear`` where neither chance nor what is missing explains it."""

    size: str
    verdict: str
    note: str
    clear: bool


def direction(good: Good, polarity: str | None) -> Literal["high", "low"] | None:
    """Which way a value is better on such requests; None where that cannot be told."""
    if good != "by_polarity":
        return good
    return {"violative": "high", "benign": "low"}.get(polarity or "")  # type: ignore[return-value]


def difference(ours: Estimate, theirs: Estimate, scale: Scale) -> Difference:
    """Candidate less baseline: clear only where the intervals lie apart and nothing can undo it.

    Two 95% intervals that do not overlap mark a difference at the 5% level whatever the correlation
    of the two runs (at about 0.6% where there is none); intervals that overlap leave the question
    open, so nothing is said about a direction there.
    """
    if ours.value is None or theirs.value is None:
        return Difference("", "", "nothing to compare", False)
    if None in (ours.low, ours.high, theirs.low, theirs.high):
        return Difference(scale.difference(ours.value - theirs.value), "", "no interval", False)
    size = scale.difference(ours.value - theirs.value)
    higher = ours.low > theirs.high  # type: ignore[operator]
    lower = ours.high < theirs.low  # type: ignore[operator]
    if not (higher or lower):
        return Difference(size, "", "the intervals overlap: not decided", False)
    if not _survives_missing(ours, theirs, higher):
        return Difference(size, "", "not clear: what is missing could undo it", False)
    if ours.warning or theirs.warning:
        return Difference(size, "", "not clear: the method warns", False)
    return Difference(size, _verdict(ours, higher), "clear: the intervals lie apart", True)


def incomparable(ours: RunRecord, theirs: RunRecord) -> dict[tuple[str, str], str]:
    """By eval and scorer, why two runs' figures must not be compared; absent where they may be."""
    reasons = {}
    for one in ours.evals:
        other = eval_of(theirs, one.name)
        if other is None:
            continue
        if one.hash != other.hash:
            reason = "the eval's content differs"
        elif asked(one) != asked(other) or one.epochs != other.epochs:
            reason = "different numbers of samples were asked"
        else:
            continue
        reasons.update({(one.name, scorer.name): reason for scorer in one.scorers})
    return reasons


def eval_of(record: RunRecord, eval: str) -> EvalRecord | None:
    return next((found for found in record.evals if found.name == eval), None)


def asked(record: EvalRecord) -> int:
    """Samples of an eval that the run plans to ask, once each."""
    return record.samples if record.limit is None else min(record.samples, record.limit)


def _survives_missing(ours: Estimate, theirs: Estimate, higher: bool) -> bool:
    """Whether the sign stays the same however the missing scores would have come out."""
    if not any(ours.missing.values()) and not any(theirs.missing.values()):
        return True
    ends = (ours.worst, ours.best, theirs.worst, theirs.best)
    if any(end is None for end in ends):
        return False
    ours_ends, theirs_ends = sorted(ends[:2]), sorted(ends[2:])  # type: ignore[type-var]
    if higher:
        return bool(ours_ends[0] > theirs_ends[1])  # type: ignore[operator]
    return bool(ours_ends[1] < theirs_ends[0])  # type: ignore[operator]


def _verdict(estimate: Estimate, higher: bool) -> str:
    good = direction(estimate.good, estimate.slice.get("polarity"))
    if good is None:
        return "higher" if higher else "lower"
    return "better" if higher == (good == "high") else "worse"
