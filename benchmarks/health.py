"""Times `assay health` over many evals, and over one very large one.

Run it as ``python -m benchmarks.health``. The first workspace has 10 evals of 10,000 samples that 5
models were run on, all different texts but for one in a hundred; the second one eval of 200,000
samples and 5 models, a million scores. Each has a process of its own, so that its memory is its
own. Duplicates are looked for among all texts of the workspace.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from pathlib import Path

from benchmarks.processes import Program, cost_of

from assay.evals import content_hash, load_eval
from assay.records import EvalRecord, RunRecord, ScorerRecord
from assay.store.query import connect
from assay.store.workspace import RunFolder

MODELS = 5
_DEFINITION = """\
name: {name}
version: "1.0"
description: A benchmark.
samples: samples.jsonl
scorers: [exact]
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--samples", type=int, default=10_000, help="samples of each of 10 evals")
    parser.add_argument("--large", type=int, default=200_000, help="samples of the large eval")
    options = parser.parse_args()
    print("evals  samples  models   scores  seconds  CPU s  peak MB")
    for evals, samples in ((10, options.samples), (1, options.large)):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "assay.toml").touch()
            for number in range(evals):
                _make(root, f"e{number}", samples)
            command = [sys.executable, "-m", "assay", "health", "--items", "--json"]
            cost = cost_of(Program(command, os.environ, root))
        print(
            f"{evals:5}  {samples:7,}  {MODELS:6}  {evals * samples * MODELS:7,}"
            f"  {cost.wall:7.1f}  {cost.cpu:5.1f}  {cost.peak / 1e6:7.0f}",
            flush=True,
        )


def _make(root: Path, name: str, samples: int) -> None:
    folder = root / "evals" / name
    folder.mkdir(parents=True)
    (folder / "eval.yaml").write_text(_DEFINITION.format(name=name))
    chance = random.Random(name)
    words = [
        f"{a}{b}{c}{d}" for a in "bdgklmprst" for b in "aeiou" for c in "nrstl" for d in "aeio"
    ]
    with (folder / "samples.jsonl").open("w", encoding="utf-8") as file:
        text = ""
        for number in range(samples):
            text = f"{text} x" if number % 100 == 99 else " ".join(chance.choices(words, k=30))
            file.write(f'{{"id": "s{number:07}", "input": "{text}", "target": "yes"}}\n')
    digest = content_hash(load_eval(folder))
    scorer = ScorerRecord("exact", "exact", "v1", {}, "high", (0.0, 1.0))
    asked = EvalRecord(name, "1.0", digest, str(folder), samples, 1, {}, "", None, {}, (scorer,))
    for model in range(MODELS):
        run = RunFolder(root / "runs" / f"{name}-{model}")
        run.save(RunRecord(run.id, "p", "complete", "", f"m/{model}", {}, {}, (asked,), {}))
        _score(run, name, samples, 0.5 + 0.08 * model)


def _score(run: RunFolder, name: str, samples: int, rate: float) -> None:
    made = f"""
        SELECT '{run.id} ' || n AS transcript_id, '{run.id}' AS run_id, '{name}' AS eval,
            's' || lpad(n::VARCHAR, 7, '0') AS sample_id, 1::BIGINT AS epoch, 'exact' AS scorer,
            'v1' AS scorer_version, CASE WHEN lost THEN NULL
                ELSE (random() < {rate})::DOUBLE END AS value,
            CASE WHEN lost THEN 'no_response' END AS unscored, '' AS scored_by,
            'origin ' || n // 3 AS cluster, NULL::VARCHAR AS polarity
        FROM (SELECT range AS n, random() < 0.01 AS lost FROM range({samples}))"""
    with connect() as connection:
        connection.execute(f"COPY ({made}) TO '{run.scores_file}' (FORMAT parquet)")


if __name__ == "__main__":
    main()
