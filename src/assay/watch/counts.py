"""What a run says of a watched figure: counts by slice, and the conditions that they hold under."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from assay.evals import load_eval
from assay.records import EvalRecord, RunRecord, ScorerRecord
from assay.store.query import connect, literal, quoted
from assay.store.workspace import RunFolder
from assay.watch.definition import WatchDefinition, Watched
from assay.watch.result import Counts


def counts_of(
    folder: RunFolder, eval_name: str, scorer: ScorerRecord, slice_: Mapping[str, str]
) -> Counts:
    """The counts of one scorer in a slice of a run, scores stretched to 0..1 by its bounds."""
    assert scorer.bounds is not None
    low, high = scorer.bounds
    where, values = "eval = ? AND scorer = ? AND scorer_version = ?", [
        eval_name, scorer.name, scorer.version
    ]  # fmt: skip
    for name, value in slice_.items():
        where += f" AND {quoted(name)} = ?"
        values.append(value)
    with connect(memory="96MB") as connection:
        rows = connection.execute(
            "SELECT unscored, count(*), count(value), coalesce(sum(value), 0)"
            f" FROM read_parquet({literal(folder.scores_file)}) WHERE {where}"
            " GROUP BY unscored ORDER BY unscored NULLS FIRST",
            values,
        ).fetchall()
    scored = sum(row[2] for row in rows)
    return Counts(
        planned=sum(row[1] for row in rows),
        scored=scored,
        total=(sum(row[3] for row in rows) - scored * low) / (high - low),
        missing={row[0]: row[1] for row in rows if row[0] is not None},
    )


def outcome(folder: RunFolder) -> tuple[int, dict[str, int], str]:
    """How many replies a run planned, those that never came by reason, and the first fault told."""
    with connect(memory="96MB") as connection:
        source = f"read_parquet({literal(folder.transcripts_file)})"
        rows = connection.execute(
            "SELECT CASE WHEN error IS NULL THEN NULL WHEN \"limit\" = 'not_run' THEN 'not_run'"
            " ELSE 'model_error' END AS reason, count(*), min(error)"
            f" FROM {source} GROUP BY reason"
        ).fetchall()
    told = [row[2] for row in rows if row[0] is not None]
    absent = {row[0]: row[1] for row in rows if row[0] is not None}
    return sum(row[1] for row in rows), absent, told[0] if told else ""


def conditions(
    root: Path,
    definition: WatchDefinition,
    figure: Watched,
    run: RunRecord,
    asked: EvalRecord,
    scorer: ScorerRecord,
) -> dict[str, str]:
    """What must be the same for looks to be added up, by the words for it."""
    policy = load_eval(asked.path).policy
    file = root / "policies" / f"{policy}.md"
    named = bool(policy) and "/" not in policy and len(policy) < 200 and file.is_file()
    rules = [
        definition.false_alarms.model_dump(),
        len(definition.watch),
        figure.model_dump(exclude={"id"}),
    ]
    judge = run.roles.get("judge", "")
    return {
        "eval": f"{asked.version} ({asked.hash[:12]})",
        "scorer": f"{scorer.version} (judge {judge})" if judge else scorer.version,
        "policy": hashlib.sha256(file.read_bytes()).hexdigest()[:12] if named else "",
        "model": f"{run.model} ({_hash(run.model_details)})",
        "rules of the watch": _hash(rules),
    }


def _hash(told: object) -> str:
    return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()[:12]
