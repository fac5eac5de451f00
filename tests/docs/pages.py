"""Reads the documentation's pages: what a reader is told to type, to write and to see.

Before a block (or a table) a comment may say how it is tested:

``<!-- file: PATH -->``    the block is what the file of this name holds
``<!-- sheet: PATH -->``   the table is what this workbook holds, in its first sheet
``<!-- exit: N -->``       the last command ends with this code
``<!-- figures vary -->``  any number will do where one is shown
``<!-- as it was -->``     what is shown depends on the day or the machine: it is not compared
``<!-- not run: WHY -->``  the block is not run, for this reason
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])

HOME = "/home/ana/safety"
"""The folder that the pages' reader works in."""

MARKS = {"as it was", "exit", "figures vary", "file", "not run", "sheet"}

_FENCE = re.compile(r"^( *)```(\w*)\s*$")
_MARK = re.compile(r"^\s*<!-- *(\w[\w ]*?)(?:: *(.*?))? *-->\s*$")
_RUN = re.compile(r"\b\d{8}-\d{6}-[0-9a-f]{6}\b")
_TIME = re.compile(r"\b\d{4}-\d\d-\d\d(T|t)\d\d:\d\d:\d\d\S*")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_PROGRESS = re.compile(r"^\S.*: [\d,]+/[\d,]+ samples, .*/s")


@dataclass(frozen=True)
class Block:
    """A fenced block or a table: its language, its lines, and the marks before it."""

    line: int
    language: str
    lines: tuple[str, ...]
    marks: dict[str, str] = field(default_factory=dict)

    def commands(self) -> Iterator[tuple[str, list[str]]]:
        """What is typed after each ``$``, and the lines that are shown below it."""
        typed, shown = "", list[str]()
        for line in self.lines:
            if line.startswith("$ "):
                if typed:
                    yield typed, shown
                typed, shown = line[2:], []
            elif typed.endswith("\\"):
                typed = typed[:-1] + line.removeprefix("> ")
            else:
                shown.append(line)
        if typed:
            yield typed, shown


def blocks(text: str) -> Iterator[Block]:
    """The blocks and marked tables of a page, in order."""
    marks: dict[str, str] = {}
    lines = iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        fence, mark = _FENCE.match(line), _MARK.match(line)
        if fence:
            body = []
            for _, inside in lines:
                if inside.strip() == "```":
                    break
                body.append(inside.removeprefix(fence[1]))
            yield Block(number, fence[2], tuple(body), marks)
            marks = {}
        elif mark:
            marks = {**marks, mark[1]: mark[2] or ""}
        elif line.startswith("|") and "sheet" in marks:
            table = [line]
            for _, inside in lines:
                if not inside.startswith("|"):
                    break
                table.append(inside)
            yield Block(number, "table", tuple(table), marks)
            marks = {}
        elif line.strip():
            marks = {}


def cells(block: Block) -> list[list[str]]:
    """The rows of a table, its head first."""
    rows = [[cell.strip() for cell in line.strip().split("|")[1:-1]] for line in block.lines]
    return [rows[0], *rows[2:]]


def fits(shown: list[str], said: str, *, vary: bool) -> bool:
    """Whether what a page shows is what a command said, but for what no two runs share.

    Blanks, ids of runs, times and lines of progress may differ; ``...`` stands for anything, and a
    line of it alone for any lines. ``vary``: numbers may differ too.
    """
    pattern = ""
    for line in (_plain(line, vary) for line in shown if line.strip()):
        if line == "...":
            pattern += r"(?:.*\n)*?"
        else:
            pattern += ".*?".join(re.escape(part) for part in line.split("...")) + r"\n"
    kept = [line for line in said.splitlines() if line.strip() and not _PROGRESS.match(line)]
    return re.fullmatch(pattern, "".join(f"{_plain(line, vary)}\n" for line in kept)) is not None


def _plain(line: str, vary: bool) -> str:
    line = _TIME.sub("<time>", _RUN.sub("<run>", " ".join(line.split())))
    return _NUMBER.sub("#", line) if vary else line
