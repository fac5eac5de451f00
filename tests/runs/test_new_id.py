"""The names of runs."""

from __future__ import annotations

import re
import time

from assay.runs.run import new_id


def test_a_later_run_sorts_later_within_a_second() -> None:
    ids = []
    for _ in range(50):
        ids.append(new_id())
        time.sleep(0.0005)
    assert ids == sorted(ids)
    assert all(re.fullmatch(r"\d{8}-\d{6}-[0-9a-f]{6}", each) for each in ids)
