"""When looks are due: a fixed grid of UTC, so that time zones and daylight saving mean nothing."""

from __future__ import annotations

import datetime
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Due:
    """What is to be done now: a look that was due at ``look``, after ``missed`` earlier ones.

    Times are seconds of UTC since 1970. ``first_missed`` and ``last_missed`` are the due times of
    the looks that did not happen; None where none was missed.
    """

    look: int
    first_missed: int | None = None
    last_missed: int | None = None
    missed: int = 0


def due(now: float, every: int, last: int | None) -> Due | None:
    """The look to do now, or None where none is due.

    Due times are the whole multiples of ``every``; the latest one that has passed counts. So a
    machine that slept for days does one look, and the others are told as missed. Where the clock
    went back, nothing is due until it has caught up: no look is done twice.

    Args:
        now: seconds of UTC.
        every: seconds between looks.
        last: the due time of the last look that was done or missed; None at the beginning.
    """
    slot = int(now // every) * every
    if last is None:
        return Due(slot)
    if slot <= last:
        return None
    following = int(last // every) * every + every
    if following >= slot:
        return Due(slot)
    return Due(slot, following, slot - every, (slot - following) // every)


def next_due(now: float, every: int, last: int | None) -> int:
    """When the next look is due, in seconds of UTC."""
    slot = int(now // every) * every
    if last is None:
        return slot
    return max(slot, int(last // every) * every + every)


def written(seconds: float) -> str:
    """A time as every record writes it."""
    return datetime.datetime.fromtimestamp(int(seconds), datetime.UTC).isoformat()
