"""Hands runs to other tools, and takes what other tools made in as runs."""

from __future__ import annotations

import hashlib
import math
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from assay.errors import DefinitionError, NotFoundError, Problem
from assay.formats.export import ExportRow, export_csv, export_jsonl, export_rows, export_xlsx
from assay.formats.inspect_log import read_eval_log, scorers_in
from assay.formats.inspect_write import eval_log_name, write_eval_log
from assay.formats.jsonl import read_jsonl
from assay.formats.scout import read_scout
from assay.records import EvalRecord, RunRecord, ScoreRow, ScorerRecord, Transcript, now
from assay.runs.run import new_id, versions
from assay.store.scored import scored_transcripts
from assay.store.tables import TableWriter
from assay.store.workspace import RunFolder, Workspace

Scored = tuple[Transcript, tuple[ScoreRow, ...]]


def _export_parquet(scored: Iterable[Scored], path: Path) -> None:
    with TableWriter(path, ExportRow) as table:
        for row in export_rows(scored):
            table.write(row)


_TABLES: dict[str, Callable[[Iterable[Scored], Path], None]] = {
    "csv": export_csv,
    "jsonl": export_jsonl,
    "xlsx": export_xlsx,
    "parquet": _export_parquet,
}


def export_run(folder: RunFolder, to: str, out: Path | None = None) -> list[Path]:
    """Write a finished run for other tools.

    Args:
        to: ``inspect`` (one .eval file an eval), ``scout`` (a folder that Scout can open), ``csv``,
            ``jsonl``, ``xlsx`` or ``parquet``.
        out: the file to write, or the folder for ``inspect`` and ``scout``; in the run's folder
            where it is None.

    Returns:
        The files that were written.

    Raises:
        NotFoundError: there is no such export.
    """
    if to == "inspect":
        return _export_logs(folder, out or folder.path / "inspect")
    if to == "scout":
        return _export_for_scout(folder, out or folder.path / "scout")
    if to not in _TABLES:
        raise NotFoundError(
            f"there is no export to {to!r}.", fix=f"There are inspect, scout, {', '.join(_TABLES)}."
        )
    path = out or folder.path / f"export.{to}"
    _TABLES[to](scored_transcripts(folder), path)
    return [path]


def import_run(workspace: Workspace, file: Path) -> RunFolder:
    """Take a file of transcripts in as a run of its own, with the scores that it brings.

    Args:
        file: an Inspect log (.eval), Scout's transcripts (.parquet), or .jsonl lines.

    Raises:
        DefinitionError: the file cannot be read; says where and why. Nothing is left behind.
    """
    folder = RunFolder(workspace.runs_folder / new_id())
    folder.path.mkdir(parents=True)
    try:
        seen = _Seen(scorers_in(file) if file.suffix == ".eval" else {})
        with (
            TableWriter(folder.transcripts_file, Transcript) as transcripts,
            TableWriter(folder.scores_file, ScoreRow) as scores,
        ):
            for transcript, rows in _read(file):
                transcript = msgspec.structs.replace(
                    transcript, run_id=folder.id, task_set=transcript.task_set or "imported"
                )
                transcripts.write(transcript)
                for row in rows:
                    scores.write(msgspec.structs.replace(row, run_id=folder.id))
                seen.count(transcript, rows)
        folder.save(seen.record(folder.id, file))
    except BaseException:
        for left in folder.path.iterdir():
            left.unlink()
        folder.path.rmdir()
        raise
    return folder


def _read(file: Path) -> Iterator[Scored]:
    if not file.is_file():
        raise NotFoundError("there is no such file.", where=str(file))
    if file.suffix == ".eval":
        return read_eval_log(file)
    if file.suffix == ".parquet":
        return ((transcript, ()) for transcript in read_scout(file))
    if file.suffix == ".jsonl":
        return ((transcript, ()) for transcript in read_jsonl(file))
    raise DefinitionError(
        [Problem(str(file), "is of no kind that can be imported.", "Use .eval, .parquet, .jsonl.")]
    )


def _export_logs(folder: RunFolder, target: Path) -> list[Path]:
    target.mkdir(parents=True, exist_ok=True)
    record = folder.read()
    written = []
    for each in record.evals:
        path = target / eval_log_name(record, each)
        own = (pair for pair in scored_transcripts(folder) if pair[0].task_set == each.name)
        write_eval_log(path, record, each, own)
        written.append(path)
    return written


def _export_for_scout(folder: RunFolder, target: Path) -> list[Path]:
    """Scout opens every table below a folder, so the transcripts need one of their own."""
    target.mkdir(parents=True, exist_ok=True)
    path = target / folder.transcripts_file.name
    path.unlink(missing_ok=True)
    try:
        path.hardlink_to(folder.transcripts_file)  # run tables are replaced, never changed
    except OSError:
        shutil.copyfile(folder.transcripts_file, path)
    return [path]


class _Seen:
    """What an imported file turns out to hold."""

    def __init__(self, told: Mapping[str, ScorerRecord]) -> None:
        self._told = told
        self._models: dict[str, int] = defaultdict(int)
        self._samples: dict[str, int] = defaultdict(int)
        self._epochs: dict[str, int] = defaultdict(lambda: 1)
        self._scorers: dict[str, dict[str, ScorerRecord]] = defaultdict(dict)

    def count(self, transcript: Transcript, rows: tuple[ScoreRow, ...]) -> None:
        """Take note of one transcript and its scores."""
        name = transcript.task_set or ""
        self._models[transcript.model or "unknown"] += 1
        epoch = transcript.task_repeat or 1
        self._samples[name] += epoch == 1
        self._epochs[name] = max(self._epochs[name], epoch)
        for row in rows:
            before = self._scorers[name].get(row.scorer) or self._first(row)
            low, high = before.bounds or (-math.inf, math.inf)
            inside = row.value is None or low <= row.value <= high
            self._scorers[name][row.scorer] = msgspec.structs.replace(
                before, version=row.scorer_version, bounds=before.bounds if inside else None
            )

    def _first(self, row: ScoreRow) -> ScorerRecord:
        """An imported scorer: which way is good, and its bounds, as the file tells or as usual."""
        told = self._told.get(row.scorer)
        return ScorerRecord(
            name=row.scorer,
            kind="imported",
            version=row.scorer_version,
            parameters={},
            good="high" if told is None else told.good,
            bounds=(0.0, 1.0) if told is None else told.bounds,
        )

    def record(self, run_id: str, file: Path) -> RunRecord:
        """The record of the imported run."""
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        moment = now()
        return RunRecord(
            id=run_id,
            plan=digest[:32],
            status="complete",
            created=moment,
            finished=moment,
            model=max(self._models, key=self._models.__getitem__, default="unknown"),
            model_details={"imported_from": file.name, "sha256": digest},
            roles={},
            evals=tuple(self._eval(name, digest) for name in self._samples),
            versions=versions(),
        )

    def _eval(self, name: str, digest: str) -> EvalRecord:
        return EvalRecord(
            name=name,
            version="imported",
            hash=digest,
            path="",
            samples=self._samples[name],
            epochs=self._epochs[name],
            solver={"kind": "imported"},
            prompt="",
            system=None,
            parameters={},
            scorers=tuple(self._scorers[name].values()),
        )
