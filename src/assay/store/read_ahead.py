"""Reads a journal's replies in the order of arrival, before they are asked for.

A resumed run asks for replies in about the order in which they came. Reading them in a row costs a
tenth of looking each up under its key.
"""

from __future__ import annotations

import sqlite3

_NEXT = (
    "SELECT rowid, key, reply FROM replies WHERE rowid > ? AND rowid <= ? ORDER BY rowid LIMIT ?"
)
_ROWS = 64  # read at once
_MOST_BYTES = 4 << 20  # of replies that wait to be asked for; beyond it, the order is another


class ReadAhead:
    """The replies that a journal held when it was opened, each to be taken once.

    Where they are asked for in quite another order than they came in, it gives up.

    Args:
        connection: to the journal.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._waiting: dict[bytes, bytes] = {}
        self._bytes = 0
        self._passed: set[bytes] = set()  # asked for before they were reached
        self._position = 0
        self._end: int = connection.execute("SELECT max(rowid) FROM replies").fetchone()[0] or 0

    def take(self, key: bytes) -> bytes | None:
        """The reply under a key, if it is near. None says nothing of whether the journal has it."""
        reply = self._waiting.pop(key, None)
        if reply is None and self._position < self._end:
            self._read_on()
            reply = self._waiting.pop(key, None)
            if reply is None:
                self._passed.add(key)
        if reply is not None:
            self._bytes -= len(reply)
        return reply

    def _read_on(self) -> None:
        if self._bytes > _MOST_BYTES:
            self._waiting, self._passed = {}, set()
            self._position = self._end
            return
        rows = self._connection.execute(_NEXT, (self._position, self._end, _ROWS))
        position = self._end  # where no row is left
        for position, key, reply in rows:  # noqa: B007 - the last one counts
            if key in self._passed:
                self._passed.discard(key)
                continue
            self._waiting[key] = reply
            self._bytes += len(reply)
            if self._bytes > _MOST_BYTES:
                break
        rows.close()
        self._position = position
