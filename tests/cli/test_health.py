"""The health of evals from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_cli import assay


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An eval that three models pass, with hostile names, and one that nobody ran."""
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "assay.toml").write_text("")
    for name in ("worn", "fresh"):
        (folder / "evals" / name).mkdir(parents=True)
        (folder / "evals" / name / "eval.yaml").write_text(
            f'name: {name}\nversion: "1.0"\ndescription: A test.\nsamples: samples.jsonl\n'
            "scorers: [exact]\n"
        )
        rows = [
            {"id": f"\x1b[31m{name}{n}", "input": f"Say {name} {n * 7919}.", "target": "yes"}
            for n in range(40)
        ]
        lines = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / "evals" / name / "samples.jsonl").write_text(lines)
    for model in ("a", "b", "c"):
        (folder / f"{model}.jsonl").write_text('{"input": "", "reply": "yes"}\n')
        run = assay("run", "worn", "--model", f"scripted/{model}.jsonl", cwd=folder)
        assert run.returncode == 0, run.stderr
    return folder


def test_all_evals_are_told_of_with_a_verdict_each(workspace: Path) -> None:
    told = assay("health", cwd=workspace)
    assert told.returncode == 0, told.stderr
    assert "worn 1.0: retire." in told.stderr
    assert "fresh 1.0: cannot tell." in told.stderr
    assert "saturated" in told.stdout
    assert assay("health", "show", "worn", cwd=workspace).stderr in told.stderr


def test_json_has_every_figure(workspace: Path) -> None:
    [found] = json.loads(assay("health", "worn", "--json", "--checklist", cwd=workspace).stdout)
    assert found["verdict"] == "retire"
    [cell] = found["cells"]
    assert (cell["state"], cell["models"], cell["all_pass"]["value"]) == ("saturated", 3, 1.0)
    assert len(found["checklist"]) > 20


def test_hostile_names_cannot_steer_the_terminal(workspace: Path) -> None:
    told = assay("health", "worn", "--items", cwd=workspace)
    assert "all 3 models pass" in told.stdout
    assert "\x1b" not in told.stdout + told.stderr
    assert "\\x1b[31mworn0" in told.stdout


def test_mistakes_are_told_in_one_line(workspace: Path) -> None:
    lost = assay("health", "wron", cwd=workspace)
    assert lost.returncode == 1
    assert "Did you mean worn?" in lost.stderr
    both = assay("health", "--probe", "scripted/echo", cwd=workspace)
    assert both.returncode == 1
    assert "need the name of one eval" in both.stderr
    shipped = assay(
        "health", "benign-requests", "--propose", "--model", "scripted/echo", cwd=workspace
    )
    assert shipped.returncode == 1
    assert "comes with Assay" in shipped.stderr


def test_an_eval_is_retired_over_a_bridge_only(workspace: Path) -> None:
    command = ("health", "retire", "worn", "--successor", "fresh", "--by", "Ann", "--reason", "old")
    refused = assay(*command, cwd=workspace)
    assert refused.returncode == 1
    assert "assay run worn fresh --model MODEL" in refused.stderr
    assert assay("run", "fresh", "--model", "scripted/a.jsonl", cwd=workspace).returncode == 0
    told = assay(*command, cwd=workspace)
    assert told.returncode == 0, told.stderr
    assert "worn retired on" in told.stderr
    assert "worn was retired on" in assay("health", "worn", cwd=workspace).stderr
