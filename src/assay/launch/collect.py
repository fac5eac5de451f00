"""Finds a gate's evidence in the workspace: which runs, their scores, the scorer's certificate."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from assay.errors import AssayError
from assay.evals import content_hash, load_eval
from assay.launch.definition import Gate, LaunchDefinition, Subject, Surface
from assay.launch.evidence import Pairs, People, Scores
from assay.launch.matched import side_by_side
from assay.launch.standing import Known, known_of
from assay.records import Certificate, EvalRecord, RunRecord, ScorerRecord
from assay.runs.audit import Audit, read_audit
from assay.runs.certificates import read_certificates
from assay.runs.pairing import Pairing, Side
from assay.runs.replies import hold_labels, replies_in
from assay.runs.saturation import MOST_MODELS, SATURATED, state_of
from assay.runs.trust import FEWEST
from assay.store.query import connect, literal, quoted
from assay.store.workspace import RunFolder, Workspace


@dataclass(frozen=True)
class Found:
    """A complete run that holds a gate's eval and scorer."""

    folder: RunFolder
    record: RunRecord
    eval: EvalRecord
    scorer: ScorerRecord

    @property
    def side(self) -> Side:
        """As the pairing of runs wants it."""
        return Side(self.folder, self.eval, self.scorer)


class Collector:
    """Looks into one workspace; reads each record and hashes each file once."""

    def __init__(self, place: Workspace, definition: LaunchDefinition) -> None:
        self._place, self._definition = place, definition
        self._hashes: dict[Path, dict[str, str]] = {}
        self._changed: dict[tuple[str, str], str] = {}
        self._audits: dict[tuple[str, str], Audit | None] = {}

    @cached_property
    def runs(self) -> list[tuple[RunFolder, RunRecord]]:
        """Every run, newest first; of those begun in one second, the last to end.

        A watch's looks are no evidence unless their ids are named.
        """
        read = [(folder, folder.read()) for folder in self._place.runs()]
        found = [each for each in read if all(asked.draw is None for asked in each[1].evals)]

        def age(each: tuple[RunFolder, RunRecord]) -> tuple[str, int]:
            return each[1].created, each[0].record_file.stat().st_mtime_ns

        return sorted(found, key=age, reverse=True)

    @cached_property
    def certificates(self) -> list[Certificate]:
        """Every certificate, newest first."""
        return read_certificates(self._place.root)

    def candidate(self, gate: Gate) -> Found | str:
        """The candidate's run for a gate, or why there is none."""
        surface = self._surface(gate)
        subject = self._definition.candidate
        if surface is not None and (surface.run or surface.model):
            subject = Subject.model_construct(model=surface.model, run=surface.run)
        system = surface.system if surface is not None else None
        found = self.fitting(subject, gate.eval, gate.scorer, system)
        return found if isinstance(found, str) else found[0]

    def baseline(self, gate: Gate, candidate: Found) -> Found | str:
        """The baseline's run: the newest of those that were asked most like the candidate's."""
        assert gate.margin is not None
        subject = self._definition.baselines[gate.margin.against]
        found = self.fitting(subject, gate.eval, gate.scorer, None)
        return found if isinstance(found, str) else most_alike(found, candidate)

    def _surface(self, gate: Gate) -> Surface | None:
        return None if gate.surface is None else self._definition.surfaces[gate.surface]

    def fitting(
        self, subject: Subject, eval_name: str, scorer_name: str, system: str | None
    ) -> list[Found] | str:
        """Complete runs of a subject with an eval and scorer, newest first; or why there are none.

        Args:
            system: the system prompt that they must have; None for any.
        """
        named = subject.run or subject.model
        runs = self.runs
        if subject.run is not None:
            folder = self._place.run(subject.run)
            runs = [(folder, folder.read())]
        else:
            runs = [each for each in runs if each[1].model == subject.model]
        if not runs:
            models = {record.model for _, record in self.runs}
            return f"there is no run of {named}. {_meant(named, models)}Run {eval_name} on it."
        with_eval = [
            (folder, record, asked)
            for folder, record in runs
            for asked in record.evals
            if asked.name == eval_name
        ]
        if not with_eval:
            evals = {asked.name for _, record in runs for asked in record.evals}
            meant = _meant(eval_name, evals)
            return f"no run of {named} has the eval {eval_name}. {meant}Run it."
        if system is not None:
            with_eval = [each for each in with_eval if (each[2].system or "") == system]
            if not with_eval:
                return f"no run of {named} has {eval_name} with this surface's system prompt."
        complete = [each for each in with_eval if each[1].status == "complete"]
        complete = [each for each in complete if each[0].scores_file.exists()]
        if not complete:
            newest = with_eval[0][1].id
            return f"run {newest} of {named} is unfinished. To go on: assay resume {newest}"
        found = [
            Found(folder, record, asked, scorer)
            for folder, record, asked in complete
            for scorer in asked.scorers
            if scorer.name == scorer_name
        ]
        if not found:
            have = ", ".join(scorer.name for scorer in complete[0][2].scorers)
            return f"run {complete[0][1].id} has no scores of {scorer_name} (it has {have})."
        return found

    def scores(
        self, found: Found, slice_: Mapping[str, str]
    ) -> tuple[Scores | None, dict[str, int]]:
        """The run's scores in a slice, by cluster, and its missing rows by reason."""
        where, values = _in(found, slice_)
        source = f"read_parquet({literal(found.folder.scores_file)})"
        with connect() as connection:
            sums = connection.execute(
                "SELECT coalesce(sum(value), 0) AS s, count(value) AS n,"
                " count(*) - count(value) AS m, coalesce(bool_and(value IN (0, 1)), true) AS b"
                f" FROM {source} {where} GROUP BY hash(coalesce(cluster, sample_id))",
                values,
            ).fetchnumpy()
            missing = connection.execute(
                f"SELECT coalesce(unscored, 'no value'), count(*) FROM {source} {where}"
                " AND value IS NULL GROUP BY 1 ORDER BY 1",
                values,
            ).fetchall()
        if len(sums["s"]) == 0:
            return None, {}
        bounds = found.scorer.bounds
        return Scores(
            sums=np.asarray(sums["s"], dtype=np.float64),
            counts=np.asarray(sums["n"], dtype=np.float64),
            missing=np.asarray(sums["m"], dtype=np.float64),
            bounds=bounds,
            binary=bool(np.asarray(sums["b"]).all()) and bounds == (0.0, 1.0),
        ), dict(missing)

    def pairs(
        self, candidate: Found, baseline: Found, slice_: Mapping[str, str]
    ) -> tuple[Pairs | None, dict[str, int]]:
        """Both runs' scores of the same samples in a slice, and what is missing by reason."""
        with connect() as connection:
            found = Pairing(connection, baseline.side, candidate.side).pairs()
        return side_by_side(found, slice_, candidate.scorer.bounds)

    def values_of(self, found: Found, column: str) -> list[str]:
        """What a column of the gate's scores holds, to help with a misspelt slice."""
        where, values = _in(found, {})
        with connect() as connection:
            rows = connection.execute(
                f"SELECT DISTINCT {quoted(column)} FROM"
                f" read_parquet({literal(found.folder.scores_file)}) {where} ORDER BY 1 LIMIT 30",
                values,
            ).fetchall()
        return [row[0] for row in rows if row[0] is not None]

    def known(self, found: Found, slice_: Mapping[str, str], now: str) -> Known:
        """What is known of the scorer's error in a slice."""
        return known_of(found.scorer, self.certificates, slice_, found.record.id, now)

    def people(self, found: Found, slice_: Mapping[str, str]) -> People | None:
        """People's labels of a random part of this run; None where there are too few of a slice."""
        audit, bounds = self._audit(found), found.scorer.bounds
        if audit is None or bounds is None or len(audit.told) < FEWEST:
            return None
        where, values = _in(found, slice_)
        source = f"read_parquet({literal(found.folder.scores_file)})"
        with connect() as connection:
            hold_labels(connection, audit)
            replies = replies_in(connection, source, where, values)
            [(planned,)] = connection.execute(
                f"SELECT count(*) FROM {source} {where}", values
            ).fetchall()
        people = People(
            audit=audit, replies=replies, absent=planned - len(replies.values), bounds=bounds
        )
        return people if people.labels >= FEWEST else None

    def labels_hash(self, found: Found) -> str:
        """The SHA-256 of people's words on a run, and of each one's chance of being drawn."""
        audit = self._audit(found)
        told = sorted(audit.told if audit else (), key=lambda each: each.transcript_id)
        rows = [(each.transcript_id, each.truth, each.chance, each.stratum) for each in told]
        return hashlib.sha256(msgspec.json.encode(rows)).hexdigest()

    def _audit(self, found: Found) -> Audit | None:
        key = found.record.id, found.scorer.name
        if key not in self._audits:
            self._audits[key] = read_audit(self._place.root, *key)
        return self._audits[key]

    def hashes(self, found: Found) -> dict[str, str]:
        """The SHA-256 of each of a run's files."""
        folder = found.folder
        if folder.path not in self._hashes:
            files = (folder.record_file, folder.scores_file, folder.transcripts_file)
            self._hashes[folder.path] = {
                file.name: _sha256(file) for file in files if file.is_file()
            }
        return self._hashes[folder.path]

    def concerns(self, found: Found) -> Iterator[str]:
        """What a figure of this run alone does not show."""
        asked = found.eval
        if asked.limit is not None:
            first = f"the first {asked.limit:,} samples of {asked.name}"
            yield f"Run {found.record.id} took only {first}."
        if changed := self._change(asked):
            yield changed

    def other_prompts(self, gate: Gate, found: Found) -> Iterator[str]:
        """Whether the candidate was also asked otherwise, where the gate does not say how."""
        if gate.surface is not None or self._definition.candidate.model is None:
            return
        runs = self.fitting(self._definition.candidate, gate.eval, gate.scorer, None)
        if isinstance(runs, list) and any(each.eval.system != found.eval.system for each in runs):
            had = (
                f"this run's is {found.eval.system!r:.60}" if found.eval.system else "this has none"
            )
            yield (
                f"{gate.eval} was also run with another system prompt ({had})."
                " Name a surface to say which counts."
            )

    def saturation(self, found: Found, slice_: Mapping[str, str], *, low_is_good: bool) -> str:
        """Why the eval no longer tells models apart; empty where it does, or none can tell."""
        if found.scorer.bounds is None:
            return ""
        others: dict[str, Found] = {found.record.model: found}
        for folder, record in self.runs:
            if len(others) >= MOST_MODELS:
                break
            if record.model in others or record.status != "complete":
                continue
            if not folder.scores_file.exists():
                continue
            for asked in record.evals:
                for scorer in asked.scorers:
                    same = asked.hash == found.eval.hash and scorer.version == found.scorer.version
                    if same and asked.name == found.eval.name and scorer.name == found.scorer.name:
                        others[record.model] = Found(folder, record, asked, scorer)
        means = self._means(list(others.values()), slice_)
        if state_of(means, found.scorer.bounds, low_is_good=low_is_good) != "saturated":
            return ""
        return (
            f"{found.eval.name} is saturated here: all {len(others)} models that were asked lie"
            f" within {SATURATED:.0%} of perfect, so a pass tells little."
        )

    def _means(self, runs: list[Found], slice_: Mapping[str, str]) -> list[float]:
        where, values = _in(runs[0], slice_)
        files = ", ".join(literal(each.folder.scores_file) for each in runs)
        with connect() as connection:
            rows = connection.execute(
                f"SELECT avg(value) FROM read_parquet([{files}], union_by_name = true)"
                f" {where} GROUP BY run_id HAVING count(value) > 0",
                values,
            ).fetchall()
        return [float(row[0]) for row in rows]

    def _change(self, asked: EvalRecord) -> str:
        """Whether the eval's folder still holds what was asked."""
        key = (asked.path, asked.hash)
        if key not in self._changed:
            said, folder = "", Path(asked.path)
            if asked.path and (folder / "eval.yaml").is_file():
                try:
                    now = load_eval(folder)
                    if content_hash(now) != asked.hash:
                        said = (
                            f"{asked.name} has changed since this run: it was version"
                            f" {asked.version}, and is {now.version} now."
                        )
                except AssayError:
                    said = f"{asked.name} can no longer be read, so it may have changed."
            self._changed[key] = said
        return self._changed[key]


def _meant(written: str | None, known: set[str]) -> str:
    close = get_close_matches(written or "", sorted(known), 1)
    return f"Did you mean {close[0]}? " if close else ""


def _in(found: Found, slice_: Mapping[str, str]) -> tuple[str, list[Any]]:
    where = "WHERE eval = ? AND scorer = ? AND scorer_version = ?"
    where += "".join(f" AND {quoted(name)} = ?" for name in slice_)
    key = [found.eval.name, found.scorer.name, found.scorer.version]
    return where, [*key, *slice_.values()]


def most_alike(found: list[Found], candidate: Found) -> Found:
    """Of a baseline's runs, the newest of those that were asked most like the candidate's."""
    return min(found, key=lambda each: _unlike(each.eval, candidate.eval))  # first = newest


def _unlike(theirs: EvalRecord, ours: EvalRecord) -> tuple[bool, bool, bool]:
    return (
        theirs.hash != ours.hash,
        theirs.system != ours.system,
        theirs.parameters != ours.parameters,
    )


def _sha256(file: Path) -> str:
    with file.open("rb") as open_file:
        return hashlib.file_digest(open_file, "sha256").hexdigest()
