"""What the columns of a sheet mean, ours and those that people already have; rows as samples."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, TypeAlias

import msgspec

from assay.evals.expected import NoTargetError, targets_of
from assay.records import Message, Sample

FIELDS = (
    "id",
    "input",
    "target",
    "choices",
    "cluster",
    "pair_id",
    "polarity",
    "policy_area",
    "language",
)
"""The columns that mean something to Assay; every other one is metadata."""

ALIASES = {
    "expected_output": "target",  # DeepEval
    "hazard": "policy_area",  # AILuminate, as the next three
    "locale": "language",
    "prompt_text": "input",
    "release_prompt_id": "id",
}
"""Names that others give to our columns. They count where the column of our name is not there."""

MERGED = ("metadata", "additional_metadata")
"""Columns that hold a JSON object of metadata: Inspect's and DeepEval's."""

Fault: TypeAlias = Callable[[int, str | None, str, str], None]
"""Told of a fault: row, column, what it is, and its remedy."""

_EXPECTED = re.compile(r"__expected\d*$")
_PROMPTFOO_REMEDIES = {
    "__config": "Give the scorer its parameters in eval.yaml and delete the column.",
    "__metric": "Give the scorer a name in eval.yaml and delete the column.",
    "__prefix": "Write it into the prompt in eval.yaml and delete the column.",
    "__suffix": "Write it into the prompt in eval.yaml and delete the column.",
    "__threshold": "Give the scorer its parameters in eval.yaml and delete the column.",
}
_MOST_PLANS = 1_000
_decode = msgspec.json.Decoder().decode


@dataclass
class _Plan:
    """Where each field of a sample stands, for rows that have the same columns."""

    columns: dict[str, str] = field(default_factory=dict)
    metadata: list[tuple[str, str]] = field(default_factory=list)
    lists: list[tuple[str, str]] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    usable: bool = True


class RowReader:
    """Turns rows into samples.

    Args:
        scorers: the kinds of scorers that the eval lists (promptfoo's assertions depend on them).
        text_cells: whether the sheet's cells are text (csv, xlsx), where several targets or choices
            stand in one cell: a JSON list, or separated by ``|``.
        fault: is told of rows that are no samples.

    Attributes:
        other_columns: the columns seen so far that mean nothing here and are kept as metadata.
    """

    def __init__(self, scorers: Collection[str], *, text_cells: bool, fault: Fault) -> None:
        self._scorers = frozenset(scorers)
        self._text_cells = text_cells
        self._fault = fault
        self.other_columns: set[str] = set()
        self._plans: dict[tuple[tuple[str, ...], tuple[str, ...] | None], _Plan] = {}

    def sample(self, number: int, row: dict[str, Any]) -> Sample | None:
        """The sample in a row, or None where its faults were told.

        A row without an id is called after its number in the sheet: ``row-000002``.
        """
        keys, variables = tuple(row), None
        if type(row.get("vars")) is dict:  # a test of promptfoo's
            variables = tuple(row["vars"])
            row = {**row.pop("vars"), **row}
            keys = tuple(row)
        plan = self._plans.get((keys, variables))
        if plan is None:
            if len(self._plans) >= _MOST_PLANS:
                self._plans.clear()
            plan = self._plans[keys, variables] = self._plan(number, keys, variables)
        if not plan.usable:
            return None
        faults: list[tuple[str | None, str, str]] = []
        sample = self._read(number, row, plan, faults)
        for fault in faults:
            self._fault(number, *fault)
        return None if faults else sample

    def _plan(self, number: int, keys: tuple[str, ...], variables: tuple[str, ...] | None) -> _Plan:
        plan = _Plan()
        folded: dict[str, str] = {}
        for key in keys:
            name = key.strip().lower()
            if name in FIELDS and name in folded:
                self._fault(
                    number, key, f"two columns mean {name}: {folded[name]}, {key}.", "Rename one."
                )
                plan.usable = False
            folded.setdefault(name, key)
        foreign = variables is not None
        for key in keys:
            name = key.strip().lower()
            meaning = name if name in FIELDS else ALIASES.get(name)
            if meaning and (meaning == name or meaning not in folded):
                plan.columns.setdefault(meaning, key)
            elif name in MERGED:
                plan.merged.append(key)
            elif name.startswith("metadata:"):
                plan.metadata.append((key, key.strip()[9:].strip()))
            elif name.startswith("__") or name == "assert":
                foreign = True
                _plan_promptfoo(plan, key, name)
            else:
                plan.metadata.append((key, key.strip()))
                if len(self.other_columns) < _MOST_PLANS:
                    self.other_columns.add(key)
                if variables is None or key in variables:
                    plan.variables.append(key)
        if "input" not in plan.columns and plan.usable and not (foreign and plan.variables):
            self._fault(
                number,
                None,
                "there is no column input.",
                f"Call the column to ask input; there are: {', '.join(keys)[:300] or 'none'}.",
            )
            plan.usable = False
        return plan

    def _read(
        self, number: int, row: dict[str, Any], plan: _Plan, faults: list[Any]
    ) -> Sample | None:
        columns = plan.columns
        values: dict[str, Any] = {}
        for name, key in columns.items():
            value = row[key]
            if value is None or value == "":
                continue
            try:
                if name == "input":
                    values[name] = _input(value)
                elif name in ("target", "choices"):
                    split = self._text_cells and key.strip().lower() == name
                    values[name] = _several(value, split=split, blanks=name == "choices")
                elif (text := _one(value)) is not None:
                    values[name] = text
            except _UnusableError as error:
                faults.append((key, error.message, error.remedy))
        if plan.expected or plan.refused:
            self._read_promptfoo(row, plan, values, faults)
        if "input" not in columns:
            values["input"] = _as_lines({key: row[key] for key in plan.variables})
        if not values.get("input") and not faults:
            faults.append((columns.get("input"), "the input is empty.", "Write what to ask."))
        if "polarity" in values:
            values["polarity"] = _polarity(values["polarity"], columns["polarity"], faults)
        metadata = _metadata(row, plan, faults)
        if faults:
            return None
        if metadata:
            values["metadata"] = metadata
        if not values.get("id"):
            values["id"] = f"row-{number:06d}"
        return Sample(**values)

    def _read_promptfoo(
        self, row: dict[str, Any], plan: _Plan, values: dict[str, Any], faults: list[Any]
    ) -> None:
        for key in plan.refused:
            if row[key] not in (None, "", [], {}):
                remedy = _PROMPTFOO_REMEDIES.get(
                    key.lower().partition(":")[0],
                    "Rename the column without the underscores to keep it as metadata.",
                )
                faults.append((key, "this column of promptfoo's has no meaning here.", remedy))
        cells = [(key, cell) for key in plan.expected for cell in _cells(row[key]) if cell.strip()]
        if len(cells) > 1 or (cells and values.get("target")):
            faults.append(
                (
                    cells[-1][0],
                    "several expectations must all hold, but any one target suffices.",
                    "Keep one of them, and list scorers for the others in eval.yaml.",
                )
            )
            return
        for key, cell in cells:
            try:
                values["target"] = targets_of(cell, self._scorers)
            except NoTargetError as error:
                faults.append((key, error.message, error.remedy))


class _UnusableError(Exception):
    """A cell that cannot be what its column says."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


def _plan_promptfoo(plan: _Plan, key: str, name: str) -> None:
    if name.startswith("__metadata:"):
        wanted = key.strip()[11:].strip()
        if wanted.endswith("[]"):
            plan.lists.append((key, wanted[:-2]))
        else:
            plan.metadata.append((key, wanted))
    elif name == "__description":
        plan.metadata.append((key, "description"))
    elif _EXPECTED.match(name) or name == "assert":
        plan.expected.append(key)
    else:
        plan.refused.append(key)


def _cells(value: Any) -> list[str]:
    """Assertions of a cell: its text, or promptfoo's list of {type, value}."""
    if isinstance(value, list):
        return [
            f"{item.get('type')}: {item.get('value', '')}" if isinstance(item, dict) else str(item)
            for item in value
        ]
    return [] if value is None else [str(value)]


def _one(value: Any) -> str | None:
    if type(value) is str:
        return value.strip() or None
    if isinstance(value, bool | list | dict):
        raise _UnusableError("this must be text or a number.", "Write it in quotes.")
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def _several(value: Any, *, split: bool, blanks: bool) -> tuple[str, ...]:
    """The texts of a list. ``blanks``: they would move the letters, so that there may be none."""
    if type(value) is str:
        if split and value.lstrip()[:1] == "[":
            try:
                value = _decode(value)
            except (msgspec.DecodeError, RecursionError):
                pass
            else:
                return _several(value, split=False, blanks=blanks)
        texts = value.split("|") if split and "|" in value else [value]
        found = tuple([text for part in texts if (text := part.strip())])
    else:
        texts = value if isinstance(value, list) else [value]
        found = tuple([text for part in texts if part is not None and (text := _one(part))])
    if blanks and len(found) < len(texts) > 1:
        raise _UnusableError("one of the choices is empty.", "Fill it, or take it out.")
    return found


def _input(value: Any) -> str | tuple[Message, ...]:
    if type(value) is str:
        return value if not value.isspace() else ""
    if isinstance(value, list):
        return tuple(_message(item) for item in value)
    return _one(value) or ""


def _message(item: Any) -> Message:
    if isinstance(item, dict) and isinstance(item.get("content"), list):
        parts = item["content"]
        if not all(isinstance(p, dict) and isinstance(p.get("text"), str) for p in parts):
            raise _UnusableError("a message holds something that is not text.", "Keep the text.")
        item = {**item, "content": "\n".join(part["text"] for part in parts)}
    try:
        return msgspec.convert(item, Message)
    except (msgspec.ValidationError, RecursionError) as error:
        raise _UnusableError(
            f"this is no list of chat messages ({error}).",
            'Write [{"role": "user", "content": "..."}] with roles system, user, assistant, tool.',
        ) from None


def _polarity(value: str, key: str, faults: list[Any]) -> str | None:
    folded = value.lower()
    if folded in ("violative", "benign"):
        return folded
    close = get_close_matches(folded, ("violative", "benign"), 1)
    meant = f"Did you mean {close[0]}? " if close else ""
    faults.append((key, f"{value!r} is no polarity.", f"{meant}Write violative or benign."))
    return None


def _metadata(row: dict[str, Any], plan: _Plan, faults: list[Any]) -> dict[str, Any]:
    metadata = {name: row[key] for key, name in plan.metadata if row[key] is not None}
    for key, name in plan.lists:
        metadata[name] = [part.strip() for part in str(row[key] or "").split(",") if part.strip()]
    for key in plan.merged:
        value = row[key]
        if value is None or value == "":
            continue
        if type(value) is str:
            try:
                value = _decode(value)
            except (msgspec.DecodeError, RecursionError):
                value = None
        if type(value) is not dict:
            faults.append((key, "this is no JSON object.", 'Write {"key": "value"}.'))
        else:
            metadata.update(value)
    return metadata


def _as_lines(variables: dict[str, Any]) -> str:
    told = {key: str(value) for key, value in variables.items() if value not in (None, "")}
    if len(variables) == 1:
        return next(iter(told.values()), "")
    return "\n".join(f"{key}: {value}" for key, value in told.items())
