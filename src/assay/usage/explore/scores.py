"""Reads the scores of an import beside its map: who scored what, by row of the import."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.store.query import connect, listed, literal
from assay.store.usage_scores import ScoresFolder


@dataclass(frozen=True)
class Scored:
    """One scorer version's word on an import.

    Attributes:
        scorer, version: whose.
        rows: the conversations that have a value, as rows of the import.
        values: their values.
        missing: rows of the conversations without a value for which a reason is told.
        reasons: by reason, how many of these.
        elsewhere: scores of conversations that the import does not hold (any more).
    """

    scorer: str
    version: str
    rows: NDArray[np.int64]
    values: NDArray[np.float64]
    missing: NDArray[np.int64]
    reasons: dict[str, int]
    elsewhere: int

    @property
    def binary(self) -> bool:
        """Whether every value is 0 or 1."""
        return bool(np.isin(self.values, (0.0, 1.0)).all())

    @property
    def bounded(self) -> bool:
        """Whether every value lies from 0 to 1."""
        return bool(((self.values >= 0) & (self.values <= 1)).all())


def read_scores(usage: Path, conversations: Path) -> list[Scored]:
    """Every scorer version that scored the import, by name; none where nothing was scored.

    Where a version scored a conversation twice, its last word counts.

    Args:
        usage: the import's folder.
        conversations: the map's table of conversations, in the import's order.
    """
    files = [str(part) for table in ScoresFolder(usage).tables() for part in table.parts()]
    if not files:
        return []
    with connect() as database:
        database.execute(
            f"""
            CREATE TABLE told AS
            SELECT scorer, scorer_version AS version, place, value, unscored
            FROM (
                SELECT *, row_number() OVER (
                    PARTITION BY scorer, scorer_version, transcript_id ORDER BY scored_at DESC
                ) AS latest
                FROM read_parquet({listed(files)})
            )
            LEFT JOIN (
                SELECT transcript_id, file_row_number AS place
                FROM read_parquet({literal(conversations)}, file_row_number = true)
            ) USING (transcript_id)
            WHERE latest = 1
            """
        )
        names = database.execute(
            "SELECT DISTINCT scorer, version FROM told ORDER BY ALL"
        ).fetchall()
        found = []
        for scorer, version in names:
            own = database.execute(
                "SELECT place, value, unscored FROM told WHERE scorer = ? AND version = ?"
                " AND place IS NOT NULL ORDER BY place",
                [scorer, version],
            ).fetchnumpy()
            (elsewhere,) = database.execute(
                "SELECT count(*) FROM told WHERE scorer = ? AND version = ? AND place IS NULL",
                [scorer, version],
            ).fetchone() or (0,)
            found.append(_scored(scorer, version, own, int(elsewhere)))
    return found


def _scored(scorer: str, version: str, told: dict[str, np.ndarray], elsewhere: int) -> Scored:
    places = np.asarray(told["place"], dtype=np.int64)
    values = np.ma.filled(np.ma.asarray(told["value"], dtype=np.float64), np.nan)
    has = np.isfinite(values)
    unscored: Any = np.ma.asarray(told["unscored"], dtype=object)
    why = np.ma.filled(unscored, "no value")
    return Scored(
        scorer=scorer,
        version=version,
        rows=places[has],
        values=values[has],
        missing=places[~has],
        reasons=dict(Counter(str(each) for each in why[~has])),
        elsewhere=elsewhere,
    )
