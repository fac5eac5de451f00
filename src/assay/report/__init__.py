"""The report: one self-contained HTML file that hides nothing and harms nobody who opens it."""

from assay.report.html import write_report
from assay.report.model import RunView
from assay.report.text import figure_text

__all__ = ["RunView", "figure_text", "write_report"]
