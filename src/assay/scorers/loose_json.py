"""Finds the JSON object in a reply that may hold other text around it."""

from __future__ import annotations

import json
from typing import Any

LONGEST = 100_000
"""Characters of a reply, from its end, in which an object is looked for."""
TRIES = 50
"""How many opening braces are tried."""


def last_object(text: str) -> dict[str, Any] | None:
    """The last whole JSON object of a text that has a ``label``, else the last one; or None.

    An object inside another does not count.
    """
    text = text[-LONGEST:]
    decoder = json.JSONDecoder()
    found: dict[str, Any] | None = None
    position = text.find("{")
    for _ in range(TRIES):
        if position < 0:
            break
        try:
            value, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            end = position + 1
        else:
            if isinstance(value, dict) and ("label" in value or found is None):
                found = value
        position = text.find("{", end)
    return found
