"""The figures of a finished run: each with its interval, its n, and what is missing from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assay.records import Certificate, Estimate, ScorerRecord, Second, Standing, now
from assay.runs.audit import Audit, read_audit
from assay.runs.certificates import certificate_for, read_certificates
from assay.runs.replies import hold_labels, replies_in
from assay.runs.trust import audited_by, contradiction, corrected_by
from assay.stats import Interval, clustered_mean, mean, rate
from assay.store.query import connect, literal, quoted
from assay.store.workspace import RunFolder

if TYPE_CHECKING:
    import duckdb

CONFIDENCE = 0.95

NONE = "(none)"
"""What a slice says of samples that do not have its column."""

SLICINGS: tuple[tuple[str, ...], ...] = ((), ("polarity",), ("policy_area",), ("language",))
BY_POLARITY: tuple[tuple[str, ...], ...] = (
    ("polarity",),
    ("policy_area", "polarity"),
    ("language", "polarity"),
)


def figures(folder: RunFolder) -> tuple[Estimate, ...]:
    """Estimates per eval x scorer: overall, by polarity, by policy area, by language.

    A scorer whose good direction depends on polarity has no overall figure: its mean over
    violative and benign samples would mean nothing. Slices that hold every sample, or whose
    column is empty throughout, are left out.

    Samples of one cluster, and epochs of one sample, are counted as sharing an origin. Each says
    which certificate its scorer has, with the figure corrected by it; and where people labelled a
    random part of the run, what follows from their labels alone.
    """
    record = folder.read()
    root = folder.path.parent.parent
    found: list[Estimate] = []
    # A small share of memory: past it DuckDB spills, so that a big run needs no more than a small.
    with connect(memory="96MB") as connection:
        connection.execute("SET threads = 2")
        source = f"read_parquet({literal(folder.scores_file)})"
        for each in record.evals:
            for scorer in each.scorers:
                rows = Rows(source, folder.id, each.name, each.epochs)
                found.extend(estimates_of(connection, rows, scorer, root))
    return tuple(found)


@dataclass(frozen=True)
class Rows:
    """Scores to make figures of.

    Attributes:
        source: the rows, as SQL's FROM wants them.
        owner: the run, or the import, whose labels and certificates count.
        eval: the value of their column ``eval``.
        epochs: how often each sample was asked.
        slicings: by which columns to slice, the headline's first; None for those of evals.
    """

    source: str
    owner: str
    eval: str
    epochs: int = 1
    slicings: tuple[tuple[str, ...], ...] | None = None


def estimates_of(
    connection: duckdb.DuckDBPyConnection, rows: Rows, scorer: ScorerRecord, root: Path
) -> Iterator[Estimate]:
    """The figures of one scorer, with what is known of its error.

    Args:
        root: the workspace, whose certificates and labels count.
    """
    certificates = read_certificates(root)
    trust = _Trust(
        certificate_for(certificates, scorer.version, rows.owner, now()),
        sum(other.version == scorer.version for other in certificates) - 1,
        read_audit(root, rows.owner, scorer.name),
    )
    return _Cells(connection, rows, scorer, trust).estimates()


def cut_off(folder: RunFolder) -> dict[str, int]:
    """By eval, how many replies the token limit broke off. Choice samples ask for one token only.

    Raises:
        NotFoundError: there is no such run.
    """
    asked = [each.name for each in folder.read().evals if each.solver.get("kind") != "choice"]
    with connect(memory="96MB") as connection:
        rows = connection.execute(
            f"SELECT task_set, count(*) FROM read_parquet({literal(folder.transcripts_file)}) "
            "WHERE stop_reason = 'max_tokens' GROUP BY task_set"
        ).fetchall()
    return {name: count for name, count in rows if name in asked}


def headline(estimates: tuple[Estimate, ...]) -> tuple[Estimate, ...]:
    """The first figure that a reader wants: overall, or by polarity where that decides."""
    return tuple(
        each
        for each in estimates
        if (set(each.slice) == {"polarity"} if each.good == "by_polarity" else not each.slice)
    )


@dataclass(frozen=True)
class _Cell:
    """Sufficient statistics of one slice."""

    slice: dict[str, str]
    planned: int
    missing: dict[str, int]
    n: int
    total: float
    squares: float
    binary: bool


@dataclass(frozen=True)
class _Scores:
    """The scores of a slice, summed by cluster; arrays have shape (clusters,)."""

    sums: NDArray[np.float64]
    counts: NDArray[np.int64]
    squares: NDArray[np.float64]


@dataclass(frozen=True)
class _Trust:
    """What is known of a scorer: its certificate, how many others there are, the run's labels."""

    certificate: Certificate | None
    others: int
    audit: Audit | None

    @property
    def standing(self) -> Standing:
        return self.certificate.standing(now()) if self.certificate else "uncertified"


class _Cells:
    """The slices of one eval x scorer."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        rows: Rows,
        scorer: ScorerRecord,
        trust: _Trust,
    ) -> None:
        self._connection = connection
        self._source = rows.source
        self._eval = rows.eval
        self._scorer = scorer
        self._trust = trust
        self._slicings = rows.slicings or _slicings_of(scorer)
        self._where = "WHERE eval = ? AND scorer = ? AND scorer_version = ?"
        self._key = [rows.eval, scorer.name, scorer.version]
        [clustered] = self._rows("count(cluster) > 0", "")
        self._clustered = bool(clustered[0]) or rows.epochs > 1
        if trust.audit is not None:
            hold_labels(connection, trust.audit)

    def estimates(self) -> Iterator[Estimate]:
        for slicing in self._slicings:
            cells = self._slices(slicing)
            for cell, scores in zip(cells, self._scores(slicing, cells), strict=True):
                yield self._estimate(cell, scores)

    def _slices(self, slicing: tuple[str, ...]) -> list[_Cell]:
        names = "".join(f"{quoted(name)}, " for name in slicing)
        rows = self._rows(
            f"{names} unscored, count(*), count(value), coalesce(sum(value), 0),"
            " coalesce(sum(value * value), 0), coalesce(bool_and(value IN (0, 1)), true)",
            f"GROUP BY {names} unscored ORDER BY {names} unscored NULLS FIRST",
        )
        cells: dict[tuple[Any, ...], _Cell] = {}
        for row in rows:
            values, (reason, count, n, total, squares, binary) = row[: len(slicing)], row[-6:]
            held = cells.get(values)
            missing = dict(held.missing) if held else {}
            if reason is not None:
                missing[reason] = count
            cells[values] = _Cell(
                slice={
                    name: NONE if value is None else value
                    for name, value in zip(slicing, values, strict=True)
                },
                planned=count + (held.planned if held else 0),
                missing=missing,
                n=n + (held.n if held else 0),
                total=total + (held.total if held else 0.0),
                squares=squares + (held.squares if held else 0.0),
                binary=binary and (held.binary if held else True),
            )
        found = list(cells.values())
        if slicing != self._slicings[0] and len({cell.slice[slicing[0]] for cell in found}) < 2:
            return []  # one slice that holds everything says nothing new
        return found

    def _estimate(self, cell: _Cell, scores: _Scores | None) -> Estimate:
        interval = self._interval(cell, scores) if cell.n else None
        worst, best = self._extremes(cell)
        return Estimate(
            eval=self._eval,
            scorer=self._scorer.name,
            scorer_version=self._scorer.version,
            slice=cell.slice,
            value=interval.estimate if interval else None,
            low=interval.low if interval else None,
            high=interval.high if interval else None,
            confidence=CONFIDENCE,
            method=interval.method if interval else "none: nothing was scored",
            n=cell.n,
            clusters=interval.clusters if interval else 0,
            planned=cell.planned,
            missing=cell.missing,
            worst=worst,
            best=best,
            good=self._scorer.good,
            warning=self._warning(cell, interval),
            standing=self._trust.standing,
            certificate=self._trust.certificate.id if self._trust.certificate else None,
            corrected=self._corrected(cell, interval),
            audited=self._audited(cell),
        )

    def _warning(self, cell: _Cell, interval: Interval | None) -> str:
        if interval is None:
            return "Nothing was scored."
        found = [interval.warning]
        if self._trust.certificate is not None and self._is_rate(cell):
            found.append(contradiction(self._trust.certificate, interval))
        return "; ".join(filter(None, found))

    def _corrected(self, cell: _Cell, interval: Interval | None) -> Second | None:
        """By the certificate; rates alone can be corrected so."""
        certificate = self._trust.certificate
        if interval is None or certificate is None or not self._is_rate(cell):
            return None
        return corrected_by(certificate, interval, self._trust.others)

    def _audited(self, cell: _Cell) -> Second | None:
        audit, bounds = self._trust.audit, self._scorer.bounds
        if audit is None or bounds is None or not audit.told:
            return None
        where, values = self._in(cell)
        replies = replies_in(self._connection, self._source, where, values)
        return audited_by(audit, replies, bounds, CONFIDENCE)

    def _interval(self, cell: _Cell, scores: _Scores | None) -> Interval:
        if self._clustered and scores is not None and (scores.counts > 1).any():
            return clustered_mean(
                scores.sums,
                scores.counts,
                sum_squares=scores.squares,
                confidence=CONFIDENCE,
                bounds=self._scorer.bounds,
                binary=self._is_rate(cell),
            )
        if self._is_rate(cell) or scores is None:
            return rate(round(cell.total), cell.n, confidence=CONFIDENCE)
        return mean(scores.sums, confidence=CONFIDENCE, bounds=self._scorer.bounds)

    def _is_rate(self, cell: _Cell) -> bool:
        return cell.binary and self._scorer.bounds == (0, 1)

    def _scores(self, slicing: tuple[str, ...], cells: list[_Cell]) -> list[_Scores | None]:
        """What each slice's interval needs besides its cell, all slices in one query.

        A slice has its scores by cluster; without clusters one by one, and rates none at all.
        """
        if not cells or (not self._clustered and all(map(self._is_rate, cells))):
            return [None] * len(cells)
        names = "".join(f", unnest(?::VARCHAR[]) AS {quoted(name)}" for name in slicing)
        self._connection.execute(
            f"CREATE OR REPLACE TEMP TABLE cells AS SELECT unnest(range({len(cells)})) AS cell"
            + names,
            [[_stored(cell.slice[name]) for cell in cells] for name in slicing],
        )
        same = " AND ".join(
            f"scores.{quoted(name)} IS NOT DISTINCT FROM cells.{quoted(name)}" for name in slicing
        )
        columns, tail = "value AS s, 1::BIGINT AS n, 0.0::DOUBLE AS q", ""
        if self._clustered:
            columns = "sum(value) AS s, count(value) AS n, sum(value * value) AS q"
            tail = "GROUP BY cell, hash(coalesce(cluster, sample_id))"
        found = self._connection.execute(
            f"SELECT cell, {columns} FROM {self._source} AS scores JOIN cells"
            f" ON {same or 'true'} {self._where} AND value IS NOT NULL {tail} ORDER BY cell",
            self._key,
        ).fetchnumpy()
        ends = np.searchsorted(found["cell"], np.arange(len(cells) + 1))
        sums, squares = (np.asarray(found[name], dtype=np.float64) for name in ("s", "q"))
        counts = np.asarray(found["n"], dtype=np.int64)
        return [
            _Scores(sums[start:end], counts[start:end], squares[start:end])
            for start, end in pairwise(ends.tolist())
        ]

    def _in(self, cell: _Cell) -> tuple[str, list[str | None]]:
        where, values = self._where, list[str | None](self._key)
        for name, value in cell.slice.items():
            where += f" AND {quoted(name)} IS NOT DISTINCT FROM ?"
            values.append(_stored(value))
        return where, values

    def _rows(self, columns: str, tail: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(
            f"SELECT {columns} FROM {self._source} {self._where} {tail}", self._key
        ).fetchall()

    def _extremes(self, cell: _Cell) -> tuple[float | None, float | None]:
        """The mean with every missing row counted against the model, and for it."""
        if self._scorer.bounds is None or not cell.planned:
            return None, None
        absent = cell.planned - cell.n
        low, high = ((cell.total + absent * bound) / cell.planned for bound in self._scorer.bounds)
        return (high, low) if _low_is_good(self._scorer, cell.slice) else (low, high)


def _stored(value: str) -> str | None:
    """A slice's value as the tables hold it."""
    return None if value == NONE else value


def _slicings_of(scorer: ScorerRecord) -> tuple[tuple[str, ...], ...]:
    """The headline's first."""
    return BY_POLARITY if scorer.good == "by_polarity" else SLICINGS


def _low_is_good(scorer: ScorerRecord, slice_: dict[str, str]) -> bool:
    if scorer.good == "by_polarity":
        return slice_.get("polarity") == "benign"
    return scorer.good == "low"
