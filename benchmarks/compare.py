"""Times a comparison of two runs of a million scores, beside the usual tools doing the same.

Run it as ``python -m benchmarks.compare [ROWS] [ROWS OF LOGS]``. All read both runs' scores, match
the rows, and give the paired, clustered difference overall and for each of 50 policy areas, and
each run's rates freed of the scorer's error by 20,000 Monte Carlo draws an end. Assay also gives
intervals of every slice, the worst case, the flips' counts and the adjusted p-values. Its peers are
pandas with statsmodels on the same Parquet; and, since they read logs, Inspect's dataframes with
pandas and statsmodels on fewer rows, beside Assay on as many. Each has a process of its own, so
that its peak memory is its own.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.launch_report import make_workspace
from tests.launch.conftest import certify

from assay.records import EvalRecord, RunRecord, ScorerRecord
from assay.runs import compare, export_run, figures
from assay.store.query import connect
from assay.store.workspace import RunFolder, Workspace

ROWS = 1_000_000
ROWS_OF_LOGS = 10_000
NAMES = ("old", "newer")
DRAWS = 20_000


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
    """The overall difference, and the last area's; the figures of both runs besides."""
    old, new = (RunFolder(folder / "runs" / name) for name in NAMES)
    corrected = [each.corrected for run in (old, new) for each in figures(run)]
    assert all(corrected)
    found = compare(old, new)
    [last] = [each for each in found.slices if each.slice == {"policy_area": "area 49"}]
    return found.overall[0].value or 0.0, last.value or 0.0


def with_pandas(folder: Path) -> tuple[float, float]:
    """The same with pandas and statsmodels."""
    import pandas

    names = ["sample_id", "epoch", "value", "cluster", "policy_area"]
    files = (folder / "runs" / name / "scores.parquet" for name in NAMES)
    return _differences(*(pandas.read_parquet(file)[names] for file in files), "area 49")


def with_inspect(folder: Path) -> tuple[float, float]:
    """The same from Inspect's logs, by its dataframes."""
    from inspect_ai.analysis import samples_df

    names = {
        "id": "sample_id", "epoch": "epoch", "score_refusal": "value",
        "metadata_cluster": "cluster", "metadata_policy_area": "policy_area",
        "metadata_polarity": "polarity",
    }  # fmt: skip
    frames = []
    for log in sorted((folder / "logs").glob("*.eval")):
        frame = samples_df(str(log), quiet=True)[list(names)].rename(columns=names)
        frames.append(frame[frame["polarity"] == "violative"].drop(columns="polarity"))
    return _differences(*frames, "area 14")


def with_assay_on_logs(folder: Path) -> tuple[float, float]:
    """Assay on the runs that those logs hold."""
    old, new = Workspace(folder).runs()[::-1]
    for run in (old, new):
        figures(run)
    found = compare(old, new)
    wanted = {"policy_area": "area 14", "polarity": "violative"}
    [whole] = [each for each in found.overall if each.slice == {"polarity": "violative"}]
    [last] = [each for each in found.slices if each.slice == wanted]
    return whole.value or 0.0, last.value or 0.0


def _differences(old: Any, new: Any, last: str) -> tuple[float, float]:
    """Paired, clustered differences by statsmodels, and rates corrected by draws with numpy."""
    import numpy as np
    import pandas
    from statsmodels.regression.linear_model import OLS

    both = old.merge(new, on=["sample_id", "epoch"], suffixes=("_old", "")).dropna()
    both["change"] = both["value"] - both["value_old"]
    random = np.random.default_rng(1)

    def rates(column: Any) -> None:
        flagged, n = float(column.sum()), len(column)
        for _ in ("low", "high"):
            p = random.beta(flagged + 1, n - flagged, DRAWS)
            se, sp = random.beta(971, 31, DRAWS), random.beta(971, 31, DRAWS)
            np.quantile(np.clip((p + sp - 1) / (se + sp - 1), 0, 1), (0.025, 0.975))

    def mean(rows: Any) -> float:
        groups = pandas.factorize(rows["cluster"])[0]
        model = OLS(rows["change"].to_numpy(dtype=float), np.ones(len(rows)))
        found = model.fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=True)
        found.conf_int()
        rates(rows["value"])
        rates(rows["value_old"])
        return float(found.params[0])

    areas = {area: mean(rows) for area, rows in both.groupby("policy_area")}
    return mean(both), areas[last]


CONTESTANTS = {
    "assay": with_assay,
    "pandas and statsmodels": with_pandas,
    "assay, as many rows as the logs": with_assay_on_logs,
    "inspect's dataframes and statsmodels": with_inspect,
}


def main(rows: int, rows_of_logs: int) -> None:
    """Print a line for each: seconds, peak memory, and the two figures, which must agree."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        for name in NAMES:
            make_run(root / "runs", name, rows)
        certify(root, "v1", expires="2999-01-01T00:00:00+00:00", right=0.97)
        _times(root, list(CONTESTANTS)[:2], rows)
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        make_workspace(root, 1, rows_of_logs)
        certify(root, "v1", expires="2999-01-01T00:00:00+00:00", right=0.97)
        for run in Workspace(root).runs():
            export_run(run, "inspect", root / "logs")
        _times(root, list(CONTESTANTS)[2:], rows_of_logs)


def _times(root: Path, names: list[str], rows: int) -> None:
    """Each contestant's line, and how many times the first one's the second took."""
    seconds = []
    for name in names:
        command = [sys.executable, "-m", "benchmarks.compare", "--one", name, str(root)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        print(f"{rows:,} rows: {done.stdout.strip()}", flush=True)
        seconds.append(float(done.stdout.split(": ")[1].split(" s")[0]))
    print(f"{names[1]} took {seconds[1] / seconds[0]:.1f} times as long", flush=True)


def one(name: str, folder: Path) -> None:
    """One contestant's line."""
    started = time.perf_counter()
    found = CONTESTANTS[name](folder)
    seconds = time.perf_counter() - started
    spent = resource.getrusage(resource.RUSAGE_SELF)
    cost = (
        f"{spent.ru_utime + spent.ru_stime:.1f} s of CPU, {spent.ru_maxrss / 1e3:,.0f} MB at most"
    )
    told = ", ".join(f"{figure:+.6f}" for figure in found)
    print(f"{name}: {seconds:.1f} s, {cost}, differences {told}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(sys.argv[2], Path(sys.argv[3]))
    else:
        counts = [int(each) for each in sys.argv[1:3]]
        main(*(counts + [ROWS, ROWS_OF_LOGS][len(counts) :]))
