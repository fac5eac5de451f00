"""The run's report: one HTML file that shows a run, or a candidate's run beside a baseline's."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup

from assay.report import plots
from assay.report.findings import findings
from assay.report.model import Row, RunView, Tables, Twin
from assay.report.page import embedded, render_page, write_page
from assay.report.provenance import (
    command,
    eval_sheets,
    run_facts,
    samples_words,
    status_words,
)
from assay.report.samples import MAX_TRANSCRIPTS, choose
from assay.report.text import REASONS

NAMES = ("Candidate", "Baseline")


def write_report(
    path: Path, candidate: RunView, baseline: RunView | None = None, *, title: str | None = None
) -> None:
    """Write one HTML file that shows a run, or a candidate's run beside its baseline's.

    The file needs no network and no other file. It is complete or absent: it takes its name only
    when it is whole. The same runs give the same bytes. On paper it leaves the samples out, since
    what may upset a reader cannot be blurred there.

    Raises:
        StoreError: the file cannot be written.
    """
    write_page(path, render(candidate, baseline, title=title))


def render(
    candidate: RunView, baseline: RunView | None = None, *, title: str | None = None
) -> Iterator[str]:
    """The page, in pieces."""
    tables = Tables(candidate, baseline)
    overall = tables.overall()
    views = [view for view in (candidate, baseline) if view]
    samples = choose(candidate, baseline)
    models = [view.record.model for view in views]
    return render_page(
        "report.html.j2",
        title=title or _title(views),
        runs=list(zip(NAMES, views, strict=False)),
        paired=baseline is not None,
        confidences=sorted({f"{e.confidence:.0%}" for view in views for e in view.estimates}),
        findings=findings(candidate, baseline, overall),
        overall=overall,
        twins=tables.twins(),
        sections=tables.sections(),
        samples=samples,
        max_transcripts=MAX_TRANSCRIPTS,
        sample_data=embedded(samples, NAMES if baseline else (), models),
        reasons=REASONS,
        commands=_commands(views),
        samples_words=samples_words,
        eval_sheets=eval_sheets,
        run_facts=run_facts,
        status_words=status_words,
        row_plot=row_plot,
        twin_plot=twin_plot,
    )


def row_plot(name: str, row: Row, paired: bool) -> Markup:
    """The plot in a row of figures: a lane for each run."""
    lanes = [plots.Lane("Candidate", "disc", row.candidate.estimate if row.candidate else None)]
    if paired:
        theirs = row.baseline.estimate if row.baseline else None
        lanes.append(plots.Lane("Baseline", "diamond", theirs))
    about = ", ".join(filter(None, (row.eval, row.scorer, row.name, row.requests, row.direction)))
    return plots.interval_plot(name, about, lanes, row.scale)


def twin_plot(name: str, twin: Twin) -> Markup:
    """The plot in a row of twins: a lane for each polarity."""
    sides = (("Violative", "square", twin.violative), ("Benign", "ring", twin.benign))
    lanes = [plots.Lane(n, shape, f.estimate if f else None) for n, shape, f in sides]  # type: ignore[arg-type]
    about = f"{twin.eval}, {twin.scorer}, {twin.run} {twin.model}"
    return plots.interval_plot(name, about, lanes, twin.scale)


def _title(views: list[RunView]) -> str:
    return " against ".join(view.record.model for view in views)


def _commands(views: list[RunView]) -> list[str]:
    """The command that makes each run again."""
    records = [view.record for view in views]
    return [command(record, records[1] if len(records) > 1 else None) for record in records]
