"""The field table of a stored record, from which Arrow schemas, validation and docs are made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args, get_type_hints

import msgspec


@dataclass(frozen=True)
class Field:
    """One stored column. ``kind`` is one of str, int, float, bool, json; json columns hold text."""

    name: str
    kind: str
    nullable: bool
    description: str


def fields_of(record: type[msgspec.Struct]) -> tuple[Field, ...]:
    """The columns of a record, in order."""
    hints = get_type_hints(record, include_extras=True)
    return tuple(_field(name, hints[name]) for name in record.__struct_fields__)


def _field(name: str, hint: Any) -> Field:
    description = ""
    if hasattr(hint, "__metadata__"):
        meta = hint.__metadata__[0]
        description = meta.description or ""
        hint = hint.__origin__
    options = get_args(hint) if type(None) in get_args(hint) else (hint,)
    plain = [option for option in options if option is not type(None)]
    kind = _KINDS.get(plain[0], "json") if len(plain) == 1 else "json"
    if kind == "json" and set(map(type, get_args(plain[0]))) == {str}:
        kind = "str"  # a Literal of strings
    return Field(name, kind, type(None) in options, description)


_KINDS = {str: "str", int: "int", float: "float", bool: "bool"}
