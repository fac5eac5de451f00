"""What holds for every test: where everything should be installed, nothing may be left out."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

REAL_DATA = "the real data is not there"
"""How the reason begins where real public data, which is never shipped, is missing."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[pytest.TestReport]:
    """In CI a test that is left out for want of a package has failed."""
    report: pytest.TestReport = yield  # type: ignore[misc]
    if report.skipped and os.environ.get("CI") == "true":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if REAL_DATA not in reason:
            report.outcome = "failed"
            report.longrepr = f"left out, where everything should be installed: {reason}"
    return report  # type: ignore[return-value]
