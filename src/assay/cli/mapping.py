"""The command that makes a map of usage: usage map."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.output import DONE, FOUND, near, note, print_json, print_table
from assay.cli.running import AsJson, Dollars, Tokens, Workspace
from assay.cli.usage import usage

if TYPE_CHECKING:
    from assay.api import MapRecord

_EVERY = 10.0  # seconds between two lines of progress


class Text(enum.StrEnum):
    """What stands for a conversation on a map."""

    said = "said"
    facets = "facets"


class Profile(enum.StrEnum):
    """Who a map is for."""

    insight = "insight"
    safety = "safety"


def register(app: typer.Typer) -> None:
    """Nothing of its own: the command stands among those for usage."""


@usage.command("map")
def map_(
    name: Annotated[
        str | None, typer.Argument(help="The import's name; the only one, if left out.")
    ] = None,
    profile: Annotated[
        Profile, typer.Option(help="insight: minima on, for reading; safety: minima off.")
    ] = Profile.insight,
    why: Annotated[
        str,
        typer.Option(help="Why a safety map, or lower minima; kept in the audit trail."),
    ] = "",
    embedder: Annotated[
        str | None,
        typer.Option(help="static, minilm, openai/MODEL or words; the best at hand, if left out."),
    ] = None,
    min_conversations: Annotated[
        int | None, typer.Option(help="Hide groups of fewer conversations. insight: 25, safety: 1.")
    ] = None,
    min_principals: Annotated[
        int | None,
        typer.Option(help="Hide groups and words of fewer linked people. insight: 10, safety: 1."),
    ] = None,
    epsilon: Annotated[
        float | None,
        typer.Option(help="Counts and keywords under differential privacy of this strength."),
    ] = None,
    accounts_unknown: Annotated[
        bool, typer.Option("--accounts-unknown", help="Count conversations: no account is known.")
    ] = False,
    namer: Annotated[
        str | None,
        typer.Option(help="A model, provider/model, that names groups; none, if left out."),
    ] = None,
    on: Annotated[
        str | None,
        typer.Option(
            help="ray://HOST:PORT or HOST:PORT of a Ray cluster; ray for one started here."
        ),
    ] = None,
    text: Annotated[
        Text, typer.Option(help="said: what people wrote; facets: what a model says they asked.")
    ] = Text.said,
    max_tokens_spent: Tokens = None,
    max_dollars: Dollars = None,
    seed: Annotated[int, typer.Option(help="Of every random choice.")] = 0,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Map an import: groups of conversations, named by what many people share; write it as a page.

    The same command goes on where it was stopped or killed. Exits 2 where nothing may be shown.
    """
    from assay import api

    record = api.map_usage(
        name,
        settings=api.MapSettings(
            profile=profile.value,
            embedder=embedder,
            min_conversations=min_conversations,
            min_principals=min_principals,
            epsilon=epsilon,
            accounts_unknown=accounts_unknown,
            seed=seed,
            namer=namer,
            text=text.value,
        ),
        controls=api.Controls(spending=api.Spending(max_tokens_spent, max_dollars)),
        why=why,
        tell=_teller(),
        on=on,
        workspace=workspace,
    )
    page = api.explore_usage(record.import_name, why=why, workspace=workspace)
    if as_json:
        print_json(record)
    else:
        _print(record)
        print(near(str(page)))
        note("Open it in a browser; it loads nothing and sends nothing.")
    raise typer.Exit(DONE if record.shown else FOUND)


def _teller() -> Callable[[str, int, int], None]:
    start = time.monotonic()
    told: dict[str, float] = {}

    def tell(stage: str, done: int, all_: int) -> None:
        at = time.monotonic()
        if stage not in told or at - told[stage] >= _EVERY:
            told[stage] = at
            far = f"{done:,} of {all_:,}" if all_ else f"{done:,}"
            far = "done" if done == all_ else far
            note(f"{at - start:6.1f} s  {stage}: {far}")

    return tell


def _print(record: MapRecord) -> None:
    print_table(
        ("conversations", "number", "share"),
        [
            (what, f"{number:,}", f"{number / max(record.conversations, 1):.1%}")
            for what, number in (("shown", record.shown), *record.hidden.items())
        ],
        right=("number", "share"),
    )
    levels = ", ".join(f"{number:,}" for number in record.clusters)
    note(f"Groups by level, the base first: {levels}. Compared by {record.embedding}.")
    if record.stability is not None:
        note(f"Another seed agrees by an adjusted Rand index of {record.stability:.2f}.")
    for warning in record.warnings:
        note(f"Note: {warning}")
