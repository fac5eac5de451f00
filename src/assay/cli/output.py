"""What commands print: JSON or tables to stdout, everything else to stderr; and the exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import typer

DONE = 0
"""Everything was done."""
FAILED = 1
"""The tool failed: bad input, no model, no disk. The message says what and how to mend it."""
FOUND = 2
"""The tool worked and found something wrong: an eval with errors, a regression, a failed gate."""
UNFINISHED = 3
"""Not settled: a run ended early or lacks replies (``assay resume`` goes on), or evidence does."""

STOPPED = 130
"""Ctrl-C was pressed twice. The same command goes on."""


def fail(message: str) -> None:
    """Tell of an error on stderr."""
    typer.echo(f"assay: {plain(near(message))}", err=True)


def note(message: str) -> None:
    """Tell of something on stderr."""
    typer.echo(plain(near(message)), err=True)


def numbered(number: int, one: str) -> str:
    """A number with what it counts: 1 conversation, 2,000 conversations."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def near(text: str) -> str:
    """Text in which paths below the folder that somebody is in begin there."""
    return text.replace(f"{Path.cwd()}{os.sep}", "")


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    import msgspec

    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[Any]],
    *,
    title: str | None = None,
    right: Sequence[str] = (),
) -> None:
    """A table on stdout. Cells are plain text: nothing in them is taken for markup."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain("" if cell is None else str(cell))) for cell in row))
    wide = None if sys.stdout.isatty() else 200
    Console(width=wide).print(table)


def plain(text: str) -> str:
    """Text that cannot steer a terminal: control characters become visible."""
    return "".join(
        each if each.isprintable() or each in "\n\t" else f"\\x{ord(each):02x}" for each in text
    )
