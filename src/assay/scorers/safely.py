"""Scores a transcript such that a fault in a scorer becomes a row with a reason, never a score."""

from __future__ import annotations

import math

import msgspec

from assay.errors import BudgetExceededError, ModelError, StoreError
from assay.records import Score, Transcript
from assay.scorers.base import Scorer
from assay.scorers.reply import encodable


async def score_safely(scorer: Scorer, transcript: Transcript) -> Score:
    """What the scorer says, or why it says nothing.

    A judge's failure ends as ``grader_failed``; any other exception, and a value that is not a
    number within the scorer's bounds, as ``scoring_failed``. What stops a run as a whole passes
    through. Text in the score that no file could hold (half of a surrogate pair) is replaced.

    Raises:
        BudgetExceededError: a judge's next call would overrun the budget.
        StoreError: the journal of replies cannot be written.
        asyncio.CancelledError: the run was stopped.
    """
    try:
        score = await scorer.score(transcript)
    except (BudgetExceededError, StoreError):
        raise
    except ModelError as error:
        return Score(unscored="grader_failed", explanation=encodable(_told(error)))
    except Exception as error:  # whatever else a scorer does wrong is its own fault
        return Score(unscored="scoring_failed", explanation=encodable(_told(error)))
    if not isinstance(score, Score):
        why = f"The scorer {scorer.kind} gave a {type(score).__name__}, not a Score."
        return Score(unscored="scoring_failed", explanation=why)
    if score.value is not None and not _within(score.value, scorer.bounds):
        why = f"The scorer {scorer.kind} gave {score.value}, outside its bounds {scorer.bounds}."
        return Score(unscored="scoring_failed", explanation=why, raw=score.raw, tokens=score.tokens)
    return _storable(score)


def _storable(score: Score) -> Score:
    texts = (score.explanation, score.label or "", score.raw or "", *score.citations)
    if all(encodable(text) == text for text in texts):
        return score
    return msgspec.structs.replace(
        score,
        explanation=encodable(score.explanation),
        label=None if score.label is None else encodable(score.label),
        raw=None if score.raw is None else encodable(score.raw),
        citations=tuple(encodable(words) for words in score.citations),
    )


def _within(value: float, bounds: tuple[float, float] | None) -> bool:
    return math.isfinite(value) and (bounds is None or bounds[0] <= value <= bounds[1])


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:1000]
