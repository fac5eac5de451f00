"""The command that measures maps of usage: usage validate."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.output import DONE, FOUND, note, print_json, print_table
from assay.cli.running import AsJson, Workspace
from assay.cli.usage import usage

if TYPE_CHECKING:
    from assay.api import ValidationRecord
    from assay.records import Measured, Second, SettingResult

_WORST = 3  # categories of a setting that are told


def register(app: typer.Typer) -> None:
    """Nothing of its own: the command stands among those for usage."""


@usage.command("validate")
def validate(
    embedder: Annotated[
        list[str] | None,
        typer.Option(
            help="static, minilm, openai/MODEL or words; may be repeated; the best, if left out."
        ),
    ] = None,
    labelled: Annotated[
        Path | None,
        typer.Option(help="A table: text or messages, label, and concerning, language, account."),
    ] = None,
    conversations: Annotated[int, typer.Option(help="Conversations to make up.")] = 4000,
    model: Annotated[
        str | None, typer.Option(help="A model that writes them, in place of a grammar.")
    ] = None,
    names_sheet: Annotated[
        Path | None,
        typer.Option(help="A sheet for people to say which names are true; filled in, it is read."),
    ] = None,
    namer: Annotated[
        str | None, typer.Option(help="A model that names groups: one more setting to validate.")
    ] = None,
    judge: Annotated[
        str | None, typer.Option(help="A model that says which names are true.")
    ] = None,
    secrets: Annotated[int, typer.Option(help="People with a planted secret; 0 for none.")] = 100,
    victims: Annotated[int, typer.Option(help="Of each kind of attack; 0 for none.")] = 20,
    seed: Annotated[int, typer.Option(help="Of every random choice.")] = 0,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Measure maps: known categories, names, and planted secrets that must not come out.

    Exits 2 where a secret came out that the setting promises to keep.
    """
    from assay import api

    record = api.validate_usage(
        api.ValidationSettings(
            embedders=tuple(embedder or ()),
            labelled=labelled,
            conversations=conversations,
            secrets=secrets,
            victims=victims,
            names_sheet=names_sheet,
            judge=judge,
            namer=namer,
            writer=model,
            seed=seed,
        ),
        tell=note,
        workspace=workspace,
    )
    if as_json:
        print_json(record)
    else:
        _print(record)
    raise typer.Exit(FOUND if record.broken else DONE)


def _print(record: ValidationRecord) -> None:
    _print_categories(record)
    _print_names(record)
    _print_leaks(record)
    for each in record.results:
        worst = [c for c in each.categories if c.recall.value < 1][:_WORST]
        told = ", ".join(f"{c.category} {c.recall.value:.0%}" for c in worst)
        if told:
            note(f"{each.embedder}, {each.setting}: least given back: {told}.")
    for warning in record.warnings:
        note(f"Note: {warning}")
    note(
        f"{record.conversations:,} conversations of {record.categories} categories: "
        f"{record.labelled} ({record.labelled_sha256[:12]}), seed {record.seed}."
    )
    for promise in record.broken:
        note(f"PROMISE BROKEN: {promise}")


def _print_categories(record: ValidationRecord) -> None:
    rows = []
    for each in record.results:
        for level in each.levels:
            base = level.level == 0
            rows.append(
                (
                    each.embedder,
                    each.setting,
                    "base" if base else "top",
                    f"{level.groups:,}",
                    _told(level.share),
                    _told(level.of_shown, short=True),
                    f"{level.shuffled:.3f}",
                    f"{level.constant:.3f}",
                    f"{level.most:.3f}",
                    _told(each.concerning) if base else "",
                    _told(each.misplaced, short=True) if base else "",
                    _told(each.mislabelled, short=True) if base else "",
                    "-" if each.stability is None else f"{each.stability:.2f}" if base else "",
                )
            )
    print_table(
        (
            *("embedder", "setting", "level", "groups", "given back", "of shown", "chance"),
            *("constant", "most", "concerning", "misplaced", "mislabelled", "reseed"),
        ),
        rows,
        title="Known categories",
        right=("groups",),
    )


def _print_names(record: ValidationRecord) -> None:
    rows = []
    for each in record.results:
        for check in each.names:
            missing = ", ".join(f"{why}: {number}" for why, number in check.missing.items())
            counted = check.measured.n if check.measured else 0
            standing = f" ({check.standing})" if check.standing else ""
            rows.append(
                (
                    each.embedder,
                    each.setting,
                    f"{check.how}{standing}",
                    _told(check.measured),
                    _told(check.corrected) if check.corrected else "-",
                    _told(check.caught) if check.caught else "-",
                    "-" if check.chance is None else f"{check.chance:g}",
                    f"{counted}/{check.planned}",
                    missing or "0",
                )
            )
    if rows:
        print_table(
            (
                *("embedder", "setting", "by", "true names", "freed of error"),
                *("planted ones caught", "chance", "n/planned", "missing"),
            ),
            rows,
            title="Names",
        )


def _print_leaks(record: ValidationRecord) -> None:
    for name in dict.fromkeys(each.embedder for each in record.results):
        own = [each for each in record.results if each.embedder == name and each.leaks]
        if own:
            print_table(
                ("attempt", *(each.setting for each in own)),
                _leak_rows(own),
                title=f"Planted words that maps by {name} tell (* not promised)",
            )


def _leak_rows(results: Sequence[SettingResult]) -> list[tuple[str, ...]]:
    rows = []
    for number, leak in enumerate(results[0].leaks):
        cells = []
        for each in results:
            own = each.leaks[number]
            mark = "" if own.promised else "*"
            bound = f"{own.at_most:.1%} at most" if own.at_most is not None else ""
            ends = f"[{own.measured.low:.3f}, {own.measured.high:.3f}]"
            cells.append(f"{own.told}/{own.measured.n}{mark} {bound or ends}")
        rows.append((leak.attempt, *cells))
    return rows


def _told(measured: Measured | Second | None, *, short: bool = False) -> str:
    if measured is None:
        return "-"
    if short or measured.low is None or measured.high is None:
        return f"{measured.value:.3f}"
    return f"{measured.value:.3f} [{measured.low:.3f}, {measured.high:.3f}]"
