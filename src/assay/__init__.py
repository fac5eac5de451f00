"""Assay: a workbench for AI safety evaluation and safeguards."""

from assay.version import __version__

__all__ = ["__version__"]
