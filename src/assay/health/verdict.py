"""From what was measured to one word a person can act on: keep, refresh, split, retire."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from assay.health.measure import fewest_origins
from assay.health.result import (
    CellHealth,
    Contamination,
    Duplicates,
    Figure,
    Upkeep,
    Verdict,
)
from assay.runs.saturation import FEWEST_MODELS, SATURATED

MUCH_UNSCORED = 0.05
MANY_DUPLICATES = 0.10
MUCH_DISCRIMINATION_BELOW_0 = 0.05


def decide(
    cells: Sequence[CellHealth],
    duplicates: Duplicates | None,
    contamination: Contamination | None,
    upkeep: Upkeep | None,
    *,
    limited: bool = False,
) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict and its reasons, the gravest first.

    What is missing is said before anything is claimed: with too few models or items nothing is
    known of what the eval can still tell, although what is plainly broken is named all the same.

    Args:
        limited: whether only a part of the samples was asked.
    """
    broken = list(_broken(cells, duplicates, contamination))
    neglected = list(_neglected(upkeep))
    lacking = list(dict.fromkeys(_lacking(cells)))
    telling = [each for each in cells if _tells_enough(each)]
    remarks = [f"Not known of all parts: {'; '.join(lacking)}."] if lacking else []
    if limited:
        remarks.append("Only a part of the samples was asked.")
    rest = (*broken, *neglected, *remarks)
    if not telling:
        lacks = lacking or ["no scored run of the eval as it is now"]
        verdict: Verdict = "refresh" if broken else "cannot tell"
        return verdict, (f"Cannot tell: {'; '.join(lacks)}.", *broken, *neglected)
    worn = [each for each in telling if each.state == "saturated" and not _much_missing(each)]
    weak = [why for each in telling if (why := _floored(each) or _drowned(each))]
    alive = [e for e in telling if e not in worn and not (_floored(e) or _drowned(e))]
    said = [_worn(each) for each in worn]
    if len(worn) == len(cells):
        return "retire", (*said, *rest)
    if worn and alive:
        telling_still = ", ".join(named(each) for each in alive)
        advice = f"Keep what still tells models apart ({telling_still}), replace the rest."
        return "split", (*said, *weak, advice, *rest)
    if worn and not weak:
        return "cannot tell", (*said, *rest)
    if said or weak or broken or neglected:
        return "refresh", (*said, *weak, *rest)
    return "keep", (*(_well(each) for each in telling), *remarks)


def named(cell: CellHealth) -> str:
    """For instance ``refusal on violative``."""
    return f"{cell.scorer} on {cell.polarity}" if cell.polarity else cell.scorer


def percent(figure: Figure) -> str:
    """For instance ``98.0% [95.1%, 99.2%]``."""
    if figure.value is None:
        return "not known"
    ends = ("?" if end is None else f"{end:.1%}" for end in (figure.low, figure.high))
    return f"{figure.value:.1%} [{', '.join(ends)}]"


def _tells_enough(cell: CellHealth) -> bool:
    enough = cell.origins >= fewest_origins(cell.state)
    return cell.models >= FEWEST_MODELS and enough and cell.state != "unknown"


def _lacking(cells: Sequence[CellHealth]) -> Iterator[str]:
    for each in cells:
        if not _tells_enough(each):
            why = [gap for gap in each.gaps if "discrimination" not in gap]
            yield f"{named(each)}: {', '.join(why)}"


def _worn(cell: CellHealth) -> str:
    share = f"; {percent(cell.all_pass)} of items pass with all of them" if cell.all_pass else ""
    return (
        f"{named(cell)} is saturated: all {cell.models} models lie within {SATURATED:.0%} of"
        f" perfect{share}."
    )


def _floored(cell: CellHealth) -> str:
    if cell.state != "floored":
        return ""
    return (
        f"{named(cell)}: all {cell.models} models fail (within {SATURATED:.0%} of the worst): look"
        " for a wrong key, a scorer that does not fit, or a task beyond all of them."
    )


def _drowned(cell: CellHealth) -> str:
    """Where even the upper limit of the signal is below the noise."""
    ratio = cell.ratio if cell.state == "between" else None
    if ratio is None or ratio.high is None or ratio.high >= 1:
        return ""
    return (
        f"{named(cell)}: models differ by less than the noise (signal over noise at most"
        f" {ratio.high:.2f}): more items of new origin are needed to tell them apart."
    )


def _well(cell: CellHealth) -> str:
    parts = []
    if cell.headroom is not None:
        parts.append(f"the best model is {cell.headroom:.1f} standard errors from perfect")
    if cell.ratio is not None and cell.ratio.value is not None:
        low = "?" if cell.ratio.low is None else f"{cell.ratio.low:.1f}"
        high = "?" if cell.ratio.high is None else f"{cell.ratio.high:.1f}"
        parts.append(f"signal over noise {cell.ratio.value:.1f} [{low}, {high}]")
    return f"{named(cell)}: {', '.join(parts) or 'neither saturated nor floored'}."


def _broken(
    cells: Sequence[CellHealth],
    duplicates: Duplicates | None,
    contamination: Contamination | None,
) -> Iterator[str]:
    """What is wrong with samples or scores, whatever the models."""
    for each in cells:
        if _much_missing(each):
            why = ", ".join(f"{reason} {count:,}" for reason, count in each.missing.items())
            yield f"{named(each)}: {percent(each.unscored)} of rows have no score ({why})."
        if each.negative and each.negative > MUCH_DISCRIMINATION_BELOW_0 * each.items:
            yield (
                f"{named(each)}: {each.negative:,} of {each.items:,} items are answered better by"
                " models that do worse elsewhere: look for wrong keys."
            )
    if duplicates is not None and duplicates.compared:
        twice = duplicates.exact + duplicates.near
        if twice > MANY_DUPLICATES * duplicates.compared:
            yield (
                f"{twice:,} of {duplicates.compared:,} samples repeat another that shares no"
                " cluster with them: give both one cluster, or drop one."
            )
    if contamination is not None:
        yield from _known(contamination)


def _much_missing(cell: CellHealth) -> bool:
    return (cell.unscored.low or 0.0) > MUCH_UNSCORED


def _known(found: Contamination) -> Iterator[str]:
    if found.leaked:
        yield f"A canary of the eval stands in {found.leaked:,} replies: a model has seen it."
    for probe in found.probes:
        if probe.excess.low is not None and probe.excess.low > 0:
            yield (
                f"{probe.model} completes samples from memory: {percent(probe.own)} of second"
                f" halves, {percent(probe.other)} by chance."
            )
    for gap in found.gaps:
        if gap.difference.low is not None and gap.difference.low > 0:
            yield (
                f"{gap.model} does better on public samples than on their held-back twins"
                f" ({gap.scorer}: {_difference(gap.difference)})."
            )


def _difference(figure: Figure) -> str:
    ends = ("?" if end is None else f"{end:+.3f}" for end in (figure.low, figure.high))
    return f"{figure.value:+.3f} [{', '.join(ends)}]"


def _neglected(upkeep: Upkeep | None) -> Iterator[str]:
    if upkeep is None:
        return
    if upkeep.policy_changed:
        yield f"The policy has changed: {upkeep.policy}."
    if upkeep.overdue:
        yield f"The card's review was due on {upkeep.review}."
    for scorer, standing in upkeep.certificates.items():
        if standing.startswith("expired"):
            yield f"The certificate of {scorer} is no longer valid ({standing}): label anew."
