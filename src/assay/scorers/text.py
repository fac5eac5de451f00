"""Scorers that look at the words of the last reply: exact, includes, regex, numeric."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar

import regex

from assay.records import Good, Score, Transcript
from assay.scorers.numbers import last_number, number_of, readings
from assay.scorers.reply import missing_reply, shown

REGEX_SECONDS = 0.25
"""How long one search may take. A pattern that backtracks without end is stopped and unscored."""
REGEX_CHARACTERS = 2_000_000
"""The longest reply that a pattern is tried on."""


@dataclass(frozen=True)
class Exact:
    """Value 1 where the reply, without the space around it, equals one of the sample's targets.

    Composed and decomposed letters are the same letter (Unicode NFC).

    Args:
        ignore_case: whether capitals and small letters are the same.
        good: which way values are better.
    """

    ignore_case: bool = False
    good: Good = "high"

    kind: ClassVar[str] = "exact"
    code_version: ClassVar[str] = "1"

    @property
    def bounds(self) -> tuple[float, float]:
        return (0.0, 1.0)

    async def score(self, transcript: Transcript) -> Score:
        if (missing := missing_reply(transcript)) is not None:
            return missing
        if not transcript.target:
            return _no_target()
        reply = transcript.reply.strip()
        found = self._plain(reply)
        for target in transcript.target:
            if found == self._plain(target.strip()):
                return _match(f"The reply equals {shown(target)}.", reply)
        return _no_match(f"The reply {shown(reply)} equals no target.")

    def _plain(self, text: str) -> str:
        text = composed(text)
        return text.casefold() if self.ignore_case else text


@dataclass(frozen=True)
class Includes:
    """Value 1 where the reply contains what it should.

    Without parameters: any of the sample's targets. Composed and decomposed letters are the same.

    Args:
        any_of: at least one of these must be there.
        all_of: each of these must be there.
        ignore_case: whether capitals and small letters are the same.
        good: which way values are better.
    """

    any_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()
    ignore_case: bool = True
    good: Good = "high"

    kind: ClassVar[str] = "includes"
    code_version: ClassVar[str] = "1"

    def __post_init__(self) -> None:
        if any(not wanted.strip() for wanted in (*self.any_of, *self.all_of)):
            raise ValueError("any_of and all_of may not hold empty text: every reply contains it")

    @property
    def bounds(self) -> tuple[float, float]:
        return (0.0, 1.0)

    async def score(self, transcript: Transcript) -> Score:
        if (missing := missing_reply(transcript)) is not None:
            return missing
        any_of = self.any_of
        if not any_of and not self.all_of:
            any_of = tuple(target for target in transcript.target if target.strip())
            if not any_of:
                return _no_target()
        reply = _Text(composed(transcript.reply), self.ignore_case)
        cited = []
        for wanted in self.all_of:
            if (words := reply.find(composed(wanted))) is None:
                return _no_match(f"The reply does not contain {shown(wanted)}.")
            cited.append(words)
        if any_of:
            words = next(
                (w for one in any_of if (w := reply.find(composed(one))) is not None), None
            )
            if words is None:
                listed = ", ".join(shown(one) for one in any_of[:5])
                return _no_match(f"The reply contains none of {listed}.")
            cited.append(words)
        return _match(f"The reply contains {', '.join(shown(one) for one in cited[:5])}.", *cited)


@dataclass(frozen=True)
class Regex:
    """Value 1 where the pattern is found anywhere in the reply.

    The pattern is Python's (``(?i)`` at its start ignores case). A search that takes longer than
    a quarter of a second is stopped, and the reply is unscored.

    Args:
        pattern: the regular expression.
        good: which way values are better.
    """

    pattern: str
    good: Good = "high"

    kind: ClassVar[str] = "regex"
    code_version: ClassVar[str] = "1"

    def __post_init__(self) -> None:
        if not self.pattern:
            raise ValueError("pattern is empty, so every reply would match it")
        try:
            regex.compile(self.pattern)
        except (regex.error, OverflowError, RecursionError) as error:
            raise ValueError(f"pattern is not a regular expression: {error}") from error

    @property
    def bounds(self) -> tuple[float, float]:
        return (0.0, 1.0)

    async def score(self, transcript: Transcript) -> Score:
        if (missing := missing_reply(transcript)) is not None:
            return missing
        reply = transcript.reply
        if len(reply) > REGEX_CHARACTERS:
            why = f"The reply has {len(reply):,} characters; {REGEX_CHARACTERS:,} can be searched."
            return Score(unscored="scoring_failed", explanation=why)
        try:
            match = regex.compile(self.pattern).search(reply, timeout=REGEX_SECONDS)
        except TimeoutError:
            why = (
                f"The search for {shown(self.pattern)} took longer than {REGEX_SECONDS} s and was "
                "stopped. Simplify repetitions inside repetitions, such as (a+)+."
            )
            return Score(unscored="scoring_failed", explanation=why)
        if match is None:
            return _no_match(f"The reply has no match of {shown(self.pattern)}.")
        words = match.group()[:200]
        return _match(f"The reply matches {shown(self.pattern)}.", *([words] if words else []))


@dataclass(frozen=True)
class Numeric:
    """Value 1 where the last number of the reply is one of the sample's targets.

    How numbers are read is told in :mod:`assay.scorers.numbers`. A reply without a number is
    unscored (``invalid_response_format``).

    Args:
        tolerance: the greatest difference that still counts as equal; in the target's unit.
        good: which way values are better.
    """

    tolerance: float = 0.0
    good: Good = "high"

    kind: ClassVar[str] = "numeric"
    code_version: ClassVar[str] = "1"

    def __post_init__(self) -> None:
        if not 0 <= self.tolerance < float("inf"):
            raise ValueError("tolerance must be a number of 0 or more")

    @property
    def bounds(self) -> tuple[float, float]:
        return (0.0, 1.0)

    async def score(self, transcript: Transcript) -> Score:
        if (missing := missing_reply(transcript)) is not None:
            return missing
        if not transcript.target:
            return _no_target()
        targets = []
        for target in transcript.target:
            if (wanted := number_of(target)) is None:
                why = f"The target {shown(target)} is not a number."
                return Score(unscored="scoring_failed", explanation=why)
            targets.append(wanted)
        found = last_number(transcript.reply)
        if found is None:
            why = "The reply holds no number."
            return Score(unscored="invalid_response_format", explanation=why)
        for wanted in targets:
            if any(_near(a, b, self.tolerance) for a, b in readings(found, wanted)):
                return _match(f"The last number, {found.text}, is {wanted.text}.", found.text)
        listed = ", ".join(wanted.text for wanted in targets[:5])
        return _no_match(f"The last number, {found.text}, is not {listed}.", found.text)


def composed(text: str) -> str:
    """The text in Unicode's composed form (NFC).

    Text with a run of more than 60 combining marks is returned as it is: no language has such,
    and composing it takes time that grows with the square of the run.
    """
    if text.isascii() or _MARKS.search(text):
        return text
    return unicodedata.normalize("NFC", text)


_MARKS = regex.compile(r"\p{M}{60}")


class _Text:
    """A reply in which words are looked for, and found again as they were written."""

    def __init__(self, text: str, ignore_case: bool) -> None:
        self.text = text
        self.ignore_case = ignore_case
        self.folded = text.casefold() if ignore_case else text

    def find(self, wanted: str) -> str | None:
        """The words as the reply has them, or None."""
        wanted = wanted.casefold() if self.ignore_case else wanted
        start = self.folded.find(wanted)
        if start < 0:
            return None
        end = start + len(wanted)
        if len(self.folded) != len(self.text):  # some letters fold to two; count them
            start, end = self._unfolded(start), self._unfolded(end - 1) + 1
        return self.text[start:end]

    def _unfolded(self, position: int) -> int:
        length = 0
        for index, letter in enumerate(self.text):
            length += len(letter.casefold())
            if length > position:
                return index
        return len(self.text)


def _near(a: Decimal, b: Decimal, tolerance: float) -> bool:
    return abs(a - b) <= Decimal(repr(tolerance))


def _match(why: str, *cited: str) -> Score:
    return Score(value=1.0, explanation=why, citations=tuple(words[:200] for words in cited))


def _no_match(why: str, *cited: str) -> Score:
    return Score(value=0.0, explanation=why, citations=cited)


def _no_target() -> Score:
    return Score(unscored="scoring_failed", explanation="The sample has no target to compare with.")
