"""A transcript from the fields of a foreign row: known names become fields, the rest metadata."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, get_type_hints

from assay.formats.chat import messages_of
from assay.formats.loose_json import convert, decode
from assay.records import Field, Transcript, fields_of

_FIELDS = {field.name: field for field in fields_of(Transcript)}
_SHAPES = get_type_hints(Transcript)
_TEXT_OR_JSON = "score"  # Scout writes plain text here unless it is an object or a list


def transcript_of(values: Mapping[str, Any]) -> Transcript:
    """A transcript from values by column.

    Columns with a transcript's names are its fields; JSON may be given as text or as values. Other
    columns go to ``sample_metadata``. Nulls count as absent.

    Raises:
        ValueError: names the field that holds what it cannot.
    """
    known: dict[str, Any] = {}
    other: dict[str, Any] = {}
    for name, value in values.items():
        if value is None:
            continue
        field = _FIELDS.get(name)
        if field is None:
            other[name] = _plain(value)
            continue
        try:
            known[name] = _value(field, value)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from None
    if other:
        known["sample_metadata"] = {**other, **(known.get("sample_metadata") or {})}
    known.setdefault("message_count", len(known.get("messages", ())))
    return Transcript(**known)


def _value(field: Field, value: Any) -> Any:
    if field.kind == "json":
        return _json(field, value)
    if field.kind == "str":
        return _text(field, value)
    if field.kind == "int" and isinstance(value, float) and value.is_integer():
        value = int(value)
    return convert(value, _SHAPES[field.name])


def _json(field: Field, value: Any) -> Any:
    if isinstance(value, str):
        try:
            value = decode(value)
        except ValueError:
            if field.name != _TEXT_OR_JSON:
                raise
    if field.name == "messages":
        return messages_of(value)
    return convert(value, _SHAPES[field.name])


def _text(field: Field, value: Any) -> Any:
    value = _plain(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return convert(value, _SHAPES[field.name])


def _plain(value: Any) -> Any:
    """The value as JSON can hold it."""
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if value is None or isinstance(value, str | int | float | bool | list | dict):
        return value
    return str(value)
