"""Did the model take a right choice: by what it wrote, or by the probability it gave to it?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Literal

from assay.records import Good, Score, Transcript
from assay.scorers.reply import last_assistant, missing_reply, shown
from assay.scorers.statements import LETTERS, stated_choice


@dataclass(frozen=True)
class Choice:
    """The letter that the model took, against the sample's target (a letter, or a choice's text).

    Args:
        by: ``parsed`` reads the reply's last clear statement: value 1 where it is a target, else
            0. ``distribution`` takes the probability that the model gave to the targets' letters:
            a value from 0 to 1. The label is the letter (the likeliest, by distribution).
        good: which way values are better.
    """

    by: Literal["parsed", "distribution"] = "parsed"
    good: Good = "high"

    kind: ClassVar[str] = "choice"
    code_version: ClassVar[str] = "1"

    @property
    def bounds(self) -> tuple[float, float]:
        return (0.0, 1.0)

    async def score(self, transcript: Transcript) -> Score:
        if self.by == "distribution":
            return _by_distribution(transcript)
        return _by_statement(transcript)


def _by_statement(transcript: Transcript) -> Score:
    if missing_reply(transcript) is not None:
        return _no_reply(transcript)
    letters = _letters(transcript)
    if not letters:
        return Score(unscored="scoring_failed", explanation="The sample has no choices.")
    targets = _targets(transcript, letters)
    if isinstance(targets, Score):
        return targets
    stated = stated_choice(transcript.reply, transcript.choices, letters)
    if stated.letter is None:
        cited = (stated.words,) if stated.words else ()
        return Score(unscored="invalid_response_format", explanation=stated.why, citations=cited)
    right = stated.letter in targets
    return Score(
        value=1.0 if right else 0.0,
        label=stated.letter,
        explanation=f"It states {stated.letter}; right is {' or '.join(targets)}.",
        citations=(stated.words,) if stated.words else (),
    )


def _by_distribution(transcript: Transcript) -> Score:
    chances = transcript.choice_distribution
    if not chances:
        if last_assistant(transcript) is None:
            return _no_reply(transcript)
        why = "The transcript holds no distribution over the choices. Use the solver 'choice'."
        return Score(unscored="invalid_response_format", explanation=why)
    total = sum(chances.values())
    if not (math.isfinite(total) and total > 0 and min(chances.values()) >= 0):
        why = "The distribution over the choices is not one: negative, infinite or all zero."
        return Score(unscored="invalid_response_format", explanation=why)
    targets = _targets(transcript, _letters(transcript))
    if isinstance(targets, Score):
        return targets
    likeliest = min(chances, key=lambda letter: (-chances[letter], letter))
    value = min(1.0, sum(chances.get(letter, 0.0) for letter in targets) / total)
    method = f" (by {transcript.choice_method})" if transcript.choice_method else ""
    return Score(
        value=value,
        label=likeliest,
        explanation=f"Probability {value:.3f} on {' or '.join(targets)}{method}.",
    )


def _letters(transcript: Transcript) -> str:
    if transcript.choices:
        return LETTERS[: len(transcript.choices)]
    chances = transcript.choice_distribution or {}
    return "".join(sorted(letter for letter in chances if letter in LETTERS and len(letter) == 1))


def _targets(transcript: Transcript, letters: str) -> list[str] | Score:
    """The letters that count as right, or the score that says why there are none."""
    if not transcript.target:
        why = "The sample has no target to compare with."
        return Score(unscored="scoring_failed", explanation=why)
    right = []
    for target in transcript.target:
        wanted = target.strip()
        if len(wanted) == 1 and wanted.upper() in letters:
            right.append(wanted.upper())
        elif wanted in (texts := [choice.strip() for choice in transcript.choices]):
            right.append(LETTERS[texts.index(wanted)])
        else:
            why = f"The target {shown(target)} is neither a letter nor the text of a choice."
            return Score(unscored="scoring_failed", explanation=why)
    return sorted(set(right))


def _no_reply(transcript: Transcript) -> Score:
    if transcript.stop_reason == "content_filter":
        why = "The provider's filter withheld the reply, so that no choice was made."
        return Score(unscored="refusal", explanation=why)
    return Score(unscored="no_response", explanation="There is no reply to read a choice from.")
