"""Reads what people labelled: a file's rows become replies, each with every rater's word on it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from assay.errors import DefinitionError, Problem
from assay.formats import sheets
from assay.records import Message, Transcript

CANNOT_TELL = "cannot tell"
"""What a rater says who cannot decide. It is kept, and counts for no verdict."""

COLUMNS: dict[str, tuple[str, ...]] = {
    "draw": ("draw",),
    "item": ("item",),
    "transcript_id": ("transcript_id", "transcript"),
    "input": ("input", "prompt", "question", "request"),
    "reply": ("reply", "completion", "response", "output"),
    "label": ("label", "final_label", "human_label"),
    "rater": ("rater", "annotator"),
    "note": ("note", "comment"),
    "cluster": ("cluster",),
    "policy_area": ("policy_area", "area"),
    "language": ("language", "lang"),
}
"""What a label file can tell, and the columns in which it is looked for, whatever their case."""

_YES = {
    "1": 1.0,
    "1.0": 1.0,
    "yes": 1.0,
    "true": 1.0,
    "0": 0.0,
    "0.0": 0.0,
    "no": 0.0,
    "false": 0.0,
}
_MOST_PROBLEMS = 50


class Rating(msgspec.Struct, frozen=True):
    """One rater's label of one reply. ``value`` is None where the rater could not tell."""

    label: str
    value: float | None
    rater: str
    note: str = ""


class LabelledReply(msgspec.Struct, frozen=True):
    """One reply with what its raters say of it; ``cluster`` is what it shares an origin by."""

    transcript: Transcript
    ratings: tuple[Rating, ...]
    cluster: str


class LabelSet(msgspec.Struct, frozen=True):
    """Labelled replies. ``hash`` covers replies, labels, raters and what counts as positive.

    ``notes`` tell what is odd about the labels.
    """

    name: str
    hash: str
    positive: tuple[str, ...]
    replies: tuple[LabelledReply, ...]
    notes: tuple[str, ...] = ()


class LabelRow(msgspec.Struct, frozen=True):
    """One row of a label file, its cells by what they tell; ``labels`` by rater."""

    row: int
    cells: dict[str, str]
    labels: dict[str, str]


def read_label_rows(path: Path, columns: Mapping[str, str] | None = None) -> list[LabelRow]:
    """The rows of a csv, tsv, xlsx, jsonl or parquet file of labels.

    Args:
        path: the file.
        columns: what a column tells (a key of ``COLUMNS``) -> its name in the file, where it is
            not one of the usual names; an empty name for what the file does not tell. Several
            columns of labels, with commas between them, are several raters.

    Raises:
        DefinitionError: with every faulty row; or no column of labels.
        NotFoundError: there is no such file.
    """
    given = dict(columns or {})
    for role in given:
        if role not in COLUMNS:
            raise DefinitionError(
                [Problem(str(path), f"no column tells {role!r}.", f"Use {', '.join(COLUMNS)}.")]
            )
    problems: list[Problem] = []
    names: dict[str, list[str]] | None = None
    found = []
    for number, cells in sheets.read_rows(path, report=problems.append):
        if names is None or path.suffix.lower() == ".jsonl":
            names = _names(path, list(cells), given)
        found.append(_row(number, cells, names))
    problems = [each for each in problems if each.severity == "error"]
    if problems:
        raise DefinitionError(problems[:_MOST_PROBLEMS])
    if not found:
        raise DefinitionError([Problem(str(path), "there are no labels.", "Add rows.")])
    return found


def read_label_set(
    path: Path,
    *,
    columns: Mapping[str, str] | None = None,
    positive: Sequence[str] = (),
    values: Mapping[str, float] | None = None,
) -> LabelSet:
    """A file of labelled replies, to measure a scorer by.

    Rows of one reply by different raters become one reply. Where no column names clusters, replies
    to the same input share an origin; where there is no input, equal replies do.

    Args:
        path: the file.
        columns: as for :func:`read_label_rows`.
        positive: labels that say what the scorer's greatest value says; all others say the
            opposite. Without any, labels are names of ``values``, yes or no, true or false, 1 or 0.
        values: the scorer's own labels and their values.

    Raises:
        DefinitionError: with every faulty row; NotFoundError: there is no such file.
    """
    rows = read_label_rows(path, columns)
    if "reply" not in rows[0].cells:
        raise DefinitionError(
            [
                Problem(
                    str(path),
                    "no column holds the replies.",
                    "Name it: --column reply=NAME.",
                )
            ]
        )
    meaning = Meaning(positive, values or {})
    gathered: dict[tuple[str, str, int], tuple[Transcript, list[Rating], str]] = {}
    seen: dict[tuple[str, str, str], int] = {}
    problems = []
    for row in rows:
        asked, reply = row.cells.get("input", ""), row.cells["reply"]
        for rater, label in row.labels.items():
            try:
                value = meaning.value(label)
            except ValueError as error:
                problems.append(Problem(str(path), str(error), meaning.remedy, row=row.row))
                continue
            again = seen.get((asked, reply, rater), 0)
            seen[asked, reply, rater] = again + 1
            if (asked, reply, again) not in gathered:
                transcript = _transcript(row, again)
                cluster = row.cells.get("cluster") or asked or reply
                gathered[asked, reply, again] = (transcript, [], cluster)
            rating = Rating(label, value, rater, row.cells.get("note", ""))
            gathered[asked, reply, again][1].append(rating)
    if meaning.idle:
        problems += [Problem(str(path), why, meaning.remedy) for why in meaning.unmet()]
    if problems:
        raise DefinitionError(problems[:_MOST_PROBLEMS])
    replies = tuple(LabelledReply(t, tuple(r), c) for t, r, c in gathered.values())
    found = label_set(path.name, replies, positive)
    return msgspec.structs.replace(found, notes=tuple(meaning.unmet()))


def label_set(
    name: str, replies: tuple[LabelledReply, ...], positive: Sequence[str] = ()
) -> LabelSet:
    """A label set with its hash: 16 hex digits, whatever order the replies come in."""
    told = sorted(
        msgspec.json.encode(
            [
                each.transcript.messages,
                each.cluster,
                sorted(r[:3] for r in map(_plain, each.ratings)),
            ]
        )
        for each in replies
    )
    digest = hashlib.sha256(msgspec.json.encode(sorted(positive)))
    for text in told:
        digest.update(b"\n" + text)
    return LabelSet(name, digest.hexdigest()[:16], tuple(positive), replies)


class Meaning:
    """What labels say of a scorer's question: 1 for its greatest value, 0 for its least.

    Args:
        positive: the labels that say its greatest value; where there are any, no other does.
        values: label -> value, for labels that are the scorer's own.
    """

    def __init__(
        self, positive: Sequence[str] = (), values: Mapping[str, float | None] | None = None
    ) -> None:
        self._positive = {_folded(label): label for label in positive}
        self._values = {_folded(label): value for label, value in (values or {}).items()}
        self._met: set[str] = set()
        self._others: dict[str, None] = {}

    def value(self, label: str) -> float | None:
        """The label's value; None where its rater could not tell.

        Raises:
            ValueError: the label says nothing that is known.
        """
        folded = _folded(label)
        if folded in ("", CANNOT_TELL):
            return None
        if self._positive:
            self._met.add(folded)
            self._others.setdefault(label)
            return 1.0 if folded in self._positive else 0.0
        for known in (self._values, _YES):
            if folded in known:
                return known[folded]
        raise ValueError(f"the label {label[:60]!r} says nothing that is known.")

    def unmet(self) -> list[str]:
        """A fault for each positive label that no row has."""
        there = ", ".join(repr(label[:60]) for label in list(self._others)[:10])
        missed = [label for folded, label in self._positive.items() if folded not in self._met]
        return [f"no row has the label {label!r}; there are {there}." for label in missed]

    @property
    def idle(self) -> bool:
        """Whether positive labels are named, and no row has any of them."""
        return bool(self._positive) and not self._met & self._positive.keys()

    @property
    def remedy(self) -> str:
        """How to make labels known."""
        if self._positive:
            return "Name labels that the file has: --positive LABELS."
        own = ", ".join(self._values) or "yes or no"
        return f"Use {own}; or say which labels mean yes: --positive LABELS."


def _names(path: Path, there: list[str], given: Mapping[str, str]) -> dict[str, list[str]]:
    """What is told -> the columns that tell it."""
    folded = {name.strip().casefold(): name for name in reversed(there)}
    names: dict[str, list[str]] = {}
    for role, usual in COLUMNS.items():
        if role in given:
            wanted = [name.strip() for name in given[role].split(",") if name.strip()]
            absent = [name for name in wanted if name.casefold() not in folded]
            if absent:
                what = f"there is no column {absent[0]!r}."
                raise DefinitionError([Problem(str(path), what, f"There are: {_listed(there)}.")])
            names[role] = [folded[name.casefold()] for name in wanted]
        else:
            names[role] = [folded[name] for name in usual if name in folded][:1]
    if not names["label"]:
        raise DefinitionError(
            [
                Problem(
                    str(path),
                    "no column holds the labels.",
                    f"Name it: --column label=NAME. There are: {_listed(there)}.",
                )
            ]
        )
    return names


def _row(number: int, cells: Mapping[str, Any], names: Mapping[str, list[str]]) -> LabelRow:
    told = {
        role: _text(cells.get(columns[0]))
        for role, columns in names.items()
        if columns and role != "label"
    }
    columns = names["label"]
    if len(columns) == 1:
        labels = {told.get("rater", "").strip(): _text(cells.get(columns[0])).strip()}
    else:
        labels = {name: _text(cells.get(name)).strip() for name in columns}
    return LabelRow(number, told, labels)


def _transcript(row: LabelRow, again: int) -> Transcript:
    asked, reply = row.cells.get("input", ""), row.cells["reply"]
    digest = hashlib.sha256(msgspec.json.encode([asked, reply, again])).hexdigest()[:32]
    request = (Message("user", asked),) if asked else ()
    return Transcript(
        transcript_id=digest,
        messages=(*request, Message("assistant", reply)),
        source_type="labelled",
        message_count=len(request) + 1,
        cluster=row.cells.get("cluster") or None,
        policy_area=row.cells.get("policy_area") or None,
        language=row.cells.get("language") or None,
    )


def _plain(rating: Rating) -> list[str]:
    value = "" if rating.value is None else f"{rating.value:g}"
    return [rating.rater, rating.label, value]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else str(value)


def _folded(label: str) -> str:
    """The label as it is compared; without the mark that keeps a csv cell from being a formula."""
    return label.strip().removeprefix("'").strip().casefold()


def _listed(names: Sequence[str]) -> str:
    return ", ".join(name[:60] for name in names[:20])
