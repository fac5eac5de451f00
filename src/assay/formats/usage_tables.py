"""Logs that are tables (csv, xlsx, Parquet) or archives (Inspect's .eval), as rows of JSON."""

from __future__ import annotations

import contextlib
import csv
import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from assay.errors import AssayError, Problem
from assay.formats.inspect_log import read_eval_log
from assay.formats.sheets import read_rows
from assay.formats.sheets_base import Rows
from assay.formats.sheets_text import delimiter_of
from assay.formats.usage_stream import BLOCK, PACKED_SUFFIXES, open_unpacked, packing, read
from assay.formats.usage_units import Unit

_encode = msgspec.json.Encoder().encode
_TEXT = (".csv", ".tsv")
_PARQUET, _ZIP = b"PAR1", b"PK\x03\x04"


def table_kind(path: Path) -> str | None:
    """``.parquet``, ``.xlsx``, ``.eval``, ``.csv`` or ``.tsv``; None where the file is JSON.

    Raises:
        DamagedError: what is packed is damaged.
    """
    with open_unpacked(path) as file:
        start = read(file, 4)
    if start == _PARQUET:
        return ".parquet"
    name = path.with_suffix("") if path.suffix.lower() in PACKED_SUFFIXES else path
    suffix = name.suffix.lower()
    if start == _ZIP:
        return ".eval" if suffix == ".eval" else ".xlsx"
    return suffix if suffix in _TEXT else None


def looks_like_table(lines: Sequence[bytes]) -> bool:
    """Whether the first lines of a file that is no JSON have cells, as many in each."""
    text = [line.decode("utf-8", "replace") for line in lines]
    if len(text) < 2 or text[0][:1] in ("{", "["):
        return False
    rows: list[list[str]] = []
    with contextlib.suppress(csv.Error):  # a quote may end after these lines
        rows.extend(csv.reader(text, delimiter=delimiter_of(text[0]), strict=True))
    widths = {len(cells) for cells in rows}
    return len(rows) > 1 and len(widths) == 1 and widths != {1}


def readable(path: Path, kind: str, folder: Path) -> Path:
    """The table under a name that says its kind: itself, or a link or unpacked copy in a folder.

    Raises:
        DamagedError: what is packed is damaged.
    """
    packed = packing(path) is not None
    if not packed and path.suffix.lower() == kind:
        return path
    target = folder / f"source{kind}"
    target.unlink(missing_ok=True)
    if not packed:
        target.symlink_to(path.absolute())
        return target
    with open_unpacked(path) as file, target.open("wb") as out:
        while block := read(file, BLOCK):
            out.write(block)
    return target


def table_units(
    path: Path, kind: str, start: int = 0, turns: tuple[str, str, str] | None = None
) -> Iterator[Unit]:
    """The rows of a table, from the one after ``start`` on.

    Args:
        kind: as :func:`table_kind` tells it.
        turns: the columns of id, role and content where each row is one message; neighbouring rows
            of one id are one conversation.
    """
    found = _logged(path) if kind == ".eval" else _numbered(path)
    if turns is not None:
        found = _grouped(found, *turns)
    for number, unit in enumerate(found, 1):
        if number > start:
            yield unit._replace(end=number)


def _numbered(path: Path) -> Iterator[Unit]:
    """Rows, and what is at fault between them."""
    faults: list[Problem] = []
    last = 0
    rows: Rows = read_rows(path, report=faults.append)
    for number, row in rows:
        yield from _told(faults, last)
        last = number
        yield Unit(number, None, _encode(row), 0)
    yield from _told(faults, last)


def _told(faults: list[Problem], last: int) -> Iterator[Unit]:
    """The errors among what was reported since; they are rows that are not taken in."""
    for fault in faults:
        if fault.severity == "error":
            detail = f"{fault.message} {fault.remedy}".strip()
            yield Unit(fault.row or last + 1, None, b"", 0, ("bad_table", detail))
    faults.clear()


def _logged(path: Path) -> Iterator[Unit]:
    number = 0
    try:
        for number, (transcript, _) in enumerate(read_eval_log(path), 1):
            yield Unit(number, None, _encode(transcript), 0)
    except AssayError as error:
        yield Unit(number + 1, None, b"", 0, ("damaged", str(error)))


def _grouped(found: Iterator[Unit], ident: str, role: str, content: str) -> Iterator[Unit]:
    """Neighbouring rows of one id, each a message, as one row with ``messages``."""

    def key(unit: Unit) -> Any:
        return unit.row if unit.fault else str(msgspec.json.decode(unit.data).get(ident))

    for _, units in itertools.groupby(found, key):
        listed = list(units)
        if listed[0].fault:
            yield from listed
            continue
        rows = [msgspec.json.decode(unit.data) for unit in listed]
        said = [{"role": row.get(role), "content": row.get(content)} for row in rows]
        yield listed[0]._replace(data=_encode({**rows[0], "messages": said}))
