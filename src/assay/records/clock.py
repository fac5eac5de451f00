"""The time as every record writes it."""

from __future__ import annotations

import datetime
import time
from functools import lru_cache


def now() -> str:
    """This second, ISO 8601, UTC: ``2026-01-31T12:00:00+00:00``."""
    return _written(int(time.time()))


@lru_cache(maxsize=1)  # a run asks thousands of times a second
def _written(second: int) -> str:
    return datetime.datetime.fromtimestamp(second, datetime.UTC).isoformat()
