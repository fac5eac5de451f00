"""A watch's memory: looks, alerts and deliveries in one SQLite file, each step whole or not at all.

A look is noted before it is done, and an alert, with everybody it must go to, in the same step as
the look that raised it. So whatever moment a process is killed at, the next one sees what was under
way: no look is lost or counted twice, and no alert is lost.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from assay.errors import StoreError
from assay.watch.result import Alert, Delivery, Look, SeenFigure
from assay.watch.schedule import written

FILE = "state.sqlite"

_TABLES = """
CREATE TABLE IF NOT EXISTS looks (
    number INTEGER PRIMARY KEY, due INTEGER NOT NULL, until INTEGER NOT NULL,
    count INTEGER NOT NULL, status TEXT NOT NULL, why TEXT NOT NULL DEFAULT '',
    began REAL, ended REAL, draw TEXT NOT NULL DEFAULT '', run TEXT,
    figures TEXT NOT NULL DEFAULT '[]'
);
CREATE TABLE IF NOT EXISTS alerts (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS deliveries (
    alert TEXT NOT NULL, channel TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
    delivered REAL, next_try REAL, error TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (alert, channel)
);
"""

_LOOK = "number, due, until, count, status, why, began, ended, draw, run, figures"


class State:
    """The file, open. Reading alone changes nothing.

    Args:
        folder: ``watches/<name>``.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        folder.mkdir(parents=True, exist_ok=True)
        with self._told():
            # Autocommit: every change goes through ``change``.
            self._db = sqlite3.connect(
                self._file, timeout=30, isolation_level=None, check_same_thread=False
            )
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.executescript(_TABLES)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    @contextlib.contextmanager
    def change(self) -> Iterator[None]:
        """Everything inside happens, or nothing of it."""
        with self._told():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    # Looks

    def last_due(self) -> int | None:
        """The due time of the last look that was begun, done or missed."""
        [row] = self._rows("SELECT max(until) FROM looks")
        return None if row[0] is None else int(row[0])

    def begun(self) -> Look | None:
        """The look that was begun and did not come to its end."""
        rows = self._rows(f"SELECT {_LOOK} FROM looks WHERE status = 'begun'")
        return _look(rows[0]) if rows else None

    def newest(self, *, done: bool = False) -> Look | None:
        """The newest look, or the newest that was done."""
        where = "WHERE status = 'done'" if done else ""
        rows = self._rows(f"SELECT {_LOOK} FROM looks {where} ORDER BY number DESC LIMIT 1")
        return _look(rows[0]) if rows else None

    def looks(self, most: int | None = None) -> list[Look]:
        """The newest looks, oldest first; all where ``most`` is None."""
        rows = self._rows(
            f"SELECT {_LOOK} FROM looks ORDER BY number DESC LIMIT ?",
            (-1 if most is None else most,),
        )
        return [_look(row) for row in reversed(rows)]

    def counted(self) -> tuple[int, int]:
        """How many looks were done, and how many missed."""
        [row] = self._rows(
            "SELECT coalesce(sum(count) FILTER (WHERE status = 'done'), 0),"
            " coalesce(sum(count) FILTER (WHERE status = 'missed'), 0) FROM looks"
        )
        return int(row[0]), int(row[1])

    def miss(self, first: int, last: int, count: int, why: str) -> None:
        """Note looks that did not happen."""
        self._db.execute(
            "INSERT INTO looks (due, until, count, status, why) VALUES (?, ?, ?, 'missed', ?)",
            (first, last, count, why),
        )

    def begin(self, due: int, draw: str, now: float) -> int:
        """Note a look before it is done; gives its number."""
        done = self._db.execute(
            "INSERT INTO looks (due, until, count, status, began, draw)"
            " VALUES (?, ?, 1, 'begun', ?, ?)",
            (due, due, now, draw),
        )
        return int(done.lastrowid or 0)

    def end(
        self, number: int, now: float, *, run: str | None = None,
        figures: Sequence[SeenFigure] = (), missed: str = "",
    ) -> None:  # fmt: skip
        """Note how a look ended: with figures, or missed and why."""
        self._db.execute(
            "UPDATE looks SET status = ?, why = ?, ended = ?, run = ?, figures = ?"
            " WHERE number = ?",
            (
                "missed" if missed else "done",
                missed,
                now,
                run,
                msgspec.json.encode(tuple(figures)).decode(),
                number,
            ),
        )

    # Alerts

    def raise_alert(self, alert: Alert, channels: Sequence[str], now: float) -> None:
        """Note an alert and where it must go. One that is known already is not noted again."""
        self._db.execute(
            "INSERT OR IGNORE INTO alerts (id, body) VALUES (?, ?)",
            (alert.id, msgspec.json.encode(alert).decode()),
        )
        self._db.executemany(
            "INSERT OR IGNORE INTO deliveries (alert, channel, next_try) VALUES (?, ?, ?)",
            [(alert.id, channel, now) for channel in channels],
        )

    def alerts(self, most: int | None = None) -> list[Alert]:
        """The newest alerts, oldest first."""
        rows = self._rows(
            "SELECT body FROM alerts ORDER BY number DESC LIMIT ?", (-1 if most is None else most,)
        )
        return [msgspec.json.decode(row[0], type=Alert) for row in reversed(rows)]

    def alert(self, id: str) -> Alert:
        """One alert."""
        [row] = self._rows("SELECT body FROM alerts WHERE id = ?", (id,))
        return msgspec.json.decode(row[0], type=Alert)

    def deliveries(self) -> list[Delivery]:
        """All deliveries, in the order of their alerts."""
        rows = self._rows(
            "SELECT alert, channel, attempts, delivered, next_try, error"
            " FROM deliveries JOIN alerts ON id = alert ORDER BY number, channel"
        )
        return [
            Delivery(row[0], row[1], row[2], _time(row[3]), _time(row[4]), row[5]) for row in rows
        ]

    def to_deliver(self, now: float, longest: float) -> list[tuple[str, str, int]]:
        """Alert, channel and attempts of what should go out now, oldest first.

        One whose next try lies further ahead than ``longest`` was noted by a clock that went back
        since, and is due as well.
        """
        return self._rows(
            "SELECT alert, channel, attempts FROM deliveries JOIN alerts ON id = alert"
            " WHERE delivered IS NULL AND (next_try <= ? OR next_try > ?) ORDER BY number",
            (now, now + longest),
        )

    def try_delivery(self, alert: str, channel: str, next_try: float) -> None:
        """Note an attempt before it is made."""
        with self.change():
            self._db.execute(
                "UPDATE deliveries SET attempts = attempts + 1, next_try = ?,"
                " error = 'an attempt was begun; how it ended is not known'"
                " WHERE alert = ? AND channel = ?",
                (next_try, alert, channel),
            )

    def end_delivery(self, alert: str, channel: str, *, now: float, error: str) -> None:
        """Note how an attempt ended; no error means that it was delivered."""
        with self.change():
            self._db.execute(
                "UPDATE deliveries SET error = ?1, delivered = CASE WHEN ?1 = '' THEN ?2 END,"
                " next_try = CASE WHEN ?1 = '' THEN NULL ELSE next_try END"
                " WHERE alert = ?3 AND channel = ?4",
                (error, now, alert, channel),
            )

    def _rows(self, sql: str, values: Sequence[object] = ()) -> list[tuple]:  # type: ignore[type-arg]
        with self._told():
            return self._db.execute(sql, values).fetchall()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(
                f"the watch's memory cannot be used ({error}).",
                where=str(self._file),
                fix="Free some space or mend the permissions; if it is damaged, restore it.",
            ) from error


def _time(seconds: float | None) -> str | None:
    return None if seconds is None else written(seconds)


def _look(row: tuple) -> Look:  # type: ignore[type-arg]
    number, due, until, count, status, why, began, ended, draw, run, figures = row
    return Look(
        number=number,
        due=written(due),
        until=written(until),
        count=count,
        status=status,
        why=why,
        began=_time(began),
        ended=_time(ended),
        draw=draw,
        run=run,
        figures=msgspec.json.decode(figures, type=tuple[SeenFigure, ...]),
    )
