"""Makes a new launch file: from the newest run where there is one, else as an example to edit."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from assay.errors import DefinitionError, Problem
from assay.launch.definition import FOLDER, launch_schema
from assay.records import RunRecord, ScorerRecord
from assay.store.files import write_whole
from assay.store.workspace import Workspace

SCHEMA = "launch.schema.json"
"""The JSON Schema of launch files, where it is written into a workspace."""

_NAME = re.compile(r"[a-z0-9]+([-_.][a-z0-9]+)*")

_OWNER = "name the owner"

_HEADER = f"# yaml-language-server: $schema={SCHEMA}\n"

_ABOUT = """\
# What must be shown before the candidate is launched. Every gate must pass.
# A gate passes or fails only where the evidence shows it; else it is inconclusive.
# The numbers below are placeholders: set what your policies ask for, then run
#   assay launch check {name}
"""


def write_launch(place: Workspace, name: str) -> Path:
    """Write launches/<name>.yaml, and the schema for editors beside it.

    Raises:
        DefinitionError: the name is none, or there is such a launch.
    """
    file = place.root / FOLDER / f"{name}.yaml"
    if not _NAME.fullmatch(name) or len(name) > 100:
        remedy = "Use lower-case words joined by hyphens."
        raise DefinitionError([Problem(name, "this is no name for a launch.", remedy)])
    if file.exists():
        raise DefinitionError(
            [Problem(str(file), "it is there already.", "Edit it, or choose another name.")]
        )
    complete = [record for record in _records(place) if record.status == "complete"]
    newest = next((each for each in complete if each.baseline), complete[0] if complete else None)
    body = _example(name) if newest is None else _from_run(place, name, newest)
    text = yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=90)
    write_whole(file, _HEADER + _ABOUT.format(name=name) + text)
    write_whole(file.with_name(SCHEMA), json.dumps(launch_schema(), indent=2) + "\n")
    return file


def _records(place: Workspace) -> list[RunRecord]:
    read = [folder.read() for folder in place.runs()]
    return [each for each in read if all(asked.draw is None for asked in each.evals)]


def _from_run(place: Workspace, name: str, run: RunRecord) -> dict[str, object]:
    baselines = {}
    if run.baseline:
        baselines["shipped"] = place.run(run.baseline).read().model
    gates: list[dict[str, object]] = []
    for asked in run.evals:
        for scorer in asked.scorers:
            for polarity in ("violative", "benign") if scorer.good == "by_polarity" else (None,):
                gates += _gates(asked.name, scorer, polarity, bool(baselines))
    return _launch(name, run.model, baselines, gates)


def _gates(
    eval_name: str, scorer: ScorerRecord, polarity: str | None, compared: bool
) -> list[dict[str, object]]:
    parts = [eval_name, scorer.name, *([polarity] if polarity else [])]
    id = re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-") or "gate"
    low_is_good = scorer.good == "low" or polarity == "benign"
    low, high = scorer.bounds or (0.0, 1.0)
    part = 0.1 * (high - low)
    limit = {"max": round(low + part, 6)} if low_is_good else {"min": round(high - part, 6)}
    about = {"eval": eval_name, "scorer": scorer.name}
    gates: list[dict[str, object]] = [
        {"id": id, **about, **_slice(polarity), "limit": limit, "owner": _OWNER}
    ]
    if compared:
        margin = {"against": "shipped", "worse_by_at_most": round(part / 2, 6)}
        gates.append(
            {"id": f"{id}-no-worse", **about, **_slice(polarity), "margin": margin, "owner": _OWNER}
        )
    return gates


def _slice(polarity: str | None) -> dict[str, object]:
    return {"slice": {"polarity": polarity}} if polarity else {}


def _example(name: str) -> dict[str, object]:
    refusal = ScorerRecord("refusal", "refusal", "", {}, "by_polarity", (0.0, 1.0))
    gates = [
        gate
        for polarity in ("violative", "benign")
        for gate in _gates("harmful-requests", refusal, polarity, True)
    ]
    return _launch(name, "provider/candidate", {"shipped": "provider/shipped"}, gates)


def _launch(
    name: str, candidate: str, baselines: dict[str, str], gates: list[dict[str, object]]
) -> dict[str, object]:
    return {
        "name": name,
        "description": "Say what is to be launched.",
        "candidate": candidate,
        **({"baselines": baselines} if baselines else {}),
        "gates": gates,
    }
