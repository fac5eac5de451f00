"""Assay: a workbench for AI safety evaluation and safeguards.

``import assay`` gives the verbs of :mod:`assay.api`, which is imported when one is first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from assay.version import __version__

__all__ = ["__version__"]


def __getattr__(name: str) -> Any:
    if not name.startswith("_"):
        api = import_module("assay.api")
        if name in api.__all__:
            return getattr(api, name)
    raise AttributeError(f"module 'assay' has no attribute {name!r}")
