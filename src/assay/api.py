"""Assay's verbs: what the command line does, for Python. Each call stands alone and blocks.

Everywhere, ``workspace`` is a folder in or below a workspace (the nearest one with an assay.toml,
else the folder itself), ``controls`` carries progress, stopping and spending limits, and every
error is an :class:`assay.errors.AssayError` that says what is wrong, where, and how to mend it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from assay import evals as eval_room
from assay import runs
from assay.errors import DefinitionError, NotFoundError, Problem
from assay.launch import GateResult, LaunchCheck, Signature, check_launch, init_launch, sign_launch
from assay.models import weights
from assay.records import (
    Certificate,
    Comparison,
    Difference,
    Estimate,
    ImportRecord,
    MapRecord,
    Matrix,
    RunRecord,
    ValidationRecord,
)
from assay.report import RunView, write_report
from assay.runs import Controls, EvalRequest, Progress, Spending
from assay.runs.blocking import finish
from assay.runs.trust_verbs import certificates, certify, import_labels, sample_labels
from assay.scorers import check_scorer_spec
from assay.store.query import ask
from assay.store.scored import scored_transcripts
from assay.store.workspace import RunFolder, Workspace
from assay.usage.import_verbs import import_usage, listen_usage
from assay.usage.ingest import ImportStanding
from assay.usage.looks import Look
from assay.usage.mapping import MapSettings, map_usage
from assay.usage.privacy_verbs import overdue_purges, purge_usage, usage_looks
from assay.usage.purging import Purged
from assay.usage.validation import ValidationSettings, validate_usage

__all__ = [
    "Certificate",
    "Comparison",
    "Controls",
    "Difference",
    "GateResult",
    "ImportRecord",
    "ImportStanding",
    "LaunchCheck",
    "LocalModel",
    "Look",
    "MapRecord",
    "MapSettings",
    "Matrix",
    "Progress",
    "Purged",
    "Signature",
    "Spending",
    "Summary",
    "ValidationRecord",
    "ValidationSettings",
    "add_local_model",
    "certificates",
    "certify",
    "check",
    "check_launch",
    "compare",
    "compare_many",
    "export",
    "import_labels",
    "import_transcripts",
    "import_usage",
    "init",
    "init_launch",
    "list_evals",
    "list_runs",
    "listen_usage",
    "local_models",
    "make_report",
    "map_usage",
    "overdue_purges",
    "purge_usage",
    "quickstart",
    "rescore",
    "resume",
    "run",
    "sample_labels",
    "show",
    "sign_launch",
    "sql",
    "usage_looks",
    "validate_usage",
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
    settings = runs.load_settings(place.settings_file)
    roles = dict(settings.roles) | ({"judge": judge} if judge else {})
    target = model or roles.get("target")
    if target is None:
        raise DefinitionError([_no_model(place)])
    requests = [
        _request(eval_room.find_eval(str(each), place.root), limit, epochs, max_tokens)
        for each in evals
    ]
    names = [target] if baseline is None else [baseline, target]
    if connections is not None:
        settings = settings.with_connections(names, connections)
    controls = runs.within_budget(controls or Controls(), settings)
    summaries: list[Summary] = []
    for name in names:
        controls.progress.begin(name)
        other = summaries[0].run.id if summaries else None
        work = runs.run_evals(
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
    settings = runs.load_settings(place.settings_file)
    controls = runs.within_budget(controls or Controls(), settings)
    work = runs.resume_run(place.run(name), settings, controls)
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
    settings = runs.load_settings(place.settings_file)
    roles = {role: model for role, model in settings.roles.items() if role != "target"}
    if judge is not None:
        roles["judge"] = judge
    controls = runs.within_budget(controls or Controls(), settings)
    specs = [runs.read_spec(each) if isinstance(each, str) else each for each in scorers]
    work = runs.rescore(place.run(name), settings, specs, roles, controls)
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
    return runs.compare(
        _with_tables(place.run(baseline)),
        _with_tables(place.run(candidate)),
        bridge=_with_tables(place.run(bridge)) if bridge else None,
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
    return runs.compare_many([_with_tables(place.run(name)) for name in names])


def list_runs(*, workspace: str | Path = ".") -> list[tuple[RunRecord, bool]]:
    """Every run's record, newest first, and whether a process works on it now."""
    return [(folder.read(), folder.locked()) for folder in Workspace.find(Path(workspace)).runs()]


def sql(question: str, *, workspace: str | Path = ".") -> tuple[list[str], list[tuple[Any, ...]]]:
    """Ask the tables ``transcripts`` and ``scores`` over all runs. Nothing else can be read.

    Args:
        question: DuckDB's SQL.

    Returns:
        Column names, and rows.
    """
    return ask(Workspace.find(Path(workspace)), question)


def list_evals(*, workspace: str | Path = ".") -> dict[str, Path]:
    """Evals by name: the workspace's own, then the shipped ones."""
    folder = Workspace.find(Path(workspace)).evals_folder
    own = {file.parent.name: file.parent for file in sorted(folder.glob("*/eval.yaml"))}
    return {**eval_room.catalog(), **own}


def check(folder: str | Path, *, workspace: str | Path = ".") -> list[Problem]:
    """Every problem of an eval, at once.

    Args:
        folder: the eval's folder, or its name.
    """
    found = eval_room.find_eval(str(folder), Workspace.find(Path(workspace)).root)
    return eval_room.check_eval(found, check_scorer_spec)


def make_report(
    name: str = "latest",
    *,
    baseline: str | None = None,
    out: str | Path | None = None,
    workspace: str | Path = ".",
) -> Path:
    """Write a run's report: one HTML file that works without any network.

    Args:
        name: the run's id, the beginning of it, or ``latest``.
        baseline: the run to compare with; where it is None, the one that the run was made with.
        out: the file to write; ``report.html`` in the run's folder where it is None.
    """
    place = Workspace.find(Path(workspace))
    folder = _with_tables(place.run(name))
    baseline = baseline or folder.read().baseline
    path = Path(out) if out else folder.path / "report.html"
    other = _view(_with_tables(place.run(baseline))) if baseline else None
    write_report(path, _view(folder), other)
    return path


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
    folder = _with_tables(Workspace.find(Path(workspace)).run(name))
    return runs.export_run(folder, to, Path(out) if out else None)


def import_transcripts(file: str | Path, *, workspace: str | Path = ".") -> Summary:
    """Take in transcripts, with the scores that they bring, as a run of their own.

    Args:
        file: an Inspect log (.eval), Scout's transcripts (.parquet), or .jsonl lines.
    """
    return _summary(runs.import_run(Workspace.find(Path(workspace)), Path(file)))


def init(
    folder: str | Path,
    *,
    start: str | None = None,
    source: str | None = None,
    sha256: str | None = None,
) -> Path:
    """Make a new eval folder.

    Args:
        folder: what to make; its name is the eval's. With a benchmark and no source, the
            benchmark's file: the folder is then ``evals/<benchmark>``.
        start: nothing for a small example; a shipped eval's name or a folder for a copy of it; a
            file of samples; or the name of a public benchmark.
        source: the benchmark's file, or its URL; without a benchmark, a file of samples.
        sha256: what the download must hash to; a URL needs it.
    """
    target = Path(folder)
    if source is None and start in eval_room.BENCHMARKS:
        source, target = str(folder), Path("evals") / start
    if source is not None and start is not None:
        return eval_room.init_from(start, source, target, sha256=sha256)
    start = start or source
    shipped = eval_room.catalog()
    return eval_room.init_eval(target, like=shipped.get(start, start) if start else None)


class LocalModel(msgspec.Struct, frozen=True):
    """A model whose weights the package index has. ``path`` is None until they are here."""

    name: str
    title: str
    megabytes: int
    licence: str
    note: str
    path: str | None


def local_models() -> list[LocalModel]:
    """The local models that Assay knows, and which of them are here."""
    return [
        LocalModel(
            name=each.name,
            title=each.title,
            megabytes=round(each.total_size / 1e6),
            licence=each.licence,
            note=each.note,
            path=str(path) if (path := weights.path_of(each.name)) else None,
        )
        for each in weights.known()
    ]


def add_local_model(name: str, *, progress: Callable[[int, int], None] | None = None) -> Path:
    """Fetch a local model's weights, check them, and say where they are.

    Args:
        name: for instance ``smollm2-135m``.
        progress: called with the bytes that are there and the bytes that there will be.
    """
    return weights.add(name, progress)


QUICKSTART_CANDIDATE = "local/qwen2.5-coder-1.5b"
QUICKSTART_BASELINE = "local/smollm2-135m"
_QUICKSTART_SAMPLES = 12  # of each eval: as many as two cores answer in four minutes
_QUICKSTART_TOKENS = 32


def quickstart(
    folder: str | Path,
    *,
    controls: Controls | None = None,
) -> tuple[list[Summary], Path]:
    """Evaluate two real local models on a part of the starter evals, and write a report.

    Args:
        folder: becomes a workspace.

    Returns:
        The runs' summaries (candidate, baseline), and the report's path.
    """
    place = Path(folder)
    place.mkdir(parents=True, exist_ok=True)
    settings = place / "assay.toml"
    if not settings.exists():
        settings.write_text(_QUICKSTART_SETTINGS, encoding="utf-8")
    for name in (QUICKSTART_CANDIDATE, QUICKSTART_BASELINE):
        add_local_model(name.removeprefix("local/"))
    summaries = run(
        list(eval_room.catalog()),
        QUICKSTART_CANDIDATE,
        workspace=place,
        baseline=QUICKSTART_BASELINE,
        limit=_QUICKSTART_SAMPLES,
        max_tokens=_QUICKSTART_TOKENS,
        controls=controls,
    )
    path = make_report(summaries[0].run.id, out=place / "report.html", workspace=place)
    return summaries, path


_QUICKSTART_SETTINGS = f"""\
# Models by role. A run's --model and --judge replace these.
[roles]
target = "{QUICKSTART_CANDIDATE}"
"""


def _request(
    folder: Path, limit: int | None, epochs: int | None, max_tokens: int | None
) -> EvalRequest:
    if max_tokens is None:
        return EvalRequest(folder, limit, epochs)
    own = eval_room.load_eval(folder).parameters
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
        estimates=runs.figures(folder) if finished else (),
    )


def _view(folder: RunFolder) -> RunView:
    return RunView(
        record=folder.read(),
        estimates=runs.figures(folder),
        transcripts=scored_transcripts(folder),
        cut_off=runs.cut_off(folder),
    )


def _with_tables(folder: RunFolder) -> RunFolder:
    folder.read()
    if not (folder.transcripts_file.exists() and folder.scores_file.exists()):
        raise NotFoundError(
            "this run has not come to an end.", where=folder.id, fix=f"assay resume {folder.id}"
        )
    return folder


def _no_model(place: Workspace) -> Problem:
    return Problem(
        str(place.settings_file),
        "no model is named.",
        'Say --model provider/model, or set [roles] target = "provider/model".',
    )
