"""SQL that makes a report's figures again from the Parquet tables, for ``assay sql``.

Every statement reads the views ``scores`` and ``transcripts`` of a workspace and nothing else. A
table of figures has one statement: each of its rows is a row of the answer. What a figure's method
adds (its interval, the scorer's error) rests on the counts that stand there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assay.store.query import literal, quoted

NONE = "(none)"

_SCORED = "unscored IS NULL AND isfinite(value)"


@dataclass(frozen=True)
class Place:
    """Where a figure's scores lie: the run, and the scorer's version in it."""

    run: str
    version: str


@dataclass(frozen=True)
class Query:
    """SQL that gives a table's figures again, and what it answers."""

    about: str
    sql: str


def figures_sql(
    places: Sequence[Place],
    eval_name: str,
    scorer: str,
    slicing: Sequence[str],
    only: Mapping[str, str] | None = None,
) -> str:
    """Figures of one eval and scorer, in one run or several: a row for each run and slice.

    Args:
        slicing: the columns that the figures are sliced by.
        only: column -> value that the samples must have.
    """
    names = "".join(f", {quoted(name)}" for name in slicing)
    return (
        f"SELECT run_id{names},\n"
        "  avg(value) AS figure, count(value) AS scored, count(*) AS planned,\n"
        "  count(DISTINCT CASE WHEN value IS NOT NULL THEN coalesce(cluster, sample_id) END)"
        " AS clusters\n"
        f"FROM scores\n{_where(places, eval_name, scorer, only)}\n"
        f"GROUP BY run_id{names} ORDER BY ALL"
    )


def missing_sql(places: Sequence[Place], eval_name: str, scorer: str) -> str:
    """What is missing from these figures, by reason."""
    return (
        "SELECT run_id, unscored AS reason, count(*) AS missing\n"
        f"FROM scores\n{_where(places, eval_name, scorer, None)} AND value IS NULL\n"
        "GROUP BY run_id, unscored ORDER BY ALL"
    )


def differences_sql(
    candidate: Place,
    others: Sequence[Place],
    eval_name: str,
    scorer: str,
    slicing: Sequence[str],
    *,
    by_content: bool = False,
    only: Mapping[str, str] | None = None,
) -> str:
    """Paired differences, candidate less other runs: a row for each run and slice.

    Args:
        by_content: the eval changed between the runs, so that the content of samples matches them.
    """
    key = "content" if by_content else "sample_id"
    names = "".join(f", c.{quoted(name)}" for name in slicing)
    sides = [
        f"{side} AS (\n  SELECT {_columns(by_content)}\n  FROM {_source(by_content)}\n"
        f"  {_where(places, eval_name, scorer, None)}\n"
        f"  QUALIFY count(*) OVER (PARTITION BY run_id, {key}, epoch) = 1\n)"
        for side, places in (("c", [candidate]), ("o", others))
    ]
    return (
        "WITH " + ",\n".join(sides) + f"\nSELECT o.run_id{names},\n"
        "  avg(c.score - o.score) AS difference, count(*) AS pairs,\n"
        "  count(*) FILTER (c.score > o.score) AS raised,"
        " count(*) FILTER (c.score < o.score) AS lowered\n"
        f"FROM c JOIN o USING ({key}, epoch)\n"
        f"WHERE c.score - o.score IS NOT NULL{_only(only, 'c.')}\n"
        f"GROUP BY o.run_id{names} ORDER BY ALL"
    )


def transcripts_sql(
    places: Sequence[Place], eval_name: str, scorer: str, only: Mapping[str, str] | None = None
) -> str:
    """Every transcript behind a table of figures, with its score."""
    return (
        "SELECT scores.run_id, scores.sample_id, scores.epoch, scores.polarity,"
        " scores.policy_area,\n  scores.language, value, label, unscored, explanation, messages\n"
        "FROM scores JOIN transcripts USING (transcript_id)\n"
        f"{_where(places, eval_name, scorer, only, 'scores.')}\n"
        "ORDER BY value NULLS FIRST"
    )


def _columns(by_content: bool) -> str:
    columns = (
        f"run_id, sample_id, epoch, CASE WHEN {_SCORED} THEN value END AS score,"
        " polarity, policy_area, language"
    )
    return f"sample_hash AS content, {columns}" if by_content else columns


def _source(by_content: bool) -> str:
    hashes = "(SELECT transcript_id, sample_hash FROM transcripts)"
    return f"scores JOIN {hashes} USING (transcript_id)" if by_content else "scores"


def _where(
    places: Sequence[Place],
    eval_name: str,
    scorer: str,
    only: Mapping[str, str] | None,
    of: str = "",
) -> str:
    runs = [
        f"{of}run_id = {literal(place.run)} AND scorer_version = {literal(place.version)}"
        for place in places
    ]
    either = runs[0] if len(runs) == 1 else "(" + "\n    OR ".join(runs) + ")"
    where = f"WHERE eval = {literal(eval_name)} AND scorer = {literal(scorer)}\n  AND {either}"
    return where + _only(only, of)


def _only(only: Mapping[str, str] | None, of: str) -> str:
    told = ""
    for name, value in (only or {}).items():
        known = "IS NULL" if value == NONE else f"= {literal(value)}"
        told += f" AND {of}{quoted(name)} {known}"
    return told
