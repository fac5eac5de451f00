"""The workflow in the docs is sound, and runs the very commands that the page runs."""

from __future__ import annotations

from pathlib import Path

import yaml

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "gates-in-ci.md"


def test_the_workflow_runs_the_commands_of_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    typed = {line[2:] for line in text.splitlines() if line.startswith("$ assay")}
    workflow = yaml.safe_load(text.split("launch.yml -->\n```yaml\n")[1].split("```")[0])
    steps = workflow["jobs"]["gates"]["steps"]
    assert all(("uses" in step) != ("run" in step) for step in steps)
    ours = [step["run"] for step in steps if step.get("run", "").startswith("assay")]
    assert len(ours) == 2
    for command in ours:
        assert command.replace('"$GITHUB_STEP_SUMMARY"', "summary.md") in typed
    [kept] = [step for step in steps if "artifact" in step.get("uses", "")]
    assert kept["if"] == "always()"  # also where the check stopped the job
