"""The time as every record writes it."""

from __future__ import annotations

import datetime
import re
import time

from assay.records import now


def test_the_time_is_this_second_in_utc() -> None:
    before = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    told = now()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", told)
    assert before <= datetime.datetime.fromisoformat(told) <= datetime.datetime.now(datetime.UTC)


def test_the_time_goes_on() -> None:
    first = now()
    while int(time.time()) == int(datetime.datetime.fromisoformat(first).timestamp()):
        time.sleep(0.05)
    assert now() > first
