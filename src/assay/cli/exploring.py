"""Commands for reading a map of usage: usage explore, usage report, usage draft-eval."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assay.cli.output import near, note, print_json
from assay.cli.progress import shown
from assay.cli.running import AsJson, Dollars, Tokens, Workspace
from assay.cli.usage import usage

Name = Annotated[str | None, typer.Argument(help="The import's name; the only one, if left out.")]
Why = Annotated[
    str, typer.Option(help="Why you look: the safety profile needs it, and writes it down.")
]


def register(app: typer.Typer) -> None:
    """Add this module's commands to those of usage."""
    usage.command("explore")(explore)
    usage.command("report")(report)
    usage.command("draft-eval")(draft_eval)


def explore(
    name: Name = None,
    out: Annotated[
        Path | None, typer.Option(help="The file to write; map/explorer.html, if left out.")
    ] = None,
    why: Why = "",
    workspace: Workspace = Path(),
) -> None:
    """Write a map as one page to explore, as `usage map` did, with the scores that came since."""
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


def draft_eval(
    cluster: Annotated[str, typer.Argument(help="The group's id, such as 0.17, or its name.")],
    import_: Annotated[
        str | None, typer.Option("--import", help="The import's name; the only one, if left out.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The eval's folder; in evals/, after the group's name.")
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, max=1000, help="Samples to draft.")] = 20,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Who drafts; [roles] writer, if left out.")
    ] = None,
    why: Why = "",
    max_tokens_spent: Tokens = None,
    max_dollars: Dollars = None,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Let a model draft an eval like a group of usage, for a person to accept, edit or refuse.

    It is told the group's name and keywords, and no conversation. The same command goes on.
    """
    from assay import api

    controls = api.Controls(spending=api.Spending(max_tokens_spent, max_dollars))
    with shown(controls):
        found = api.draft_eval(
            cluster,
            import_,
            out=out,
            n=n,
            model=model,
            why=why,
            workspace=workspace,
            controls=controls,
        )
    if as_json:
        print_json(found)
        return
    print(near(found.folder))
    note(
        f"{found.model} drafted {found.drafted} of {found.wanted} samples. Left out:"
        f" {found.overlaps} that repeat a member's words, {found.alike} that repeat another draft,"
        f" {found.unfit} unfit; {found.failed} failed."
    )
    note("Decide on each row of samples.csv: accept, edit or refuse. Then: assay check FOLDER")
