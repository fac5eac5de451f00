"""Puts two runs' scores side by side, matched by sample and epoch; DuckDB does it, not Python."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from assay.records import (
    Contrast,
    EvalRecord,
    Flip,
    SampleChange,
    ScorerRecord,
    Unmatched,
    Verdict,
)
from assay.store.query import literal
from assay.store.workspace import RunFolder

if TYPE_CHECKING:
    import duckdb

NONE = "(none)"
LISTED = 100
"""So many samples that do not match are named, for each eval and scorer."""

MATCHED, ONLY_CANDIDATE, ONLY_BASELINE, CHANGED, REPEATED = range(5)

_WHY: dict[int, Any] = {
    ONLY_CANDIDATE: "only in the candidate",
    ONLY_BASELINE: "only in the baseline",
    CHANGED: "content changed",
    REPEATED: "repeated",
}

_STANDS = {MATCHED: "in both runs", **_WHY}


@dataclass(frozen=True)
class Side:
    """One run's scores of one scorer of an eval."""

    folder: RunFolder
    eval: EvalRecord
    scorer: ScorerRecord


@dataclass(frozen=True)
class Cell:
    """Rows that are alike in all that they are sliced and counted by."""

    standing: int
    candidate_reason: str
    baseline_reason: str
    polarity: str
    policy_area: str
    language: str
    rows: int


@dataclass(frozen=True)
class Pairs:
    """One eval x scorer of two runs. Arrays have shape (matched rows,).

    ``candidate`` and ``baseline`` are scores, NaN where unscored. ``cell`` is each row's place in
    ``cells``, which also count the rows that do not match. ``clusters`` is None where every row
    has an origin of its own.
    """

    candidate: NDArray[np.float64]
    baseline: NDArray[np.float64]
    cell: NDArray[np.int64]
    clusters: NDArray[np.uint64] | None
    cells: tuple[Cell, ...]

    def within(self, slice: Mapping[str, str]) -> tuple[list[Cell], NDArray[np.intp]]:
        """The cells of a slice, and the positions of its matched rows."""
        inside = [all(getattr(cell, k) == v for k, v in slice.items()) for cell in self.cells]
        rows = np.flatnonzero(np.array(inside, dtype=bool)[self.cell])
        return [cell for cell, held in zip(self.cells, inside, strict=True) if held], rows


class Pairing:
    """The rows of one eval x scorer of two runs, in a table ``pairs`` of the connection's.

    Rows match by sample id and epoch. Where the eval's content differs between the runs, a sample
    that was changed must not be taken for itself, so the hashes of the samples' content decide:
    those match that have both id and hash in common, then those that have the hash alone.
    ``by_content`` says so. Runs that came without such hashes are matched by id.

    Args:
        flips: whether :meth:`flips` will be asked for.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        baseline: Side,
        candidate: Side,
        *,
        flips: bool = False,
    ) -> None:
        self._connection, self._with_transcripts = connection, flips
        self._baseline, self._candidate = baseline, candidate
        self._changed = baseline.eval.hash != candidate.eval.hash
        sides = (baseline, candidate) if self._changed else ()
        self._hashed = [self._tells_content(side) for side in sides]
        self.by_content = self._changed and all(self._hashed)
        self._load("candidate", candidate)
        self._load("baseline", baseline)
        if self.by_content:
            connection.execute(_SAME)
            for table in ("candidate", "baseline"):
                connection.execute(_BY_CONTENT.format(table=table))
        connection.execute(_MATCH)
        if self.by_content:
            connection.execute(_CHANGED)

    def pairs(self) -> Pairs:
        """Everything that statistics need, as arrays."""
        self._connection.execute(_CELLS)
        found = self._connection.execute(_ARRAYS).fetchnumpy()
        epochs = max(self._baseline.eval.epochs, self._candidate.eval.epochs)
        clustered = epochs > 1 or self._one("SELECT count(*) FROM pairs WHERE clustered") > 0
        cells = self._connection.execute(
            f"SELECT {', '.join(_CELL_NAMES)}, rows FROM cells ORDER BY cell"
        ).fetchall()
        return Pairs(
            candidate=np.asarray(found["candidate"], dtype=np.float64),
            baseline=np.asarray(found["baseline"], dtype=np.float64),
            cell=np.asarray(found["cell"], dtype=np.int64),
            clusters=np.asarray(found["origin"], dtype=np.uint64) if clustered else None,
            cells=tuple(Cell(*row) for row in cells),
        )

    def unmatched(self) -> Iterator[Unmatched]:
        """Samples that do not match, the first so many."""
        rows = self._connection.execute(
            "SELECT DISTINCT sample_id, standing FROM pairs WHERE standing <> 0"
            " ORDER BY standing, sample_id LIMIT ?",
            [LISTED],
        ).fetchall()
        return (
            Unmatched(self._candidate.eval.name, sample_id or "", _WHY[standing])
            for sample_id, standing in rows
        )

    def flips(self, most: int | None = None) -> Iterator[Flip]:
        """Samples whose score changed: worse first, each from the greatest change.

        Args:
            most: of those that rose, and of those that fell; None for all.
        """
        rises_are_worse = {
            "high": "false",
            "low": "true",
            "by_polarity": "CASE polarity WHEN 'benign' THEN true WHEN 'violative' THEN false END",
        }[self._candidate.scorer.good]
        rows = self._connection.execute(
            f"SELECT sample_id, epoch, polarity, policy_area, language, baseline, candidate,"
            f" baseline_transcript, candidate_transcript, {rises_are_worse} AS low_is_good"
            f" FROM pairs WHERE standing = 0 AND candidate <> baseline {_first(most)} ORDER BY"
            " ((candidate > baseline) = low_is_good) DESC NULLS LAST,"
            " abs(candidate - baseline) DESC, sample_id, epoch"
        ).fetchall()
        for *about, low_is_good in rows:
            sample_id, epoch, polarity, area, language, old, new, old_id, new_id = about
            yield Flip(
                eval=self._candidate.eval.name,
                scorer=self._candidate.scorer.name,
                sample_id=sample_id or "",
                epoch=epoch,
                polarity=None if polarity == NONE else polarity,
                policy_area=None if area == NONE else area,
                language=None if language == NONE else language,
                verdict=_turned(new > old, low_is_good),
                baseline=old,
                candidate=new,
                baseline_transcript=old_id,
                candidate_transcript=new_id,
            )

    def sample(self, sample_id: str, epoch: int) -> SampleChange | None:
        """What became of one sample; None where neither run planned it. Asks for ``flips``."""
        rows = self._connection.execute(
            "SELECT standing, baseline, candidate, baseline_reason, candidate_reason,"
            " baseline_transcript, candidate_transcript FROM pairs"
            " WHERE sample_id = ? AND epoch = ? ORDER BY standing",
            [sample_id, epoch],
        ).fetchall()
        for standing, *told in rows:
            return SampleChange(sample_id, epoch, _STANDS[standing], *told)
        return None

    def contrasts(self) -> Iterator[Contrast]:
        """What the rows themselves tell that the runs' records do not."""
        name, scorer = self._candidate.eval.name, self._candidate.scorer.name
        if self._changed and not self.by_content:
            told = (
                "known" if known else "not known: matched by id alone" for known in self._hashed
            )
            yield Contrast(name, "content of each sample", *told)
        old, new = (self._scored_by(side) for side in (self._baseline, self._candidate))
        if old != new:
            yield Contrast(name, f"scorer {scorer} scored by", old, new)

    def _scored_by(self, side: Side) -> str:
        rows = self._connection.execute(
            f"SELECT DISTINCT scored_by FROM read_parquet({literal(side.folder.scores_file)})"
            f" {_OF_SCORER} ORDER BY 1",
            _key(side),
        ).fetchall()
        return ", ".join(row[0] or NONE for row in rows) or NONE

    def _tells_content(self, side: Side) -> bool:
        """Whether every transcript of the eval tells the hash of its sample."""
        return not self._one(
            f"SELECT count(*) FROM read_parquet({literal(side.folder.transcripts_file)})"
            " WHERE task_set = ? AND sample_hash IS NULL",
            [side.eval.name],
        )

    def _load(self, table: str, side: Side) -> None:
        """One row a sample x epoch; ``copies`` says how many there were."""
        source = f"read_parquet({literal(side.folder.scores_file)})"
        content = "NULL"
        if self.by_content:
            transcripts = f"read_parquet({literal(side.folder.transcripts_file)})"
            hashes = f"(SELECT transcript_id, sample_hash FROM {transcripts})"
            source = f"{source} LEFT JOIN {hashes} USING (transcript_id)"
            content = "sample_hash"
        transcript = "transcript_id" if self._with_transcripts else "NULL::VARCHAR"
        self._connection.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE {table} AS
            SELECT sample_id AS key, sample_id, epoch, 1 AS copies, {content} AS content,
                {transcript} AS transcript_id, hash(coalesce(cluster, sample_id)) AS origin,
                cluster IS NOT NULL AS clustered, {_VALUE} AS value, {_REASON} AS reason,
                {", ".join(_SLICED)}
            FROM {source} {_OF_SCORER}
            """,
            _key(side),
        )
        # By hash, since that is quick; if ever two rows shared one by chance, no harm is done.
        distinct = "count(DISTINCT hash(sample_id, epoch))"
        if self._one(f"SELECT count(*) - {distinct} FROM {table}"):
            self._connection.execute(_ONE_OF_EACH.format(table=table))

    def _one(self, sql: str, values: Sequence[Any] = ()) -> int:
        row = self._connection.execute(sql, list(values)).fetchone()
        return int(row[0]) if row else 0


def _first(most: int | None) -> str:
    """The condition that leaves the greatest changes of each direction."""
    if most is None:
        return ""
    return (
        "QUALIFY row_number() OVER (PARTITION BY candidate > baseline"
        f" ORDER BY abs(candidate - baseline) DESC, md5(sample_id || epoch)) <= {most}"
    )


def _turned(rose: bool, low_is_good: bool | None) -> Verdict:
    if low_is_good is None:
        return "higher" if rose else "lower"
    return "worse" if rose == low_is_good else "better"


def _key(side: Side) -> list[str]:
    return [side.eval.name, side.scorer.name, side.scorer.version]


_OF_SCORER = "WHERE eval = ? AND scorer = ? AND scorer_version = ?"
_SLICED = ("polarity", "policy_area", "language")
_CELL_NAMES = ("standing", "candidate_reason", "baseline_reason", *_SLICED)

_VALUE = "CASE WHEN unscored IS NULL AND isfinite(value) THEN value END"
_REASON = (
    "CASE WHEN unscored IS NOT NULL THEN unscored"
    " WHEN value IS NULL OR NOT isfinite(value) THEN 'no value' ELSE '' END"
)

_ONE_OF_EACH = """
CREATE OR REPLACE TEMP TABLE {table} AS
SELECT first(COLUMNS(* EXCLUDE (sample_id, epoch, copies))), sample_id, epoch, count(*) AS copies
FROM {table} GROUP BY sample_id, epoch
"""

_SAME = """
CREATE OR REPLACE TEMP TABLE same AS SELECT sample_id, epoch
FROM candidate AS c JOIN baseline AS b USING (sample_id, epoch) WHERE c.content = b.content
"""

_BY_CONTENT = """
CREATE OR REPLACE TEMP TABLE {table} AS
SELECT * REPLACE (greatest(copies, count(*) OVER (PARTITION BY key, epoch)) AS copies)
FROM (
    SELECT t.* REPLACE (
        CASE WHEN same.epoch IS NULL THEN 'content ' || content ELSE 'id ' || t.sample_id END AS key
    )
    FROM {table} AS t LEFT JOIN same ON t.sample_id = same.sample_id AND t.epoch = same.epoch
)
"""

_MATCH = f"""
CREATE OR REPLACE TEMP TABLE pairs AS
SELECT
    CASE
        WHEN greatest(coalesce(c.copies, 0), coalesce(b.copies, 0)) > 1 THEN {REPEATED}
        WHEN b.copies IS NULL THEN {ONLY_CANDIDATE}
        WHEN c.copies IS NULL THEN {ONLY_BASELINE}
        ELSE {MATCHED}
    END AS standing,
    coalesce(c.sample_id, b.sample_id) AS sample_id,
    epoch,
    c.value AS candidate, b.value AS baseline,
    coalesce(c.reason, '') AS candidate_reason, coalesce(b.reason, '') AS baseline_reason,
    c.transcript_id AS candidate_transcript, b.transcript_id AS baseline_transcript,
    CASE WHEN coalesce(c.clustered, false) THEN c.origin ELSE coalesce(b.origin, c.origin) END
        AS origin,
    coalesce(c.clustered, false) OR coalesce(b.clustered, false) AS clustered,
    {", ".join(f"coalesce(c.{name}, b.{name}, '{NONE}') AS {name}" for name in _SLICED)}
FROM candidate AS c FULL JOIN baseline AS b USING (key, epoch)
"""

# What was not matched by content, but stands in both runs under one id, was changed.
_CHANGED = f"""
CREATE OR REPLACE TEMP TABLE changed AS
SELECT sample_id, epoch FROM pairs WHERE standing = {ONLY_CANDIDATE}
INTERSECT SELECT sample_id, epoch FROM pairs WHERE standing = {ONLY_BASELINE};
UPDATE pairs SET standing = {CHANGED} FROM changed
WHERE pairs.standing = {ONLY_CANDIDATE}
    AND pairs.sample_id = changed.sample_id AND pairs.epoch = changed.epoch;
DELETE FROM pairs USING changed
WHERE pairs.standing = {ONLY_BASELINE}
    AND pairs.sample_id = changed.sample_id AND pairs.epoch = changed.epoch;
"""

_CELLS = f"""
CREATE OR REPLACE TEMP TABLE cells AS
SELECT row_number() OVER (ORDER BY {", ".join(_CELL_NAMES)}) - 1 AS cell, *
FROM (SELECT {", ".join(_CELL_NAMES)}, count(*) AS rows FROM pairs GROUP BY ALL)
"""

_ARRAYS = f"""
SELECT coalesce(candidate, 'nan'::DOUBLE) AS candidate, coalesce(baseline, 'nan'::DOUBLE)
    AS baseline, cell, origin
FROM pairs JOIN cells USING ({", ".join(_CELL_NAMES)}) WHERE standing = {MATCHED}
"""
