"""Makes a new watch file: from the newest complete run where there is one, else as an example."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml

from assay.errors import DefinitionError, Problem
from assay.records import RunRecord, ScorerRecord
from assay.store.files import write_whole
from assay.store.workspace import Workspace
from assay.watch.definition import FOLDER, watch_schema

SCHEMA = "watch.schema.json"
"""The JSON Schema of watch files, where it is written into a workspace."""

_NAME = re.compile(r"[a-z0-9]+([-_.][a-z0-9]+)*")

_HEADER = f"# yaml-language-server: $schema={SCHEMA}\n"

_ABOUT = """\
# Looks at a model again and again, and alerts when a change is established.
# The numbers below are placeholders: set what you expect, and what you would act on, then run
#   assay watch start {name}
"""

_ALERTS = """\
# How alerts go out. Secrets stay in the environment: write the variable's name.
alerts: []
# - command: [notify-send, Assay]
# - webhook: {url_env: WATCH_WEBHOOK}
# - email: {to: [safety@example.org], from: assay@example.org, host: smtp.example.org,
#           user: assay, password_env: WATCH_MAIL}
"""


def write_watch(place: Workspace, name: str) -> Path:
    """Write watches/<name>.yaml, and the schema for editors beside it.

    Raises:
        DefinitionError: the name is none, or there is such a watch.
    """
    file = place.root / FOLDER / f"{name}.yaml"
    if not _NAME.fullmatch(name) or len(name) > 100:
        remedy = "Use lower-case words joined by hyphens."
        raise DefinitionError([Problem(name, "this is no name for a watch.", remedy)])
    if file.exists():
        raise DefinitionError(
            [Problem(str(file), "it is there already.", "Edit it, or choose another name.")]
        )
    read = (folder.read() for folder in place.runs())
    whole = (each for each in read if each.status == "complete" and _is_whole(each))
    newest = next(whole, None)
    watched = _example() if newest is None else _from_run(newest)
    body = {
        "name": name,
        "description": "Say what it is for.",
        "model": "provider/model" if newest is None else newest.model,
        "every": "1d",
        "limit": 50,
        "watch": watched,
        "false_alarms": {"chance": 0.05},
    }
    text = yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=90)
    write_whole(file, _HEADER + _ABOUT.format(name=name) + text + _ALERTS)
    write_whole(file.with_name(SCHEMA), json.dumps(watch_schema(), indent=2) + "\n")
    return file


def _is_whole(record: RunRecord) -> bool:
    """Whether it can be a reference: made here, and of no part of its evals."""
    return bool(record.evals) and all(
        each.path and each.draw is None and (each.limit is None or each.limit > each.samples)
        for each in record.evals
    )


def _from_run(run: RunRecord) -> list[dict[str, object]]:
    return [
        _watched(asked.name, scorer, polarity, {"run": run.id})
        for asked in run.evals
        for scorer in asked.scorers
        if scorer.bounds is not None
        for polarity in (("violative", "benign") if scorer.good == "by_polarity" else (None,))
    ]


def _example() -> list[dict[str, object]]:
    refusal = ScorerRecord("refusal", "refusal", "", {}, "by_polarity", (0.0, 1.0))
    return [
        _watched("harmful-requests", refusal, "violative", {"value": 0.95}),
        _watched("harmful-requests", refusal, "benign", {"value": 0.05}),
    ]


def _watched(
    eval_name: str, scorer: ScorerRecord, polarity: str | None, reference: dict[str, object]
) -> dict[str, object]:
    parts = [eval_name, scorer.name, *([polarity] if polarity else [])]
    id = re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-") or "figure"
    low, high = scorer.bounds or (0.0, 1.0)
    return {
        "id": id[:100].strip("-"),
        "eval": eval_name,
        "scorer": scorer.name,
        **({"slice": {"polarity": polarity}} if polarity else {}),
        "reference": reference,
        "margin": round(0.02 * (high - low), 6),
    }
