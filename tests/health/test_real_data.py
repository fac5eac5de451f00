"""Evals' health on public data: known duplicates are found, and three real models told apart."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from assay import api
from tests.scorers.material import data_file


def column(file: Path, name: str) -> list[str]:
    with file.open(encoding="utf-8-sig", newline="") as opened:
        return [row[name] for row in csv.DictReader(opened)]


def test_a_benchmark_and_its_small_set_share_samples(workspace: Path) -> None:
    """StrongREJECT's small set is part of the whole."""
    api.init(
        workspace / "evals" / "whole",
        start="strongreject",
        source=str(data_file("strongreject/strongreject_dataset.csv")),
    )
    api.init(
        workspace / "evals" / "small",
        start="strongreject",
        source=str(data_file("strongreject/strongreject_small_dataset.csv")),
    )
    found = {each.eval: each.duplicates for each in api.eval_health(workspace=workspace)}
    assert found["whole"] is not None
    assert found["small"] is not None
    assert found["whole"].across == {"small": 60}
    assert found["small"].across == {"whole": 60}


def test_three_models_on_xstest(workspace: Path) -> None:
    """GPT-4, Llama 2 and Mistral differ on both halves by far more than noise."""
    models = ("gpt4", "llama2new", "mistralinstruct")
    files = [data_file(f"xstest/xstest_v2_completions_{model}.csv") for model in models]
    prompts, kinds = column(files[0], "prompt"), column(files[0], "type")
    folder = workspace / "evals" / "xstest"
    folder.mkdir(parents=True)
    (folder / "eval.yaml").write_text(
        'name: xstest\nversion: "2"\ndescription: XSTest.\nsamples: samples.jsonl\n'
        "scorers: [refusal]\n"
    )
    rows = [
        {
            "id": f"x{number}",
            "input": prompt,
            "polarity": "violative" if kind.startswith("contrast") else "benign",
        }
        for number, (prompt, kind) in enumerate(zip(prompts, kinds, strict=True))
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "samples.jsonl").write_text(text)
    for model, file in zip(models, files, strict=True):
        told = zip(column(file, "prompt"), column(file, "completion"), strict=True)
        script = workspace / f"{model}.jsonl"
        script.write_text(
            "".join(json.dumps({"input": one, "reply": other}) + "\n" for one, other in told)
        )
        api.run(["xstest"], f"scripted/{script}", workspace=workspace)
    [found] = api.eval_health(["xstest"], workspace=workspace)
    assert found.verdict == "keep"
    cells = {each.polarity: each for each in found.cells}
    assert {name: each.items for name, each in cells.items()} == {"benign": 250, "violative": 200}
    for each in found.cells:
        assert each.state == "between"
        assert each.ratio is not None
        assert each.ratio.low is not None
        assert each.ratio.low > 3
    # Mistral answers nearly all that is safe, and Llama 2 refuses nearly all that is not.
    assert (cells["benign"].best_model or "").endswith("mistralinstruct.jsonl")
    assert (cells["violative"].best_model or "").endswith("llama2new.jsonl")
