"""Where things lie on disk: the workspace, and the folder of each run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from assay.errors import NotFoundError
from assay.records import RunRecord
from assay.store.files import held, is_held, read_record, write_record


class RunFolder:
    """``runs/<id>/``: run.json, the journals while replies may be needed, and the tables.

    The run's own journal tells that it can be resumed; rescoring keeps one beside it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.id = path.name
        self.record_file = path / "run.json"
        self.journal_file = path / "journal.sqlite"
        self.rescoring_file = path / "rescoring.sqlite"
        self.transcripts_file = path / "transcripts.parquet"
        self.scores_file = path / "scores.parquet"

    def read(self) -> RunRecord:
        """The run's record.

        Raises:
            NotFoundError: there is no such run.
            StoreError: run.json is damaged.
        """
        return read_record(
            self.record_file, RunRecord, "there is no such run.", "See `assay list`."
        )

    def save(self, record: RunRecord) -> None:
        """Write run.json as a whole or not at all."""
        write_record(self.record_file, record)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run for this process. The lock dies with the process.

        Raises:
            StoreError: another process holds it.
        """
        with held(self.path / "lock", "another process is working on this run."):
            yield

    def locked(self) -> bool:
        """Whether a living process works on the run."""
        return is_held(self.path / "lock")


class Workspace:
    """A folder that holds evals, runs and settings.

    Args:
        root: the folder; it need not exist yet.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings_file = root / "assay.toml"
        self.evals_folder = root / "evals"
        self.runs_folder = root / "runs"
        self.usage_folder = root / "usage"

    @classmethod
    def find(cls, start: Path) -> Workspace:
        """The nearest folder at or above ``start`` that has an assay.toml, else ``start``.

        Raises:
            NotFoundError: ``start`` is no folder.
        """
        start = start.resolve()
        if not start.is_dir():
            raise NotFoundError("there is no such folder.", where=str(start), fix="Make it first.")
        for folder in (start, *start.parents):
            if (folder / "assay.toml").is_file():
                return cls(folder)
        return cls(start)

    def runs(self) -> list[RunFolder]:
        """Every run, newest first."""
        found = self.runs_folder.glob("*/run.json")
        return [RunFolder(file.parent) for file in sorted(found, reverse=True)]

    def run(self, name: str) -> RunFolder:
        """The run of that id, or the one run whose id begins so; ``latest`` is the newest.

        Raises:
            NotFoundError: none fits, or several do.
        """
        runs = self.runs()
        if name == "latest":
            if not runs:
                raise NotFoundError("there are no runs yet.", fix="Make one: assay run EVAL")
            return runs[0]
        as_path = Path(name)
        if as_path.is_dir() and (as_path / "run.json").is_file():
            return RunFolder(as_path.resolve())
        fitting = [run for run in runs if run.id == name] or [
            run for run in runs if run.id.startswith(name)
        ]
        if len(fitting) == 1:
            return fitting[0]
        if fitting:
            listed = ", ".join(run.id for run in fitting[:5])
            raise NotFoundError(f"{name!r} could be any of {listed}.", fix="Give more of the id.")
        raise NotFoundError(
            f"there is no run {name!r} in {self.runs_folder}.", fix="See `assay list`."
        )


def with_tables(folder: RunFolder) -> RunFolder:
    """The run's folder, whose tables are there.

    Raises:
        NotFoundError: there is no such run, or it has not come to an end.
    """
    folder.read()
    if not (folder.transcripts_file.exists() and folder.scores_file.exists()):
        raise NotFoundError(
            "this run has not come to an end.", where=folder.id, fix=f"assay resume {folder.id}"
        )
    return folder
