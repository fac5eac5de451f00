"""The journal: every reply, on disk before anything downstream sees it; so resuming is caching.

A journal is one SQLite file in WAL mode. Replies that arrive within a few milliseconds are
committed together by a thread, so the event loop never waits for the disk; each caller goes on only
when its own reply is committed. What is committed survives ``kill -9`` at any moment.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from assay.errors import StoreError
from assay.store.read_ahead import ReadAhead

_SCHEMA = """
CREATE TABLE IF NOT EXISTS replies (key BLOB NOT NULL UNIQUE, reply BLOB NOT NULL);
"""
_INSERT = "INSERT OR IGNORE INTO replies VALUES (?, ?)"
_COMMIT_EVERY = 0.005  # seconds: long enough to batch, short beside any model's latency


class Journal:
    """Replies by key. One process at a time may write; keys and replies are bytes.

    Args:
        path: the SQLite file; made where it is missing.

    Raises:
        StoreError: the file cannot be opened or is no journal.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._reader = _connect(path)
        self._writer = _connect(path)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._pending: dict[bytes, bytes] = {}
        self._committed: asyncio.Future[None] | None = None
        self._flushing: asyncio.Task[None] | None = None
        self._seen = _Seen()
        for (key,) in self._reader.execute("SELECT key FROM replies"):
            self._seen.add(key)
        self._ahead = ReadAhead(self._reader)

    def get(self, key: bytes) -> bytes | None:
        """The committed reply under a key, or None."""
        if not self._seen.perhaps(key):
            return None
        near = self._ahead.take(key)
        if near is not None:
            return near
        row = self._reader.execute("SELECT reply FROM replies WHERE key = ?", (key,)).fetchone()
        return None if row is None else row[0]

    async def put(self, key: bytes, reply: bytes) -> None:
        """Return when the reply is committed. A key already held keeps its first reply.

        Raises:
            StoreError: it could not be written (a full disk, say); what was committed stays.
        """
        if self._committed is None:
            self._committed = asyncio.get_running_loop().create_future()
        self._pending[key] = reply
        waiting = self._committed
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush_soon())
        # Shielded: one caller's cancellation must not cancel what the others wait for.
        await asyncio.shield(waiting)

    async def _flush_soon(self) -> None:
        while self._committed is not None:
            await asyncio.sleep(_COMMIT_EVERY)
            rows, done = self._pending, self._committed
            self._pending, self._committed = {}, None
            try:
                await asyncio.get_running_loop().run_in_executor(self._thread, self._commit, rows)
            except Exception as error:
                done.set_exception(_as_store_error(self.path, error))
                done.exception()  # seen: nobody need be waiting any more
            else:
                for key in rows:
                    self._seen.add(key)
                done.set_result(None)
        self._flushing = None

    def _commit(self, rows: dict[bytes, bytes]) -> None:
        try:
            with self._writer:
                self._writer.executemany(
                    "INSERT OR IGNORE INTO replies VALUES (?, ?)", rows.items()
                )
        except sqlite3.Error:
            self._writer.rollback()
            raise

    def __len__(self) -> int:
        count: int = self._reader.execute("SELECT count(*) FROM replies").fetchone()[0]
        return count

    def replies(self) -> Iterator[bytes]:
        """Every committed reply, in the order of arrival."""
        for (reply,) in self._reader.execute("SELECT reply FROM replies ORDER BY rowid"):
            yield reply

    async def close(self) -> None:
        """Commit what is pending and let go of the file."""
        if self._flushing is not None:
            await self._flushing
        self._thread.shutdown()
        self._reader.close()
        self._writer.close()


class _Seen:
    """Says of a key "surely not here" or "perhaps": a Bloom filter (1970) with two probes.

    A question to SQLite costs tens of microseconds while another connection writes, and most keys
    of a fresh run are new. Of a million keys, one new one in a thousand is asked for in vain.
    """

    _BITS = 1 << 26  # 8 MB, whatever the run's size

    def __init__(self) -> None:
        self._bytes = bytearray(self._BITS // 8)

    def add(self, key: bytes) -> None:
        for bit in self._probes(key):
            self._bytes[bit >> 3] |= 1 << (bit & 7)

    def perhaps(self, key: bytes) -> bool:
        one, two = self._probes(key)
        held = self._bytes
        return bool(held[one >> 3] >> (one & 7) & 1 and held[two >> 3] >> (two & 7) & 1)

    def _probes(self, key: bytes) -> tuple[int, int]:
        mixed = hash(key)
        return mixed & self._BITS - 1, mixed >> 32 & self._BITS - 1


def remove_journal(path: Path) -> None:
    """Delete a journal and SQLite's files beside it."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _connect(path: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(path, check_same_thread=False, timeout=30)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(_SCHEMA)
        connection.commit()
    except sqlite3.Error as error:
        raise _as_store_error(path, error) from error
    return connection


def _as_store_error(path: Path, error: Exception) -> StoreError:
    text = str(error)
    if "full" in text or "disk I/O" in text or isinstance(error, OSError):
        return StoreError(
            f"the journal could not be written ({text}).",
            where=str(path),
            fix="Free some space on that disk, then resume the run: no finished reply is lost.",
        )
    return StoreError(
        f"this is not a usable journal ({text}).",
        where=str(path),
        fix="Move the file away and resume: replies it held will be asked for again.",
    )
