"""Begins a run or goes on with one: the same code, as a run follows from plan and journal."""

from __future__ import annotations

import datetime
import platform
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from assay.engine import Patience, Stop
from assay.errors import AssayError, DefinitionError, Problem
from assay.records import EvalRecord, Parameters, RunRecord, RunStatus, ScorerRecord, now
from assay.runs.evaluate import Evaluation
from assay.runs.models import OpenModels, Spending
from assay.runs.plan import EvalRequest, Plan, make_plan
from assay.runs.progress import Progress
from assay.runs.settings import Settings
from assay.store.journal import Journal, remove_journal
from assay.store.workspace import RunFolder, Workspace
from assay.version import __version__

_PACKAGES = ("aiohttp", "duckdb", "jinja2", "msgspec", "numpy", "pyarrow", "scipy", "xllamacpp")


@dataclass(frozen=True)
class Controls:
    """What a command holds in its hands while a run goes on.

    ``progress`` is raised as the run goes; ``stop`` ends it early; ``spending`` is the most that
    this command may spend.
    """

    progress: Progress = field(default_factory=Progress)
    stop: Stop = field(default_factory=Stop)
    spending: Spending = field(default_factory=Spending)
    patience: Patience = field(default_factory=Patience)


def within_budget(controls: Controls, settings: Settings) -> Controls:
    """The same controls, with the budget of assay.toml where the command names none."""
    if controls.spending != Spending():
        return controls
    return replace(controls, spending=Spending(settings.budget.tokens, settings.budget.dollars))


async def run_evals(
    workspace: Workspace,
    settings: Settings,
    requests: Sequence[EvalRequest],
    roles: Mapping[str, str],
    controls: Controls,
    *,
    baseline: str | None = None,
) -> RunFolder:
    """Run evals on the model whose role is ``target``; go on with that run if it is unfinished.

    Args:
        roles: model names by role: ``target``, and ``judge`` where a scorer asks for one.
        baseline: id of the run to compare with, noted in run.json.

    Returns:
        The run's folder; its record tells how it ended.

    Raises:
        AssayError: nothing was lost; the same command goes on.
    """
    async with OpenModels(roles, settings) as models:
        models.check_prices(controls.spending)
        plan = make_plan(requests, models.by_role)
        folder = _unfinished(workspace, plan)
        if folder is None:
            folder = RunFolder(workspace.runs_folder / new_id())
            record = _new_record(folder.id, plan, models, roles)
        else:
            record = folder.read()
        record = msgspec.structs.replace(record, baseline=baseline)
        with folder.lock():
            await _carry_out(folder, record, plan, models, controls)
    return folder


async def resume_run(folder: RunFolder, settings: Settings, controls: Controls) -> RunFolder:
    """Go on with a run that was stopped or killed, or ask again what failed.

    Raises:
        DefinitionError: an eval or a model is no longer what it was when the run began.
        AssayError: nothing was lost; the same command goes on.
    """
    record = folder.read()
    if record.status == "complete" and not folder.journal_file.exists():
        return folder  # nothing is missing that asking again could bring
    requests = [as_request(each) for each in record.evals]
    async with OpenModels(record.roles, settings) as models:
        plan = make_plan(requests, models.by_role)
        if plan.hash != record.plan:
            raise DefinitionError([_what_changed(folder, record, plan)])
        with folder.lock():
            await _carry_out(folder, record, plan, models, controls)
    return folder


def as_request(record: EvalRecord) -> EvalRequest:
    """The request that leads to the same eval again."""
    parameters = msgspec.convert(record.parameters, Parameters)
    return EvalRequest(Path(record.path), record.limit, record.epochs, parameters, record.draw)


async def _carry_out(
    folder: RunFolder, record: RunRecord, plan: Plan, models: OpenModels, controls: Controls
) -> None:
    progress, stop = controls.progress, controls.stop
    progress.title = record.model
    progress.planned = plan.planned
    added = _added(record, plan)
    evals = tuple(
        msgspec.structs.replace(
            each.record, scorers=(*each.record.scorers, *added.get(each.record.name, ()))
        )
        for each in plan.evals
    )
    record = msgspec.structs.replace(record, status="running", evals=evals)
    folder.save(record)
    journal = Journal(folder.journal_file)
    try:
        models.wire(journal, progress.meter, controls.spending, controls.patience)
        evaluation = Evaluation(
            folder,
            plan,
            models.by_role["target"],
            added={name: {each.name for each in scorers} for name, scorers in added.items()},
            width=models.width,
            progress=progress,
            stop=stop,
        )
        await evaluation.run()
    except AssayError as error:
        folder.save(_ended(record, "failed", str(error), progress))
        raise
    finally:
        await journal.close()
    status: RunStatus = "complete" if stop.reason is None else "stopped"
    folder.save(_ended(record, status, stop.reason, progress))
    if not evaluation.unfinished:
        remove_journal(folder.journal_file)


def _added(record: RunRecord, plan: Plan) -> dict[str, tuple[ScorerRecord, ...]]:
    """Scorers by eval that `rescore` has added to those of the plan."""
    planned = {each.record.name: {own.name for own in each.record.scorers} for each in plan.evals}
    return {
        each.name: tuple(own for own in each.scorers if own.name not in planned[each.name])
        for each in record.evals
        if each.name in planned
    }


def _unfinished(workspace: Workspace, plan: Plan) -> RunFolder | None:
    """The newest run of this plan that did not come to its end and that nobody works on."""
    for folder in workspace.runs():
        record = folder.read()
        if record.plan == plan.hash and record.status != "complete" and not folder.locked():
            return folder
    return None


def new_id() -> str:
    """A name for a run that sorts by time, to a quarter of a millisecond."""
    moment = datetime.datetime.now(datetime.UTC)
    fraction = moment.microsecond * 0x1000 // 1_000_000
    return f"{moment:%Y%m%d-%H%M%S}-{fraction:03x}{secrets.token_hex(2)[:3]}"


def _new_record(run_id: str, plan: Plan, models: OpenModels, roles: Mapping[str, str]) -> RunRecord:
    target = models.by_role["target"]
    return RunRecord(
        id=run_id,
        plan=plan.hash,
        status="running",
        created=now(),
        model=target.name,
        model_details=target.details,
        roles=dict(roles),
        evals=tuple(each.record for each in plan.evals),
        versions=versions(),
    )


def _ended(record: RunRecord, status: RunStatus, why: str | None, progress: Progress) -> RunRecord:
    meter = progress.meter
    spent = {
        "requests": meter.requests,
        "retries": meter.retries,
        "input_tokens": meter.input_tokens,
        "output_tokens": meter.output_tokens,
        "dollars": meter.cost,
        "seconds": progress.seconds,
    }
    totals = {name: record.totals.get(name, 0) + value for name, value in spent.items()}
    return msgspec.structs.replace(
        record, status=status, finished=now(), stopped_because=why, totals=totals
    )


def _what_changed(folder: RunFolder, record: RunRecord, plan: Plan) -> Problem:
    for before, after in zip(record.evals, plan.evals, strict=True):
        if before.hash != after.record.hash:
            return Problem(
                before.path,
                f"{before.name} is no longer what it was when run {record.id} began.",
                "Put it back as it was to go on, or begin a new run with `assay run`.",
            )
    return Problem(
        str(folder.record_file),
        "the model, its weights or a scorer is no longer what it was when this run began.",
        "Put it back as it was to go on, or begin a new run with `assay run`.",
    )


def versions() -> dict[str, str]:
    """What a run depends on, by package."""
    found = {"assay": __version__, "python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
