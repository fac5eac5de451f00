"""What `assay.api` gives of pages: a run's report."""

from __future__ import annotations

from pathlib import Path

from assay.report.html import write_report
from assay.report.model import RunView
from assay.runs import cut_off, figures
from assay.runs.verbs import with_tables
from assay.store.scored import scored_transcripts
from assay.store.workspace import RunFolder, Workspace


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
    other = _view(with_tables(place.run(baseline))) if baseline else None
    write_report(path, _view(folder), other)
    return path


def _view(folder: RunFolder) -> RunView:
    return RunView(
        record=folder.read(),
        estimates=figures(folder),
        transcripts=scored_transcripts(folder),
        cut_off=cut_off(folder),
    )
