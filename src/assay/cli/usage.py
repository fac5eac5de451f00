"""Commands for usage: usage import, usage listen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.output import DONE, FOUND, note, numbered, print_json, print_table
from assay.cli.running import AsJson, Workspace

if TYPE_CHECKING:
    from assay.api import ImportRecord, ImportStanding

usage = typer.Typer(help="Usage: what people do with a model, from logs.", no_args_is_help=True)

_NAME = "The import's name: usage/NAME/."


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(usage, name="usage")


@usage.command("import")
def import_(
    sources: Annotated[
        list[str],
        typer.Argument(help="Log files, folders or patterns, here or s3://; may be packed."),
    ],
    name: Annotated[
        str | None, typer.Option(help=f"{_NAME} Made from the first source if left out.")
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(help="otel, transcripts, anthropic, openai or chat; the rows tell, if not."),
    ] = None,
    map: Annotated[
        list[str] | None,
        typer.Option(help="FIELD=COLUMN: where the logs keep a field; may be repeated."),
    ] = None,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Take logs of usage in, redacted. The same command goes on, or adds nothing."""
    from assay import api

    record = api.import_usage(
        sources,
        name=name,
        format=format,
        mapping=_mapping(map or []),
        tell=_tell,
        workspace=workspace,
    )
    if as_json:
        print_json(record)
    else:
        _print(record)
    tell_overdue(workspace)
    raise typer.Exit(DONE if record.conversations else FOUND)


@usage.command("listen")
def listen(
    name: Annotated[str, typer.Option(help=_NAME)] = "live",
    port: Annotated[int, typer.Option(help="The port; 0 for any that is free.")] = 4318,
    host: Annotated[
        str, typer.Option(help="The address; others than this machine's let anybody in.")
    ] = "127.0.0.1",
    workspace: Workspace = Path(),
) -> None:
    """Take GenAI spans in as they come, over OTLP/HTTP, until Ctrl-C."""
    from assay import api

    def ready(address: str) -> None:
        note(f"Listening on {address}/v1/traces and {address}/v1/logs. Ctrl-C ends it.")

    _print(api.listen_usage(name, port=port, host=host, ready=ready, workspace=workspace))


def tell_overdue(workspace: Path) -> None:
    """Say where raw text is kept past its time."""
    from assay import api

    for told in api.overdue_purges(workspace=workspace):
        note(told)


def _mapping(told: list[str]) -> dict[str, str]:
    mapping = {}
    for each in told:
        field, equals, column = each.partition("=")
        if not (field and equals and column):
            raise typer.BadParameter(f"{each!r} is not FIELD=COLUMN.")
        mapping[field] = column
    return mapping


def _tell(standing: ImportStanding) -> None:
    pace = standing.rows / max(standing.seconds, 1e-9)
    note(f"{numbered(standing.rows, 'row')} read, {standing.added:,} added, {pace:,.0f} rows/s")


def _print(record: ImportRecord) -> None:
    print_table(
        ("source", "format", "rows", "added", "duplicates", "rejected", "flagged"),
        [
            (
                Path(source.uri).name,
                source.format,
                f"{source.rows:,}",
                f"{source.added:,}",
                f"{source.duplicates:,}",
                _counts(source.rejected),
                _counts(source.flagged),
            )
            for source in record.sources[-_MOST_SHOWN:]
        ],
        right=("rows", "added", "duplicates"),
    )
    if len(record.sources) > _MOST_SHOWN:
        before = numbered(len(record.sources) - _MOST_SHOWN, "source")
        note(f"And {before} before these: import.json.")
    older = ""
    if record.superseded:
        older = f", {numbered(record.superseded, 'older version')} of them aside"
    conversations = numbered(record.conversations, "conversation")
    note(f"Redacted: {_counts(record.redacted) or 'nothing was found'}.")
    if not record.names:
        note("Names of people were not looked for. The extra does so: pip install 'assay[names]'")
    _tell_rejected(record)
    note(f"Import {record.name}: {conversations}{older}.")


_MOST_SHOWN = 50
_MOST_REASONS = 10


def _tell_rejected(record: ImportRecord) -> None:
    """Of each source and reason, why the first row was rejected: the latest ones."""
    found = record.first_rejected
    for each in found[-_MOST_REASONS:]:
        where = Path(each.source).name + (f", row {each.row:,}" if each.row else "")
        note(f"Rejected: {where}: {' '.join(each.detail.split())} ({each.reason})")
    if found:
        more = len(found) - _MOST_REASONS
        before = f"{more:,} more reasons before these, and every row" if more > 0 else "Every row"
        note(f"{before} that was rejected: usage/{record.name}/rejected.parquet")


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in counts.items())
