"""What pydantic finds wrong in a YAML definition, in the file's own words and lines.

Shared by every definition that an analyst writes, so that each explains a fault alike.
"""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from assay.errors import Problem
from assay.evals.yaml_file import YamlFile

Place = tuple[int | str, ...]
Owner = Callable[[Place], type[BaseModel]]
"""Gives the model that the last part of a place is, or might have been, a field of."""


UNKNOWN_FIELD = "there is no such field."


def problems_of(written: YamlFile, error: ValidationError, owner: Owner) -> list[Problem]:
    """One fault a place, the first that pydantic gives, with its line and how to mend it."""
    faults: dict[Place, ErrorDetails] = {}
    for detail in error.errors(include_url=False):
        faults.setdefault(detail["loc"], detail)
    return [_problem(written, detail, owner) for detail in faults.values()]


def _problem(written: YamlFile, detail: ErrorDetails, owner: Owner) -> Problem:
    place = detail["loc"]
    message, remedy = _explained(detail, owner)
    return Problem(
        str(written.path),
        message,
        remedy,
        row=written.line_of(place) if place else None,
        column=".".join(map(str, place)) or None,
    )


def _explained(detail: ErrorDetails, owner: Owner) -> tuple[str, str]:
    place, kind, context = detail["loc"], detail["type"], detail.get("ctx", {})
    is_ = f"It is {detail['input']!r:.60}."
    if kind == "extra_forbidden":
        known = list(_fields_of(owner(place)))
        return UNKNOWN_FIELD, (
            f"{_meant(str(place[-1]), known)}The fields are: {', '.join(known)}."
        )
    if kind == "missing":
        field = _fields_of(owner(place)).get(str(place[-1]))
        return "this field is missing.", (field.description if field else None) or "Add it."
    if kind == "value_error":
        what, _, remedy = str(context["error"]).partition("; ")
        return f"{what}.", f"{remedy[:1].upper()}{remedy[1:]}."
    if kind == "string_pattern_mismatch":
        return f"{detail['input']!r:.60} is not a name.", "Use lower-case words joined by hyphens."
    if kind == "string_type":
        return "this must be text.", f'Put it in quotes: "{detail["input"]!s:.60}".'
    if kind == "literal_error":
        meant = _meant(str(detail["input"]), context["expected"].split("'")).rstrip()
        return f"{detail['input']!r:.60} is not one of {context['expected']}.", meant
    if kind in ("model_type", "model_attributes_type"):
        return f"{detail['input']!r:.60} is not of the right kind.", "Write a name or a mapping."
    if kind in _SAID:
        return f"{_SAID[kind].format(**context)}.", is_
    return f"{detail['msg'][0].lower()}{detail['msg'][1:]}.", is_


def _fields_of(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """A model's fields by the names that they have in the file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


_SAID = {
    "dict_type": "this must be a mapping",
    "float_type": "this must be a number",
    "greater_than": "this must be more than {gt:g}",
    "greater_than_equal": "this must be {ge:g} or more",
    "int_type": "this must be a whole number",
    "less_than": "this must be less than {lt:g}",
    "less_than_equal": "this must be {le:g} or less",
    "string_too_long": "this must have {max_length} letters at most",
    "string_too_short": "this must not be empty",
    "too_short": "this must have {min_length} item or more",
    "tuple_type": "this must be a list",
}


def _meant(written: str, known: list[str]) -> str:
    close = get_close_matches(written, known, 1)
    return f"Did you mean {close[0]}? " if close else ""
