"""What `assay.api` gives of reports: of a run, of a launch, of a comparison."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from assay.launch import load_launch
from assay.launch.check import gather_and_decide
from assay.launch.definition import FOLDER
from assay.launch.ledger import findings_of
from assay.launch.signing import with_signatures
from assay.records import Comparison
from assay.report.comparison.flips import OF_EACH, flipped
from assay.report.comparison.html import render_comparison
from assay.report.html import write_report
from assay.report.launch.gather import gather
from assay.report.launch.html import render_launch
from assay.report.launch.markdown import launch_markdown
from assay.report.model import RunView
from assay.report.page import write_page
from assay.runs import compare, cut_off, figures
from assay.store.scored import scored_transcripts
from assay.store.workspace import RunFolder, Workspace, with_tables

Format = Literal["html", "md"]


def make_report(
    name: str = "latest",
    *,
    baseline: str | None = None,
    out: str | Path | None = None,
    workspace: str | Path = ".",
) -> Path:
    """Write a run's report: one HTML file that works without any network.

    Args:
        name: the run's id, the beginning of it, or ``latest``.
        baseline: the run to compare with; where it is None, the one that the run was made with.
        out: the file to write; ``report.html`` in the run's folder where it is None.
    """
    place = Workspace.find(Path(workspace))
    folder = with_tables(place.run(name))
    baseline = baseline or folder.read().baseline
    path = Path(out) if out else folder.path / "report.html"
    if not baseline:
        write_report(path, _view(folder), None)
        return path
    other = with_tables(place.run(baseline))
    found = compare(other, folder)
    view = replace(_view(folder), differences=(*found.overall, *found.slices))
    write_report(path, view, _view(other))
    return path


def report_launch(
    name: str,
    *,
    out: str | Path | None = None,
    format: Format = "html",
    workspace: str | Path = ".",
) -> Path:
    """Check a launch and write its report: the decision, then the evidence, chapter by chapter.

    Args:
        name: the launch's name, or the path of its file.
        out: the file to write; ``launches/<name>.html`` or ``.md`` where it is None.
        format: ``html``: one file that works without any network; ``md``: Markdown.
    """
    place = Workspace.find(Path(workspace))
    definition = load_launch(name, place.root)
    check = with_signatures(place, gather_and_decide(place, definition))
    view = gather(place, definition, check, findings_of(place, definition.name))
    path = Path(out) if out else place.root / FOLDER / f"{definition.name}.{format}"
    write_page(path, render_launch(view) if format == "html" else launch_markdown(view))
    return path


def report_comparison(
    baseline: str,
    candidate: str,
    *,
    out: str | Path,
    bridge: str | None = None,
    workspace: str | Path = ".",
) -> Comparison:
    """Compare two runs and write the comparison as one HTML file, with the samples that flipped.

    Args:
        baseline: a run's id, the beginning of it, or ``latest``.
        candidate: the run whose figures the baseline's are taken from.
        out: the file to write.
        bridge: a run of the baseline's model on the candidate's evals, where evals changed.

    Returns:
        The comparison; it lists the flips that were looked at, not all.
    """
    place = Workspace.find(Path(workspace))
    old, new = (with_tables(place.run(name)) for name in (baseline, candidate))
    between = with_tables(place.run(bridge)) if bridge else None
    found = compare(old, new, bridge=between, flips=True, most_flips=OF_EACH)
    samples = flipped(found.flips, old, new)
    write_page(Path(out), render_comparison(found, old.read(), new.read(), samples))
    return found


def _view(folder: RunFolder) -> RunView:
    return RunView(
        record=folder.read(),
        estimates=figures(folder),
        transcripts=scored_transcripts(folder),
        cut_off=cut_off(folder),
    )
