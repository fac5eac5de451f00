"""What the first rows of a source tell: its format, and what was told of it that cannot be so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.formats.usage_base import RowError, may_have
from assay.formats.usage_registry import detect, doubted, parse
from assay.formats.usage_tables import looks_like_table
from assay.formats.usage_units import Unit

_ROWS = 200
_BYTES = 4 << 20
_LINES = 20
_WHOLE = "the file is refused as a whole: "
_NAMES = 20
_NAME = 40  # characters
_TABLES = (".csv", ".tsv", ".xlsx", ".parquet")
_NEEDED = ("messages", "prompt", "reply")
"""Fields without whose column no row of a log can be read; others may be rare in a log of JSON."""


@dataclass(frozen=True)
class Look:
    """A source's format; why it is refused as a whole, as reason and detail; and the format that
    its rows look like, where another was told."""

    format: str
    refused: tuple[str, str] | None = None
    like: str | None = None


def look_at(
    units: Iterable[Unit], kind: str | None, told: str | None, mapping: Mapping[str, str]
) -> Look:
    """Look at the first rows of a source.

    Args:
        units: its rows, from the first.
        kind: what table it is; None where it is JSON.
        told: the format that somebody named.
        mapping: columns by field.
    """
    seen = _Seen(set(mapping.values()), told)
    for unit in _first(units):
        seen.rows += 1
        if unit.fault is None:
            seen.take(unit.data, told, mapping)
        if seen.enough(told):
            break
    if "role" in mapping:
        seen.names.pop("messages", None)  # made of the rows' own columns
    return _judged(seen, kind, told, mapping)


@dataclass
class _Seen:
    """What was found so far; ``lacking``: the mapped columns that no row had."""

    lacking: set[str]
    format: str | None
    like: str | None = None
    rows: int = 0
    values: int = 0
    names: dict[str, None] = field(default_factory=dict)
    lines: list[bytes] = field(default_factory=list)

    def take(self, data: bytes, told: str | None, mapping: Mapping[str, str]) -> None:
        """Look at a row."""
        try:
            value: Any = parse(data)[0]
        except RowError:
            if len(self.lines) < _LINES:
                self.lines.append(data)
            return
        self.values += 1
        self.lacking = {column for column in self.lacking if not may_have(value, column)}
        if isinstance(value, dict):
            self.names.update(dict.fromkeys(value))
        self.format = self.format or detect([value], mapping)
        if told is not None and self.like != told:
            like = doubted(value, told, mapping)
            self.like = like if like == told else self.like or like

    def enough(self, told: str | None) -> bool:
        """Whether more rows can tell nothing more."""
        return self.format is not None and not self.lacking and told in (None, self.like)


def _first(units: Iterable[Unit]) -> Iterator[Unit]:
    size = 0
    for number, unit in enumerate(units, 1):
        yield unit
        size += unit.end - unit.offset if unit.offset is not None else len(unit.data)
        if number >= _ROWS or size >= _BYTES:
            return


def _judged(seen: _Seen, kind: str | None, told: str | None, mapping: Mapping[str, str]) -> Look:
    if not seen.rows:
        return Look(told or "empty")
    if not seen.values:
        if kind is None and looks_like_table(seen.lines):
            detail = f"{_WHOLE}it is no JSON, but looks like a table; name it .csv or .tsv"
            return Look("unknown", ("not_json", detail))
        return Look(told or "chat")  # whatever it is, each row says why it cannot be read
    needed = [
        column
        for name, column in mapping.items()
        if column in seen.lacking and (kind in _TABLES or name in _NEEDED)
    ]
    if needed:
        detail = f"{_WHOLE}no column {_short(needed[0])!r}; {_columns(seen)}"
        return Look("unknown", ("unknown_column", detail))
    if seen.format is None:
        detail = (
            f"{_WHOLE}no reader knows its first rows; name the --format, or --map fields to "
            f"columns: {_columns(seen)}"
        )
        return Look("unknown", ("unknown_format", detail))
    return Look(seen.format, like=seen.like if seen.like != told else None)


def _columns(seen: _Seen) -> str:
    names = [_short(name) for name in seen.names]
    more = len(names) - _NAMES
    told = ", ".join(names[:_NAMES]) + (f" and {more:,} more" if more > 0 else "")
    return f"there are {told}" if names else "there is none"


def _short(name: str) -> str:
    return name if len(name) <= _NAME else f"{name[:_NAME]}..."
