"""What a scorer says of a transcript: a value or label, or a reason why there is none."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Unscored = Literal[
    "invalid_response_format",
    "refusal",
    "no_response",
    "grader_failed",
    "scoring_failed",
    "model_error",
    "not_run",
]
"""Why there is no score. The first five are Inspect's names; the last two are ours:
``model_error`` (the model under test never gave a reply) and ``not_run`` (planned, never asked)."""


class Score(msgspec.Struct, frozen=True, omit_defaults=True):
    """One scorer's word on one transcript. Exactly one of ``value`` and ``unscored`` is set.

    ``citations`` quote the words that the score rests on; ``raw`` is a judge's reply as it came;
    ``tokens`` is what the scoring itself cost.
    """

    value: float | None = None
    label: str | None = None
    unscored: Unscored | None = None
    explanation: str = ""
    citations: tuple[str, ...] = ()
    raw: str | None = None
    tokens: int = 0

    def __post_init__(self) -> None:
        if (self.value is None) == (self.unscored is None):
            raise ValueError("a score has either a value or a reason why there is none")


class ScoreRow(msgspec.Struct, frozen=True):
    """One row of scores.parquet: a score, whose it is, and what figures are sliced by."""

    transcript_id: Annotated[str, Meta(description="The transcript that was scored.")]
    run_id: Annotated[str, Meta(description="The run that it belongs to.")]
    eval: Annotated[str, Meta(description="The eval's name.")]
    sample_id: Annotated[str, Meta(description="The sample's id.")]
    epoch: Annotated[int, Meta(description="The epoch, from 1.")]
    scorer: Annotated[str, Meta(description="The scorer's name.")]
    scorer_version: Annotated[
        str, Meta(description="Hash of the scorer's code version and parameters.")
    ]
    value: Annotated[float | None, Meta(description="The score; null where unscored.")]
    label: Annotated[str | None, Meta(description="The score in words, if it has any.")]
    unscored: Annotated[str | None, Meta(description="Why there is no score; null where scored.")]
    explanation: Annotated[str, Meta(description="Why this score.")]
    citations: Annotated[tuple[str, ...], Meta(description="Words that the score rests on.")]
    raw: Annotated[str | None, Meta(description="A judge's reply as it came.")]
    tokens: Annotated[int, Meta(description="Tokens that the scoring cost.")]
    scored_at: Annotated[str, Meta(description="When, ISO 8601.")]
    scored_by: Annotated[
        str, Meta(description="The model or person that scored; the package else.")
    ]
    cluster: Annotated[str | None, Meta(description="What the sample was derived from.")]
    pair_id: Annotated[str | None, Meta(description="Joins a request to its twin.")]
    polarity: Annotated[str | None, Meta(description="violative or benign.")]
    policy_area: Annotated[str | None, Meta(description="Area of the policy.")]
    language: Annotated[str | None, Meta(description="Language tag.")]
