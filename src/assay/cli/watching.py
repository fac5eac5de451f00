"""Commands for watches: watch init, watch start, watch status, watch stop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.output import DONE, FOUND, UNFINISHED, note, print_json, print_table
from assay.cli.running import AsJson, Workspace

if TYPE_CHECKING:
    from assay.api import Claim, WatchStatus, WatchTurn

watch = typer.Typer(
    help="Watches: a model looked at again and again, and alerts.", no_args_is_help=True
)

Name = Annotated[str, typer.Argument(help="The watch's name: watches/NAME.yaml.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(watch, name="watch")


@watch.command("init")
def init(name: Name, workspace: Workspace = Path()) -> None:
    """Begin a watch: a file with the newest run's figures, to be edited."""
    from assay import api

    made = api.init_watch(name, workspace=workspace)
    note(f"Made {made}. Set its references and alerts, then: assay watch start {name}")


@watch.command("start")
def start(
    name: Name,
    once: Annotated[
        bool, typer.Option("--once", help="Do what is due now and end, for cron and timers.")
    ] = False,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Look when looks are due, in the foreground. Exits 2 where an alert tells of a change."""
    from assay import api

    turn = api.start_watch(name, once=once, tell=note, workspace=workspace)
    if as_json:
        print_json(turn)
    elif once and not turn.looks:
        note("Nothing is due.")
    if turn.undelivered:
        note(f"{turn.undelivered:,} delivery(s) open: assay watch status {name}")
    raise typer.Exit(_code(turn))


@watch.command("status")
def status(
    name: Annotated[
        str | None, typer.Argument(help="The watch's name; all of them without one.")
    ] = None,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """How watches stand: figures, looks that were missed, alerts and their deliveries."""
    from assay import api

    found = api.watch_status(name, workspace=workspace)
    if as_json:
        print_json(found)
        return
    for each in found:
        _print(each)
    if not found:
        note("There are no watches. To make one: assay watch init NAME")


@watch.command("stop")
def stop(name: Name, workspace: Workspace = Path(), as_json: AsJson = False) -> None:
    """Ask the process at a watch to end, and wait for it."""
    from assay import api

    found = api.stop_watch(name, workspace=workspace)
    if as_json:
        print_json(found)
    if found.running:
        note(f"{name} has not ended yet. It will when what is in flight has come back.")
        raise typer.Exit(UNFINISHED)
    note(f"No process is at {name}.")


def _code(turn: WatchTurn) -> int:
    if any(alert.kind in ("change", "unscored") for alert in turn.alerts):
        return FOUND
    return UNFINISHED if any(look.status == "missed" for look in turn.looks) else DONE


def _print(found: WatchStatus) -> None:
    running = "running" if found.running else "not running"
    print_table(
        ("figure", "standing", "seen", "whatever is missing", "expected", "n/planned", "looks"),
        [
            _row(seen.id if claim is seen.figure else f"{seen.id}: unscored", claim)
            for seen in found.figures
            for claim in (seen.figure, seen.unscored)
            if claim is seen.figure or claim.standing != "as expected"
        ],
        title=f"{found.name}: {found.model}, every {found.every}, {running}",
        right=("n/planned",),
    )
    for seen in found.figures:
        if seen.figure.restarted:
            note(f"{seen.id} began anew, sequence {seen.figure.sequence}: {seen.figure.restarted}")
        note(f"Scorer of {seen.id}: {seen.scorer}.")
        for warning in filter(None, (seen.figure.warning, seen.unscored.warning)):
            note(f"Warning for {seen.id}: {warning}.")
    note(f"Looks: {found.done:,} done, {found.missed:,} missed; next due {found.next_due or '-'}.")
    for look in found.looks:
        if look.status == "missed":
            when = look.due if look.count == 1 else f"{look.count:,}, {look.due} to {look.until}"
            note(f"  missed: {when}: {look.why}")
    note(found.guarantee)
    for alert in found.alerts:
        note(f"Alert {alert.made}: {alert.title}")
    for each in found.deliveries:
        if each.delivered is None:
            again = f"; next try {each.next_try}"
            note(f"  not delivered: {each.alert} by {each.channel}, "
                 f"{each.attempts} attempt(s): {each.error or 'not tried yet'}{again}")  # fmt: skip
    for remark in found.notes:
        note(f"Note: {remark}.")


def _row(name: str, claim: Claim) -> tuple[str, ...]:
    value = "-" if claim.value is None else f"{claim.value:.4g}"
    return (
        name,
        claim.standing + (f" since {_when(claim.since)}" if claim.since else ""),
        f"{value} [{claim.low:.4g}, {claim.high:.4g}]",
        f"[{claim.worst_low:.4g}, {claim.worst_high:.4g}]",
        claim.reference,
        f"{claim.n:,}/{claim.planned:,}",
        f"{claim.looks:,} since {_when(claim.begun)}",
    )


def _when(time: str) -> str:
    """A time to the minute; all are UTC."""
    return time[:16].replace("T", " ") + "Z"
