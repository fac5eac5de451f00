"""Times a comparison of two runs of a million scores, beside pandas and statsmodels doing the same.

Run it as ``python -m benchmarks.compare [ROWS]``. Both read the two scores.parquet, match the rows,
and give the paired, clustered difference overall and for each of 50 policy areas; Assay also gives
the worst case, the flips' counts and the adjusted p-values. Each has a process of its own, so that
its peak memory is its own.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from assay.records import EvalRecord, RunRecord, ScorerRecord
from assay.runs import compare
from assay.store.query import connect
from assay.store.workspace import RunFolder

ROWS = 1_000_000


def make_run(folder: Path, name: str, rows: int) -> None:
    """A run of binary scores: 50 policy areas, clusters of five, one score in a hundred missing."""
    run = RunFolder(folder / name)
    scorer = ScorerRecord("s", "exact", "v1", {}, "high", (0.0, 1.0))
    evaluated = EvalRecord("e", "1", "h", "", rows, 1, {}, "", None, {}, (scorer,))
    run.save(RunRecord(name, "p", "complete", "", f"m/{name}", {}, {}, (evaluated,), {}))
    made = f"""
        SELECT '{name} ' || n AS transcript_id, '{name}' AS run_id, 'e' AS eval,
            'sample ' || n AS sample_id, 1::BIGINT AS epoch, 's' AS scorer,
            'v1' AS scorer_version, '' AS scored_by,
            CASE WHEN lost THEN NULL ELSE (random() < 0.3)::DOUBLE END AS value,
            CASE WHEN lost THEN 'grader_failed' END AS unscored,
            'origin ' || n // 5 AS cluster, NULL::VARCHAR AS polarity,
            'area ' || n // 5 % 50 AS policy_area, 'en' AS language
        FROM (SELECT range AS n, random() < 0.01 AS lost FROM range({rows}))
    """
    with connect() as connection:
        connection.execute(f"SELECT setseed({len(name) / 10})")
        connection.execute(f"COPY ({made}) TO '{run.scores_file}' (FORMAT parquet)")
    run.transcripts_file.write_bytes(b"")


def with_assay(folder: Path) -> tuple[float, float]:
    """The overall difference, and the last area's."""
    found = compare(RunFolder(folder / "old"), RunFolder(folder / "newer"))
    [last] = [each for each in found.slices if each.slice == {"policy_area": "area 49"}]
    return found.overall[0].value or 0.0, last.value or 0.0


def with_peers(folder: Path) -> tuple[float, float]:
    """The same with pandas and statsmodels."""
    import numpy as np
    import pandas
    from statsmodels.regression.linear_model import OLS

    names = ["sample_id", "epoch", "value", "cluster", "policy_area"]
    old, new = (pandas.read_parquet(folder / n / "scores.parquet")[names] for n in ("old", "newer"))
    both = old.merge(new, on=["sample_id", "epoch"], suffixes=("_old", "")).dropna()
    both["change"] = both["value"] - both["value_old"]

    def mean(rows: pandas.DataFrame) -> float:
        groups = pandas.factorize(rows["cluster"])[0]
        model = OLS(rows["change"].to_numpy(), np.ones(len(rows)))
        found = model.fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
        found.conf_int()
        return float(found.params[0])

    areas = {area: mean(rows) for area, rows in both.groupby("policy_area")}
    return mean(both), areas["area 49"]


CONTESTANTS = {"assay": with_assay, "pandas and statsmodels": with_peers}


def main(rows: int) -> None:
    """Print a line for each: seconds, peak memory, and the two figures, which must agree."""
    with tempfile.TemporaryDirectory() as place:
        for name in ("old", "newer"):
            make_run(Path(place), name, rows)
        for name in CONTESTANTS:
            command = [sys.executable, "-m", "benchmarks.compare", "--one", name, place]
            subprocess.run(command, check=True)


def one(name: str, folder: Path) -> None:
    """One contestant's line."""
    started = time.perf_counter()
    figures = CONTESTANTS[name](folder)
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    told = ", ".join(f"{figure:+.6f}" for figure in figures)
    print(f"{name}: {seconds:.1f} s, {peak:,.0f} MB at most, differences {told}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], Path(sys.argv[3]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
