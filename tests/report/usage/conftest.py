"""The browser, for the pages on usage."""

from tests.support.browser import browser  # noqa: F401
