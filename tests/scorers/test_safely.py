"""A fault in a scorer becomes a row with a reason; what must stop a run passes through."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest

from assay.errors import (
    AuthenticationError,
    BudgetExceededError,
    ModelError,
    ModelTimeoutError,
    StoreError,
)
from assay.records import Good, Score, Transcript
from assay.scorers import score_safely
from tests.scorers.material import said


@dataclass(frozen=True)
class Odd:
    """A scorer that does whatever a test wants."""

    outcome: Any
    good: Good = "high"
    kind: ClassVar[str] = "odd"
    code_version: ClassVar[str] = "1"

    @property
    def bounds(self) -> tuple[float, float] | None:
        return (0.0, 1.0)

    async def score(self, transcript: Transcript) -> Score:
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        result: Score = self.outcome
        return result


async def test_a_score_passes_as_it_is() -> None:
    score = Score(value=0.5, label="half", explanation="é", citations=("a",), raw="r", tokens=3)
    assert await score_safely(Odd(score), said("a")) is score


@pytest.mark.parametrize(
    "fault",
    [ValueError("broken"), KeyError("broken"), RecursionError("broken"), MemoryError("broken")],
)
async def test_a_fault_is_the_scorings(fault: Exception) -> None:
    score = await score_safely(Odd(fault), said("a"))
    assert score.unscored == "scoring_failed"
    assert type(fault).__name__ in score.explanation
    assert "broken" in score.explanation


@pytest.mark.parametrize(
    "fault", [ModelError("m"), ModelTimeoutError("m"), AuthenticationError("m")]
)
async def test_a_judges_fault_is_the_graders(fault: Exception) -> None:
    score = await score_safely(Odd(fault), said("a"))
    assert score.unscored == "grader_failed"
    assert type(fault).__name__ in score.explanation


@pytest.mark.parametrize(
    "stop",
    [asyncio.CancelledError(), BudgetExceededError("b"), StoreError("s"), KeyboardInterrupt()],
)
async def test_what_must_stop_a_run_passes_through(stop: BaseException) -> None:
    with pytest.raises(type(stop)):
        await score_safely(Odd(stop), said("a"))


@pytest.mark.parametrize(
    "outcome", [None, 1.0, Score(value=1.5), Score(value=float("nan")), Score(value=float("-inf"))]
)
async def test_what_is_no_score_is_not_taken_for_one(outcome: Any) -> None:
    assert (await score_safely(Odd(outcome), said("a"))).unscored == "scoring_failed"


async def test_half_of_a_surrogate_pair_is_replaced_so_that_the_row_can_be_stored() -> None:
    score = Score(value=1.0, explanation="a\ud800", citations=("\udfff", "b"), raw="\ud83d")
    stored = await score_safely(Odd(score), said("a"))
    assert (stored.explanation, stored.citations, stored.raw) == ("a?", ("?", "b"), "?")
    failed = await score_safely(Odd(ValueError("\ud800")), said("a"))
    assert failed.explanation.encode()
