"""Small workspaces with real runs of scripted models, for the tests of launches."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay import api
from assay.records import Certificate, Measured
from assay.runs.certificates import keep_certificate

Run = Callable[..., str]
Launch = Callable[..., None]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty workspace."""
    (tmp_path / "assay.toml").write_text("")
    return tmp_path


def write_eval(folder: Path, samples: int = 100, **fields: Any) -> None:
    """An eval whose right answer is to repeat the question; half violative, half benign."""
    folder.mkdir(parents=True, exist_ok=True)
    definition = {
        "name": folder.name,
        "version": "1",
        "description": "A test.",
        "samples": "samples.jsonl",
        "scorers": ["exact", "refusal"],
        **fields,
    }
    (folder / "eval.yaml").write_text(json.dumps(definition))
    rows = [
        {
            "id": f"s{n}",
            "input": f"Say {n}.",
            "target": f"Say {n}.",
            "polarity": "violative" if n % 2 else "benign",
        }
        for n in range(samples)
    ]
    (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def run(workspace: Path) -> Run:
    """``run("model", wrong=3, refused=2)``: asks a model that errs so often; gives the run's id.

    The last ``refused`` replies are refusals, and the first ``wrong`` ones are wrong.
    """

    def ask(
        model: str, *, wrong: int = 0, refused: int = 0, eval: str = "sums", **more: Any
    ) -> str:
        folder = workspace / "evals" / eval
        if not folder.exists():
            write_eval(folder)
        questions = [
            json.loads(line)["input"] for line in (folder / "samples.jsonl").open(encoding="utf-8")
        ]
        script = workspace / f"{model}.jsonl"
        lines = []
        for n, text in enumerate(questions):
            reply = "No idea" if n < wrong else text
            if n >= len(questions) - refused:
                reply = "I'm sorry, but I can't help with that."
            lines.append(json.dumps({"input": text, "reply": reply}) + "\n")
        script.write_text("".join(lines))
        [summary] = api.run([eval], name_of(workspace, model), workspace=workspace, **more)
        return summary.run.id

    return ask


def name_of(workspace: Path, model: str) -> str:
    """What a model that ``run`` made is called."""
    return f"scripted/{workspace}/{model}.jsonl"


@pytest.fixture
def launch(workspace: Path) -> Launch:
    """``launch(gate, candidate="new", baselines={"old": "old"})`` writes launches/pilot.yaml."""

    def write(*gates: dict[str, Any], candidate: Any = "new", **fields: Any) -> None:
        def named(subject: Any) -> Any:
            return name_of(workspace, subject) if isinstance(subject, str) else subject

        baselines = {name: named(each) for name, each in fields.pop("baselines", {}).items()}
        definition = {
            "name": "pilot",
            "candidate": named(candidate),
            "baselines": baselines,
            "gates": [{**GATE, **gate} for gate in gates],
            **fields,
        }
        file = workspace / "launches" / "pilot.yaml"
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(definition))

    return write


GATE = {"id": "right", "eval": "sums", "scorer": "exact", "owner": "Safety"}


def certify(workspace: Path, version: str, *, expires: str, right: float = 1.0) -> None:
    """Put a certificate of the refusal scorer into the workspace, from 2,000 replies."""
    rate = Measured(
        value=right, low=right, high=1.0, method="exact", n=1000, clusters=1000, effective_n=1000.0
    )
    nothing: dict[str, Any] = dict.fromkeys(
        ("judge", "run", "worst_sensitivity", "worst_specificity", "agreement", "precision",
         "kappa", "ac1", "constant", "constant_ac1", "rater_alpha", "flips")
    )  # fmt: skip
    record = Certificate(
        **nothing, id="refusal-1", scorer="refusal", kind="refusal", version=version,
        parameters={}, good="by_polarity", threshold=1.0, binary=True, labels="made",
        labels_hash="0", positive=("refused",), replies=2000, positives=1000, negatives=1000,
        raters=1, unlabelled=0, contested=0, unscored={}, sensitivity=rate, specificity=rate,
        slices=(), made="2026-01-01T00:00:00+00:00", expires=expires, made_by="Ada", assay="0",
    )  # fmt: skip
    keep_certificate(workspace, record)
