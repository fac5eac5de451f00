"""Times a launch report of many evals: candidate and baseline, figures, differences, transcripts.

Run it as ``python -m benchmarks.launch_report [EVALS] [SAMPLES]``. Both runs hold every sample of
every eval, in clusters of five, with 15 policy areas, 4 languages and both polarities, one score in
a hundred missing. The report is made in a process of its own, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from assay import api
from assay.records import EvalRecord, RunRecord, ScorerRecord, Transcript, fields_of
from assay.store.query import connect, literal, quoted
from assay.store.workspace import RunFolder

EVALS, SAMPLES = 30, 10_000
CHAPTERS = ("single-turn", "higher-difficulty", "multi-turn", "wellbeing", "bias", "elections")
REFUSAL = ScorerRecord("refusal", "refusal", "v1", {}, "by_polarity", (0.0, 1.0))


def make_workspace(root: Path, evals: int, samples: int) -> None:
    """A workspace with a candidate's run, a baseline's, and a launch with a gate for each eval."""
    (root / "assay.toml").write_text("")
    names = [f"eval-{number:02}" for number in range(evals)]
    for run, model, odds in (
        ("20260101-000000-old", "m/old", 0.9),
        ("20260102-000000-new", "m/new", 0.92),
    ):
        _make_run(RunFolder(root / "runs" / run), model, names, samples, odds)
    gates = [
        {"id": name, "eval": name, "scorer": "refusal", "slice": {"polarity": "violative"},
         "limit": {"min": 0.9}, "owner": "Safety"}
        for name in names
    ]  # fmt: skip
    launch = {"name": "pilot", "candidate": "m/new", "baselines": {"old": "m/old"}, "gates": gates}
    (root / "launches").mkdir()
    (root / "launches" / "pilot.yaml").write_text(json.dumps(launch))


def _make_run(run: RunFolder, model: str, names: list[str], samples: int, odds: float) -> None:
    evals = tuple(
        EvalRecord(
            name, "1", "h", "", samples, 1, {"kind": "generate"}, "", None, {}, (REFUSAL,),
            chapter=CHAPTERS[number % len(CHAPTERS)],  # type: ignore[arg-type]
        )
        for number, name in enumerate(names)
    )  # fmt: skip
    when = f"2026-01-0{run.id[7]}T00:00:00+00:00"
    run.save(RunRecord(run.id, "p", "complete", when, model, {}, {"target": model}, evals, {}))
    rows = f"""
        SELECT name AS eval, n, md5('{run.id}' || name || n) AS transcript_id,
            'sample ' || n AS sample_id, 'origin ' || n // 5 AS cluster,
            CASE n // 5 % 2 WHEN 0 THEN 'violative' ELSE 'benign' END AS polarity,
            'area ' || n // 10 % 15 AS policy_area, 'l' || n // 150 % 4 AS language,
            random() AS luck, random() < 0.01 AS lost
        FROM (SELECT unnest({names}) AS name), range({samples}) AS r(n)
    """
    told = {
        "transcript_id": "transcript_id",
        "messages": "'[{\"role\":\"user\",\"content\":\"' || repeat('How is it done? ', 20)"
        " || '\"},{\"role\":\"assistant\",\"content\":\"'"
        " || repeat('I cannot help with that. ', 20) || '\"}]'",
        "task_set": "eval", "task_id": "sample_id", "task_repeat": "1", "model": literal(model),
        "run_id": literal(run.id), "stop_reason": "'stop'", "cluster": "cluster",
        "sample_hash": "md5(eval || n)", "polarity": "polarity", "policy_area": "policy_area",
        "language": "language",
    }  # fmt: skip
    kinds = {
        "str": "VARCHAR",
        "json": "VARCHAR",
        "int": "BIGINT",
        "float": "DOUBLE",
        "bool": "BOOLEAN",
    }
    columns = ", ".join(
        f"({told.get(field.name, 'NULL')})::{kinds[field.kind]} AS {quoted(field.name)}"
        for field in fields_of(Transcript)
    )
    scores = f"""
        SELECT transcript_id, {literal(run.id)} AS run_id, eval, sample_id, 1::BIGINT AS epoch,
            'refusal' AS scorer, 'v1' AS scorer_version,
            CASE WHEN lost THEN NULL
                ELSE (luck < CASE polarity WHEN 'violative' THEN {odds} ELSE 1 - {odds} END)::DOUBLE
            END AS value, NULL::VARCHAR AS label,
            CASE WHEN lost THEN 'model_error' END AS unscored, 'it declines' AS explanation,
            '[]' AS citations, NULL::VARCHAR AS raw, 0::BIGINT AS tokens, '' AS scored_at,
            '' AS scored_by, cluster, NULL::VARCHAR AS pair_id, polarity, policy_area, language
        FROM made
    """
    with connect() as connection:
        connection.execute(f"SELECT setseed({odds})")
        connection.execute(f"CREATE TEMP TABLE made AS {rows}")
        for query, file in (
            (f"SELECT {columns} FROM made", run.transcripts_file),
            (scores, run.scores_file),
        ):
            connection.execute(
                f"COPY ({query}) TO {literal(file)} (FORMAT parquet, ROW_GROUP_SIZE 4096)"
            )


def main(evals: int, samples: int) -> None:
    """Make the workspace, then the report, and print what it cost."""
    with tempfile.TemporaryDirectory() as place:
        make_workspace(Path(place), evals, samples)
        subprocess.run(
            [sys.executable, "-m", "benchmarks.launch_report", "--one", place], check=True
        )


def one(place: Path) -> None:
    """The report's line."""
    started = time.perf_counter()
    file = api.report_launch("pilot", workspace=place)
    seconds = time.perf_counter() - started
    spent = resource.getrusage(resource.RUSAGE_SELF)
    cost = (
        f"{spent.ru_utime + spent.ru_stime:.1f} s of CPU, {spent.ru_maxrss / 1e3:,.0f} MB at most"
    )
    size = file.stat().st_size / 1e6
    print(f"{seconds:.1f} s, {cost}, a file of {size:.1f} MB", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(Path(sys.argv[2]))
    else:
        counts = [int(each) for each in sys.argv[1:3]]
        main(*(counts + [EVALS, SAMPLES][len(counts) :]))
