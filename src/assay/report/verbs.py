"""What `assay.api` gives of reports that more than one run makes: of a launch."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from assay.launch import load_launch
from assay.launch.check import gather_and_decide
from assay.launch.definition import FOLDER
from assay.launch.signing import with_signatures
from assay.report.launch.gather import gather
from assay.report.launch.html import render_launch
from assay.report.launch.markdown import launch_markdown
from assay.report.page import write_page
from assay.store.workspace import Workspace

Format = Literal["html", "md"]


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
    view = gather(place, definition, check)
    path = Path(out) if out else place.root / FOLDER / f"{definition.name}.{format}"
    parts = render_launch(view) if format == "html" else launch_markdown(view)
    write_page(path, parts)
    return path
