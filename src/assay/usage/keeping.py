"""Decides what of the rows that passed the door is new, and keeps it: parts closed and committed.

A row is a duplicate where the same was said by the same, at the same time, or where its id is known
and the stored conversation begins with it. One that goes on from a stored conversation, by its id
or by the thread of its requests, is added, and the stored one is superseded. One whose id is known
for something else is rejected. So each row ends as one of three, and nothing is lost silently.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from assay.records import RawRow, Transcript, now
from assay.store.tables import TableWriter
from assay.usage.door import Admitted, Passed, Refused
from assay.usage.folder import UsageFolder
from assay.usage.state import Pending, Source, State

PART_ROWS = 20_000
PART_BYTES = 64 << 20
_MOST_REJECTED = 50_000  # held before they are committed, with or without a part
_STEP = 8  # bytes of a prefix
_MESSAGES = Transcript.__struct_fields__.index("messages")
_ACCOUNT = Transcript.__struct_fields__.index("account_id")
_LANGUAGE = Transcript.__struct_fields__.index("language")


class Keeper:
    """Takes what passed the door, in order.

    Args:
        folder: the import, which the caller holds.
        state: where it stands.
        part_rows: rows after which a part is closed.
    """

    def __init__(self, folder: UsageFolder, state: State, part_rows: int = PART_ROWS) -> None:
        self._folder = folder
        self._state = state
        self._part_rows = part_rows
        self._number = state.parts()
        self._table: TableWriter | None = None
        self._raw: TableWriter | None = None
        self._bytes = 0
        self._pending = Pending()
        self._repair()

    def _repair(self) -> None:
        """Remove what a kill left between the closing of a part and its commit."""
        for folder in (self._folder.transcripts_folder, self._folder.raw_folder):
            for file in folder.glob("part-*"):
                number = file.name.removeprefix("part-").partition(".")[0]
                if not number.isdigit() or int(number) >= self._number or file.suffix == ".part":
                    file.unlink()

    def take(self, source: Source, passed: Sequence[Passed], place: int, line: int) -> None:
        """Keep what is new of a batch; reading goes on at ``place``, after ``line`` values."""
        known = _Known.of(self._state, passed)
        for each in passed:
            source.rows += 1
            if isinstance(each, Refused):
                self._reject(source, each)
                continue
            for flag in each.flags:
                source.flagged[flag] = source.flagged.get(flag, 0) + 1
            verdict = self._verdict(each, known)
            if verdict == "duplicate":
                source.duplicates += 1
            elif verdict is not None:
                detail = "its id is known for a conversation that says something else"
                self._reject(source, Refused(each.row, each.offset, verdict, detail))
            else:
                source.added += 1
                self._write(each)
        source.place, source.line = place, line
        self._pending.sources[source.id] = source
        full = self._table is not None and (
            self._table.rows >= self._part_rows or self._bytes >= PART_BYTES
        )
        if full or len(self._pending.rejected) >= _MOST_REJECTED:
            self.commit()

    def touch(self, source: Source) -> None:
        """Note that something about a source has changed."""
        self._pending.sources[source.id] = source

    def taken(self, number: int) -> None:
        """Note up to where the inbox has been taken; it is emptied with the commit."""
        self._pending.taken = number

    def commit(self) -> None:
        """Close the part and make everything known."""
        part = None
        if self._raw is not None:
            self._raw.close()
        if self._table is not None:
            self._table.close()
            part = (self._number, self._table.rows)
            self._number += 1
        self._state.commit(self._pending, part)
        self._table = self._raw = None
        self._bytes = 0
        self._pending = Pending()

    def abort(self) -> None:
        """Drop what is not committed."""
        for table in (self._table, self._raw):
            if table is not None:
                table.abort()

    def _reject(self, source: Source, row: Refused) -> None:
        source.rejected[row.reason] = source.rejected.get(row.reason, 0) + 1
        self._pending.rejected.append((source.id, row.row, row.offset, row.reason, row.detail))

    def _verdict(self, each: Admitted, known: _Known) -> str | None:
        """None for what is new, else ``duplicate`` or a reason to reject it."""
        if each.content in self._pending.seen or each.content in known.seen:
            return "duplicate"
        older: list[bytes] = []
        if each.ident is not None:
            held = self._pending.ids.get(each.ident) or known.ids.get(each.ident)
            if held is not None:
                how = _relation(held[1], each.prefixes)
                if how != "extends":
                    return how
                older.append(held[0])
        keys = known.keys.get(id(each), [])
        if keys and each.named and self._holder(keys[-1], known, whole=False) is not None:
            return "duplicate"
        before = (self._holder(key, known, whole=True) for key in reversed(keys[:-1]))
        older += [content for content in before if content is not None][:1]
        self._pending.superseded.update(content.hex() for content in older)
        self._remember(each, keys)
        return None

    def _holder(self, key: bytes, known: _Known, *, whole: bool) -> bytes | None:
        held = self._pending.threads.get(key) or known.threads.get(key)
        return held[0] if held is not None and held[1] == whole else None

    def _remember(self, each: Admitted, keys: list[bytes]) -> None:
        self._pending.seen.add(each.content)
        if each.ident is not None:
            self._pending.ids[each.ident] = (each.content, each.prefixes)
        for key in keys[:-1]:
            self._pending.threads[key] = (each.content, False)
        if keys:
            self._pending.threads[keys[-1]] = (each.content, True)

    def _write(self, each: Admitted) -> None:
        values: list[Any] = each.values
        text = values[_MESSAGES]
        values[_MESSAGES] = msgspec.Raw(text)
        if self._table is None:
            self._folder.transcripts_folder.mkdir(parents=True, exist_ok=True)
            self._table = TableWriter(self._folder.part(self._number), Transcript)
        self._table.write(Transcript(*values))
        self._bytes += len(text)
        if each.raw is not None:
            if self._raw is None:
                self._folder.raw_folder.mkdir(parents=True, exist_ok=True)
                self._raw = TableWriter(self._folder.raw_part(self._number), RawRow)
            raw: Any = msgspec.Raw(each.raw)
            self._raw.write(RawRow(transcript_id=values[0], imported=now(), messages=raw))
        totals = self._pending.totals
        for kind, number in each.redacted.items():
            totals["redacted", kind] += number
        totals["languages", values[_LANGUAGE]] += 1
        totals["conversations", "with_account"] += values[_ACCOUNT] is not None


def _relation(stored: bytes, new: bytes) -> str:
    """How a conversation stands to a stored one of the same id, by the hashes of their prefixes."""
    if not stored or not new:  # nothing but what the system says
        return "conflicting_id"
    if new[: len(stored)] == stored:
        return "duplicate" if len(new) == len(stored) else "extends"
    return "duplicate" if stored[: len(new)] == new else "conflicting_id"


@dataclass
class _Known:
    """What the state knows of a batch, asked for at once."""

    seen: set[bytes] = field(default_factory=set)
    ids: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)
    threads: dict[bytes, tuple[bytes, bool]] = field(default_factory=dict)
    keys: dict[int, list[bytes]] = field(default_factory=dict)

    @classmethod
    def of(cls, state: State, passed: Sequence[Passed]) -> _Known:
        admitted = [each for each in passed if isinstance(each, Admitted)]
        keys = {id(each): _keys(each) for each in admitted if each.thread is not None}
        return cls(
            seen=state.seen(each.content for each in admitted),
            ids=state.ids(each.ident for each in admitted if each.ident is not None),
            threads=state.threads(key for each in keys.values() for key in each),
            keys=keys,
        )


def _keys(each: Admitted) -> list[bytes]:
    """The names under which a thread's prefixes are known."""
    steps = range(0, len(each.prefixes), _STEP)
    thread = each.thread or b""
    return [
        hashlib.blake2b(thread + each.prefixes[step : step + _STEP], digest_size=16).digest()
        for step in steps
    ]
