"""The pooled runs' scores of one scorer, brought together by DuckDB: aggregates, never rows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from assay.health.pool import Pooled
from assay.records import ScorerRecord
from assay.store.query import connect, literal

if TYPE_CHECKING:
    import duckdb

_MEMORY = "384MB"


@contextmanager
def database() -> Iterator[duckdb.DuckDBPyConnection]:
    """A database that spills, where memory is short, to a folder that goes with it."""
    with (
        tempfile.TemporaryDirectory(prefix="assay-") as spill,
        connect(memory=_MEMORY) as connection,
    ):
        connection.execute(f"SET temp_directory = {literal(spill)}")
        connection.execute("SET threads = 2")
        yield connection


@dataclass(frozen=True)
class Sums:
    """One model's scores by origin: sums, counts, squares, and rows without a score."""

    sums: NDArray[np.float64]
    counts: NDArray[np.float64]
    squares: NDArray[np.float64]
    missing: NDArray[np.float64]
    binary: bool


class Scores:
    """One scorer's scores of several models, a row a model x sample (the mean over its epochs).

    The table ``held`` of the connection holds them: one set at a time.

    Args:
        runs: the models' runs; all must have the scorer in this version.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        runs: Sequence[Pooled],
        scorer: ScorerRecord,
    ) -> None:
        self._connection, self.runs, self.scorer = connection, runs, scorer
        files = ", ".join(literal(each.folder.scores_file) for each in runs)
        connection.execute(
            "CREATE OR REPLACE TEMP TABLE pooled AS SELECT unnest(?::VARCHAR[]) AS run_id,"
            " unnest(range(?)) AS place",
            [[each.folder.id for each in runs], len(runs)],
        )
        connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE held AS
            SELECT place, sample_id, any_value(polarity) AS polarity,
                hash(coalesce(any_value(cluster), sample_id)) AS origin,
                sum(value) AS total, count(value) AS n, sum(value * value) AS squares,
                min(value) AS least, max(value) AS greatest, count(*) AS planned
            FROM read_parquet([{files}], union_by_name = true) JOIN pooled USING (run_id)
            WHERE eval = ? AND scorer = ? AND scorer_version = ?
            GROUP BY place, sample_id
            """,
            [runs[0].eval.name, scorer.name, scorer.version],
        )

    def polarities(self) -> list[str | None]:
        """Those that the samples have; None for samples without one."""
        rows = self._connection.execute("SELECT DISTINCT polarity FROM held ORDER BY 1 NULLS FIRST")
        return [row[0] for row in rows.fetchall()]

    def missing(self, polarity: str | None) -> dict[str, int]:
        """Rows without a score by their reason."""
        files = ", ".join(literal(each.folder.scores_file) for each in self.runs)
        rows = self._connection.execute(
            f"SELECT coalesce(unscored, 'no value'), count(*)"
            f" FROM read_parquet([{files}], union_by_name = true) JOIN pooled USING (run_id)"
            " WHERE eval = ? AND scorer = ? AND scorer_version = ? AND value IS NULL"
            " AND polarity IS NOT DISTINCT FROM ? GROUP BY 1 ORDER BY 1",
            [self.runs[0].eval.name, self.scorer.name, self.scorer.version, polarity],
        ).fetchall()
        return dict(rows)

    def unscored(self, polarity: str | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """By origin, over all models: planned rows without a score, and all."""
        found = self._connection.execute(
            "SELECT sum(planned - n)::DOUBLE AS m, sum(planned)::DOUBLE AS p FROM held"
            " WHERE polarity IS NOT DISTINCT FROM ? GROUP BY origin",
            [polarity],
        ).fetchnumpy()
        return np.asarray(found["m"], dtype=np.float64), np.asarray(found["p"], dtype=np.float64)

    def by_origin(self, polarity: str | None) -> list[Sums]:
        """Each model's sums by origin, in the runs' order."""
        found = self._connection.execute(
            "SELECT place, coalesce(sum(total), 0) AS s, sum(n)::DOUBLE AS n,"
            " coalesce(sum(squares), 0) AS q, sum(planned - n)::DOUBLE AS m,"
            " coalesce(bool_and(least IN (0, 1) AND greatest IN (0, 1) AND squares = total), true)"
            " AS b FROM held WHERE polarity IS NOT DISTINCT FROM ? GROUP BY place, origin",
            [polarity],
        ).fetchnumpy()
        places = np.asarray(found["place"])
        columns = [np.asarray(found[name], dtype=np.float64) for name in ("s", "n", "q", "m")]
        binary = np.asarray(found["b"], dtype=bool)
        sums = []
        for place in range(len(self.runs)):
            mine = places == place
            total, counts, squares, missing = (column[mine] for column in columns)
            sums.append(Sums(total, counts, squares, missing, bool(binary[mine].all())))
        return sums

    def table(self, polarity: str | None) -> tuple[NDArray[np.float64], NDArray[np.uint64]]:
        """Scores of shape (models, items) where every model has one, and each item's origin.

        Items stand in the order of their ids, as in :meth:`names`.
        """
        found = self._connection.execute(
            f"SELECT total / n AS value, origin FROM held {_COMPLETE} ORDER BY sample_id, place",
            [polarity, polarity, len(self.runs)],
        ).fetchnumpy()
        models = len(self.runs)
        values = np.asarray(found["value"], dtype=np.float64).reshape(-1, models)
        origins = np.asarray(found["origin"], dtype=np.uint64)[::models]
        return np.ascontiguousarray(values.T), origins

    def names(self, polarity: str | None, places: Sequence[int]) -> list[str]:
        """The ids of items by their places in :meth:`table`."""
        rows = self._connection.execute(
            f"SELECT sample_id FROM (SELECT sample_id, row_number() OVER (ORDER BY sample_id) - 1"
            f" AS number FROM (SELECT DISTINCT sample_id FROM held {_COMPLETE}))"
            " WHERE list_contains(?, number) ORDER BY number",
            [polarity, polarity, len(self.runs), list(places)],
        ).fetchall()
        return [row[0] for row in rows]

    def items(self, polarity: str | None) -> int:
        """How many different samples there are, scored or not."""
        [row] = self._connection.execute(
            "SELECT count(DISTINCT sample_id) FROM held WHERE polarity IS NOT DISTINCT FROM ?",
            [polarity],
        ).fetchall()
        return int(row[0])

    def never_scored(self, most: int) -> list[str]:
        """Samples that no model was scored on."""
        rows = self._connection.execute(
            "SELECT sample_id FROM held GROUP BY sample_id HAVING sum(n) = 0"
            " ORDER BY sample_id LIMIT ?",
            [most],
        ).fetchall()
        return [row[0] for row in rows]

    def twins(
        self, pairs: Sequence[tuple[str, str]]
    ) -> Iterator[tuple[Pooled, NDArray[np.float64], NDArray[np.float64], NDArray[np.uint64]]]:
        """Each run with its scores on public samples, on their twins, and the pairs' origins.

        Scores are turned so that more is better; the scorer must have bounds.
        """
        assert self.scorer.bounds is not None
        low_good = {"high": "false", "low": "true", "by_polarity": "polarity = 'benign'"}
        found = self._connection.execute(
            f"""
            WITH pairs AS (SELECT unnest(?::VARCHAR[]) AS public, unnest(?::VARCHAR[]) AS twin),
            better AS (
                SELECT place, sample_id, origin, CASE WHEN {low_good[self.scorer.good]}
                    THEN ? - total / n ELSE total / n END AS value FROM held WHERE n > 0
            )
            SELECT one.place, one.value AS public, other.value AS twin, one.origin
            FROM pairs JOIN better one ON one.sample_id = pairs.public
            JOIN better other ON other.sample_id = pairs.twin AND other.place = one.place
            """,
            [[each[0] for each in pairs], [each[1] for each in pairs], sum(self.scorer.bounds)],
        ).fetchnumpy()
        for place, run in enumerate(self.runs):
            mine = np.asarray(found["place"]) == place
            yield (
                run,
                np.asarray(found["public"], dtype=np.float64)[mine],
                np.asarray(found["twin"], dtype=np.float64)[mine],
                np.asarray(found["origin"], dtype=np.uint64)[mine],
            )

    def flips(self, polarity: str | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """By origin: samples x models whose epochs differ, and those asked more than once."""
        found = self._connection.execute(
            "SELECT sum((greatest > least)::INT)::DOUBLE AS f, count(*)::DOUBLE AS n FROM held"
            " WHERE n > 1 AND polarity IS NOT DISTINCT FROM ? GROUP BY origin",
            [polarity],
        ).fetchnumpy()
        return (
            np.asarray(found["f"], dtype=np.float64),
            np.asarray(found["n"], dtype=np.float64),
        )


_COMPLETE = (
    "WHERE polarity IS NOT DISTINCT FROM ? AND sample_id IN (SELECT sample_id FROM held"
    " WHERE n > 0 AND polarity IS NOT DISTINCT FROM ? GROUP BY sample_id HAVING count(*) = ?)"
)


def disagreements(
    connection: duckdb.DuckDBPyConnection,
    runs: Sequence[Pooled],
    first: ScorerRecord,
    second: ScorerRecord,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """By origin: transcripts that two scorers put on different halves of the scale, and all."""
    assert first.bounds is not None
    files = ", ".join(literal(each.folder.scores_file) for each in runs)
    middle = (first.bounds[0] + first.bounds[1]) / 2
    found = connection.execute(
        f"""
        WITH rows AS (
            SELECT transcript_id, sample_id, cluster, scorer, value >= ? AS high
            FROM read_parquet([{files}], union_by_name = true)
            WHERE eval = ? AND scorer IN (?, ?) AND value IS NOT NULL
        )
        SELECT sum((one.high <> other.high)::INT)::DOUBLE AS d, count(*)::DOUBLE AS n
        FROM rows one JOIN rows other USING (transcript_id)
        WHERE one.scorer = ? AND other.scorer = ?
        GROUP BY hash(coalesce(one.cluster, one.sample_id))
        """,
        [middle, runs[0].eval.name, first.name, second.name, first.name, second.name],
    ).fetchnumpy()
    return np.asarray(found["d"], dtype=np.float64), np.asarray(found["n"], dtype=np.float64)
