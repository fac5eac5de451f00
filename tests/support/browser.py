"""A real browser for tests: Chromium without any network, whose complaints are collected.

In a test module::

    from tests.support.browser import browser, opened  # noqa: F401

    def test_page(browser, tmp_path):
        with opened(browser, tmp_path / "page.html", width=360) as view:
            view.page.get_by_role("button", name="More").click()
        assert view.complaints == []

The browser is closed at the end of each module, since Playwright's loop would disturb async tests.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@dataclass
class View:
    """A page, and what it complained of: console errors, exceptions, and requests off the disk."""

    page: Page
    complaints: list[str] = field(default_factory=list)


def leave_out(reason: str) -> NoReturn:
    """Skip the test for want of a package; where CI=true, which has them all, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium; without it the test is skipped, or fails where CI=true."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        leave_out("no Chromium on the PATH (Debian package: chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield chromium
        chromium.close()


@contextlib.contextmanager
def opened(
    browser: Browser, path: Path, *, width: int = 1280, height: int = 900, **options: Any
) -> Iterator[View]:
    """Open a file in a fresh context that has no network. ``options`` are Playwright's own."""
    context = browser.new_context(
        viewport={"width": width, "height": height}, reduced_motion="reduce", **options
    )
    context.set_default_timeout(10_000)
    view = View(context.new_page())

    def let_files_pass(route: Route) -> None:
        if route.request.url.startswith("file:"):
            route.continue_()
        else:
            view.complaints.append(f"asked for {route.request.url}")
            route.abort()

    context.route("**/*", let_files_pass)
    view.page.on(
        "console",
        lambda said: (
            view.complaints.append(said.text) if said.type in ("error", "warning") else None
        ),
    )
    view.page.on("pageerror", lambda error: view.complaints.append(str(error)))
    try:
        view.page.goto(path.absolute().as_uri())
        yield view
    finally:
        context.close()
