"""Where an eval changed between two runs: what part of the change is the eval's, what the model's.

The bridge is a run of the old model on the new eval. Bridge less old run is one model on two
versions of the eval; new run less bridge is two models on one version of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from assay.errors import AssayError
from assay.records import Bridge, Difference, Estimate, RunRecord
from assay.runs.differences import direction, verdict_of
from assay.runs.figures import figures
from assay.stats import Interval, difference
from assay.store.workspace import RunFolder

Compare = Callable[[RunFolder, RunFolder], Sequence[Difference]]
Told = TypeVar("Told", Estimate, Difference)
_Place = tuple[str, str, tuple[tuple[str, str], ...]]


def bridges(
    old: RunFolder, new: RunFolder, bridge: RunFolder, compare: Compare
) -> tuple[Bridge, ...]:
    """The changes of all evals whose content differs between the runs, each in its two parts.

    Args:
        bridge: a run of the old run's model on the new run's evals.
        compare: tells the paired differences of two runs, every slice.

    Raises:
        AssayError: the bridge is of another model, or has none of the changed evals as they are.
    """
    changed = _changed(old.read(), new.read(), bridge.read())
    before, between, after = (_by_place(figures(run)) for run in (old, bridge, new))
    of_model = _by_place(compare(bridge, new))
    of_eval = _by_place(compare(old, bridge))
    found = []
    for place, now in after.items():
        if place[0] in changed and place in before and place in between and place in of_model:
            same = of_eval.get(place)
            from_eval = _whole(same) or unpaired(between[place], before[place])
            total = unpaired(now, before[place])
            found.append(
                Bridge(
                    eval=now.eval,
                    scorer=now.scorer,
                    slice=now.slice,
                    total=total,
                    from_eval=from_eval,
                    from_model=of_model[place],
                    unchanged=same if same is not None and same.n else None,
                    rest=_rest(total, from_eval, of_model[place]),
                )
            )
    return tuple(found)


def unpaired(candidate: Estimate, baseline: Estimate) -> Difference:
    """The difference of two figures that were made apart; where they share samples it is too wide.

    The ends of the worst cases carry no sampling error here, so ``least`` and ``greatest`` are
    given only where nothing is missing.
    """
    better = direction(candidate.good, candidate.slice)
    interval = None
    ours, theirs = _interval(candidate), _interval(baseline)
    if ours is not None and theirs is not None:
        interval = difference(ours, theirs)
    complete = not candidate.missing and not baseline.missing
    least, greatest = (interval.low, interval.high) if interval and complete else (None, None)
    warning = interval.warning if interval else "nothing was scored in one of the runs"
    if interval and not complete:
        warning = warning or "what is missing could undo the difference"
    ends = (interval.low, interval.high) if interval else (None, None)
    return Difference(
        eval=candidate.eval,
        scorer=candidate.scorer,
        slice=candidate.slice,
        good=candidate.good,
        better=better,
        verdict=verdict_of(better, ends, warning) if interval else "nothing to compare",
        value=interval.estimate if interval else None,
        low=ends[0],
        high=ends[1],
        confidence=candidate.confidence,
        method=interval.method if interval else "none: nothing to compare",
        paired=False,
        candidate=candidate.value,
        baseline=baseline.value,
        n=candidate.n + baseline.n,
        clusters=candidate.clusters + baseline.clusters,
        matched=0,
        candidate_missing=candidate.missing,
        baseline_missing=baseline.missing,
        worst=_less(candidate.worst, baseline.best),
        best=_less(candidate.best, baseline.worst),
        least=least,
        greatest=greatest,
        warning=warning,
        candidate_interval=_ends(candidate),
        baseline_interval=_ends(baseline),
    )


def _ends(of: Estimate) -> tuple[float, float] | None:
    return None if of.low is None or of.high is None else (of.low, of.high)


def _changed(old: RunRecord, new: RunRecord, bridge: RunRecord) -> set[str]:
    """The evals that changed and that the bridge has as they are now."""
    if (bridge.model, bridge.model_details) != (old.model, old.model_details):
        raise AssayError(
            f"the bridge {bridge.id} is a run of {bridge.model}, not of {old.model}"
            f" as it was in the old run {old.id}.",
            fix=f"Run {old.model} on the new evals, and give that run as the bridge.",
        )
    hashes = [{each.name: each.hash for each in record.evals} for record in (old, new, bridge)]
    before, now, between = hashes
    changed = {name for name in before.keys() & now.keys() if before[name] != now[name]}
    fitting = {name for name in changed if between.get(name) == now[name]}
    if not fitting:
        why = "has none of them as it is now" if changed else "there is nothing to bridge"
        names = ", ".join(sorted(changed)) or "none"
        raise AssayError(
            f"evals that changed between {old.id} and {new.id}: {names}; {why}.",
            where=bridge.id,
            fix=f"Run {old.model} on the new evals." if changed else "Leave the bridge out.",
        )
    return fitting


def _whole(same: Difference | None) -> Difference | None:
    """The paired difference, where every sample of both versions is the same one."""
    return same if same is not None and same.n and not same.unmatched else None


def _rest(total: Difference, from_eval: Difference, from_model: Difference) -> float | None:
    parts = (total.value, from_eval.value, from_model.value)
    if None in parts:
        return None
    rest = parts[0] - parts[1] - parts[2]  # type: ignore[operator]
    return 0.0 if abs(rest) < 1e-12 else rest


def _interval(of: Estimate) -> Interval | None:
    if of.value is None or of.low is None or of.high is None:
        return None
    return Interval(
        estimate=of.value,
        low=of.low,
        high=of.high,
        confidence=of.confidence,
        method=of.method,
        n=of.n,
        clusters=of.clusters,
        warning=of.warning,
    )


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _by_place(found: Iterable[Told]) -> dict[_Place, Told]:
    return {(each.eval, each.scorer, tuple(each.slice.items())): each for each in found}
