"""Kinds of conversation to filter by: periods, and the commonest languages, surfaces and models."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import numpy as np

from assay.usage.explore.columns import FIELDS, NO_DAY, UNKNOWN, Codes, Columns, counted
from assay.usage.explore.limits import Minima

PERIODS = 12
"""So many periods at most; the unit of time is the shortest that gives no more."""
ROOM = 1.5
"""So many times the least conversations that may be told should a usual group have in a period."""
VALUES = 8
"""So many values of a field stand by themselves; the rest are one."""
OTHER = "all others"
TIME = "time"
_LONGEST = 60
_OUTSIDE = "outside these periods"


@dataclass(frozen=True)
class Kind:
    """One way of cutting conversations.

    Attributes:
        name: time, language, surface or model.
        unit: day, week, month, quarter, year or half (of the time), for time.
        values: what the parts are called.
        of: the part of each conversation, by number.
        compared: parts that are like each other, of which any two may be compared.
    """

    name: str
    unit: str
    values: list[str]
    of: Codes
    compared: list[int]


def kinds_of(columns: Columns, minima: Minima, usual: int) -> list[Kind]:
    """Every kind that tells conversations apart: those of one value are left out.

    Args:
        usual: conversations of a usual group of the top level, whose changes periods should tell.
    """
    found = [_periods(columns.day, int(usual / (ROOM * minima.conversations)))]
    found += [_commonest(columns, field, minima) for field in FIELDS]
    return [each for each in found if len(each.values) > 1]


def _commonest(columns: Columns, field: str, minima: Minima) -> Kind:
    values, codes = columns.values[field], columns.codes[field]
    sizes = counted(values, codes)
    pairs = np.unique(codes.astype(np.int64) * len(columns) + columns.whose)
    people = np.bincount(pairs // max(len(columns), 1), minlength=len(values))
    ranked = sorted(range(len(values)), key=lambda n: (-sizes[values[n]], values[n]))
    own = [
        number
        for number in ranked
        if minima.enough(int(sizes[values[number]]), int(people[number]))
    ][:VALUES]
    names = [values[number][:_LONGEST] for number in own]
    to = np.full(len(values), len(own), dtype=np.int32)
    to[own] = np.arange(len(own))
    if len(own) < len(values):
        names.append(OTHER)
    compared = [n for n, name in enumerate(names) if name not in (OTHER, UNKNOWN)]
    return Kind(field, "", names, to[codes], compared)


def _periods(days: Codes, room: int) -> Kind:
    """Periods of the shortest unit that gives few enough; a few outlying dates do not stretch it.

    Clocks that are wrong put conversations years away: the unit is chosen by the middle 99.8%.

    Args:
        room: so many periods can be told of a usual group.
    """
    dated = days[days != NO_DAY]
    if not len(dated):
        return Kind(TIME, "", [UNKNOWN], np.zeros(len(days), dtype=np.int32), [])
    first, last = (int(each) for each in np.quantile(dated, [0.001, 0.999], method="nearest"))
    most = min(PERIODS, max(room, 2))
    unit = next((u for u, of in _UNITS.items() if of(last) - of(first) < most), "year")
    number_of, name_of = _UNITS[unit], _NAMES[unit]
    if number_of(first) == number_of(last) and first < last:
        unit, half = "half", (first + last) // 2
        number_of, name_of = (lambda day: int(day > half)), (lambda n: _half(half, n))
    end = number_of(last)
    start = max(number_of(first), end - PERIODS + 1)
    distinct, back = np.unique(days, return_inverse=True)
    numbers = [-1 if day == NO_DAY else number_of(int(day)) - start for day in distinct.tolist()]
    size = end - start + 1
    part = np.array([n if 0 <= n < size else size for n in numbers], dtype=np.int32)[back]
    names = [name_of(start + n) for n in range(size)]
    if (part == size).any():
        names.append(_OUTSIDE)
    return Kind(TIME, unit, names, part, list(range(size)))


def _half(middle: int, number: int) -> str:
    day = date.fromordinal(middle + number).isoformat()
    return f"from {day}" if number else f"until {day}"


def _month(day: int) -> int:
    told = date.fromordinal(day)
    return told.year * 12 + told.month - 1


_UNITS: dict[str, Callable[[int], int]] = {
    "day": lambda day: day,
    "week": lambda day: (day - 1) // 7,
    "month": _month,
    "quarter": lambda day: _month(day) // 3,
    "year": lambda day: _month(day) // 12,
}
_NAMES: dict[str, Callable[[int], str]] = {
    "day": lambda n: date.fromordinal(n).isoformat(),
    "week": lambda n: f"week of {date.fromordinal(n * 7 + 1).isoformat()}",
    "month": lambda n: f"{n // 12:04d}-{n % 12 + 1:02d}",
    "quarter": lambda n: f"{n // 4:04d} Q{n % 4 + 1}",
    "year": lambda n: f"{n:04d}",
}
