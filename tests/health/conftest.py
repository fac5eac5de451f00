"""Small workspaces with real runs of scripted models, for the tests of evals' health."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay import api

Run = Callable[..., str]
WriteEval = Callable[..., Path]

_WORDS = [f"{a}{b}{c}{d}" for a in "bdgklmt" for b in "aeiou" for c in "nrstl" for d in "aeio"]


def request_text(number: int, words: int = 14) -> str:
    """A request that resembles no other."""
    return " ".join(_WORDS[(number * 7919 + place * 104_729) % 700] for place in range(words))


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty workspace."""
    (tmp_path / "assay.toml").write_text("")
    return tmp_path


@pytest.fixture
def write_eval(workspace: Path) -> WriteEval:
    """``write_eval("name", rows or 60, **fields)``: the right answer is yes, half is benign."""

    def write(name: str, rows: list[dict[str, Any]] | int = 60, **fields: Any) -> Path:
        folder = workspace / "evals" / name
        folder.mkdir(parents=True, exist_ok=True)
        definition = {
            "name": name,
            "version": "1.0",
            "description": "A test.",
            "samples": "samples.csv",
            "scorers": ["exact"],
            **fields,
        }
        (folder / "eval.yaml").write_text(
            "".join(f"{key}: {json.dumps(value)}\n" for key, value in definition.items())
        )
        if isinstance(rows, int):
            rows = [
                {"id": f"s{n:04d}", "input": request_text(n), "target": "yes"} for n in range(rows)
            ]
        columns = list(dict.fromkeys(key for row in rows for key in row))
        lines = [",".join(columns)]
        lines += [",".join(str(row.get(key, "")) for key in columns) for row in rows]
        (folder / definition["samples"]).write_text("\n".join(lines) + "\n")
        return folder

    return write


@pytest.fixture
def run(workspace: Path) -> Run:
    """``run("model", "name", wrong={0, 3})``: a model that errs there; gives the run's id."""

    def ask(model: str, name: str, *, wrong: set[int] | range = range(0), **more: Any) -> str:
        samples = workspace / "evals" / name / "samples.csv"
        head, *lines = samples.read_text().splitlines()
        place = head.split(",").index("input")
        script = workspace / f"{model}.jsonl"
        with script.open("a") as file:
            for n, line in enumerate(lines):
                reply = "no" if n in wrong else "yes"
                told = {"input": line.split(",")[place], "reply": reply}
                file.write(json.dumps(told) + "\n")
        [summary] = api.run([name], f"scripted/{script}", workspace=workspace, **more)
        return summary.run.id

    return ask
