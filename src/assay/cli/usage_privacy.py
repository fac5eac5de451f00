"""Commands for the privacy of usage: usage purge, usage looks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.output import note, numbered, print_json, print_table
from assay.cli.running import AsJson, Workspace
from assay.cli.usage import tell_overdue, usage

if TYPE_CHECKING:
    from assay.api import Purged


def register(app: typer.Typer) -> None:
    """Add this module's commands to those of usage."""
    usage.command("purge")(purge)
    usage.command("looks")(looks)


def purge(
    name: Annotated[str | None, typer.Argument(help="The import; all of them if left out.")] = None,
    everything: Annotated[bool, typer.Option(help="Delete the import wholly.")] = False,
    account: Annotated[
        str | None,
        typer.Option(help="Delete this account's conversations: its id as the logs have it."),
    ] = None,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Delete raw text whose time is over, an account, or an import; verify it; write it down."""
    from assay import api

    done = api.purge_usage(name, everything=everything, account=account, workspace=workspace)
    if as_json:
        print_json(done)
        return
    for purged in done:
        _print(purged)
    if account is not None and not any(purged.conversations for purged in done):
        note("Nothing was stored of this account. Give its id letter for letter, as the logs do.")
    looked = len({purged.import_name for purged in done})
    note(f"{numbered(looked, 'import')} looked through. The audit trail has what was removed.")


def looks(workspace: Workspace = Path(), as_json: AsJson = False) -> None:
    """List who looked at what of whom in usage, when and why."""
    from assay import api

    found = api.usage_looks(workspace=workspace)
    if as_json:
        print_json(found)
        return
    print_table(
        ("when", "who", "profile", "what", "of", "why"),
        [(look.time, look.who, look.profile, look.what, look.subject, look.why) for look in found],
    )
    note(f"{numbered(len(found), 'look')}.")
    tell_overdue(workspace)


def _print(purged: Purged) -> None:
    files = sorted({*purged.rows, *purged.unlinked})
    if files:
        print_table(
            ("file", "rows removed", "file removed", "sha256 before"),
            [
                (
                    f"{purged.import_name}/{file}",
                    f"{purged.rows.get(file, 0):,}" if file in purged.rows else "",
                    "yes" if file in purged.unlinked else "no",
                    purged.sha256.get(file, "")[:16],
                )
                for file in files
            ],
            right=("rows removed",),
        )
    rows = sum(purged.rows.values())
    note(
        f"{purged.import_name}: {purged.what}: {numbered(rows, 'row')} of "
        f"{numbered(len(purged.rows), 'file')}, "
        f"{numbered(len(purged.unlinked), 'file')} whole, "
        f"{numbered(purged.conversations, 'conversation')}. "
        f"Oldest raw text kept: {purged.oldest_kept or 'none'}. Verified: {purged.verified}."
    )
    if purged.conversations and purged.what != "everything":
        note("What was made of the import before (maps, scores) is to be made anew.")
