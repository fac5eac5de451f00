"""Adds a look to a figure's sequence and says where it stands; restarts visibly where it must."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from assay.records import ScorerRecord
from assay.stats import rate_at_any_time
from assay.watch.decide import (
    Decision,
    Totals,
    decide_by_chance,
    decide_by_patience,
    share_of_chance,
)
from assay.watch.definition import WatchDefinition, Watched
from assay.watch.reference import Baseline
from assay.watch.result import Claim, Counts, Look, SeenFigure, Standing

AGAIN = "a change was established"
"""Why a sequence begins anew that has established something: to see what holds from then on."""


SWAY = (
    "looks differ from one another more than independent replies of one rate would: the promise"
    " about false alarms does not cover that"
)


@dataclass(frozen=True)
class Sight:
    """What a look saw of a figure, before anything is decided. ``unfit``: the reference is void."""

    figure: Watched
    baseline: Baseline
    counts: Counts
    conditions: dict[str, str]
    scorer: ScorerRecord
    standing: str
    due: str
    unfit: str = ""


class Sequences:
    """The looks of a watch that were done, oldest first, as one figure's sequences see them."""

    def __init__(self, definition: WatchDefinition, looks: Sequence[Look]) -> None:
        self._definition = definition
        self._done = [look for look in looks if look.status == "done"]

    def see(self, sight: Sight) -> SeenFigure:
        """The figure and the share of unscored replies after this look."""
        return SeenFigure(
            id=sight.figure.id,
            counts=sight.counts,
            conditions=sight.conditions,
            figure=self._claim(sight, unscored=False),
            unscored=self._claim(sight, unscored=True),
            scorer=sight.standing,
        )

    def runs(self, claim: Claim, *, unscored: bool) -> list[str]:
        """The runs of a claim's sequence among these looks."""
        own = self._of(claim.id, unscored)
        return [look.run for look, _, each in own if look.run and each.sequence == claim.sequence]

    def _of(self, id: str, unscored: bool) -> list[tuple[Look, SeenFigure, Claim]]:
        return [
            (look, seen, seen.unscored if unscored else seen.figure)
            for look in self._done
            for seen in look.figures
            if seen.id == id
        ]

    def _claim(self, sight: Sight, *, unscored: bool) -> Claim:
        known = self._of(sight.figure.id, unscored)
        before = known[-1] if known else None
        sequence, restarted = _sequence(before, sight.conditions)
        own = [
            (look, seen) for look, seen, claim in known if not restarted
            and claim.sequence == sequence
        ]  # fmt: skip
        counts = [seen.counts for _, seen in own] + [sight.counts]
        dues = [look.due for look, _ in own] + [sight.due]
        was: Standing = "as expected"
        if before is not None and restarted in ("", AGAIN):
            was = before[2].standing
        decision = None
        if not sight.unfit:
            decision = self._decide(sight, counts, sequence, unscored)
        standing = _standing(was, decision)
        established = decision is not None and decision.since is not None
        # What a sequence has established it would go on saying, and so hide what comes after.
        closed = established or standing != was
        bounds = (0.0, 1.0) if unscored else (sight.scorer.bounds or (0.0, 1.0))
        since = before[2].since if before is not None and standing == was else None
        if established and standing != was:
            assert decision is not None
            assert decision.since is not None
            since = dues[decision.since]
        return self._written(
            sight, counts, decision, unscored, bounds,
            sequence=sequence, begun=dues[0], restarted=restarted, standing=standing,
            since=None if standing == "as expected" else since,
            changed=standing != was, closed=closed,
        )  # fmt: skip

    def _decide(
        self, sight: Sight, counts: Sequence[Counts], sequence: int, unscored: bool
    ) -> Decision:
        rule, figures = self._definition.false_alarms, len(self._definition.watch)
        bounds = sight.scorer.bounds or (0.0, 1.0)
        expected = sight.baseline.expected(bounds, sequence)[unscored]
        totals = Totals.of_missing(counts) if unscored else Totals.of_scores(counts)
        if rule.chance is not None:
            baseline = sight.figure.reference.run is not None
            chance = share_of_chance(rule.chance, 2 * figures, sequence, baseline=baseline)
            return decide_by_chance(totals, expected, chance)
        assert rule.looks is not None
        return decide_by_patience(totals, expected, rule.looks * 3 * figures)

    def _written(
        self, sight: Sight, counts: Sequence[Counts], decision: Decision | None, unscored: bool,
        bounds: tuple[float, float], *, sequence: int, begun: str, restarted: str,
        standing: Standing, since: str | None, changed: bool,
        closed: bool,
    ) -> Claim:  # fmt: skip
        planned, scored = (
            sum(each.planned for each in counts),
            sum(each.scored for each in counts),
        )
        missing: dict[str, int] = {}
        for each in counts:
            for reason, count in each.missing.items():
                missing[reason] = missing.get(reason, 0) + count
        n = planned if unscored else scored
        total = planned - scored if unscored else sum(each.total for each in counts)
        confidence = decision.least.confidence if decision else 0.95
        shown = rate_at_any_time(min(max(total, 0.0), n), n, confidence=confidence)
        least, most = (decision.least, decision.most) if decision else (shown, shown)

        def scaled(share: float) -> float:
            return bounds[0] + (bounds[1] - bounds[0]) * share

        return Claim(
            id=sight.figure.id,
            sequence=sequence,
            begun=begun,
            looks=len(counts),
            value=scaled(total / n) if n else None,
            low=scaled(shown.low),
            high=scaled(shown.high),
            worst_low=scaled(least.low),
            worst_high=scaled(most.high),
            confidence=confidence,
            method=shown.method,
            n=n,
            planned=planned,
            missing=missing,
            reference=self._reference(sight, sequence, unscored),
            standing=standing,
            good=_is_good(sight, standing, unscored),
            since=since,
            restarted=restarted,
            changed=changed,
            closed=closed,
            warning=SWAY if decision is not None and decision.sways else "",
        )

    def _reference(self, sight: Sight, sequence: int, unscored: bool) -> str:
        if sight.unfit:
            return f"none: {sight.unfit}; run the whole eval again and name that run"
        bounds = sight.scorer.bounds or (0.0, 1.0)
        if unscored:
            most = sight.baseline.expected(bounds, sequence)[1].most.high
            return f"at most {most:.4g} of the replies"
        return sight.baseline.words(bounds, sequence)


def _sequence(
    before: tuple[Look, SeenFigure, Claim] | None, conditions: dict[str, str]
) -> tuple[int, str]:
    """The number of the sequence that a look belongs to, and why it begins a new one."""
    if before is None:
        return 1, ""
    _, seen, claim = before
    changed = [
        f"{name}: {seen.conditions.get(name) or 'none'} became {value or 'none'}"
        for name, value in conditions.items()
        if seen.conditions.get(name) != value
    ]
    if changed:
        return claim.sequence + 1, "; ".join(changed)
    if claim.closed:
        return claim.sequence + 1, AGAIN
    return claim.sequence, ""


def _standing(was: Standing, decision: Decision | None) -> Standing:
    """What is established now. A change stays until its opposite, or the return, is established."""
    if decision is None:
        return was
    if decision.standing != "as expected":
        return decision.standing
    return "as expected" if decision.back else was


def _is_good(sight: Sight, standing: Standing, unscored: bool) -> bool | None:
    """Whether a change is for the better; None where there is none, or nobody can say."""
    if standing == "as expected":
        return None
    if unscored:
        return standing == "lower"
    good = sight.scorer.good
    if good == "by_polarity":
        good = "low" if sight.figure.slice.polarity == "benign" else "high"
    return (good == "high") == (standing == "higher")
