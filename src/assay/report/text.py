"""How a report says things: figures in words, and foreign text made safe to look at."""

from __future__ import annotations

import re
from dataclasses import dataclass

from assay.records import Estimate

DASH = "\N{EN DASH}"
MINUS = "\N{MINUS SIGN}"

REASONS = {
    "invalid_response_format": "answer not in the expected form",
    "refusal": "judge refused to score",
    "no_response": "judge gave no answer",
    "grader_failed": "judge failed",
    "scoring_failed": "scorer failed",
    "model_error": "model gave no reply",
    "not_run": "never asked",
}
"""The reasons for a missing score, as a reader who is no programmer would say them."""


@dataclass(frozen=True)
class Scale:
    """The values a scorer can give: ``low`` to ``high``, shown as a percentage if that is 0 to 1.

    ``known`` is False where the scorer declares no bounds and the ends were taken from the figures.
    """

    low: float
    high: float
    known: bool = True

    @property
    def percent(self) -> bool:
        return self.known and (self.low, self.high) == (0.0, 1.0)

    @property
    def bounds(self) -> tuple[float, float] | None:
        return (self.low, self.high) if self.known else None

    @property
    def unit(self) -> str:
        return "%" if self.percent else ""

    def number(self, value: float) -> str:
        """The bare number, without unit: ``84.0``. Never rounds a rare event away to 0 or 100."""
        if not self.percent:
            return f"{value:,.{_places(self.high - self.low or abs(value))}f}"
        places = 1
        while places < 5 and 0 < value < 1 and float(f"{100 * value:.{places}f}") in (0.0, 100.0):
            places += 1
        return f"{100 * value:.{places}f}"

    def say(self, value: float | None) -> str:
        """The value with its unit, or a dash where there is none."""
        return DASH if value is None else self.number(value) + self.unit

    def interval(self, low: float | None, high: float | None) -> str:
        """``[79.1, 88.0]``, in the scale's unit."""
        return DASH if low is None or high is None else f"[{self.number(low)}, {self.number(high)}]"

    def difference(self, value: float) -> str:
        """A difference of two values, with its sign: ``+3.2 points``, say."""
        sign = "+" if value > 0 else MINUS if value < 0 else "±"
        return sign + (
            f"{100 * abs(value):.1f} points" if self.percent else self.number(abs(value))
        )

    def position(self, value: float) -> float:
        """Where a value lies on the scale, from 0 to 1; what lies outside is put at the end."""
        span = self.high - self.low
        return min(1.0, max(0.0, (value - self.low) / span)) if span > 0 else 0.5


def _places(span: float) -> int:
    """Decimal places that tell apart about a thousandth of a scale."""
    return 2 if span <= 10 else 1 if span <= 100 else 0


def figure_text(estimate: Estimate, bounds: tuple[float, float] | None = (0.0, 1.0)) -> str:
    """One figure in one line, with all that it needs to be trusted.

    For instance ``84.0% [79.1, 88.0], Wilson, n = 200 of 204, 4 missing (model_error 3, refusal 1);
    worst case 82.4%``.
    """
    scale = Scale(*bounds) if bounds else Scale(0.0, 0.0, known=False)
    confidence = "" if estimate.confidence == 0.95 else f" ({estimate.confidence:.0%})"
    if estimate.value is None:
        parts = ["nothing scored"]
    else:
        interval = scale.interval(estimate.low, estimate.high)
        parts = [f"{scale.say(estimate.value)} {interval}{confidence}", estimate.method]
    parts.append(f"n = {estimate.n} of {estimate.planned}")
    if estimate.clusters != estimate.n:
        parts.append(f"{estimate.clusters} clusters")
    missing = sum(estimate.missing.values())
    if not missing:
        return ", ".join(parts)
    reasons = ", ".join(f"{reason} {count}" for reason, count in by_count(estimate.missing))
    parts.append(f"{missing} missing ({reasons})")
    worst = scale.say(estimate.worst) if estimate.worst is not None else "unknown"
    return ", ".join(parts) + f"; worst case {worst}"


def numbered(number: int, one: str, many: str = "") -> str:
    """A number with what it counts: 1 conversation, 2,000 conversations. ``many`` if irregular."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def by_count(missing: dict[str, int]) -> list[tuple[str, int]]:
    """The reasons that occur, most frequent first."""
    return sorted(((r, n) for r, n in missing.items() if n), key=lambda item: (-item[1], item[0]))


def missing_words(missing: dict[str, int]) -> str:
    """``model gave no reply (3), judge refused to score (1)``; the count goes if it is alone."""
    found = [(REASONS.get(reason, reason), count) for reason, count in by_count(missing)]
    if len(found) == 1:
        return found[0][0]
    return ", ".join(f"{words} ({count:,})" for words, count in found)


def missing_by_side(missing: dict[str, int]) -> str:
    """As :func:`missing_words`, where a reason may follow the name of a run: its side."""
    told = []
    for name, count in by_count(missing):
        side, _, reason = name.rpartition(" ")
        words = REASONS.get(reason, "")
        words = f"{side.removesuffix(':')}: {words}" if side and words else words or name
        told.append(words if len(missing) == 1 else f"{words} ({count:,})")
    return ", ".join(told)


def trust_words(estimate: Estimate, scale: Scale) -> tuple[str, ...]:
    """What vouches for a figure's scorer, a line each; nothing where nothing was scored."""
    if not estimate.n:
        return ()
    if estimate.standing == "uncertified":
        lines = ["uncertified scorer"]
    elif estimate.corrected is None:
        lines = [f"scorer {estimate.standing}; figure not corrected"]
    else:
        each = estimate.corrected
        told = f"{scale.say(each.value)} {scale.interval(each.low, each.high)}"
        lines = [f"scorer {estimate.standing}: {visible(each.basis)}; corrected {told}"]
    if estimate.audited is not None:
        each = estimate.audited
        told = f"{scale.say(each.value)} {scale.interval(each.low, each.high)}"
        lines.append(f"{visible(each.basis)}: {told}")
    return tuple(lines)


def seconds_words(estimate: Estimate, scale: Scale) -> tuple[str, ...]:
    """The figure freed of the scorer's error, and the one from people's labels, in few words."""
    found = (("corrected", estimate.corrected), ("by people's labels", estimate.audited))
    return tuple(
        f"{name} {scale.say(each.value)} {scale.interval(each.low, each.high)}"
        for name, each in found
        if each is not None
    )


def visible(text: str) -> str:
    """The text with every character that hides or reorders others shown as its code point.

    Control characters, direction overrides and isolates, zero-width spaces, invisible tags and lone
    surrogates become ``⟨U+202E⟩`` and the like. Line breaks and tabs stay; so do the joiners and
    direction marks that Persian, Hindi, Arabic and Hebrew need.
    """
    return _HIDDEN.sub(_shown, text.replace("\r\n", "\n"))


def _shown(match: re.Match[str]) -> str:
    return f"⟨U+{ord(match[0]):04X}⟩"


_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls, less tab and line feed
    "\u00ad\u180e\u200b\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
