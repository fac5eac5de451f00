"""The launch report as one HTML file: the decision first, then the evidence, chapter by chapter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from markupsafe import Markup

from assay.records import Measured
from assay.report import plots
from assay.report.launch.chapters import chapters
from assay.report.launch.decision import decision
from assay.report.launch.effects import effects
from assay.report.launch.limits import limits
from assay.report.launch.methods import methods
from assay.report.launch.tables import Row
from assay.report.launch.view import LaunchView, Source, Subject
from assay.report.page import embedded, render_page

SHAPES: tuple[plots.Shape, ...] = ("disc", "diamond", "square", "ring")

MOST_LANES = len(SHAPES)
"""So many subjects are drawn in one plot, the candidate first; all stand in words."""


def render_launch(view: LaunchView) -> Iterator[str]:
    """The page, in pieces."""
    told = chapters(view)
    shapes = shapes_of(view.subjects)
    names = ["Candidate"] + ([f"Baseline {view.beside}"] if view.beside else [])
    return render_page(
        "launch.html.j2",
        ("launch.css",),
        title=f"Launch {view.check.launch}: {view.check.verdict}",
        decision=decision(view.check, view.sources, view.findings),
        subjects=view.subjects,
        models_of=_models(view.subjects, view.sources),
        shapes=shapes,
        key=[(shapes[subject], subject.title) for subject in view.subjects[:MOST_LANES]],
        paired=len(view.subjects) > 1,
        chapters=told,
        findings=view.findings,
        effects=effects(view.findings, view.sources),
        changes=view.changes,
        compared=view.compared,
        standings=view.standings,
        methods=methods(view),
        limits=limits(view, told),
        samples=view.samples,
        beside=view.beside,
        sample_data=embedded(view.samples, names, _sides(view)),
        row_plot=row_plot,
        measured=measured,
    )


def shapes_of(subjects: Sequence[Subject]) -> dict[Subject, plots.Shape]:
    """The marker of each subject; the candidate's is its own."""
    return {
        subject: SHAPES[0] if not number else SHAPES[1 + (number - 1) % (len(SHAPES) - 1)]
        for number, subject in enumerate(subjects)
    }


def row_plot(name: str, row: Row, shapes: Mapping[Subject, plots.Shape]) -> Markup:
    """A lane for the candidate and for each of the first subjects beside it."""
    lanes = [plots.Lane("Candidate", "disc", row.candidate.estimate if row.candidate else None)]
    lanes += [
        plots.Lane(each.subject.title, shapes[each.subject], each.figure.estimate)
        for each in row.others[: MOST_LANES - 1]
        if each.figure is not None
    ]
    about = ", ".join(filter(None, (row.eval, row.scorer, row.name, row.requests, row.direction)))
    return plots.interval_plot(name, about, lanes, row.scale)


def measured(share: Measured | None) -> str:
    """A certificate's share in words, with its interval and n."""
    if share is None:
        return "not known"
    ends = ["?" if end is None else f"{end:.3f}" for end in (share.low, share.high)]
    clusters = f", {share.clusters:,} clusters" if share.clusters != share.n else ""
    return f"{share.value:.3f} [{', '.join(ends)}], {share.method}, n = {share.n:,}{clusters}"


def _models(
    subjects: Sequence[Subject], sources: Sequence[Source]
) -> dict[Subject, dict[str, list[str]]]:
    """Each subject's models, with the runs that count."""
    found: dict[Subject, dict[str, list[str]]] = {subject: {} for subject in subjects}
    for each in sources:
        runs = found[each.subject].setdefault(each.run.model, [])
        if each.run.id not in runs:
            runs.append(each.run.id)
    return found


def _sides(view: LaunchView) -> list[str]:
    """The models whose replies stand among the samples: the candidate's, and beside it."""
    models = [view.check.candidate]
    if view.beside is not None:
        own = [each for each in view.sources if each.subject.name == view.beside]
        models.append(next((e.run.model for e in own if e.subject.role == "baseline"), ""))
    return models
