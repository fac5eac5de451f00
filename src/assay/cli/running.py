"""Commands that make and score runs: run, resume, rescore, quickstart."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.figures import print_summary
from assay.cli.output import DONE, UNFINISHED, near, note, print_json
from assay.cli.progress import fetching, shown

if TYPE_CHECKING:
    from assay.api import Controls, Summary

Workspace = Annotated[
    Path, typer.Option("--workspace", "-w", help="Folder with assay.toml, evals and runs.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Tokens = Annotated[
    int | None, typer.Option("--max-tokens-spent", min=1, help="Stop before spending more tokens.")
]
Dollars = Annotated[
    float | None, typer.Option("--max-dollars", min=0, help="Stop before spending more money.")
]
Judge = Annotated[str | None, typer.Option(help="The model that rubric scorers ask.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("run")(run)
    app.command("resume")(resume)
    app.command("rescore")(rescore)
    app.command("quickstart")(quickstart)


def run(
    evals: Annotated[list[str], typer.Argument(help="Names of evals, or their folders.")],
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="The model under test: provider/model.")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option("--baseline", "-b", help="A model to compare with.")
    ] = None,
    judge: Judge = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the first samples of each eval.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Ask each sample so often.")] = None,
    max_tokens: Annotated[
        int | None, typer.Option(min=1, help="The longest reply, whatever the evals say.")
    ] = None,
    connections: Annotated[int | None, typer.Option(min=1, help="Most requests at once.")] = None,
    max_tokens_spent: Tokens = None,
    max_dollars: Dollars = None,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Run evals on a model. The same command again goes on where it was stopped or killed."""
    from assay import api

    controls = controls_of(max_tokens_spent, max_dollars)
    with shown(controls):
        summaries = api.run(
            evals,
            model,
            workspace=workspace,
            baseline=baseline,
            judge=judge,
            limit=limit,
            epochs=epochs,
            max_tokens=max_tokens,
            connections=connections,
            controls=controls,
        )
    _tell(summaries, as_json)


def resume(
    name: Annotated[str, typer.Argument(help="The run's id, its beginning, or latest.")],
    max_tokens_spent: Tokens = None,
    max_dollars: Dollars = None,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Go on with a run that was stopped or killed, or ask again what failed."""
    from assay import api

    controls = controls_of(max_tokens_spent, max_dollars)
    with shown(controls):
        summary = api.resume(name, workspace=workspace, controls=controls)
    _tell([summary], as_json)


def rescore(
    name: Annotated[str, typer.Argument(help="The run's id, its beginning, or latest.")],
    scorer: Annotated[
        list[str], typer.Option("--scorer", "-s", help="A kind of scorer, or a YAML file of one.")
    ],
    judge: Judge = None,
    max_tokens_spent: Tokens = None,
    max_dollars: Dollars = None,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Score a run's stored transcripts with other scorers; the model under test is not asked."""
    from assay import api

    controls = controls_of(max_tokens_spent, max_dollars)
    with shown(controls):
        summary = api.rescore(name, scorer, judge=judge, workspace=workspace, controls=controls)
    _tell([summary], as_json)


def quickstart(
    folder: Annotated[Path, typer.Argument(help="Where to put the runs and the report.")] = Path(
        "quickstart"
    ),
    as_json: AsJson = False,
) -> None:
    """Evaluate two real local models on the starter evals, and write a report."""
    from assay import api

    controls = controls_of(None, None)
    for name in (api.QUICKSTART_CANDIDATE, api.QUICKSTART_BASELINE):
        short = name.removeprefix("local/")
        with fetching(short) as progress:
            api.add_local_model(short, progress=progress)
    with shown(controls):
        summaries, report = api.quickstart(folder, controls=controls)
    code = _told(summaries, as_json)
    note(f"\nThe report: {near(str(report))}")
    raise typer.Exit(code)


def controls_of(tokens: int | None, dollars: float | None) -> Controls:
    """The controls of a command, with the most that it may spend."""
    from assay import api

    return api.Controls(spending=api.Spending(tokens, dollars))


def _tell(summaries: list[Summary], as_json: bool) -> None:
    raise typer.Exit(_told(summaries, as_json))


def _told(summaries: list[Summary], as_json: bool) -> int:
    """Print what came of the runs; gives the exit code."""
    if as_json:
        print_json(summaries)
    else:
        print_summary(summaries)
    for summary in summaries:
        if summary.run.stopped_because:
            note(f"{summary.run.id} was stopped: {summary.run.stopped_because}")
        if summary.resumable:
            note(f"Some samples lack a score. To go on: assay resume {summary.run.id}")
    unfinished = any(summary.resumable for summary in summaries)
    return UNFINISHED if unfinished else DONE
