"""Gates decided: evidence in, verdict out. No I/O, and nothing that an analyst cannot follow.

A gate passes where the truth is shown to keep its limit, fails where the truth is shown to break
it, and is inconclusive in between. Showing means that the one-sided bound at the gate's confidence
lies on that side, with missing scores at their worst and the scorer's own error in it, by its
certificate, by people's labels of the very run, or by both. A scorer whose error nobody measured
shows no pass: the gate is inconclusive. What weakens a pass without
undoing it (an expired certificate, much missing, a saturated eval, few clusters) becomes a
condition, and a launch with conditions is not a plain go.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from assay.launch.bounds import Bounds
from assay.launch.evidence import Evidence, Pairs, Scores, Threshold
from assay.launch.needed import (
    Needed,
    first_labels,
    more_by_people,
    more_samples,
    more_with_error,
    settles,
)
from assay.launch.people import bounds_from, told_by

MUCH_MISSING = 0.05
"""A pass with a greater share of planned rows unscored carries a condition."""

Verdict = Literal["pass", "fail", "inconclusive"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """A gate's verdict. ``needed`` is what would settle an inconclusive one.

    ``conditions`` is what a reader must know besides; on a pass they make the launch conditional.
    """

    verdict: Verdict
    reason: str
    conditions: tuple[str, ...] = ()
    needed: Needed | None = None
    bounds: Bounds | None = None


def decide(threshold: Threshold, confidence: float, evidence: Evidence) -> Decision:
    """The verdict on a gate.

    Args:
        threshold: where the figure must lie; or the difference (candidate less baseline) where the
            evidence is paired.
        confidence: one-sided, above 0.5 and below 1.
    """
    scores = evidence.scores
    if scores is None:
        needed = Needed("run", None, "make that run, or ask for a figure that the runs have")
        return Decision(
            verdict="inconclusive", reason=f"No evidence: {evidence.absent}", needed=needed
        )
    if not _scored(scores):
        what = "pair was scored in both runs" if isinstance(scores, Pairs) else "sample was scored"
        needed = Needed("scores", _planned(scores), "score the samples: see why none was scored")
        return Decision(verdict="inconclusive", reason=f"No {what}.", needed=needed)
    bounds = bounds_from(evidence, confidence)
    shown = settles(bounds, threshold)
    conditions = _conditions(evidence, bounds)
    if shown == "fail":
        return Decision(
            verdict="fail",
            reason=_told(bounds, threshold, confidence, scores, "fail"),
            conditions=conditions,
            bounds=bounds,
        )
    if shown is None:
        reason, needed = _why_open(threshold, confidence, evidence, scores, bounds)
        return Decision(
            verdict="inconclusive",
            reason=reason,
            conditions=conditions,
            needed=needed,
            bounds=bounds,
        )
    if evidence.basis == "uncertified":
        labels = first_labels(scores, threshold, confidence)
        own = "" if isinstance(scores, Pairs) else " Or label some of this run: `assay labels`."
        return Decision(
            verdict="inconclusive",
            reason="It would pass if the scorer were always right, but nobody has measured the"
            f" scorer's error. {evidence.standing_note}".rstrip()
            + own,
            conditions=conditions[1:],  # the first says the same
            needed=labels or _labels_and_samples(),
            bounds=bounds,
        )
    return Decision(
        verdict="pass",
        reason=_told(bounds, threshold, confidence, scores, "pass"),
        conditions=conditions,
        bounds=bounds,
    )


def _conditions(evidence: Evidence, bounds: Bounds) -> tuple[str, ...]:
    found: list[str] = []
    if evidence.basis in ("expired", "uncertified"):
        found.append(f"The scorer is {evidence.standing}. {evidence.standing_note}".rstrip())
    elif evidence.basis == "certified" and evidence.error is None:
        found.append(
            "The scorer's error is not in the bound. " + evidence.standing_note
            if evidence.standing_note
            else "The scorer's error is not in the bound: its values are not yes or no."
        )
    absent = bounds.planned - bounds.n
    if absent > MUCH_MISSING * bounds.planned:
        found.append(f"{absent:,} of {bounds.planned:,} planned scores are missing.")
    if bounds.warning:
        found.append(f"{bounds.warning[:1].upper()}{bounds.warning[1:]}.")
    return (*found, *evidence.concerns)


def _why_open(
    threshold: Threshold,
    confidence: float,
    evidence: Evidence,
    scores: Scores | Pairs,
    bounds: Bounds,
) -> tuple[str, Needed]:
    """What keeps a gate open, the cheapest remedy first: missing scores, labels, then samples."""
    told = _told(bounds, threshold, confidence, scores, None)
    absent = bounds.planned - bounds.n
    if absent:
        without = bounds_from(evidence, confidence, missing=False)
        if settles(without, threshold) is not None:
            return f"{told} The missing scores decide.", Needed(
                "scores", absent, f"score the {absent:,} that are missing (`assay resume`)"
            )
    if not _reachable(threshold, scores):
        return f"{told} A limit at the end of the scale can never be shown to be kept.", Needed(
            "nothing", None, "choose a limit that a finite number of samples can show"
        )
    if evidence.people is not None:
        alone = told_by(evidence.people, confidence)
        return told, more_by_people(evidence.people, alone, threshold, confidence)
    if evidence.error is None:
        return told, more_samples(scores, bounds, threshold, confidence)
    needed = more_with_error(scores, evidence.error, threshold, confidence)
    if needed.kind == "labels":
        told += " The scorer's own error decides."
    return told, needed


def _labels_and_samples() -> Needed:
    return Needed(
        "labels", None, "no number of labels alone settles it: more samples are needed as well"
    )


def _reachable(threshold: Threshold, scores: Scores | Pairs) -> bool:
    """Whether any evidence could show the limit to be kept."""
    if scores.bounds is None:
        return True
    low, high = scores.bounds
    if isinstance(scores, Pairs):
        low, high = low - high, high - low
    return threshold.value > low if threshold.kind == "max" else threshold.value < high


def _scored(scores: Scores | Pairs) -> bool:
    if isinstance(scores, Pairs):
        return bool(
            (scores.candidate + scores.baseline == scores.candidate + scores.baseline).any()
        )
    return bool(scores.counts.sum() > 0)


def _planned(scores: Scores | Pairs) -> int:
    if isinstance(scores, Pairs):
        return len(scores.candidate)
    return int(scores.missing.sum())


def _told(
    bounds: Bounds,
    threshold: Threshold,
    confidence: float,
    scores: Scores | Pairs,
    shown: Literal["pass", "fail"] | None,
) -> str:
    """The verdict's reason in one sentence, with the bound that made it."""
    show = _shower(scores)
    value, low, high = show(bounds.value), show(bounds.low), show(bounds.high)
    limit, sure = show(threshold.value), f"{confidence:.4g}"
    rule = "at most" if threshold.kind == "max" else "at least"
    what = "The difference from the baseline" if isinstance(scores, Pairs) else "The figure"
    if shown is None:
        return f"{what} is {value}, and may lie from {low} to {high}: it must be {rule} {limit}."
    most = (shown == "pass") == (threshold.kind == "max")
    side = f"at most {high}" if most else f"at least {low}"
    return f"{what} is {value}, {side} with confidence {sure}: it must be {rule} {limit}."


def _shower(scores: Scores | Pairs) -> _Shower:
    rate = scores.bounds == (0.0, 1.0)
    return _Shower(rate, isinstance(scores, Pairs))


@dataclass(frozen=True, slots=True)
class _Shower:
    rate: bool
    difference: bool

    def __call__(self, value: float) -> str:
        return shown(value, rate=self.rate, difference=self.difference)


def shown(value: float, *, rate: bool, difference: bool = False) -> str:
    """A figure in words: 97.25% for a rate, +1.2 points for a difference of rates."""
    if rate and difference:
        return f"{100 * value:+.3g} points"
    if rate:
        return f"{100 * value:.4g}%"
    return f"{value:+.4g}" if difference else f"{value:.4g}"
