"""What `assay.api` gives of pages on usage."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from assay.report.page import write_page
from assay.report.usage.explorer import render_explorer
from assay.report.usage.policy import render_policy
from assay.store.looks import record_look
from assay.store.workspace import Workspace
from assay.usage.explore.gather import gather
from assay.usage.explore.view import UsageView
from assay.usage.folder import existing_import
from assay.usage.mapping.folder import MapFolder


def explore_usage(
    name: str | None = None,
    *,
    out: str | Path | None = None,
    why: str = "",
    workspace: str | Path = ".",
) -> Path:
    """Write the explorer of a map: one HTML file that works without any network.

    Of a map of the insight profile it holds aggregates alone. Of one of the safety profile it holds
    some conversations of each group, redacted; the look is written down first.

    Args:
        name: the import's name; the only one, where it is None.
        out: the file to write; ``explorer.html`` beside the map where it is None.
        why: the reason of the look, which the safety profile needs.
    """
    return _written(name, "explorer", render_explorer, out, why, workspace)


def report_usage(
    name: str | None = None,
    *,
    out: str | Path | None = None,
    why: str = "",
    workspace: str | Path = ".",
) -> Path:
    """Write a map's report for policy readers: one HTML file, of aggregates alone.

    Args:
        name: the import's name; the only one, where it is None.
        out: the file to write; ``report.html`` beside the map where it is None.
        why: the reason of the look, which the safety profile needs.
    """
    return _written(name, "report", render_policy, out, why, workspace)


def _written(
    name: str | None,
    what: str,
    render: Callable[[UsageView], Iterable[str]],
    out: str | Path | None,
    why: str,
    workspace: str | Path,
) -> Path:
    """Write a page of a map: beside it, where nobody says where."""
    place = Workspace.find(Path(workspace))
    folder = existing_import(place, name)
    drawn = MapFolder(folder.path)
    profile = drawn.read().profile
    if profile == "safety":
        record_look(place.root, f"{what} of the map", folder.name, why, profile)
    path = Path(out) if out else drawn.path / f"{what}.html"
    write_page(path, render(gather(place.root, folder, examples=what == "explorer")))
    return path
