"""What `assay.api` gives of runs: make them, go on, score again, show, compare, ask, hand over."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from assay.errors import DefinitionError, NotFoundError, Problem
from assay.evals import find_eval, load_eval
from assay.records import Comparison, Estimate, Matrix, RunRecord
from assay.runs.blocking import finish
from assay.runs.compare import compare as compare_runs
from assay.runs.compare import compare_many as compare_many_runs
from assay.runs.exchange import export_run, import_run
from assay.runs.figures import figures
from assay.runs.plan import EvalRequest
from assay.runs.rescore import read_spec
from assay.runs.rescore import rescore as rescore_run
from assay.runs.run import Controls, resume_run, run_evals, within_budget
from assay.runs.settings import load_settings
from assay.store.looks import record_look
from assay.store.query import ask
from assay.store.workspace import RunFolder, Workspace, with_tables


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
    max_tokens: int | None = None,
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
        max_tokens: the longest reply, whatever the evals say.
        connections: most requests at once, whatever assay.toml says.

    Returns:
        One summary a run: the model's, then the baseline's.

    Raises:
        AssayError: what is wrong and how to mend it; what was done is kept.
    """
    place = Workspace.find(Path(workspace))
    settings = load_settings(place.settings_file)
    roles = dict(settings.roles) | ({"judge": judge} if judge else {})
    target = model or roles.get("target")
    if target is None:
        raise DefinitionError([_no_model(place)])
    requests = [
        _request(find_eval(str(each), place.root), limit, epochs, max_tokens) for each in evals
    ]
    names = [target] if baseline is None else [baseline, target]
    if connections is not None:
        settings = settings.with_connections(names, connections)
    controls = within_budget(controls or Controls(), settings)
    summaries: list[Summary] = []
    for name in names:
        controls.progress.begin(name)
        other = summaries[0].run.id if summaries else None
        work = run_evals(
            place, settings, requests, {**roles, "target": name}, controls, baseline=other
        )
        summaries.append(_summary(finish(work, controls.stop)))
        if controls.stop.reason is not None:
            break
    return summaries[::-1]


def resume(name: str, *, workspace: str | Path = ".", controls: Controls | None = None) -> Summary:
    """Go on with a run that was stopped or killed, or ask again what failed.

    Args:
        name: the run's id, the beginning of it, or ``latest``.
    """
    place = Workspace.find(Path(workspace))
    settings = load_settings(place.settings_file)
    controls = within_budget(controls or Controls(), settings)
    work = resume_run(place.run(name), settings, controls)
    return _summary(finish(work, controls.stop))


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
        name: the run's id, the beginning of it, or ``latest``.
        scorers: kinds, YAML files, or mappings as in an eval.yaml.
        judge: the model that rubric scorers ask.
    """
    place = Workspace.find(Path(workspace))
    settings = load_settings(place.settings_file)
    roles = {role: model for role, model in settings.roles.items() if role != "target"}
    if judge is not None:
        roles["judge"] = judge
    controls = within_budget(controls or Controls(), settings)
    specs = [read_spec(each) if isinstance(each, str) else each for each in scorers]
    work = rescore_run(place.run(name), settings, specs, roles, controls)
    return _summary(finish(work, controls.stop))


def show(name: str, *, workspace: str | Path = ".") -> Summary:
    """A run's record and figures.

    Args:
        name: the run's id, the beginning of it, or ``latest``.
    """
    return _summary(Workspace.find(Path(workspace)).run(name))


def compare(
    baseline: str,
    candidate: str,
    *,
    bridge: str | None = None,
    flips: bool = False,
    workspace: str | Path = ".",
) -> Comparison:
    """Two runs' differences, paired by sample: what differs besides the model, the worst first.

    Args:
        baseline: a run's id, the beginning of it, or ``latest``.
        candidate: the run whose figures the baseline's are taken from.
        bridge: a run of the baseline's model on the candidate's evals, where evals changed between
            the two: it tells what part of a change is the eval's, and what the model's.
        flips: whether to list every sample whose score changed, with both transcripts' ids.
    """
    place = Workspace.find(Path(workspace))
    return compare_runs(
        with_tables(place.run(baseline)),
        with_tables(place.run(candidate)),
        bridge=with_tables(place.run(bridge)) if bridge else None,
        flips=flips,
    )


def compare_many(names: Sequence[str], *, workspace: str | Path = ".") -> Matrix:
    """Several runs side by side: overall figures, and each one's paired difference from the first.

    Args:
        names: at least two runs: ids, beginnings of them, or ``latest``.
    """
    if len(names) < 2:
        raise NotFoundError("two runs, at least, can be compared.", fix="See `assay list`.")
    place = Workspace.find(Path(workspace))
    return compare_many_runs([with_tables(place.run(name)) for name in names])


def list_runs(*, workspace: str | Path = ".") -> list[tuple[RunRecord, bool]]:
    """Every run's record, newest first, and whether a process works on it now."""
    return [(folder.read(), folder.locked()) for folder in Workspace.find(Path(workspace)).runs()]


def sql(
    question: str, *, why: str = "", workspace: str | Path = "."
) -> tuple[list[str], list[tuple[Any, ...]]]:
    """Ask the tables ``transcripts`` and ``scores`` over all runs; with a reason, usage too.

    Args:
        question: DuckDB's SQL. It can read the tables and nothing else.
        why: opens ``usage`` and ``usage_scores``: a look, written down with the question first.

    Returns:
        Column names, and rows.
    """
    place = Workspace.find(Path(workspace))
    if why.strip():
        record_look(place.root, "sql", question, why, "safety")
    return ask(place, question, usage=bool(why.strip()))


def export(
    name: str, to: str, *, out: str | Path | None = None, workspace: str | Path = "."
) -> list[Path]:
    """Hand a run's transcripts and scores to other tools.

    Args:
        name: the run's id, the beginning of it, or ``latest``.
        to: ``inspect`` (one .eval file an eval), ``scout`` (a folder that Scout can open), ``csv``,
            ``jsonl``, ``xlsx`` or ``parquet``.
        out: the file to write, or the folder for ``inspect`` and ``scout``; in the run's folder
            where it is None.

    Returns:
        The files that were written.
    """
    folder = with_tables(Workspace.find(Path(workspace)).run(name))
    return export_run(folder, to, Path(out) if out else None)


def import_transcripts(file: str | Path, *, workspace: str | Path = ".") -> Summary:
    """Take in transcripts, with the scores that they bring, as a run of their own.

    Args:
        file: an Inspect log (.eval), Scout's transcripts (.parquet), or .jsonl lines.
    """
    return _summary(import_run(Workspace.find(Path(workspace)), Path(file)))


def _request(
    folder: Path, limit: int | None, epochs: int | None, max_tokens: int | None
) -> EvalRequest:
    if max_tokens is None:
        return EvalRequest(folder, limit, epochs)
    own = load_eval(folder).parameters
    parameters = msgspec.structs.replace(own, max_tokens=max_tokens)
    return EvalRequest(folder, limit, epochs, parameters)


def _summary(folder: RunFolder) -> Summary:
    record = folder.read()
    finished = folder.scores_file.exists() and folder.transcripts_file.exists()
    return Summary(
        run=record,
        folder=str(folder.path),
        alive=folder.locked(),
        resumable=record.status != "complete" or folder.journal_file.exists(),
        estimates=figures(folder) if finished else (),
    )


def _no_model(place: Workspace) -> Problem:
    return Problem(
        str(place.settings_file),
        "no model is named.",
        'Say --model provider/model, or set [roles] target = "provider/model".',
    )
