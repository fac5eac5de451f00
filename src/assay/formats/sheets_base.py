"""What all sheet readers share: where a row came from, how faults are told, and the limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from assay.errors import DefinitionError, Problem

Row: TypeAlias = tuple[int, dict[str, Any]]
"""A row's number, as a spreadsheet or text editor shows it (from 1), and its cells by column."""

Rows: TypeAlias = Iterator[Row]

Report: TypeAlias = Callable[[Problem], None]
"""Takes a fault. It may raise, which ends the reading; else the faulty row is left out."""

LONGEST_ROW = 16 * 2**20
"""Characters (bytes in jsonl) that one row may have; a missing closing quote looks like more."""


def raise_problem(problem: Problem) -> None:
    """The strict way to take a fault: errors end the reading, warnings pass.

    Raises:
        DefinitionError: with this one problem, if it is an error.
    """
    if problem.severity == "error":
        raise DefinitionError([problem])


@dataclass(frozen=True)
class Source:
    """One table: its file, its sheet (xlsx only) and who is told of its faults."""

    path: Path
    sheet: str | None = None
    report: Report = raise_problem

    def fault(
        self, message: str, remedy: str = "", *, row: int | None = None, column: str | None = None
    ) -> None:
        """Report an error at a row and column of this table."""
        self.report(Problem(str(self.path), message, remedy, self.sheet, row, column))

    def warn(self, message: str, remedy: str = "", *, row: int | None = None) -> None:
        """Report something that does not stop the reading."""
        self.report(Problem(str(self.path), message, remedy, self.sheet, row, severity="warning"))


def columns_of(source: Source, header: list[str], row: int) -> list[str] | None:
    """The column names of a header row, or None (reported) where they cannot be used.

    Names are stripped. A column without a name keeps the name ``""`` and is left out of the rows.
    """
    names = [name.strip() for name in header]
    while names and not names[-1]:
        names.pop()
    seen: set[str] = set()
    for name in names:
        if name and name in seen:
            source.fault(
                f"two columns are called {name!r}.", "Rename one of them.", row=row, column=name
            )
            return None
        seen.add(name)
    if "" in seen:
        number = names.index("") + 1
        source.warn(
            f"column {number} has no name and is left out.", "Name it or delete it.", row=row
        )
    if not any(names):
        source.fault("there is no header row.", "Put the columns' names first.", row=row)
        return None
    return names
