"""Conversations whose category is known: made up, or read from somebody's file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from assay.errors import AssayError, DefinitionError, Problem
from assay.formats.chat import messages_of
from assay.formats.sheets import read_rows
from assay.records import Message, Transcript
from assay.store.tables import write_rows
from assay.usage.folder import UsageFolder

TEXT = ("text", "conversation", "prompt", "input")
LABEL = ("label", "category", "topic")
_YES, _NO = {"1", "yes", "true", "y"}, {"", "0", "no", "false", "n"}


@dataclass(frozen=True)
class Known:
    """A conversation and its category.

    Attributes:
        messages: what was said.
        label: its category.
        concerning: whether the category is one that safeguards look for.
        language: of the conversation, where it is known.
        account: who said it; each conversation its own account where None.
    """

    messages: tuple[Message, ...]
    label: str
    concerning: bool = False
    language: str = ""
    account: str | None = None


@dataclass(frozen=True)
class Labelled:
    """Conversations of known category, and where they come from."""

    name: str
    rows: Sequence[Known]

    @property
    def sha256(self) -> str:
        """Of all texts and labels, in order."""
        digest = hashlib.sha256()
        for row in self.rows:
            digest.update(msgspec.json.encode([row.label, row.concerning, list(row.messages)]))
        return digest.hexdigest()


def check_labelled(labelled: Labelled) -> None:
    """Refuse what tells nothing.

    Raises:
        AssayError: there are fewer than two categories.
    """
    if len({row.label for row in labelled.rows}) < 2:
        raise AssayError(
            "there are fewer than two categories, so no map could mistake one for another.",
            where=labelled.name,
            fix="Give conversations of several categories in the column label.",
        )


def read_labelled(path: Path) -> Labelled:
    """Conversations of a csv, tsv, xlsx, jsonl or parquet file, one a row.

    Columns: ``text`` or ``messages`` (a list of role and content), ``label``; and, where they are
    known, ``concerning`` (yes or no), ``language`` and ``account``.

    Raises:
        DefinitionError: a row has no text or no label.
        NotFoundError: there is no such file.
    """
    rows = [_known(path, number, cells) for number, cells in read_rows(path)]
    kinds: dict[str, bool] = {}
    for number, row in enumerate(rows, 1):
        if kinds.setdefault(row.label, row.concerning) != row.concerning:
            raise _fault(
                path,
                number,
                f"the category {row.label!r} is concerning in one row and not in another.",
                "Say the same of all rows of a category.",
            )
    labelled = Labelled(path.name, rows)
    check_labelled(labelled)
    return labelled


def bare_import(folder: Path, rows: Iterable[Transcript]) -> UsageFolder:
    """An import of these conversations and nothing else: enough for a map to be made of it."""
    usage = UsageFolder(folder)
    usage.transcripts_folder.mkdir(parents=True)
    write_rows(usage.part(0), Transcript, rows)
    return usage


def transcripts_of(labelled: Labelled) -> Iterable[Transcript]:
    """The conversations as an import holds them; never their labels."""
    for number, row in enumerate(labelled.rows):
        yield Transcript(
            transcript_id=f"known-{number}",
            messages=row.messages,
            account_id=row.account or f"account-of-{number}",
            language=row.language or None,
        )


def _known(path: Path, number: int, cells: Mapping[str, Any]) -> Known:
    by_name = {str(name).strip().lower(): value for name, value in cells.items()}

    def cell(*names: str) -> str:
        found = next((by_name[name] for name in names if by_name.get(name) is not None), "")
        return str(found).strip()

    label = cell(*LABEL)
    if not label:
        raise _fault(path, number, "there is no label.", "Fill the column label.")
    messages = _messages(by_name.get("messages"), cell(*TEXT))
    if not any(each.role == "user" and each.content.strip() for each in messages):
        raise _fault(
            path, number, "nobody says anything.", "Fill the column text, or messages (a list)."
        )
    concerning = cell("concerning").lower()
    if concerning not in _YES | _NO:
        raise _fault(path, number, f"concerning is {concerning[:40]!r}.", "Write yes or no.")
    return Known(
        messages, label, concerning in _YES, cell("language"), cell("account", "account_id") or None
    )


def _messages(raw: Any, text: str) -> tuple[Message, ...]:
    if isinstance(raw, str) and raw.strip():
        try:
            raw = json.loads(raw)
        except ValueError:
            return (Message("user", raw),)
    if isinstance(raw, list) and raw:
        return messages_of(raw)
    return (Message("user", text),)


def _fault(path: Path, row: int, message: str, remedy: str) -> DefinitionError:
    return DefinitionError([Problem(f"{path}, row {row}", message, remedy)])
