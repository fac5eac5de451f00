"""A comparison as one HTML file: what differs, the differences, the samples that flipped."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from assay.records import Comparison, RunRecord
from assay.report import plots
from assay.report.comparison.rows import Row, about_uncompared, view_of
from assay.report.page import embedded, render_page
from assay.report.samples import Samples

NAMES = ("Candidate", "Baseline")


def render_comparison(
    found: Comparison, baseline: RunRecord, candidate: RunRecord, samples: Samples
) -> Iterator[str]:
    """The page, in pieces.

    Args:
        samples: flips with both transcripts, the candidate's first.
    """
    view = view_of(found, baseline, candidate)
    return render_page(
        "comparison.html.j2",
        ("launch.css",),
        title=f"{found.candidate.model} against {found.baseline.model}",
        view=view,
        found=found,
        paired=True,
        flips=sum(each.raised + each.lowered for each in found.overall),
        samples=samples,
        sample_data=embedded(samples, NAMES, (found.candidate.model, found.baseline.model)),
        difference_plot=_plot,
        difference_axis=plots.difference_axis,
        span_of=span_of,
        about_uncompared=about_uncompared,
    )


def span_of(rows: Sequence[Row]) -> float:
    """The greatest end of any interval, on the scale that the rows share; 0 where they do not."""
    if len({row.scale for row in rows}) != 1:
        return 0.0
    return _span(rows)


def _plot(name: str, row: Row, rows: Sequence[Row]) -> Markup:
    span = _span([each for each in rows if each.scale == row.scale])
    about = ", ".join(filter(None, (row.eval, row.scorer, row.name, row.requests)))
    return plots.difference_plot(name, about, row.change, row.scale, span)


def _span(rows: Sequence[Row]) -> float:
    most = max((row.scale.high - row.scale.low for row in rows), default=1.0)
    ends = [
        abs(end)
        for row in rows
        for end in (row.difference.value, row.difference.low, row.difference.high)
        if end is not None
    ]
    return min(max(ends, default=most), most) or most
