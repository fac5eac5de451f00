"""assay.db: what people say and decide, which no run makes again: labels, certificates, the trail.

One SQLite file in WAL mode. Every change is one transaction, so a kill leaves all of it or nothing.
"""

from __future__ import annotations

import contextlib
import getpass
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

from assay.errors import StoreError
from assay.records import Certificate, now

FILE = "assay.db"

_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        # A draw: some of a run's transcripts, chosen at random for people to label.
        """CREATE TABLE draws (
            id TEXT PRIMARY KEY, run_id TEXT NOT NULL, scorer TEXT NOT NULL,
            strategy TEXT NOT NULL, options TEXT NOT NULL, strata TEXT NOT NULL,
            seed INTEGER NOT NULL, made TEXT NOT NULL)""",
        """CREATE TABLE drawn (
            draw_id TEXT NOT NULL REFERENCES draws(id), item INTEGER NOT NULL,
            transcript_id TEXT NOT NULL, stratum TEXT NOT NULL, chance REAL NOT NULL,
            PRIMARY KEY (draw_id, item)) WITHOUT ROWID""",
        # Labels are never changed: a rater's latest for a transcript and scorer is the one that
        # counts. ``value`` is null where the rater could not tell.
        """CREATE TABLE labels (
            id INTEGER PRIMARY KEY, run_id TEXT NOT NULL, transcript_id TEXT NOT NULL,
            scorer TEXT NOT NULL, label TEXT NOT NULL, value REAL, rater TEXT NOT NULL,
            time TEXT NOT NULL, source_hash TEXT NOT NULL, note TEXT NOT NULL, draw_id TEXT)""",
        "CREATE INDEX labels_of ON labels (run_id, scorer, transcript_id, rater)",
        """CREATE TABLE certificates (
            id TEXT PRIMARY KEY, version TEXT NOT NULL, made TEXT NOT NULL, record TEXT NOT NULL)
        """,
        """CREATE TABLE audit (
            id INTEGER PRIMARY KEY, who TEXT NOT NULL, time TEXT NOT NULL, what TEXT NOT NULL,
            subject TEXT NOT NULL, details TEXT NOT NULL)""",
    ),
)
"""What each version of the schema adds to the one before. Only ever append: files go forward."""


class Draw(msgspec.Struct, frozen=True):
    """A random draw of a run's transcripts for people to label.

    ``options`` maps each label that raters may choose to its value (None: cannot tell).
    ``strata`` gives each stratum's size, and how many were drawn from it.
    """

    id: str
    run_id: str
    scorer: str
    strategy: str
    options: dict[str, float | None]
    strata: dict[str, tuple[int, int]]
    seed: int
    made: str


class Drawn(msgspec.Struct, frozen=True):
    """One drawn transcript: its number in the sheet, its stratum, its chance of being drawn."""

    item: int
    transcript_id: str
    stratum: str
    chance: float


class Label(msgspec.Struct, frozen=True):
    """What one rater says of one transcript. ``value`` is None where the rater could not tell."""

    run_id: str
    transcript_id: str
    scorer: str
    label: str
    value: float | None
    rater: str
    time: str
    source_hash: str
    note: str = ""
    draw_id: str | None = None


class Entry(msgspec.Struct, frozen=True):
    """One line of the audit trail."""

    who: str
    time: str
    what: str
    subject: str
    details: dict[str, Any]


class Catalogue:
    """The workspace's assay.db, made where it is missing and brought up to date.

    Args:
        root: the workspace's folder.

    Raises:
        StoreError: the file cannot be opened, is no catalogue, or is of a newer Assay.
    """

    def __init__(self, root: Path) -> None:
        self.path = root / FILE
        with self._guarded():
            root.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, timeout=30, isolation_level=None)
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                self._db.execute("PRAGMA foreign_keys = ON")
                self._migrate()
            except BaseException:
                self._db.close()
                raise

    def __enter__(self) -> Catalogue:
        return self

    def __exit__(self, *_: object) -> None:
        self._db.close()

    @contextlib.contextmanager
    def change(self) -> Iterator[None]:
        """All that is written inside is committed together at the end, or not at all."""
        with self._guarded():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                self._db.execute("ROLLBACK")
                raise

    def add_draw(self, draw: Draw, drawn: Iterable[Drawn]) -> None:
        """Keep a draw with the chance of each transcript in it. Call inside :meth:`change`."""
        self._insert("draws", draw)
        rows = [(draw.id, *msgspec.structs.astuple(each)) for each in drawn]
        self._db.executemany("INSERT INTO drawn VALUES (?, ?, ?, ?, ?)", rows)

    def draw(self, id: str) -> Draw | None:
        """A draw by its id."""
        return next(iter(self._select("draws", Draw, "WHERE id = ?", id)), None)

    def draws(self, run_id: str, scorer: str) -> list[Draw]:
        """The draws of a run for a scorer, oldest first."""
        where = "WHERE run_id = ? AND scorer = ? ORDER BY made, id"
        return self._select("draws", Draw, where, run_id, scorer)

    def drawn(self, draw_id: str) -> list[Drawn]:
        """A draw's transcripts, by their number in the sheet."""
        return self._select("drawn", Drawn, "WHERE draw_id = ? ORDER BY item", draw_id)

    def add_labels(self, labels: Iterable[Label]) -> int:
        """Keep labels that say something new; how many did. Call inside :meth:`change`.

        A label that repeats its rater's latest word on the transcript is left out, so that the
        same file can be taken in again; unless it is that word's first in its draw.
        """
        added = 0
        for each in labels:
            key = (each.run_id, each.scorer, each.transcript_id, each.rater)
            said = self._db.execute(
                "SELECT label, value, note, draw_id FROM labels WHERE run_id = ? AND scorer = ?"
                " AND transcript_id = ? AND rater = ? ORDER BY id",
                key,
            ).fetchall()
            repeats = bool(said) and said[-1][:3] == (each.label, each.value, each.note)
            if not repeats or all(draw_id != each.draw_id for *_, draw_id in said):
                self._insert("labels", each)
                added += 1
        return added

    def answered(self, run_id: str, scorer: str) -> set[tuple[str, str]]:
        """Draw id and transcript id of all that came back from a draw with a word on it."""
        with self._guarded():
            rows = self._db.execute(
                "SELECT DISTINCT draw_id, transcript_id FROM labels WHERE run_id = ?"
                " AND scorer = ? AND draw_id IS NOT NULL AND value IS NOT NULL",
                (run_id, scorer),
            )
            return set(rows)

    def labels(self, run_id: str, scorer: str | None = None) -> list[Label]:
        """Every rater's latest label of each transcript of a run, oldest first."""
        chosen = "" if scorer is None else " AND scorer = ?"
        told = (run_id,) if scorer is None else (run_id, scorer)
        where = f"""WHERE id IN (
            SELECT max(id) FROM labels WHERE run_id = ?{chosen}
            GROUP BY transcript_id, scorer, rater) ORDER BY id"""
        return self._select("labels", Label, where, *told)

    def add_certificate(self, record: Certificate) -> None:
        """Keep a certificate; one of the same id is replaced. Call inside :meth:`change`."""
        text = msgspec.json.encode(record).decode()
        self._db.execute(
            "INSERT OR REPLACE INTO certificates VALUES (?, ?, ?, ?)",
            (record.id, record.version, record.made, text),
        )

    def certificates(self) -> list[Certificate]:
        """Every certificate, newest first."""
        with self._guarded():
            rows = self._db.execute("SELECT record FROM certificates ORDER BY made DESC, id")
            return [msgspec.json.decode(text, type=Certificate) for (text,) in rows]

    def note(self, what: str, subject: str, details: Mapping[str, Any]) -> None:
        """Add a line to the audit trail. Call inside :meth:`change`, with what it tells of."""
        entry = Entry(whoever(), now(), what, subject, dict(details))
        self._insert("audit", entry)

    def trail(self) -> list[Entry]:
        """The audit trail, oldest first."""
        return self._select("audit", Entry, "ORDER BY id")

    def lines(self, *what: str, subject: str | None = None) -> list[Entry]:
        """The lines of the audit trail that tell of one of these, oldest first."""
        where = f"WHERE what IN ({', '.join('?' * len(what))})"
        told = what if subject is None else (*what, subject)
        if subject is not None:
            where += " AND subject = ?"
        return self._select("audit", Entry, f"{where} ORDER BY id", *told)

    def _insert(self, table: str, record: msgspec.Struct) -> None:
        """Add a record; fields that SQLite does not know are held as JSON."""
        values = {
            name: value
            if value is None or isinstance(value, str | int | float)
            else msgspec.json.encode(value).decode()
            for name in record.__struct_fields__
            for value in (getattr(record, name),)
        }
        marks = ", ".join("?" * len(values))
        sql = f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})"
        self._db.execute(sql, tuple(values.values()))

    def _select(self, table: str, record: type[Any], tail: str, *told: Any) -> list[Any]:
        names = record.__struct_fields__
        hints = record.__annotations__
        with self._guarded():
            rows = self._db.execute(f"SELECT {', '.join(names)} FROM {table} {tail}", told)
            return [
                msgspec.convert(
                    {
                        name: msgspec.json.decode(value) if "dict" in hints[name] else value
                        for name, value in zip(names, row, strict=True)
                    },
                    record,
                )
                for row in rows
            ]

    def _migrate(self) -> None:
        """Bring the file forward; others who wait then find it done."""
        if self._version() == len(_MIGRATIONS):
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            version = self._version()
            if version > len(_MIGRATIONS):
                raise StoreError(
                    f"it has version {version} of the schema, this Assay knows {len(_MIGRATIONS)}.",
                    where=str(self.path),
                    fix="Use the newer Assay that made it.",
                )
            for statements in _MIGRATIONS[version:]:
                for statement in statements:
                    self._db.execute(statement)
            self._db.execute(f"PRAGMA user_version = {len(_MIGRATIONS)}")
            self._db.execute("COMMIT")
        except BaseException:
            self._db.execute("ROLLBACK")
            raise

    def _version(self) -> int:
        return int(self._db.execute("PRAGMA user_version").fetchone()[0])

    @contextlib.contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, msgspec.MsgspecError) as error:
            raise StoreError(
                f"the catalogue cannot be used ({error}).",
                where=str(self.path),
                fix="Mend the disk or its permissions; restore the file if it is damaged.",
            ) from error


def exists(root: Path) -> bool:
    """Whether the workspace has a catalogue: reading need not make one."""
    return (root / FILE).is_file()


def whoever() -> str:
    """Who is at work, by the system's account."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"
