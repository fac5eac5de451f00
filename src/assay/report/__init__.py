"""Reports: self-contained pages that hide nothing and harm nobody who opens them."""

from assay.report.html import write_report
from assay.report.model import RunView
from assay.report.text import figure_text
from assay.report.verbs import make_report, report_comparison, report_launch

__all__ = [
    "RunView",
    "figure_text",
    "make_report",
    "report_comparison",
    "report_launch",
    "write_report",
]
