"""Signs that models have seen the samples: canaries that come back, probes, held-back twins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from assay.health.pool import Pool
from assay.health.result import Contamination, Figure, Gap, Probe
from assay.health.samples import Seen
from assay.health.scores import Scores
from assay.records import Transcript
from assay.stats import paired
from assay.store.catalogue import Catalogue, exists
from assay.store.query import literal
from assay.store.tables import read_rows

if TYPE_CHECKING:
    import duckdb

PROBED = "probed eval"
"""What the audit trail calls a probe."""
_MOST_LOOKED_AT = 1_000


def contamination(
    connection: duckdb.DuckDBPyConnection,
    root: Path,
    pool: Pool,
    seen: Seen | None,
    gaps: Sequence[Gap],
) -> Contamination:
    """All signs that are at hand. None of them proves anything alone."""
    canaries = tuple(seen.canaries) if seen else ()
    return Contamination(
        canary=canaries,
        leaked=_leaked(connection, pool, canaries) if canaries and pool.runs else None,
        probes=tuple(each for each in probes(root, pool.name) if each.eval_hash == pool.hash),
        gaps=tuple(gaps),
        held_back=seen.held_back if seen else 0,
    )


def gaps_of(scores: Scores, twins: Sequence[tuple[str, str]]) -> list[Gap]:
    """How much better each model does on public samples than on their held-back twins."""
    bounds = scores.scorer.bounds
    if not twins or bounds is None:
        return []
    found = []
    for run, public, held, origins in scores.twins(twins):
        if len(public):
            whole = bool(np.isin(np.concatenate([public, held]), (0, 1)).all())
            told = paired(
                public, held, clusters=origins, bounds=bounds, binary=whole and bounds == (0, 1)
            )
            figure = Figure.of(told.difference)
            found.append(Gap(model=run.record.model, scorer=scores.scorer.name, difference=figure))
    return found


def probes(root: Path, name: str) -> list[Probe]:
    """The latest probe of an eval with each model, whatever the eval's content was then."""
    if not exists(root):
        return []
    with Catalogue(root) as catalogue:
        trail = catalogue.trail()
    latest = {
        each.details["model"]: msgspec.convert(each.details, Probe)
        for each in trail
        if each.what == PROBED and each.subject == name
    }
    return list(latest.values())


def _leaked(connection: duckdb.DuckDBPyConnection, pool: Pool, canaries: Sequence[str]) -> int:
    """Replies that repeat a canary; past a thousand transcripts that hold one, no more are read."""
    found = 0
    for run in pool.runs:
        file = run.folder.transcripts_file
        holds = " OR ".join("contains(messages, ?)" for _ in canaries)
        rows = connection.execute(
            f"SELECT transcript_id FROM read_parquet({literal(file)})"
            f" WHERE task_set = ? AND ({holds}) LIMIT {_MOST_LOOKED_AT}",
            [pool.name, *canaries],
        ).fetchall()
        if rows:
            wanted = {row[0] for row in rows}
            for each in read_rows(
                file, Transcript, {"transcript_id", "messages"}, {"transcript_id": wanted}
            ):
                found += any(canary in each.reply for canary in canaries)
    return found
