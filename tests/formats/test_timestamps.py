"""Moments of many shapes are one moment; those that cannot be right are told apart."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.formats.timestamps import utc

TODAY = datetime.datetime(2026, 6, 1, tzinfo=datetime.UTC)
MOMENT = "2026-03-01T10:00:00+00:00"
EPOCH = 1_772_359_200


@pytest.mark.parametrize(
    "value",
    [
        EPOCH,
        float(EPOCH),
        str(EPOCH),
        f"{EPOCH}.0",
        EPOCH * 1_000,
        EPOCH * 1_000_000,
        EPOCH * 1_000_000_000,
        str(EPOCH * 1_000_000_000),
        "2026-03-01T10:00:00Z",
        "2026-03-01T11:00:00+01:00",
        "2026-03-01 10:00:00+00:00",
        "2026-03-01 10:00:00 UTC",
        "2026-03-01T10:00:00.000000000Z",
        "Sun, 01 Mar 2026 10:00:00 GMT",
        "01/Mar/2026:10:00:00 +0000",
        {"$date": "2026-03-01T10:00:00Z"},
    ],
)
def test_many_shapes_of_one_moment(value: Any) -> None:
    assert utc(value, TODAY) == (MOMENT, None)


@pytest.mark.parametrize(
    "value",
    ["2026-03-01 10:00:00", "2026/03/01 10:00:00", "2026-03-01T10:00:00", "1 Mar 2026 10:00"],
)
def test_without_a_zone(value: str) -> None:
    found, flag = utc(value, TODAY)
    assert (found, flag) in [(MOMENT, "date_without_zone"), (None, "date_unreadable")]


@pytest.mark.parametrize(
    ("value", "flag"),
    [
        (None, "date_missing"),
        ("", "date_missing"),
        (0, "date_too_early"),
        ("1970-01-01T00:00:00Z", "date_too_early"),
        (1_000_000, "date_too_early"),
        ("2026-06-03T00:00:00Z", "date_in_future"),
        ("9999-12-31T23:59:59-12:00", "date_unreadable"),
        (EPOCH * 1_000 * 1_000 * 1_000 * 1_000, "date_unreadable"),
        (float("nan"), "date_unreadable"),
        (True, "date_unreadable"),
        ([], "date_unreadable"),
        ({}, "date_unreadable"),
        ("soon", "date_unreadable"),
        ("x" * 1000, "date_unreadable"),
    ],
)
def test_what_cannot_be_right_is_not_kept(value: Any, flag: str) -> None:
    assert utc(value, TODAY) == (None, flag)


def test_a_clock_may_be_a_little_ahead() -> None:
    assert utc("2026-06-01T12:00:00Z", TODAY)[1] is None


@given(st.none() | st.integers() | st.floats() | st.text() | st.booleans())
def test_any_value_gives_a_moment_or_a_flag(value: Any) -> None:
    found, flag = utc(value, TODAY)
    assert found is not None or flag is not None


@given(st.datetimes(datetime.datetime(2011, 1, 1), datetime.datetime(2026, 1, 1)))
def test_the_moment_is_kept(moment: datetime.datetime) -> None:
    moment = moment.replace(tzinfo=datetime.UTC)
    assert utc(moment.isoformat(), TODAY) == (moment.isoformat(), None)
    whole = moment.replace(microsecond=0)
    for unit in (1, 1_000, 1_000_000, 1_000_000_000):
        assert utc(int(whole.timestamp()) * unit, TODAY) == (whole.isoformat(), None)
