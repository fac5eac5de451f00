"""Where an import stands: one SQLite file that is committed together with each closed part.

It holds the place in every source, the hashes by which duplicates are known, the rejected rows and
the counts. What it says is done is on the disk; what it does not say is done again.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from assay.errors import StoreError
from assay.records import RejectedRow, UsageSource

_SCHEMA = """
CREATE TABLE IF NOT EXISTS sources (
    id INTEGER PRIMARY KEY, uri TEXT NOT NULL, format TEXT NOT NULL, stamp TEXT NOT NULL,
    sha256 TEXT, bytes INTEGER NOT NULL, rows INTEGER NOT NULL, added INTEGER NOT NULL,
    duplicates INTEGER NOT NULL, rejected TEXT NOT NULL, flagged TEXT NOT NULL,
    place INTEGER NOT NULL, line INTEGER NOT NULL, done INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS parts (number INTEGER PRIMARY KEY, rows INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS seen (content BLOB PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ids (
    id BLOB PRIMARY KEY, content BLOB NOT NULL, prefixes BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS threads (
    prefix BLOB PRIMARY KEY, content BLOB NOT NULL, whole INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rejected (
    source INTEGER NOT NULL, row INTEGER NOT NULL, offset INTEGER, reason TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS superseded (transcript_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS totals (
    kind TEXT NOT NULL, name TEXT NOT NULL, count INTEGER NOT NULL, PRIMARY KEY (kind, name)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inbox (number INTEGER PRIMARY KEY, source INTEGER, passed BLOB NOT NULL);
"""
_MANY = 500  # values in one question
_CACHE = 64 << 10  # kilobytes of SQLite's own


@dataclass
class Source:
    """One source and what became of its rows so far. Reading goes on at ``place``, after ``line``
    values."""

    id: int
    uri: str
    format: str
    stamp: str
    sha256: str | None = None
    bytes: int = 0
    rows: int = 0
    added: int = 0
    duplicates: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    flagged: dict[str, int] = field(default_factory=dict)
    place: int = 0
    line: int = 0
    done: bool = False

    def record(self) -> UsageSource:
        """As import.json shows it."""
        return UsageSource(
            uri=self.uri,
            format=self.format,
            sha256=self.sha256,
            bytes=self.bytes,
            rows=self.rows,
            added=self.added,
            duplicates=self.duplicates,
            rejected=dict(sorted(self.rejected.items())),
            flagged=dict(sorted(self.flagged.items())),
        )


@dataclass
class Pending:
    """What was learned since the last commit."""

    seen: set[bytes] = field(default_factory=set)
    ids: dict[bytes, tuple[bytes, bytes]] = field(default_factory=dict)
    threads: dict[bytes, tuple[bytes, bool]] = field(default_factory=dict)
    rejected: list[tuple[int, int, int | None, str, str]] = field(default_factory=list)
    superseded: set[str] = field(default_factory=set)
    totals: Counter[tuple[str, str]] = field(default_factory=Counter)
    sources: dict[int, Source] = field(default_factory=dict)
    taken: int = 0


class State:
    """The file. One process at a time may write.

    Args:
        path: made where it is missing.

    Raises:
        StoreError: by any method, where the disk is full or this is no such file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._told():
            self._db = sqlite3.connect(
                path, timeout=30, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute(f"PRAGMA cache_size=-{_CACHE}")
            self._db.execute("PRAGMA secure_delete=ON")  # what waited in the inbox leaves no trace
            self._db.executescript(_SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            text = str(error)
            full = "full" in text or "disk I/O" in text
            raise StoreError(
                f"where the import stands cannot be kept ({text}).",
                where=str(self.path),
                fix="Free some space, then give the same command again: it goes on."
                if full
                else "If the file is damaged, delete the import's folder and import again.",
            ) from error

    def sources(self) -> list[Source]:
        """Every source, in the order in which they came."""
        with self._told():
            rows = self._db.execute("SELECT * FROM sources ORDER BY id").fetchall()
        decode = msgspec.json.Decoder(dict[str, int]).decode
        found = []
        for *plain, rejected, flagged, place, line, done in rows:
            source = Source(*plain)
            source.rejected, source.flagged = decode(rejected), decode(flagged)
            source.place, source.line, source.done = place, line, bool(done)
            found.append(source)
        return found

    def parts(self) -> int:
        """How many parts are committed."""
        with self._told():
            found = self._db.execute("SELECT coalesce(max(number) + 1, 0) FROM parts").fetchone()
        return int(found[0])

    def stored(self) -> int:
        """How many transcripts the parts hold."""
        with self._told():
            found = self._db.execute("SELECT coalesce(sum(rows), 0) FROM parts").fetchone()
        return int(found[0])

    def superseded(self) -> int:
        """How many of them a longer version replaces."""
        with self._told():
            found = self._db.execute("SELECT count(*) FROM superseded").fetchone()
        return int(found[0])

    def totals(self, kind: str) -> dict[str, int]:
        """Counts by name, over all stored transcripts."""
        question = "SELECT name, count FROM totals WHERE kind = ? AND count ORDER BY name"
        with self._told():
            return dict(self._db.execute(question, (kind,)))

    def rejected(self, *, first: bool = False) -> Iterator[RejectedRow]:
        """Every rejected row, in order; or of each source and reason the ``first`` alone."""
        some = "r.rowid IN (SELECT min(rowid) FROM rejected GROUP BY source, reason)"
        question = (
            "SELECT s.uri, r.row, r.offset, r.reason, r.detail FROM rejected r "
            f"JOIN sources s ON s.id = r.source {f'WHERE {some}' if first else ''} ORDER BY r.rowid"
        )
        for uri, row, offset, reason, detail in self._db.execute(question):
            yield RejectedRow(source=uri, row=row, offset=offset, reason=reason, detail=detail)

    def seen(self, contents: Iterable[bytes]) -> set[bytes]:
        """Those of the contents that are stored."""
        return {row[0] for row in self._among("SELECT content FROM seen WHERE content", contents)}

    def ids(self, ids: Iterable[bytes]) -> dict[bytes, tuple[bytes, bytes]]:
        """Content and prefixes of those conversations whose id is known."""
        found = self._among("SELECT id, content, prefixes FROM ids WHERE id", ids)
        return {row[0]: (row[1], row[2]) for row in found}

    def threads(self, prefixes: Iterable[bytes]) -> dict[bytes, tuple[bytes, bool]]:
        """Which transcript holds each prefix of a thread, and whether as its whole."""
        found = self._among("SELECT prefix, content, whole FROM threads WHERE prefix", prefixes)
        return {row[0]: (row[1], bool(row[2])) for row in found}

    def _among(self, question: str, values: Iterable[bytes]) -> Iterator[tuple[bytes, ...]]:
        asked = list(values)
        with self._told():
            for start in range(0, len(asked), _MANY):
                some = asked[start : start + _MANY]
                marks = ",".join("?" * len(some))
                yield from self._db.execute(f"{question} IN ({marks})", some)

    def commit(self, pending: Pending, part: tuple[int, int] | None) -> None:
        """Make all of it known at once.

        Args:
            part: the number and the rows of the part that was closed with it, if one was.
        """
        with self._told(), self._transaction():
            many = self._db.executemany
            if part is not None:
                self._db.execute("INSERT INTO parts VALUES (?, ?)", part)
            seen = [(key,) for key in sorted(pending.seen)]
            many("INSERT OR IGNORE INTO seen VALUES (?)", seen)
            many(
                "INSERT OR REPLACE INTO ids VALUES (?, ?, ?)",
                [(key, *told) for key, told in sorted(pending.ids.items())],
            )
            many(
                "INSERT OR REPLACE INTO threads VALUES (?, ?, ?)",
                [(key, *told) for key, told in sorted(pending.threads.items())],
            )
            many("INSERT INTO rejected VALUES (?, ?, ?, ?, ?)", pending.rejected)
            many(
                "INSERT OR IGNORE INTO superseded VALUES (?)",
                [(each,) for each in sorted(pending.superseded)],
            )
            many(
                "INSERT INTO totals VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET count = count + excluded.count",
                [(*key, number) for key, number in pending.totals.items()],
            )
            for source in pending.sources.values():
                self._save(source)
            if pending.taken:
                self._db.execute("DELETE FROM inbox WHERE number <= ?", (pending.taken,))

    def recount(self, counts: Mapping[str, Mapping[str, int]]) -> None:
        """Set the totals of some kinds, where what is stored has become less."""
        with self._told(), self._transaction():
            for kind, named in counts.items():
                self._db.execute("DELETE FROM totals WHERE kind = ?", (kind,))
                rows = [(kind, name, number) for name, number in named.items()]
                self._db.executemany("INSERT INTO totals VALUES (?, ?, ?)", rows)

    def _save(self, source: Source) -> None:
        self._db.execute(
            f"INSERT OR REPLACE INTO sources VALUES ({','.join('?' * 14)})",
            (
                source.id,
                source.uri,
                source.format,
                source.stamp,
                source.sha256,
                source.bytes,
                source.rows,
                source.added,
                source.duplicates,
                msgspec.json.encode(source.rejected),
                msgspec.json.encode(source.flagged),
                source.place,
                source.line,
                source.done,
            ),
        )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with contextlib.suppress(sqlite3.Error):  # SQLite has done so itself on a full disk
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    def receive(self, source: int, passed: list[bytes]) -> None:
        """Keep what an endpoint took in until it is stored; at the end it is on the disk."""
        with self._told(), self._transaction():
            self._db.executemany(
                "INSERT INTO inbox (source, passed) VALUES (?, ?)",
                [(source, each) for each in passed],
            )

    def inbox(self, most: int) -> list[tuple[int, int, bytes]]:
        """The oldest of what was received: its number, its source, and what it is."""
        question = "SELECT number, source, passed FROM inbox ORDER BY number LIMIT ?"
        with self._told():
            return self._db.execute(question, (most,)).fetchall()
