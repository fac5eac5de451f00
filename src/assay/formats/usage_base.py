"""What all readers of usage logs share: a conversation as it came, and why a row is none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from assay.formats.loose_json import decode
from assay.records import Message


class RowError(ValueError):
    """A row that cannot be taken in.

    Args:
        reason: a word that rows of the kind are counted under, such as ``no_messages``.
        detail: what is wrong with this one, as a clause.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


class Conversation(msgspec.Struct):
    """One conversation of a log, before redaction: nothing of it may be stored as it stands.

    ``id`` names this conversation and no other. ``thread`` joins requests that may belong to one
    conversation, of which each holds what was said before; ``guessed``: the log has no name for it.
    ``client`` and ``network`` hold hints by name. ``date`` is as the log has it. ``flags`` say what
    was amiss.
    """

    messages: tuple[Message, ...]
    id: str | None = None
    thread: str | None = None
    guessed: bool = False
    date: Any = None
    account: str | None = None
    org: str | None = None
    surface: str | None = None
    model: str | None = None
    client: dict[str, str] = {}
    network: str | None = None
    language: str | None = None
    agent: str | None = None
    model_options: dict[str, Any] | None = None
    stop_reason: str | None = None
    error: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    latency: float | None = None
    metadata: dict[str, Any] = {}
    flags: tuple[str, ...] = ()


def object_of(value: Any) -> dict[str, Any]:
    """A JSON object, perhaps written as text; empty where it is none."""
    if isinstance(value, str) and value.lstrip()[:1] == "{":
        try:
            value = decode(value)
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


def list_of(value: Any) -> list[Any]:
    """A JSON list, perhaps written as text; empty where it is none."""
    if isinstance(value, str) and value.lstrip()[:1] == "[":
        try:
            value = decode(value)
        except ValueError:
            return []
    return value if isinstance(value, list) else []


def first(places: Mapping[str, Any] | Sequence[Mapping[str, Any]], *names: str) -> Any:
    """The first value that is neither null nor empty, by name, in the first place that has one."""
    for place in [places] if isinstance(places, Mapping) else places:
        for name in names:
            value = place.get(name)
            if value is not None and value != "":
                return value
    return None


def word(value: Any) -> str | None:
    """A name or an id as text; None where it is neither text nor a number."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return None


def count(value: Any) -> int | None:
    """A number of tokens; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if 0 <= value < 2**53 else None


def seconds(value: Any) -> float | None:
    """A span of time; None where it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e9 else None


def at(row: Any, path: str) -> Any:
    """The value at a path such as ``metadata.tenant``; None where there is none.

    A key that holds the dots itself is found too.
    """
    if isinstance(row, dict) and path in row:
        return row[path]
    for step in path.split("."):
        if isinstance(row, list) and step.isdigit() and len(step) < 6 and int(step) < len(row):
            row = row[int(step)]
        elif isinstance(row, dict):
            row = row.get(step)
        else:
            return None
    return row


def may_have(row: Any, path: str) -> bool:
    """Whether there is such a path in a row, or may be in rows like it, where this has null."""
    if isinstance(row, dict) and path in row:
        return True
    step, _, rest = path.partition(".")
    if not isinstance(row, dict) or step not in row:
        return at(row, path) is not None
    return not rest or row[step] is None or may_have(row[step], rest)
