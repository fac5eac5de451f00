"""Commands that show and hand out what is there: show, list, sql, report, export, import."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assay.cli.figures import print_summary, status_words
from assay.cli.output import note, print_json, print_table
from assay.cli.running import AsJson, Workspace

Run = Annotated[str, typer.Argument(help="The run's id, its beginning, or latest.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("show")(show)
    app.command("list")(list_)
    app.command("report")(report)
    app.command("sql")(sql)
    app.command("export")(export)
    app.command("import")(import_)


def show(name: Run = "latest", workspace: Workspace = Path(), as_json: AsJson = False) -> None:
    """A run's figures: every slice, with intervals and what is missing."""
    from assay import api

    summary = api.show(name, workspace=workspace)
    if as_json:
        print_json(summary)
        return
    print_summary([summary], every_slice=True)
    if summary.alive:
        note("A process is working on this run now.")
    elif summary.resumable:
        lacks = (
            "Some samples lack a score"
            if summary.run.status == "complete"
            else "This run is unfinished"
        )
        note(f"{lacks}. To go on: assay resume {summary.run.id}")


def list_(workspace: Workspace = Path(), as_json: AsJson = False) -> None:
    """All runs, newest first."""
    from assay import api

    runs = api.list_runs(workspace=workspace)
    if as_json:
        print_json([{**_listed(run), "alive": alive} for run, alive in runs])
        return
    print_table(
        ("run", "status", "model", "evals", "created"),
        [
            (
                run.id,
                status_words(run.status, alive=alive),
                run.model,
                ", ".join(each.name for each in run.evals),
                run.created,
            )
            for run, alive in runs
        ],
    )


def report(
    name: Run = "latest",
    baseline: Annotated[
        str | None, typer.Option(help="The run to compare with (default: the run's own baseline).")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="The HTML file to write.")] = None,
    workspace: Workspace = Path(),
) -> None:
    """Write a run's report: one HTML file that works without any network."""
    from assay import api

    typer.echo(api.make_report(name, baseline=baseline, out=out, workspace=workspace))


def sql(
    question: Annotated[str, typer.Argument(help='For instance "select * from scores limit 5".')],
    why: Annotated[
        str, typer.Option(help="Why usage is looked at: opens its tables, and is written down.")
    ] = "",
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Ask the tables `transcripts` and `scores` over all runs, in DuckDB's SQL.

    With --why also `usage` and `usage_scores`: what was imported, and what scorers said of it.
    """
    from assay import api

    columns, rows = api.sql(question, why=why, workspace=workspace)
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows)


def export(
    name: Run,
    to: Annotated[str, typer.Option("--to", help="inspect, scout, csv, jsonl, xlsx or parquet.")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File (a folder for inspect and scout).")
    ] = None,
    workspace: Workspace = Path(),
) -> None:
    """Hand a run's transcripts and scores to other tools."""
    from assay import api

    for path in api.export(name, to, out=out, workspace=workspace):
        typer.echo(path)


def import_(
    file: Annotated[Path, typer.Argument(help="An Inspect .eval, Scout Parquet, or jsonl file.")],
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Take in transcripts (and Inspect's scores) as a run of their own."""
    from assay import api

    summary = api.import_transcripts(file, workspace=workspace)
    if as_json:
        print_json(summary)
    else:
        print_summary([summary])


def _listed(run: object) -> dict[str, object]:
    import msgspec

    return msgspec.to_builtins(run)  # type: ignore[no-any-return]
