"""Every registered scorer keeps the promises of all scorers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assay.models.scripted import Scripted
from assay.records import Reply, Request
from assay.scorers import build_scorer, scorer_kinds
from tests.scorers.conformance import QUESTION, check

LABELS = {"good": 1, "fair": 0.5, "bad": 0}
RUBRIC: dict[str, Any] = {"kind": "rubric", "rubric": "Is it kind?", "labels": LABELS}

EXAMPLES: dict[str, list[dict[str, Any]]] = {
    "choice": [{}, {"by": "distribution"}, {"good": "low"}],
    "exact": [{}, {"ignore_case": True}, {"good": "low"}],
    "includes": [
        {},
        {"any_of": ["answer", "B"]},
        {"all_of": ["答案"]},
        {"any_of": ["b"], "ignore_case": False},
    ],
    "numeric": [{}, {"tolerance": 0.5}],
    "refusal": [{}, {"count_partial": False}, {"good": "low"}],
    "regex": [
        {"pattern": r"(?i)\banswer\b"},
        {"pattern": r"(\w+\s?)+$"},
        {"pattern": r"(.*a){12}b"},
        {"pattern": r"^(?!.*sorry)"},
    ],
    "rubric": [{**RUBRIC}, {**RUBRIC, "model": "second"}, {**RUBRIC, "rubric": "Is it brief?"}],
}
CASES = [(kind, index) for kind in EXAMPLES for index in range(len(EXAMPLES[kind]))]


def spec_of(kind: str, index: int) -> dict[str, Any]:
    return {"kind": kind, **EXAMPLES[kind][index]}


def obedient(request: Request) -> Reply:
    text = {"explanation": "As asked.", "label": "fair", "citations": [QUESTION.content, "made up"]}
    return Reply(json.dumps(text), input_tokens=len(request.messages[1].content), output_tokens=9)


MODELS = {
    "judge": Scripted(obedient, name="scripted/obedient"),
    "second": Scripted(["I cannot help with that."], name="scripted/unwilling"),
}


def test_every_kind_is_here() -> None:
    assert set(EXAMPLES) == set(scorer_kinds())


@pytest.mark.parametrize(("kind", "index"), CASES)
async def test_keeps_its_promises(kind: str, index: int) -> None:
    await check(spec_of(kind, index), MODELS)


@pytest.mark.parametrize("kind", EXAMPLES)
def test_versions_tell_parameters_apart(kind: str) -> None:
    versions = [build_scorer(spec_of(kind, i), MODELS).version for i in range(len(EXAMPLES[kind]))]
    assert len(set(versions)) == len(versions)


def test_versions_tell_kinds_apart() -> None:
    assert build_scorer("exact").version != build_scorer("numeric").version
