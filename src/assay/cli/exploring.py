"""Commands for reading a map of usage: usage explore, usage report, usage draft-eval."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assay.cli.output import near, note
from assay.cli.running import Workspace
from assay.cli.usage import usage

Name = Annotated[str | None, typer.Argument(help="The import's name; the only one, if left out.")]
Why = Annotated[
    str, typer.Option(help="Why you look: the safety profile needs it, and writes it down.")
]


def register(app: typer.Typer) -> None:
    """Add this module's commands to those of usage."""
    usage.command("explore")(explore)
    usage.command("report")(report)


def explore(
    name: Name = None,
    out: Annotated[
        Path | None, typer.Option(help="The file to write; map/explorer.html, if left out.")
    ] = None,
    why: Why = "",
    workspace: Workspace = Path(),
) -> None:
    """Write a map as one page to explore: tree, map and table. It needs no network."""
    from assay import api

    print(near(str(api.explore_usage(name, out=out, why=why, workspace=workspace))))
    note("Open it in a browser; it loads nothing and sends nothing.")


def report(
    name: Name = None,
    out: Annotated[
        Path | None, typer.Option(help="The file to write; map/report.html, if left out.")
    ] = None,
    why: Why = "",
    workspace: Workspace = Path(),
) -> None:
    """Write a map's report for policy readers: shares, changes, and what is left out."""
    from assay import api

    print(near(str(api.report_usage(name, out=out, why=why, workspace=workspace))))
