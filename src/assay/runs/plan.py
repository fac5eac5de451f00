"""What a run will do, worked out before anything is paid for: evals, scorers, the denominator."""

from __future__ import annotations

import hashlib
import heapq
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import msgspec

from assay.errors import DefinitionError, Problem
from assay.evals import (
    EvalDefinition,
    NumberedSamples,
    Solver,
    build_solver,
    content_hash,
    iter_samples,
    load_eval,
    sample_faults,
)
from assay.models import Model
from assay.records import EvalRecord, Parameters, Sample, ScorerRecord
from assay.scorers import NamedScorer, build_scorer, parameters_of


@dataclass(frozen=True)
class EvalRequest:
    """Which eval to run, how much of it, and what to change in it.

    ``limit`` takes only the first samples; with ``draw``, any text, as many at random: each text
    leads to a choice of its own, and the same text to the same. ``epochs`` and ``parameters``
    replace the eval's own.
    """

    folder: Path
    limit: int | None = None
    epochs: int | None = None
    parameters: Parameters | None = None
    draw: str | None = None


@dataclass(frozen=True)
class PlannedEval:
    """One eval of a run: its definition, its solver and scorers, and its record for run.json."""

    definition: EvalDefinition
    record: EvalRecord
    solver: Solver
    scorers: tuple[NamedScorer, ...]
    drawn: frozenset[int] | None = None

    def samples(self) -> Iterator[Sample]:
        """The samples that the run takes, in the file's order."""
        every = iter_samples(self.definition)
        if self.drawn is None:
            return islice(every, self.record.limit)
        drawn = self.drawn
        return (sample for number, sample in enumerate(every) if number in drawn)


@dataclass(frozen=True)
class Plan:
    """All evals of a run. ``hash`` covers everything that determines its results."""

    evals: tuple[PlannedEval, ...]
    hash: str

    @property
    def planned(self) -> int:
        """The denominator: samples x epochs over all evals."""
        return sum(each.record.samples * each.record.epochs for each in self.evals)

    def tasks(self) -> Iterator[tuple[PlannedEval, Sample, int]]:
        """Every planned sample x epoch, lazily."""
        for planned in self.evals:
            for sample in planned.samples():
                for epoch in range(1, planned.record.epochs + 1):
                    yield planned, sample, epoch


def make_plan(requests: Sequence[EvalRequest], models: Mapping[str, Model]) -> Plan:
    """Read every eval and its samples once, so that bad input is found before anything is paid for.

    Args:
        requests: the evals to run.
        models: by role; ``target`` is the model under test, scorers may ask for others.

    Raises:
        DefinitionError: with every fault found in the first faulty eval.
    """
    evals = tuple(_plan_eval(request, models) for request in requests)
    names = [each.record.name for each in evals]
    for name in names:
        if names.count(name) > 1:
            raise DefinitionError(
                [Problem(name, "two evals of this run have this name.", "Rename one of them.")]
            )
    return Plan(evals, plan_hash(models["target"], [each.record for each in evals]))


def plan_hash(target: Model, evals: Sequence[EvalRecord]) -> str:
    """32 hex digits over the model and the evals as they will be run (not where they lie)."""
    located = [msgspec.structs.replace(each, path="") for each in evals]
    told = msgspec.json.encode([target.name, target.details, located], order="sorted")
    return hashlib.sha256(told).hexdigest()[:32]


def scorer_record(named: NamedScorer) -> ScorerRecord:
    """A scorer as run.json tells of it."""
    return ScorerRecord(
        name=named.name,
        kind=named.kind,
        version=named.version,
        parameters=parameters_of(named.scorer),
        good=named.good,
        bounds=named.bounds,
    )


def _plan_eval(request: EvalRequest, models: Mapping[str, Model]) -> PlannedEval:
    definition = load_eval(request.folder)
    if request.parameters is not None:
        definition = definition.model_copy(update={"parameters": request.parameters})
    scorers = tuple(
        build_scorer({"kind": entry.kind, "name": entry.name, **entry.parameters}, models)
        for entry in definition.scorers
    )
    drawn = None
    samples = _count_distinct(definition, None if request.draw else request.limit)
    if request.draw is not None and request.limit is not None:
        drawn = _drawn(request.draw, samples, request.limit)
        samples = len(drawn)
    record = EvalRecord(
        name=definition.name,
        version=definition.version,
        hash=content_hash(definition),
        path=str(request.folder.resolve()),
        samples=samples,
        epochs=request.epochs or definition.epochs,
        solver=definition.solver.model_dump(),
        prompt=definition.prompt,
        system=definition.system,
        parameters=msgspec.to_builtins(definition.parameters),
        scorers=tuple(scorer_record(named) for named in scorers),
        limit=request.limit,
        draw=request.draw,
        chapter=definition.chapter,
    )
    return PlannedEval(definition, record, build_solver(definition), scorers, drawn)


def _drawn(draw: str, samples: int, limit: int) -> frozenset[int]:
    """The places of a random choice: those whose hashes with the draw's text are least."""
    told = hashlib.blake2b(draw.encode(), digest_size=16)

    def place(number: int) -> bytes:
        own = told.copy()
        own.update(f"\0{number}".encode())
        return own.digest()

    return frozenset(heapq.nsmallest(limit, range(samples), key=place))


def _count_distinct(definition: EvalDefinition, limit: int | None) -> int:
    """How many samples there are, after making sure that each can be scored and none share an id.

    Ids are held as 8-byte hashes, so that a million samples take 8 MB.
    """
    hashes = array("q", (hash(s.id) for s in islice(_sound(definition), limit)))
    if not hashes:
        raise DefinitionError(
            [Problem(str(definition.samples_path), "there are no samples.", "Add at least one.")]
        )
    if _all_distinct(hashes):
        return len(hashes)
    seen: set[str] = set()
    for number, sample in enumerate(islice(iter_samples(definition), limit), 1):
        if sample.id in seen:
            raise DefinitionError(
                [
                    Problem(
                        str(definition.samples_path),
                        f"sample {number} has the id {sample.id!r}, which an earlier one has.",
                        "Give every sample an id of its own.",
                        column="id",
                    )
                ]
            )
        seen.add(sample.id)
    return len(hashes)  # two different ids shared a hash


def _sound(definition: EvalDefinition) -> Iterator[Sample]:
    """The samples, each of which the eval's scorers can score.

    Raises:
        DefinitionError: one cannot be scored: what ``check`` says of it.
    """
    file = str(definition.samples_path)
    for number, sample in NumberedSamples(definition):
        for column, message, remedy in sample_faults(sample, definition):
            raise DefinitionError(
                [Problem(file, message, remedy, definition.sheet, number, column)]
            )
        yield sample


def _all_distinct(hashes: array[int]) -> bool:
    import numpy as np

    ordered = np.sort(np.frombuffer(hashes, dtype=np.int64))
    return not bool((ordered[1:] == ordered[:-1]).any())
