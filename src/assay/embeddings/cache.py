"""Vectors on the disk by what was embedded, so that no text is paid for twice.

A cache is one SQLite file in WAL mode for each embedder and version. What is committed survives
``kill -9``. Vectors are kept in half precision, and what :meth:`Cached.embed` gives has always gone
through it: a run that was interrupted ends with the same vectors.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from assay.embeddings.base import Embedder, Keep, Progress, Vectors, normalised
from assay.errors import StoreError

_SCHEMA = "CREATE TABLE IF NOT EXISTS vectors (key BLOB NOT NULL UNIQUE, vector BLOB NOT NULL)"
_INSERT = "INSERT OR IGNORE INTO vectors VALUES (?, ?)"
_ASKED = 500  # keys that one query asks for
_AT_ONCE = 4096  # texts that are looked up before any is embedded


def cached(embedder: Embedder, folder: Path) -> Embedder:
    """The embedder behind a cache in this folder, or bare where vectors are not worth keeping.

    Raises:
        StoreError: the cache cannot be opened.
    """
    return Cached(embedder, folder) if embedder.worth_caching else embedder


class Cached:
    """An embedder that remembers. Several threads and processes may share a cache.

    Args:
        inner: what makes the vectors that are not there yet.
        folder: where the caches of all embedders lie; made where it is missing.

    Raises:
        StoreError: the cache cannot be opened.
    """

    worth_caching = False  # it is a cache

    def __init__(self, inner: Embedder, folder: Path) -> None:
        self.inner = inner
        self.name, self.version = inner.name, inner.version
        readable = re.sub(r"[^\w.-]+", "-", inner.name)[:60]
        told = hashlib.sha256(f"{inner.name}\0{inner.version}".encode()).hexdigest()
        self.path = folder / f"{readable}-{told[:16]}.sqlite"
        self._lock = threading.Lock()
        self._connection = _connect(self.path)

    @property
    def dimensions(self) -> int:
        """As a stored vector has them; the embedder is asked only where there is none."""
        with self._lock:
            row = self._connection.execute("SELECT vector FROM vectors LIMIT 1").fetchone()
        return len(row[0]) // 2 if row else self.inner.dimensions

    @property
    def details(self) -> dict[str, Any]:
        return self.inner.details

    def prepare(self, progress: Progress | None = None) -> None:
        self.inner.prepare(progress)

    def embed(self, texts: Sequence[str], keep: Keep | None = None) -> Vectors:
        """A vector for each text; the embedder sees only those that are new, each once.

        Raises:
            StoreError: the disk is full, or the cache is damaged.
        """
        found: Vectors | None = None
        for start in range(0, len(texts), _AT_ONCE):
            some = self._embed(texts[start : start + _AT_ONCE])
            if found is None:
                found = np.empty((len(texts), some.shape[1]), np.float32)
            if some.shape[1] != found.shape[1]:
                raise _other_dimensions(self.path, found.shape[1], some.shape[1])
            found[start : start + len(some)] = some
            if keep is not None:
                keep(range(start, start + len(some)), some)
        return np.empty((0, self.dimensions), np.float32) if found is None else found

    def close(self) -> None:
        self.inner.close()
        with self._lock:
            self._connection.close()

    def _embed(self, texts: Sequence[str]) -> Vectors:
        keys = [_key_of(text) for text in texts]
        halves = self._stored(keys)
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in halves}
        if new:
            wanted = list(new)

            def keep(rows: Sequence[int], vectors: Vectors) -> None:
                made = [row.tobytes() for row in vectors.astype("<f2")]
                some = dict(zip((wanted[row] for row in rows), made, strict=True))
                self._commit(some)
                halves.update(some)

            self.inner.embed(list(new.values()), keep)
        lengths = sorted({len(half) // 2 for half in halves.values()})
        if len(lengths) > 1:
            raise _other_dimensions(self.path, *lengths[:2])
        blank = bytes(2 * (lengths[0] if lengths else self.dimensions))
        whole = b"".join(halves.get(key, blank) for key in keys)
        vectors = np.frombuffer(whole, "<f2").reshape(len(keys), -1)
        return normalised(vectors.astype(np.float32))

    def _stored(self, keys: list[bytes]) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        try:
            for some in _some(list(dict.fromkeys(keys)), _ASKED):
                marks = ",".join("?" * len(some))
                query = f"SELECT key, vector FROM vectors WHERE key IN ({marks})"
                with self._lock:
                    found.update(self._connection.execute(query, some).fetchall())
        except sqlite3.Error as error:
            raise _as_store_error(self.path, error) from error
        return found

    def _commit(self, made: dict[bytes, bytes]) -> None:
        try:
            with self._lock, self._connection:
                self._connection.executemany(_INSERT, made.items())
        except sqlite3.Error as error:
            raise _as_store_error(self.path, error) from error


def _key_of(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]


def _some(keys: list[bytes], count: int) -> Iterator[list[bytes]]:
    for start in range(0, len(keys), count):
        yield keys[start : start + count]


def _connect(path: Path) -> sqlite3.Connection:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, check_same_thread=False, timeout=30)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute(_SCHEMA)
        connection.commit()
    except (OSError, sqlite3.Error) as error:
        raise _as_store_error(path, error) from error
    return connection


def _as_store_error(path: Path, error: Exception) -> StoreError:
    return StoreError(
        f"the cache of vectors cannot be used ({error}).",
        where=str(path),
        fix="Free some space on that disk; or delete the file: its vectors are then made anew.",
    )


def _other_dimensions(path: Path, one: int, other: int) -> StoreError:
    return StoreError(
        f"some of these vectors hold {one} numbers and some {other}.",
        where=str(path),
        fix="The endpoint serves another model now. Delete the file, so that all are made anew.",
    )
