"""Small evals and workspaces for the tests of runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

MakeEval = Callable[..., Path]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty workspace."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    (folder / "assay.toml").write_text("")
    return folder


@pytest.fixture
def make_eval(workspace: Path) -> MakeEval:
    """Writes an eval folder into the workspace: ``make_eval("name", rows, **eval_yaml_fields)``."""

    def make(name: str, rows: list[dict[str, Any]] | int = 10, **fields: Any) -> Path:
        folder = workspace / "evals" / name
        folder.mkdir(parents=True)
        if isinstance(rows, int):
            rows = [
                {"id": f"s{number}", "input": f"Say {number}.", "target": f"Say {number}."}
                for number in range(rows)
            ]
        definition: dict[str, Any] = {
            "name": name,
            "version": "1",
            "description": "A test.",
            "samples": "samples.jsonl",
            "scorers": ["exact"],
        }
        definition.update(fields)
        # JSON is YAML.
        (folder / "eval.yaml").write_text(json.dumps(definition))
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / "samples.jsonl").write_text(lines)
        return folder

    return make
