"""Splits a log of JSON into its values, in little memory, with each one's place in the file.

Lines are the usual case, and the one in which a broken value harms no other. A file that is one
list, or values over many lines, is split by its brackets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from assay.formats.loose_json import decode
from assay.formats.usage_stream import DamagedError, blocks

LONGEST = 32 << 20
"""Bytes that one value may have; what is longer is rejected without being held."""

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\],]|"', re.DOTALL)
_OPENS = re.compile(rb"[{\[,:]\s*$")


class Unit(NamedTuple):
    """One value of a log: its number from 1, its first byte, its bytes, and where reading goes on.

    ``fault`` is a reason and a detail where there is no value to be had.
    """

    row: int
    offset: int | None
    data: bytes
    end: int
    fault: tuple[str, str] | None = None


def json_units(path: Path, start: int = 0, row: int = 0) -> Iterator[Unit]:
    """The values of a log, from a place on at which an earlier reading ended.

    Args:
        path: the file; it may be packed.
        start: the byte, in the unpacked content.
        row: the number of values before it.
    """
    layout = _layout(path)
    try:
        found = blocks(path, start)
        if layout == "lines":
            yield from _lines(found, start, row)
        else:
            yield from _values(found, start, row, inside=layout == "list")
    except _StoppedError as error:
        yield error.unit


class _StoppedError(Exception):
    """Reading cannot go on; the unit says why."""

    def __init__(self, row: int, offset: int, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.unit = Unit(row, offset, b"", offset, (reason, detail))


def _layout(path: Path) -> str:
    """How the values stand: ``lines``, in one ``list``, or as ``values`` over many lines."""
    try:
        head = next(blocks(path), b"").lstrip()
    except DamagedError:
        return "lines"
    if head[:1] == b"[":
        return "list"
    line, end, rest = head.partition(b"\n")
    if not end or not rest.strip() or head[:1] != b"{":
        return "lines"
    if not _OPENS.search(line):
        return "lines"
    try:
        decode(line)
    except ValueError:
        return "values"
    return "lines"


def _lines(found: Iterator[bytes], start: int, row: int) -> Iterator[Unit]:
    rest, place, skipped = b"", start, 0
    while True:
        try:
            block = next(found, None)
        except DamagedError as error:
            raise _StoppedError(row + 1, place, error.reason, error.detail) from None
        if block is None:
            break
        lines = (rest + block).split(b"\n")
        rest = lines.pop()
        for line in lines:
            end = place + skipped + len(line) + 1
            if skipped or len(line) > LONGEST:
                row += 1
                yield Unit(row, place, b"", end, _too_long(skipped + len(line)))
                skipped = 0
            elif line and not line.isspace():
                row += 1
                yield Unit(row, place, line, end)
            place = end
        if skipped or len(rest) > LONGEST:
            skipped += len(rest)
            rest = b""
    if skipped:
        yield Unit(row + 1, place, b"", place + skipped, _too_long(skipped))
    elif rest.strip():
        yield Unit(row + 1, place, rest, place + len(rest))


def _too_long(size: int) -> tuple[str, str]:
    return "too_long", f"the row has {size:,} bytes; at most {LONGEST:,} are read"


def _values(found: Iterator[bytes], start: int, row: int, *, inside: bool) -> Iterator[Unit]:
    """Values by their brackets. Reading goes on, after a kill, from the end of a value."""
    begun = start > 0
    base = 1 if inside else 0
    depth = base if begun else 0
    held, place = b"", start  # what is not yet given, and where it begins
    scanned = 0
    ended = False
    while True:
        try:
            block = next(found, None)
        except DamagedError as error:
            raise _StoppedError(row + 1, place, error.reason, error.detail) from None
        if block is None:
            break
        held += block
        given = 0
        for match in _TOKEN.finditer(held, scanned):
            token, scanned = held[match.start() : match.start() + 1], match.end()
            if token == b'"':
                if match.end() - match.start() == 1:  # its end is in the next block
                    scanned = match.start()
                    break
                continue
            if token in b"{[":
                depth += 1
                if inside and depth == base and not begun:
                    begun, given = True, match.end()
                continue
            if token in b"}]":
                depth -= 1
                ended = depth < base
                if not ended and (inside or depth > base):
                    continue
            elif depth != base or not inside:
                continue
            stop = match.start() if inside else match.end()
            piece = held[given:stop]
            if piece.strip():
                row += 1
                yield Unit(row, place + given, piece, place + (stop if ended else match.end()))
            given = match.end()
            if inside and ended:
                break
            depth = max(depth, base)
        held, place, scanned = held[given:], place + given, max(0, scanned - given)
        if ended and inside:
            break
        if len(held) > LONGEST:
            reason, detail = _too_long(len(held))
            raise _StoppedError(
                row + 1, place, reason, f"{detail}, and the rest of the file with it is not read"
            )
    if held.strip() and not (ended and inside):
        yield Unit(
            row + 1, place, b"", place + len(held), ("truncated", "the last value is cut off")
        )
    elif inside and not ended:
        yield Unit(row + 1, place, b"", place, ("truncated", "the list is never closed"))
