"""Moments of many shapes as ISO 8601, UTC; those that cannot be right are told apart."""

from __future__ import annotations

import datetime
import email.utils
import math
import re
from typing import Any

EARLIEST = datetime.datetime(2010, 1, 1, tzinfo=datetime.UTC)
"""No conversation with a language model is older."""

SKEW = datetime.timedelta(days=1)
"""How far ahead of ours another clock may be."""

_UNITS = ((1e11, 1), (1e14, 1_000), (1e17, 1_000_000), (1e20, 1_000_000_000))
_NUMBER = re.compile(r"[+-]?\d{9,20}(\.\d{1,12})?|[+-]?\d{1,8}(\.\d{1,12})?")
_FRACTION = re.compile(r"([.,]\d{1,12})")
_LAYOUTS = (
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d",
    "%d %b %Y %H:%M:%S",
    "%b %d, %Y %H:%M:%S",
    "%d/%b/%Y:%H:%M:%S %z",
    "%a %b %d %H:%M:%S %Y",
)
_WRAPPED = ("$date", "seconds", "__time__", "iso")


def utc(value: Any, today: datetime.datetime) -> tuple[str | None, str | None]:
    """A moment as ISO 8601 in UTC, and what is amiss with it.

    Numbers are seconds, milliseconds, microseconds or nanoseconds since 1970, by their size. A
    moment without a zone is taken for UTC. One before 2010 or ahead of ``today`` is not kept.

    Returns:
        The moment or None, and None or one of ``date_missing``, ``date_unreadable``,
        ``date_too_early``, ``date_in_future``, ``date_without_zone``.
    """
    if isinstance(value, dict):
        value = next((value[name] for name in _WRAPPED if name in value), "?")
    if value is None or value == "":
        return None, "date_missing"
    moment = _moment(value)
    if moment is None:
        return None, "date_unreadable"
    flag = None
    if moment.tzinfo is None:
        moment, flag = moment.replace(tzinfo=datetime.UTC), "date_without_zone"
    try:
        moment = moment.astimezone(datetime.UTC)
    except OverflowError:
        return None, "date_unreadable"
    if moment < EARLIEST:
        return None, "date_too_early"
    if moment > today + SKEW:
        return None, "date_in_future"
    return moment.isoformat(), flag


def _moment(value: Any) -> datetime.datetime | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _since_1970(value)
    if not isinstance(value, str) or len(value) > 64:
        return None
    text = value.strip()
    if _NUMBER.fullmatch(text):
        return _since_1970(float(text) if "." in text else int(text))
    return _iso(text) or _rfc(text) or _laid_out(text)


def _since_1970(number: float) -> datetime.datetime | None:
    if isinstance(number, float) and not math.isfinite(number):
        return None
    for most, per_second in _UNITS:
        if abs(number) < most:
            whole, rest = divmod(number, per_second)
            micro = round(rest / per_second * 1_000_000)
            try:
                return datetime.datetime.fromtimestamp(0, datetime.UTC) + datetime.timedelta(
                    seconds=whole, microseconds=micro
                )
            except OverflowError:
                return None
    return None


def _iso(text: str) -> datetime.datetime | None:
    text = text.removesuffix(" UTC").removesuffix(" GMT") + ("Z" if text[-3:] in _ZONES else "")
    fraction = _FRACTION.search(text)
    if fraction and len(fraction[1]) > 7:  # datetime keeps microseconds
        text = text.replace(fraction[1], fraction[1][:7])
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError:
        return None


_ZONES = ("UTC", "GMT")


def _rfc(text: str) -> datetime.datetime | None:
    try:
        return email.utils.parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _laid_out(text: str) -> datetime.datetime | None:
    for layout in _LAYOUTS:
        try:
            return datetime.datetime.strptime(text, layout)
        except ValueError:
            continue
    return None
