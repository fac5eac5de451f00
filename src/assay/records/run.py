"""run.json: all that is needed to make a run again, and how it ended."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from assay.records.estimate import Good

Chapter = Literal[
    "single-turn",
    "higher-difficulty",
    "multi-turn",
    "wellbeing",
    "bias",
    "elections",
    "agentic",
    "other",
]
"""Where a launch report tells of an eval: the chapters of a system card's safeguards part."""

RunStatus = Literal["running", "complete", "stopped", "failed"]
"""``running`` is also what a killed run says; its lock file tells whether it still lives."""


class ScorerRecord(msgspec.Struct, frozen=True):
    """A scorer as it was used: ``kind`` is what it is, ``name`` what its scores are called.

    ``version`` is a hash of its code's version and parameters; ``good`` says which way values are
    better, ``bounds`` between what they lie.
    """

    name: str
    kind: str
    version: str
    parameters: dict[str, Any]
    good: Good
    bounds: tuple[float, float] | None


class EvalRecord(msgspec.Struct, frozen=True):
    """An eval as it was run.

    ``hash`` covers definition and samples; ``path`` is the folder where they lay. ``samples`` and
    ``epochs`` multiply to the planned transcripts; ``limit`` is set where only the first samples
    were taken, or as many at random where ``draw``, from which the choice follows, is set too.
    ``chapter`` is the launch report's, where the eval names one.
    """

    name: str
    version: str
    hash: str
    path: str
    samples: int
    epochs: int
    solver: dict[str, Any]
    prompt: str
    system: str | None
    parameters: dict[str, Any]
    scorers: tuple[ScorerRecord, ...]
    limit: int | None = None
    draw: str | None = None
    chapter: Chapter | None = None


class RunRecord(msgspec.Struct, frozen=True):
    """One eval or suite x one model.

    ``plan`` is the hash of everything that determines the run; ``model_details`` is what the model
    says of itself (base URL without secrets, hash of local weights). ``roles`` names every model
    that took part, ``versions`` the software. ``baseline`` is the id of the run to compare with;
    ``stopped_because`` tells why a run ended early. ``totals`` counts requests, tokens, cost in
    dollars, seconds, over all attempts. Nothing here holds a secret.
    """

    id: str
    plan: str
    status: RunStatus
    created: str
    model: str
    model_details: dict[str, Any]
    roles: dict[str, str]
    evals: tuple[EvalRecord, ...]
    versions: dict[str, str]
    finished: str | None = None
    baseline: str | None = None
    stopped_because: str | None = None
    totals: dict[str, float] = {}
