"""Counts the planted secrets that a map tells."""

from __future__ import annotations

from assay.records import LeakCheck
from assay.runs.scorer_error import measured
from assay.stats import rate, zero_failures_bound
from assay.usage.mapping.settings import MapSettings
from assay.usage.validation.planted import PROMISED, Planted


def leaks_in(told: str, planted: Planted, settings: MapSettings) -> tuple[LeakCheck, ...]:
    """What came of each kind of attempt.

    Args:
        told: all that the map says, in small letters.
    """
    found = []
    for kind, attempts in planted.attempts.items():
        number = sum(any(word in told for word in words) for words in attempts)
        found.append(
            LeakCheck(
                attempt=kind,
                told=number,
                measured=measured(rate(number, len(attempts))),
                at_most=None if number else zero_failures_bound(len(attempts)),
                promised=settings.principals_needed > 1 and kind in PROMISED,
            )
        )
    return tuple(found)


def broken(leaks: tuple[LeakCheck, ...]) -> list[LeakCheck]:
    """Those that the setting promises not to happen, and that happened."""
    return [each for each in leaks if each.promised and each.told]
