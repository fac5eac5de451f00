"""What people label a part of and scorers are certified on: a run's tables, or a usage import's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assay.errors import NotFoundError
from assay.records import ScorerRecord, Transcript
from assay.store.import_state import superseded
from assay.store.usage_scores import ScoresFolder, import_owner
from assay.store.workspace import RunFolder, Workspace

_USAGE = import_owner("")


@dataclass(frozen=True)
class Population:
    """Transcripts and their scores.

    Attributes:
        id: the run's id; of an import, ``usage:`` and its name.
        scorers: by name.
        transcripts: the files of transcripts.
        scores: by the scorer's name, the files that hold its rows, among those of others perhaps.
        replaced: ids of transcripts that count no more.
        to_finish: the command that makes what is missing of it.
    """

    id: str
    scorers: Mapping[str, ScorerRecord]
    transcripts: tuple[Path, ...]
    scores: Mapping[str, tuple[Path, ...]]
    replaced: frozenset[str]
    to_finish: str

    @property
    def name(self) -> str:
        """What it is, in words."""
        return self.id if self.id.startswith(_USAGE) else f"run {self.id}"

    @property
    def usage(self) -> str | None:
        """The import's name, where it is one."""
        return self.id.removeprefix(_USAGE) if self.id.startswith(_USAGE) else None

    def cluster_of(self, transcript: Transcript) -> str:
        """What a transcript shares its origin with: its account in usage."""
        if self.id.startswith(_USAGE):
            return transcript.account_id or transcript.transcript_id
        return transcript.cluster or transcript.task_id or transcript.transcript_id


def find_population(place: Workspace, name: str) -> Population:
    """A run by its id, the beginning of it, or ``latest``; or an import as ``usage:NAME``.

    Raises:
        NotFoundError: there is no such run, or no such import that was scored.
    """
    if name.startswith(_USAGE):
        return _of_import(place, name.removeprefix(_USAGE))
    return population_of(place.run(name))


def population_of(run: RunFolder) -> Population:
    """A run's transcripts and scores."""
    scorers = {each.name: each for record in run.read().evals for each in record.scorers}
    whole = run.transcripts_file.exists() and run.scores_file.exists()
    return Population(
        id=run.id,
        scorers=scorers,
        transcripts=(run.transcripts_file,) if whole else (),
        scores=dict.fromkeys(scorers, (run.scores_file,)) if whole else {},
        replaced=frozenset(),
        to_finish=f"assay resume {run.id}",
    )


def _of_import(place: Workspace, name: str) -> Population:
    folder = place.usage_folder / name
    tables = [(table, table.read()) for table in ScoresFolder(folder).tables()]
    known = {record.scorer.name: (record.scorer, table) for table, record in tables if record}
    finish = f"assay usage score {name} --scorer SCORER"
    if folder.parent != place.usage_folder or not known:
        raise NotFoundError("no import of that name was scored.", where=name, fix=finish)
    return Population(
        id=import_owner(name),
        scorers={each: scorer for each, (scorer, _) in known.items()},
        transcripts=tuple(sorted(folder.glob("transcripts/part-*.parquet"))),
        scores={each: tuple(table.parts()) for each, (_, table) in known.items()},
        replaced=frozenset(superseded(folder / "import.sqlite")),
        to_finish=finish,
    )
