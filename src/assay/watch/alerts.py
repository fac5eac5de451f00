"""Puts alerts into words: the figure with all that it needs to be trusted, and the promise."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from assay.watch.channels import header
from assay.watch.definition import WatchDefinition
from assay.watch.result import Alert, AlertKind, Claim, SeenFigure

MOST_RUNS = 20
"""Runs that an alert names; the watch's status has all of them."""

BASIS = (
    "This rests on: samples drawn anew for every look and asked once each, replies that do not"
    " depend on one another, and an unchanged model's keeping its chances from look to look."
    " A judge behind an API may change as well as the model."
)


def guarantee(definition: WatchDefinition) -> str:
    """The watch's promise about false alarms."""
    rule, figures = definition.false_alarms, len(definition.watch)
    over = (
        f"over its {figures} figure{'s' if figures > 1 else ''} and their unscored replies together"
    )
    if rule.chance is not None:
        return (
            f"Without any change, the chance that this watch ever raises a false alarm is"
            f" {rule.chance:.4g} at most: at all looks, {over}, restarts included."
        )
    return (
        f"Without any change, a false alarm comes after {rule.looks:,.6g} looks on average, or"
        f" later, {over}; baselines are taken at the ends of their 99% intervals."
    )


def of_change(
    definition: WatchDefinition, seen: SeenFigure, claim: Claim, made: str, runs: Sequence[str]
) -> Alert:
    """A figure is established to be other than expected, or to be as expected again."""
    figure = next(each for each in definition.watch if each.id == seen.id)
    about = f"{figure.eval}, {figure.scorer}"
    slice_ = ", ".join(f"{name} {value}" for name, value in figure.slice.columns().items())
    kind: AlertKind = "unscored" if claim is seen.unscored else "change"
    if claim.standing == "as expected":
        kind = "back"
    title = f"{definition.name}: {seen.id} {_turn(claim, kind)}: {_interval(claim)}"
    lines = [
        f"Watch {definition.name} of {definition.model}.",
        f"Figure: {about}{f' ({slice_})' if slice_ else ''}"
        + (", share of replies without a score." if kind == "unscored" else "."),
        f"Expected: {claim.reference}.",
        f"Seen: {_interval(claim)}, {claim.confidence:.4%} at all looks at once"
        f" ({claim.method}); n {claim.n:,} of {claim.planned:,} asked in {claim.looks:,} look(s).",
    ]
    if kind != "unscored":
        reasons = ", ".join(f"{name} {count:,}" for name, count in claim.missing.items())
        lines.append(
            f"Missing: {claim.planned - claim.n:,}{f' ({reasons})' if reasons else ''};"
            f" whatever they would have said: [{claim.worst_low:.4g}, {claim.worst_high:.4g}]."
        )
        lines.append(f"Scorer: {seen.scorer}.")
    if claim.since:
        lines.append(f"Since: about {claim.since} (the likeliest look, without an interval).")
    if claim.warning:
        lines.append(f"Warning: {claim.warning}.")
    shown = list(runs)[-MOST_RUNS:]
    more = f", and {len(runs) - len(shown):,} earlier" if len(runs) > len(shown) else ""
    lines += [f"Runs: {', '.join(shown)}{more}.", guarantee(definition), BASIS]
    key = f"{seen.id}\0{kind}\0{claim.sequence}\0{claim.standing}"
    return _alert(definition, kind, key, made, title, lines, claim, tuple(shown))


def of_restart(
    definition: WatchDefinition, seen: SeenFigure, claim: Claim, made: str, run: str
) -> Alert:
    """What a figure is made of has changed, so that earlier looks count no longer."""
    title = f"{definition.name}: {seen.id} starts anew: {claim.restarted}"
    lines = [
        f"Watch {definition.name} of {definition.model}.",
        f"Looks before run {run} cannot be added to later ones: {claim.restarted}.",
        f"Expected from now on: {claim.reference}.",
    ]
    key = f"{seen.id}\0restarted\0{claim.sequence}"
    return _alert(definition, "restarted", key, made, title, lines, claim, (run,))


def of_missed(
    definition: WatchDefinition, due: str, until: str, count: int, why: str, made: str
) -> Alert:
    """Looks did not happen. Of several such times in a row, the first alone is told."""
    when = f"due {due}" if count == 1 else f"due {due} to {until}"
    title = f"{definition.name}: {count:,} look{'s' if count > 1 else ''} missed, {when}"
    lines = [
        f"Watch {definition.name} of {definition.model}.",
        f"Why: {why}.",
        f"See: assay watch status {definition.name}",
    ]
    return _alert(definition, "missed", f"missed\0{due}", made, title, lines, None, ())


def _alert(
    definition: WatchDefinition,
    kind: AlertKind,
    key: str,
    made: str,
    title: str,
    lines: Sequence[str],
    claim: Claim | None,
    runs: tuple[str, ...],
) -> Alert:
    begun = claim.begun if claim else ""
    told = hashlib.sha256(f"{definition.name}\0{key}\0{begun}".encode()).hexdigest()[:16]
    return Alert(
        id=f"{definition.name}-{told}",
        watch=definition.name,
        kind=kind,
        made=made,
        title=header(title),
        lines=tuple(header(line, 2000) for line in lines),
        claim=claim,
        runs=runs,
    )


def _turn(claim: Claim, kind: AlertKind) -> str:
    if kind == "back":
        return "is as expected again"
    if kind == "unscored":
        return "lacks more scores than expected"
    worse = {True: "better", False: "worse", None: "changed"}[claim.good]
    return f"is {claim.standing} than expected ({worse})"


def _interval(claim: Claim) -> str:
    value = "-" if claim.value is None else f"{claim.value:.4g}"
    return f"{value} [{claim.low:.4g}, {claim.high:.4g}]"
