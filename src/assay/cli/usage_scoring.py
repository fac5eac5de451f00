"""Commands that ask scorers and models about usage: usage score, usage facets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.figures import cells, note_standing, seconds
from assay.cli.output import DONE, UNFINISHED, note, numbered, print_json, print_table
from assay.cli.progress import shown
from assay.cli.running import AsJson, Dollars, Judge, Tokens, Workspace, controls_of
from assay.cli.usage import usage

if TYPE_CHECKING:
    from assay.api import FacetsFound, UsageScores

_COLUMNS = (
    "scorer", "slice", "value", "interval", "method", "n/planned", "clusters", "missing",
    "worst..best",
)  # fmt: skip

Name = Annotated[str | None, typer.Argument(help="The import; the only one if left out.")]
First = Annotated[int | None, typer.Option(min=1, help="Only the first conversations.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands to those of usage."""
    usage.command("score")(score)
    usage.command("facets")(facets)


def score(
    name: Name = None,
    scorer: Annotated[
        list[str] | None,
        typer.Option("--scorer", "-s", help="A kind of scorer, or a YAML file of one."),
    ] = None,
    judge: Judge = None,
    limit: First = None,
    sample: Annotated[
        int | None, typer.Option(min=1, help="Only so many conversations, drawn at random.")
    ] = None,
    max_tokens_spent: Tokens = None,
    max_dollars: Dollars = None,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Sweep scorers over an import. The same command goes on, or scores what is new."""
    from assay import api

    controls = controls_of(max_tokens_spent, max_dollars)
    with shown(controls):
        found = api.score_usage(
            scorer or [],
            name,
            judge=judge,
            limit=limit,
            sample=sample,
            workspace=workspace,
            controls=controls,
        )
    print_json(found) if as_json else _print(found)
    if found.stopped_because:
        note(f"Stopped: {found.stopped_because}")
    if found.resumable:
        note("Some conversations lack a score. The same command goes on.")
    raise typer.Exit(UNFINISHED if found.resumable else DONE)


def facets(
    name: Name = None,
    *,
    model: Annotated[
        str, typer.Option("--model", "-m", help="The model that is asked: provider/model.")
    ],
    limit: First = None,
    max_tokens_spent: Tokens = None,
    max_dollars: Dollars = None,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Ask a model what each conversation is about. The same command goes on."""
    from assay import api

    controls = controls_of(max_tokens_spent, max_dollars)
    with shown(controls):
        found = api.facet_usage(model, name, limit=limit, workspace=workspace, controls=controls)
    print_json(found) if as_json else _print_facets(found)
    if found.stopped_because:
        note(f"Stopped: {found.stopped_because}")
    if found.resumable:
        note("Some conversations lack facets. The same command goes on.")
    raise typer.Exit(UNFINISHED if found.resumable else DONE)


def _print_facets(found: FacetsFound) -> None:
    counts = [(f"concern {level}", found.concern.get(level, 0)) for level in range(1, 6)]
    rows = [*counts, *((f"missing: {why}", count) for why, count in found.missing.items())]
    print_table(
        ("conversations", "number"), [(what, f"{number:,}") for what, number in rows],
        right=("number",),
    )  # fmt: skip
    planned = numbered(found.planned, "conversation")
    note(
        f"Import {found.import_name}: {found.described:,} of {planned} "
        f"described by {found.model}; {numbered(found.tokens, 'token')}."
    )
    note("Counts of a model's word, whose error is not known: no rates of what people did.")


def _print(found: UsageScores) -> None:
    rows = []
    for each in found.estimates:
        slice_ = ", ".join(f"{name} {value}" for name, value in each.slice.items()) or "all"
        rows.append((each.scorer, slice_, *cells(each)))
        if not each.slice:
            rows += [("", f"  {name}", *more) for name, *more in seconds(each)]
    print_table(_COLUMNS, rows, right=("value", "n/planned", "clusters"))
    for each in found.estimates:
        if each.warning and each.n:
            slice_ = ", ".join(each.slice.values()) or "all"
            note(f"{each.scorer} ({slice_}): {each.warning}")
        if each.audited is not None and each.audited.warning and not each.slice:
            note(f"{each.scorer} by people: {each.audited.warning}")
    note_standing(found.estimates)
    note("Clusters are accounts: what one account says has one origin.")
    note(
        f"Import {found.import_name}: {numbered(found.planned, 'conversation')} asked about"
        f" ({found.selection}); {numbered(found.tokens, 'token')}."
    )
