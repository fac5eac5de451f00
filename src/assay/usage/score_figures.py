"""The figures of a scorer over an import: its rate with what is missing, overall and by slices.

The denominator is every conversation that is asked about. One that has no row of scores, as after
a kill or a further import, counts as not run.
"""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator, Set
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from assay.records import Estimate, ScorerRecord
from assay.runs.figures import Rows, estimates_of
from assay.runs.replies import NO_REPLY
from assay.store.catalogue import Catalogue
from assay.store.query import connect, literal
from assay.store.usage_scores import ScoresFolder, ScoreTable, import_owner
from assay.usage.folder import UsageFolder

if TYPE_CHECKING:
    import duckdb

SLICES = ("language", "surface", "model", "month")
_MOST = 50
"""Values of a column that are told apart, the most frequent; the rest are ``(other)``."""
_PREFIX = ".figures-"

_JOINED = """
    SELECT transcript_id, {owner} AS eval, {scorer} AS scorer, {version} AS scorer_version, value,
        CASE WHEN scored IS NULL THEN 'not_run' ELSE unscored END AS unscored,
        account_id AS cluster, transcript_id AS sample_id,
        language, surface, model, substr(date, 1, 7) AS month
    FROM (
        SELECT transcript_id, account_id, language, surface, model, date
        FROM read_parquet({transcripts})
    )
    LEFT JOIN {scores} USING (transcript_id)
    WHERE transcript_id NOT IN (SELECT id FROM superseded)
"""


def usage_estimates(
    root: Path, folder: UsageFolder, table: ScoreTable, chosen: Set[str] | None
) -> tuple[Estimate, ...]:
    """The figures of one scorer's table, the overall one first. The import must be held.

    Args:
        root: the workspace, for certificates and labels.
        chosen: ids of the conversations that are asked about; None for all.
    """
    record = table.read()
    if record is None or not folder.parts():
        return ()
    place = ScoresFolder(folder.path)
    for left in place.path.glob(f"{_PREFIX}*"):  # of a process that was killed
        shutil.rmtree(left, ignore_errors=True)
    with (
        tempfile.TemporaryDirectory(dir=place.path, prefix=_PREFIX) as temporary,
        connect(memory="128MB") as connection,
    ):
        connection.execute(f"SET temp_directory = {literal(temporary)}")
        connection.execute("SET threads = 2")
        joined = _joined(connection, folder, table, record.scorer, chosen, Path(temporary))
        unknown, clusters = _accounts(connection, joined)
        sliced = _sliced(connection, joined, Path(temporary))
        owner = import_owner(folder.name)
        slicings = ((), *((name,) for name in SLICES))
        rows = Rows(f"read_parquet({literal(sliced)})", owner, owner, slicings=slicings)
        found = list(estimates_of(connection, rows, record.scorer, root))
    if found and unknown:
        found[0] = _warned(found[0], unknown, known=clusters > 0)
    if found and found[0].audited is not None:
        found[0] = _with_age(root, found[0])
    return tuple(found)


def _with_age(root: Path, estimate: Estimate) -> Estimate:
    """Say so where people's labels were drawn before some of the conversations came."""
    with Catalogue(root) as catalogue:
        draws = catalogue.draws(estimate.eval, estimate.scorer)
    drawn_from = max((sum(size for size, _ in each.strata.values()) for each in draws), default=0)
    now = estimate.planned - sum(estimate.missing.get(reason, 0) for reason in NO_REPLY)
    if estimate.audited is None or drawn_from >= now:
        return estimate
    told = (
        f"drawn from {drawn_from:,} of the {now:,} conversations, before the others came: "
        "of those it says nothing unless they are alike"
    )
    warning = "; ".join(filter(None, (estimate.audited.warning, told)))
    second = msgspec.structs.replace(estimate.audited, warning=warning)
    return msgspec.structs.replace(estimate, audited=second)


@contextlib.contextmanager
def _held(
    connection: duckdb.DuckDBPyConnection, folder: UsageFolder, chosen: Set[str] | None
) -> Iterator[None]:
    """Ids in tables, while the rows are read."""
    for name, ids in (("superseded", folder.superseded()), ("chosen", chosen or ())):
        connection.execute(
            f"CREATE TEMP TABLE {name} AS SELECT unnest(?::VARCHAR[]) AS id", [list(ids)]
        )
    yield
    connection.execute("DROP TABLE superseded; DROP TABLE chosen")


def _joined(
    connection: duckdb.DuckDBPyConnection,
    folder: UsageFolder,
    table: ScoreTable,
    scorer: ScorerRecord,
    chosen: Set[str] | None,
    temporary: Path,
) -> str:
    """The rows of every conversation, as SQL's FROM wants them; joined part by part, as memory is
    short and a part's scores are in one file."""
    with _held(connection, folder, chosen):
        for part in folder.parts():
            rows = _rows(folder.name, part, table.part(part.name), scorer)
            if chosen is not None:
                rows += " AND transcript_id IN (SELECT id FROM chosen)"
            to = temporary / part.name
            connection.execute(f"COPY ({rows}) TO {literal(to)} (FORMAT parquet)")
    return f"read_parquet({literal(temporary / 'part-*.parquet')})"


def _rows(name: str, part: Path, scores: Path, scorer: ScorerRecord) -> str:
    scored = (
        f"(SELECT transcript_id, scorer AS scored, value, unscored FROM "
        f"read_parquet({literal(scores)}))"
    )
    if not scores.exists():
        scored = (
            "(SELECT NULL::VARCHAR AS transcript_id, NULL::VARCHAR AS scored, NULL::DOUBLE AS "
            "value, NULL::VARCHAR AS unscored WHERE false)"
        )
    return _JOINED.format(
        owner=literal(import_owner(name)),
        scorer=literal(scorer.name),
        version=literal(scorer.version),
        transcripts=literal(part),
        scores=scored,
    )


def _sliced(connection: duckdb.DuckDBPyConnection, joined: str, temporary: Path) -> Path:
    """The rows in one file, with rare values of a column taken together."""
    sliced = temporary / "sliced.parquet"
    columns = ", ".join(
        f"CASE WHEN {name} IS NULL OR {name} IN (SELECT {name} FROM {joined} WHERE {name} IS NOT "
        f"NULL GROUP BY {name} ORDER BY count(*) DESC, {name} LIMIT {_MOST}) THEN {name} "
        f"ELSE '(other)' END AS {name}"
        for name in SLICES
    )
    connection.execute(
        f"COPY (SELECT * REPLACE ({columns}) FROM {joined}) TO {literal(sliced)} (FORMAT parquet)"
    )
    return sliced


def _accounts(connection: duckdb.DuckDBPyConnection, joined: str) -> tuple[int, int]:
    """How many conversations have no known account, and how many have one."""
    [(unknown, known)] = connection.execute(
        f"SELECT count(*) - count(cluster), count(cluster) FROM {joined}"
    ).fetchall()
    return unknown, known


def _warned(estimate: Estimate, unknown: int, *, known: bool) -> Estimate:
    """Conversations of unknown accounts are taken for independent, which they may not be."""
    which = f"{unknown:,} of {estimate.planned:,} conversations have" if known else "there is"
    told = (
        f"{which} no known account: each counts as an origin of its own, so the interval may be "
        "too narrow"
    )
    warning = "; ".join(filter(None, (estimate.warning, told)))
    return msgspec.structs.replace(estimate, warning=warning)
