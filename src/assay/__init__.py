"""Assay: a workbench for AI safety evaluation and safeguards."""

__version__ = "0.1.0"
