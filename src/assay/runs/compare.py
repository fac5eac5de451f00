"""Compares runs: what differs besides the model, paired differences, and what did not match."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from assay.errors import AssayError, StoreError
from assay.records import (
    ComparedRun,
    Comparison,
    Contrast,
    Difference,
    Estimate,
    Flip,
    Matrix,
    MatrixRow,
    Uncompared,
    Unmatched,
)
from assay.runs.bridge import bridges
from assay.runs.contrast import common_scorers, contrasts, uncompared
from assay.runs.differences import adjusted, differences, worst_first
from assay.runs.figures import figures, headline
from assay.runs.pairing import Pairing, Side
from assay.runs.retirement import retirements
from assay.store.query import connect, literal
from assay.store.workspace import RunFolder

if TYPE_CHECKING:
    import duckdb

_MEMORY = "512MB"


def compare(
    baseline: RunFolder,
    candidate: RunFolder,
    *,
    bridge: RunFolder | None = None,
    flips: bool = False,
    most_flips: int | None = None,
) -> Comparison:
    """A candidate against a baseline, paired by eval, sample, epoch and scorer.

    Args:
        bridge: a run of the baseline's model on the candidate's evals, for evals that changed.
        flips: whether to list every sample whose score changed.
        most_flips: of each eval and scorer, and of each direction; None for all.

    Raises:
        AssayError: the two are one run, the bridge does not fit, or a run holds scores outside its
            scorer's bounds.
    """
    _check_apart([baseline, candidate])
    found = _Pass(baseline, candidate, flips=flips, most_flips=most_flips)
    between = bridges(baseline, candidate, bridge, _differences_of) if bridge else ()
    return Comparison(
        baseline=ComparedRun.of(baseline.read()),
        candidate=ComparedRun.of(candidate.read()),
        contrasts=found.contrasts(),
        overall=found.in_order(found.overall),
        slices=found.in_order(adjusted(found.slices)),
        uncompared=found.uncompared(),
        unmatched=tuple(found.unmatched),
        flips=tuple(found.flips),
        bridge=ComparedRun.of(bridge.read()) if bridge else None,
        bridges=between,
    )


def compare_many(folders: Sequence[RunFolder]) -> Matrix:
    """Several runs side by side: overall figures, and each run's difference from the first.

    Raises:
        AssayError: a run holds scores outside its scorer's bounds.
    """
    _check_apart(folders)
    first, *others = folders
    passes = [_Pass(first, other, flips=False, slices=False) for other in others]
    estimates = [{_place(e): e for e in headline(figures(folder))} for folder in folders]
    paired = [{_place(d): d for d in found.overall} for found in passes]
    places = dict.fromkeys(place for held in estimates for place in held)
    return Matrix(
        runs=tuple(ComparedRun.of(folder.read()) for folder in folders),
        contrasts=((), *(found.contrasts() for found in passes)),
        rows=tuple(
            MatrixRow(
                eval=place[0],
                scorer=place[1],
                slice=dict(place[2]),
                estimates=tuple(held.get(place) for held in estimates),
                differences=(None, *(held.get(place) for held in paired)),
            )
            for place in places
        ),
    )


def _differences_of(baseline: RunFolder, candidate: RunFolder) -> list[Difference]:
    found = _Pass(baseline, candidate, flips=False)
    return [*found.overall, *adjusted(found.slices)]


class _Pass:
    """One reading of two runs' scores."""

    def __init__(
        self,
        baseline: RunFolder,
        candidate: RunFolder,
        *,
        flips: bool,
        slices: bool = True,
        most_flips: int | None = None,
    ) -> None:
        self._most_flips = most_flips
        self._baseline, self._candidate = baseline, candidate
        self.overall: list[Difference] = []
        self.slices: list[Difference] = []
        self.flips: list[Flip] = []
        self.unmatched: dict[Unmatched, None] = {}
        self._bounds: dict[tuple[str, str], tuple[float, float] | None] = {}
        self._empty: list[Uncompared] = []
        self._told: dict[Contrast, None] = {}
        with _database() as connection:
            for old, old_scorer, new, scorer in common_scorers(baseline.read(), candidate.read()):
                sides = Side(baseline, old, old_scorer), Side(candidate, new, scorer)
                self._bounds[new.name, scorer.name] = scorer.bounds
                pairing = Pairing(connection, *sides, flips=flips)
                self._take(pairing, sides[1], flips=flips, slices=slices)

    def contrasts(self) -> tuple[Contrast, ...]:
        """What differs besides the model; what the records say, then what the rows say."""
        there = {each.eval for each in self.overall}
        retired = (
            Contrast(each.eval, "retired", each.why, each.why)
            for each in self._retired()
            if each.eval in there
        )
        found = contrasts(self._baseline.read(), self._candidate.read())
        return (*found, *self._told, *retired)

    def uncompared(self) -> tuple[Uncompared, ...]:
        """Evals and scorers for which there is no difference."""
        found = (*uncompared(self._baseline.read(), self._candidate.read()), *self._empty)
        told = {each.eval for each in found if not each.scorer}
        return (*found, *(each for each in self._retired() if each.eval in told))

    def _retired(self) -> list[Uncompared]:
        """The runs' evals that the workspace has retired, each with its bridge in words."""
        gone = retirements(self._candidate.path.parent.parent)
        evals = (*self._baseline.read().evals, *self._candidate.read().evals)
        names = dict.fromkeys(each.name for each in evals if each.name in gone)
        return [Uncompared(name, "", gone[name].words) for name in names]

    def in_order(self, found: Sequence[Difference]) -> tuple[Difference, ...]:
        """The worst regression first."""
        return worst_first(found, self._bounds)

    def _take(self, pairing: Pairing, side: Side, *, flips: bool, slices: bool) -> None:
        about, before = f"{side.eval.name}, {side.scorer.name}", len(self.overall)
        try:
            for each in differences(pairing.pairs(), side.eval, side.scorer, slices=slices):
                (self.overall if each.overall else self.slices).append(each)
        except ValueError as error:  # the records promise bounds that the scores do not keep
            raise StoreError(
                f"the scores of {about} cannot be compared: {error}.",
                where=f"{self._baseline.id} and {self._candidate.id}",
                fix="Score both runs again with `assay rescore`.",
            ) from None
        if before == len(self.overall):
            self._empty.append(
                Uncompared(side.eval.name, side.scorer.name, "no rows in either run")
            )
        self.unmatched.update(dict.fromkeys(pairing.unmatched()))
        if flips:
            self.flips.extend(pairing.flips(self._most_flips))
        self._told.update(dict.fromkeys(pairing.contrasts()))


def _check_apart(folders: Sequence[RunFolder]) -> None:
    """A run beside itself would show no difference, and look like good news."""
    for number, folder in enumerate(folders):
        if folder.path.resolve() in {other.path.resolve() for other in folders[:number]}:
            raise AssayError(
                "a run cannot be compared with itself.",
                where=folder.id,
                fix="Name another run: see `assay list`.",
            )


@contextmanager
def _database() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database that spills, where memory is short, to a folder that goes with it."""
    with (
        tempfile.TemporaryDirectory(prefix="assay-") as spill,
        connect(memory=_MEMORY) as connection,
    ):
        connection.execute(f"SET temp_directory = {literal(spill)}")
        connection.execute("SET threads = 2")
        yield connection


def _place(of: Estimate | Difference) -> tuple[str, str, tuple[tuple[str, str], ...]]:
    return of.eval, of.scorer, tuple(of.slice.items())
