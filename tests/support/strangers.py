"""A package of somebody else, installed beside ours for one test."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def installed(folder: Path, module: str, code: str, entry_points: str) -> Iterator[None]:
    """Puts the module and its entry points on the path, and forgets both afterwards.

    An imported module outlives the path that it came from: left behind, it would stand in
    for the next test's module of the same name.
    """
    (folder / f"{module}.py").write_text(code)
    info = folder / f"{module}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(entry_points)
    assert module not in sys.modules, f"{module} was imported before it was installed"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        try:
            yield
        finally:
            sys.modules.pop(module, None)
