"""What `assay.api` gives of watches: begin one, start it, ask how it stands, stop it."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from assay.engine import Stop
from assay.errors import AuthenticationError, DefinitionError, Problem
from assay.runs import OpenModels, Settings, load_settings, make_plan
from assay.runs.blocking import finish
from assay.store.workspace import Workspace
from assay.watch.alerts import guarantee
from assay.watch.definition import FOLDER, WatchDefinition, load_watch, watch_names
from assay.watch.looking import Looker, part_of
from assay.watch.process import Process, alone, ask_to_stop, is_running
from assay.watch.reference import Baseline
from assay.watch.result import WatchStatus, WatchTurn
from assay.watch.schedule import next_due, written
from assay.watch.state import FILE, State
from assay.watch.template import write_watch

SHOWN = 20
"""Looks and alerts that status shows."""


def init_watch(name: str, *, workspace: str | Path = ".") -> Path:
    """Write watches/<name>.yaml: the newest whole run's figures as a reference, to be edited.

    Args:
        name: the watch's name.
    """
    return write_watch(Workspace.find(Path(workspace)), name)


def start_watch(
    name: str,
    *,
    once: bool = False,
    tell: Callable[[str], None] | None = None,
    workspace: str | Path = ".",
) -> WatchTurn:
    """Look at a model whenever a look is due, and alert, until it is stopped.

    The same call after a kill goes on: no look is lost or counted twice, and no alert is lost.

    Args:
        name: the watch's name.
        once: do what is due now, deliver what is to be delivered, and return.
        tell: is given a line for whatever happens.

    Returns:
        The looks of this call, and the alerts that it raised.
    """
    place = Workspace.find(Path(workspace))
    definition = load_watch(name, place.root)
    settings = load_settings(place.settings_file)
    _check_variables(definition)
    folder = place.root / FOLDER / definition.name
    stop = Stop()
    with alone(folder) as asked:
        baselines = {each.id: Baseline(place, definition, each) for each in definition.watch}
        looker = Looker(place, definition, settings, baselines, stop)
        if not (folder / FILE).exists():
            finish(_check(looker, settings), Stop())
        process = Process(folder, looker, stop, tell or (lambda _: None))
        try:
            return finish(process.once() if once else process.forever(asked), stop)
        finally:
            process.close()


def watch_status(name: str | None = None, *, workspace: str | Path = ".") -> list[WatchStatus]:
    """How watches stand: their newest looks, what was missed, alerts and their deliveries.

    Args:
        name: one watch; all of the workspace where it is None.
    """
    place = Workspace.find(Path(workspace))
    names = watch_names(place.root) if name is None else [name]
    return [_status(place, load_watch(each, place.root)) for each in names]


def stop_watch(name: str, *, patience: float = 60.0, workspace: str | Path = ".") -> WatchStatus:
    """Ask the process at a watch to end; the next start goes on with a look that was under way.

    Args:
        name: the watch's name.
        patience: seconds to wait for it; ``running`` tells whether it is there still.
    """
    place = Workspace.find(Path(workspace))
    definition = load_watch(name, place.root)
    ask_to_stop(place.root / FOLDER / definition.name, patience)
    return _status(place, definition)


def _status(place: Workspace, definition: WatchDefinition) -> WatchStatus:
    folder = place.root / FOLDER / definition.name
    common = {
        "name": definition.name,
        "model": definition.model,
        "every": definition.every,
        "guarantee": guarantee(definition),
    }
    if not (folder / FILE).exists():
        return WatchStatus(
            **common, running=is_running(folder), next_due=None, done=0, missed=0, figures=(),
            looks=(), alerts=(), deliveries=(), notes=("it has not been started yet",),
        )  # fmt: skip
    state = State(folder)
    try:
        newest = state.newest(done=True)
        last = state.last_due()
        done, missed = state.counted()
        running = is_running(folder)
        return WatchStatus(
            **common,
            running=running,
            next_due=written(next_due(time.time(), definition.seconds, last)),
            done=done,
            missed=missed,
            figures=newest.figures if newest else (),
            looks=tuple(state.looks(SHOWN)),
            alerts=tuple(state.alerts(SHOWN)),
            deliveries=tuple(state.deliveries()),
            notes=tuple(_notes(definition, last, running)),
        )
    finally:
        state.close()


def _notes(definition: WatchDefinition, last: int | None, running: bool) -> list[str]:
    notes = []
    if last is not None and last > time.time():
        notes.append(
            f"the last look is dated {written(last)}, which is to come: the clock went back, and"
            " nothing is due until it has caught up"
        )
    elif last is not None and not running and time.time() - last >= 2 * definition.seconds:
        overdue = int((time.time() - last) // definition.seconds)
        notes.append(f"no process is running, and {overdue:,} look(s) are overdue")
    if not definition.alerts:
        notes.append("it names no way for alerts to go out: they stand here alone")
    return notes


def _check_variables(definition: WatchDefinition) -> None:
    for channel in definition.alerts:
        for variable in channel.variables:
            if not os.environ.get(variable):
                raise AuthenticationError(
                    f"the environment variable {variable} is not set.",
                    where=str(definition.file),
                    fix=f"Set it: export {variable}=...",
                )


async def _check(looker: Looker, settings: Settings) -> None:
    """Before the first look: everything that it names is there, and can be watched."""
    definition = looker.definition
    roles = {**settings.roles, "target": definition.model}
    async with OpenModels(roles, settings) as models:
        plan = make_plan(looker.requests("check"), models.by_role)
    evals = tuple(each.record for each in plan.evals)
    for figure in definition.watch:
        asked, scorer = part_of(definition, figure, evals)
        why = looker.baselines[figure.id].unfit(asked, scorer)
        if why:
            where = f"watch {figure.id}, reference"
            remedy = "Run the whole eval again, and name that run."
            raise DefinitionError([Problem(str(definition.file), f"{why}.", remedy, column=where)])
