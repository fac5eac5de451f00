"""``static``: the default. A table of one vector a wordpiece, summed: thousands of texts a second.

The table is distilled from MiniLM on first use (see ``distil.py``) and kept beside the weights. The
order of words is lost on it, which the topic of a conversation survives.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from scipy.sparse import csr_matrix

from assay.embeddings.base import Keep, Progress, Vectors, normalised, well_formed
from assay.embeddings.distil import DIMENSIONS, RECIPE, distil
from assay.embeddings.minilm import (
    WEIGHTS,
    load_runtime,
    load_tokenizers,
    model_files,
    open_tokenizer,
)
from assay.errors import NotFoundError
from assay.models.settings import ModelSettings
from assay.models.weight_table import weights_named
from assay.models.weights import cache_folder, disk_errors, locked
from assay.store.files import write_whole

LONGEST = 200_000
"""Characters that are read of a text: the mean over so many words no longer moves."""

_SLICE_TEXTS, _SLICE = 8192, 4 * 2**20  # texts and characters that are worked on at once
_KEPT = 200_000  # chunks whose wordpieces are kept
_KEPT_LENGTH = 40  # characters of the longest chunk that is kept


def create(model: str, settings: ModelSettings) -> Static:
    """The entry point.

    Raises:
        NotFoundError: MiniLM's weights are not here, or a model was named.
        MissingPackageError: tokenizers is not installed.
    """
    if model:
        raise NotFoundError(f"'static/{model}' names no embedder.", fix="Write static.")
    return Static()


class Record(msgspec.Struct, frozen=True):
    """What a table was made of. Without it beside the table, the table counts as half made."""

    recipe: int
    source_sha256: str
    sha256: str
    runtime: str


@dataclass(frozen=True)
class Table:
    """The table in memory (mapped: processes share it), its record, and the tokenizer."""

    vectors: Vectors
    record: Record
    tokenizer: Any


class Static:
    """The table, made or loaded when it is first needed. Only to make it, onnxruntime is needed.

    Raises:
        NotFoundError: MiniLM's weights are not on this machine.
        MissingPackageError: tokenizers is not installed.
    """

    name = "static"
    dimensions = DIMENSIONS
    worth_caching = False  # a million texts take two minutes, and half a gigabyte to keep

    def __init__(self) -> None:
        self._paths = model_files()
        load_tokenizers()
        self._lock = threading.Lock()
        self._table: Table | None = None
        self._pieces: dict[str, list[int]] = {}

    @property
    def version(self) -> str:
        """The table's hash."""
        return self._load().record.sha256[:16]

    @property
    def details(self) -> dict[str, Any]:
        """The hashes of the table and of what it was distilled from."""
        return {
            "embedder": self.name,
            "dimensions": DIMENSIONS,
            **msgspec.to_builtins(self._load().record),
        }

    def prepare(self, progress: Progress | None = None) -> None:
        """Distil the table if it is not there yet, and load it."""
        self._load(progress)

    def embed(self, texts: Sequence[str], keep: Keep | None = None) -> Vectors:
        """A vector for each text: the sum of its wordpieces' vectors, of length one."""
        table = self._load()
        found = np.empty((len(texts), DIMENSIONS), np.float32)
        start = 0
        for some in _slices(texts):
            with self._lock:
                pieces = self._pieces_of(some, table.tokenizer)
            found[start : start + len(some)] = _summed(pieces, table.vectors)
            start += len(some)
        normalised(found)
        if keep is not None:
            keep(range(len(texts)), found)
        return found

    def close(self) -> None:
        with self._lock:
            self._table = None
            self._pieces.clear()

    def _pieces_of(self, texts: list[str], tokenizer: Any) -> list[list[int]]:
        """Each text's wordpieces. What stands between white space is looked up once and kept."""
        known = self._pieces
        if len(known) > _KEPT:
            known.clear()
        split = [text.split() for text in texts]
        new = list(set(chain.from_iterable(split)) - known.keys())
        encoded = tokenizer.encode_batch_fast(new, add_special_tokens=False)
        known.update(zip(new, (each.ids for each in encoded), strict=True))
        found = [list(chain.from_iterable(map(known.__getitem__, chunks))) for chunks in split]
        for chunk in new:
            if len(chunk) > _KEPT_LENGTH:
                del known[chunk]
        return found

    def _load(self, progress: Progress | None = None) -> Table:
        with self._lock:
            if self._table is None:
                record = _made(self._paths, progress)
                vectors = np.load(_table_file(), mmap_mode="r")
                tokenizer = open_tokenizer(self._paths[1])
                self._table = Table(np.asarray(vectors), record, tokenizer)
            return self._table


def _slices(texts: Sequence[str]) -> Iterator[list[str]]:
    some: list[str] = []
    size = 0
    for text in texts:
        some.append(well_formed(text, LONGEST))
        size += len(some[-1])
        if size >= _SLICE or len(some) == _SLICE_TEXTS:
            yield some
            some, size = [], 0
    if some:
        yield some


def _summed(pieces: list[list[int]], table: Vectors) -> Vectors:
    ends = np.cumsum([0, *map(len, pieces)])
    columns = np.fromiter(chain.from_iterable(pieces), np.int32, ends[-1])
    counts = csr_matrix(
        (np.ones(len(columns), np.float32), columns, ends), shape=(len(pieces), len(table))
    )
    return np.asarray(counts @ table)


def _table_file() -> Path:
    return cache_folder() / "weights" / f"static-{DIMENSIONS}.npy"


def _made(paths: tuple[Path, Path], progress: Progress | None) -> Record:
    """Make sure that the table is there; a second process that needs it waits for the first."""
    file = _table_file()
    with disk_errors(file.parent):
        file.parent.mkdir(parents=True, exist_ok=True)
        with locked(file.with_suffix(".lock")):
            return _record_of(file) or _make(file, paths, progress)


def _record_of(file: Path) -> Record | None:
    """The record of a table that is whole and made as it would be made now."""
    try:
        record = msgspec.json.decode(file.with_suffix(".json").read_bytes(), type=Record)
        vectors = np.load(file, mmap_mode="r")
    except (OSError, ValueError, msgspec.MsgspecError):
        return None
    source = weights_named(WEIGHTS)
    fits = (record.recipe, record.source_sha256) == (RECIPE, source.sha256)
    return record if fits and vectors.shape[1:] == (DIMENSIONS,) else None


def _make(file: Path, paths: tuple[Path, Path], progress: Progress | None) -> Record:
    record_file = file.with_suffix(".json")
    record_file.unlink(missing_ok=True)
    table = distil(*paths, progress)
    partial = file.with_suffix(".part")
    with partial.open("wb") as opened:
        np.save(opened, table, allow_pickle=False)
        opened.flush()
        os.fsync(opened.fileno())
    with partial.open("rb") as opened:
        sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
    partial.replace(file)
    runtime = f"onnxruntime {load_runtime().__version__}"
    record = Record(RECIPE, weights_named(WEIGHTS).sha256, sha256, runtime)
    write_whole(record_file, msgspec.json.encode(record))
    return record
