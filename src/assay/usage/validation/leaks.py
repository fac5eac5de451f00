"""Counts the planted secrets that a map tells."""

from __future__ import annotations

import math

from assay.records import LeakCheck, SettingResult
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
                promised=settings.principals_needed >= PROMISED.get(kind, math.inf),
            )
        )
    return tuple(found)


def broken(result: SettingResult) -> list[str]:
    """The promises of a setting that a planted secret broke, in words."""
    return [
        f"{result.embedder}, {result.setting}: {each.attempt}, told {each.told} times of "
        f"{each.measured.n}"
        for each in result.leaks
        if each.promised and each.told
    ]
