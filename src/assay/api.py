"""Assay's verbs: what the command line does, for Python. Each call stands alone and blocks."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from assay import evals as eval_room
from assay import formats, runs
from assay.engine import Stop
from assay.errors import AssayError, DefinitionError, NotFoundError, Problem
from assay.models import weights
from assay.records import Estimate, RunRecord, ScoreRow, Transcript
from assay.report import RunView, write_report
from assay.runs import Controls, EvalRequest, Progress, Spending
from assay.scorers import check_scorer_spec
from assay.store.journal import Journal
from assay.store.query import ask
from assay.store.scored import scored_transcripts
from assay.store.workspace import RunFolder, Workspace

__all__ = [
    "Controls",
    "EvalRequest",
    "Progress",
    "Spending",
    "Summary",
    "check",
    "evals",
    "export",
    "import_transcripts",
    "init",
    "list_runs",
    "report",
    "rescore",
    "resume",
    "run",
    "show",
    "sql",
]

Result = TypeVar("Result")


class Summary(msgspec.Struct, frozen=True):
    """What ``show`` tells of a run.

    ``alive``: a process is working on it now. ``resumable``: resuming could score what is missing.
    ``estimates`` are empty while the run has no tables.
    """

    run: RunRecord
    folder: str
    alive: bool
    resumable: bool
    estimates: tuple[Estimate, ...]


def run(
    evals: Sequence[str | Path],
    model: str | None = None,
    *,
    workspace: str | Path = ".",
    baseline: str | None = None,
    judge: str | None = None,
    limit: int | None = None,
    epochs: int | None = None,
    connections: int | None = None,
    controls: Controls | None = None,
) -> list[Summary]:
    """Run evals on a model, and on a baseline first if there is one.

    The same call again goes on with runs that did not come to their end.

    Args:
        evals: folders, or names of evals in the workspace or the shipped catalogue.
        model: ``provider/model``; the role ``target`` of assay.toml where it is None.
        baseline: another model, run on the same samples for comparison.
        judge: the model that rubric scorers ask; the role ``judge`` of assay.toml where None.
        limit: take only the first samples of each eval.
        epochs: ask each sample so often, whatever the evals say.
        connections: most requests at once, whatever assay.toml says.

    Returns:
        One summary a run: the model's, then the baseline's.

    Raises:
        AssayError: what is wrong and how to mend it; what was done is kept.
    """
    place = Workspace.find(Path(workspace))
    settings = runs.load_settings(place.settings_file)
    roles = dict(settings.roles)
    if judge is not None:
        roles["judge"] = judge
    target = model or roles.get("target")
    if target is None:
        raise DefinitionError(
            [
                Problem(
                    str(place.settings_file),
                    "no model is named.",
                    'Say --model provider/model, or set [roles] target = "provider/model".',
                )
            ]
        )
    folders = [eval_room.find_eval(str(each), place.root) for each in evals]
    requests = [EvalRequest(folder, limit, epochs) for folder in folders]
    controls = controls or Controls()
    names = [target] if baseline is None else [baseline, target]
    if connections is not None:
        settings = settings.with_connections(names, connections)
    summaries: list[Summary] = []
    for name in names:
        controls.progress.begin(name)
        other = summaries[0].run.id if summaries else None
        work = runs.run_evals(
            place, settings, requests, {**roles, "target": name}, controls, baseline=other
        )
        summaries.append(_summary(_finish(work, controls.stop)))
        if controls.stop.reason is not None:
            break
    return summaries[::-1]


def resume(name: str, *, workspace: str | Path = ".", controls: Controls | None = None) -> Summary:
    """Go on with a run that was stopped or killed, or ask again what failed.

    Args:
        name: the run's id, the beginning of it, or ``latest``.
    """
    place = Workspace.find(Path(workspace))
    settings = runs.load_settings(place.settings_file)
    controls = controls or Controls()
    work = runs.resume_run(place.run(name), settings, controls)
    return _summary(_finish(work, controls.stop))


def rescore(
    name: str,
    scorers: Sequence[str | dict[str, Any]],
    *,
    judge: str | None = None,
    workspace: str | Path = ".",
    controls: Controls | None = None,
) -> Summary:
    """Score a run's stored transcripts with other scorers. The model under test is not asked.

    Args:
        scorers: kinds, YAML files, or mappings as in an eval.yaml.
        judge: the model that rubric scorers ask.
    """
    place = Workspace.find(Path(workspace))
    settings = runs.load_settings(place.settings_file)
    roles = {role: model for role, model in settings.roles.items() if role != "target"}
    if judge is not None:
        roles["judge"] = judge
    controls = controls or Controls()
    specs = [runs.read_spec(each) if isinstance(each, str) else each for each in scorers]
    work = runs.rescore(place.run(name), settings, specs, roles, controls)
    return _summary(_finish(work, controls.stop))


def show(name: str, *, workspace: str | Path = ".") -> Summary:
    """A run's record and figures."""
    return _summary(Workspace.find(Path(workspace)).run(name))


def list_runs(*, workspace: str | Path = ".") -> list[tuple[RunRecord, bool]]:
    """Every run's record, newest first, and whether a process works on it now."""
    return [(folder.read(), folder.locked()) for folder in Workspace.find(Path(workspace)).runs()]


def sql(question: str, *, workspace: str | Path = ".") -> tuple[list[str], list[tuple[Any, ...]]]:
    """Ask the tables ``transcripts`` and ``scores`` over all runs. Nothing else can be read."""
    return ask(Workspace.find(Path(workspace)), question)


def evals(*, workspace: str | Path = ".") -> dict[str, Path]:
    """Evals by name: the workspace's own, then the shipped ones."""
    folder = Workspace.find(Path(workspace)).evals_folder
    own = {file.parent.name: file.parent for file in sorted(folder.glob("*/eval.yaml"))}
    return {**eval_room.catalog(), **own}


def check(folder: str | Path, *, workspace: str | Path = ".") -> list[Problem]:
    """Every problem of an eval folder, at once."""
    found = eval_room.find_eval(str(folder), Workspace.find(Path(workspace)).root)
    return eval_room.check_eval(found, check_scorer_spec)
