"""The stage that turns conversations into vectors: killed, it goes on where it was.

Where several languages are written, conversations lie first of all by language, and those of a
language that few write are told apart by little else. So each language's own middle is taken out of
its vectors (Libovicky, Rosa and Fraser 2020, arXiv 2004.05160): what is compared is what is said.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from assay.store.batches import numbers
from assay.store.files import write_whole
from assay.usage.folder import UsageFolder
from assay.usage.mapping.corpus import Corpus, Done, part_tables, texts
from assay.usage.mapping.hands import Hands
from assay.usage.mapping.jobs import Embed
from assay.usage.mapping.usual import OTHERS

RAW, VECTORS = "raw.npy", "vectors.npy"
"""Vectors as an embedder gave them, and as they are compared."""
_LEAST = 50  # conversations of a language, before it makes an import one of several
_FEW = 50  # conversations that the origin weighs beside those of a language
_BATCH = 2048  # conversations that are embedded at once
_EVERY = 8  # batches between two marks of how far it is


class Embedder(Protocol):
    """What the stage needs of an embedder: those of :mod:`assay.embeddings` have it."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    def embed(self, texts: list[str]) -> NDArray[np.float32]: ...


def embed_texts(
    usage: UsageFolder, corpus: Corpus, embedder: Embedder, folder: Path, done: Done
) -> None:
    """Write ``raw.npy``: a row a conversation, half precision."""
    path, mark = folder / RAW, folder / "embedded"
    shape = (len(corpus), embedder.dimensions)
    first = int(mark.read_text()) if mark.is_file() and path.is_file() else 0
    out = open_vectors(path, shape, goes_on=first > 0)
    said = texts(usage, first)
    while batch := list(itertools.islice(said, _BATCH)):
        out[first : first + len(batch)] = embedder.embed(batch)
        first += len(batch)
        if first % (_BATCH * _EVERY) == 0:
            out.flush()
            write_whole(mark, str(first))
        done(first, len(corpus))
    out.flush()


def embed_parts(
    usage: UsageFolder,
    corpus: Corpus,
    embedder: Embedder,
    folder: Path,
    hands: Hands,
    done: Done,
) -> None:
    """The same by others' hands, a part at a time, with an embedder that opens anywhere by name.

    Args:
        hands: who embeds.
    """
    path, mark = folder / RAW, folder / "parts"
    parts = usage.parts()
    ended, first = map(int, mark.read_text().split()) if mark.is_file() else (0, 0)
    out = open_vectors(path, (len(corpus), embedder.dimensions), goes_on=ended > 0)
    job = Embed(embedder.name, embedder.version)
    for table in hands.work(job, part_tables(usage, parts[ended:])):
        found = numbers(table, "vectors")
        out[first : first + len(found)] = found
        out.flush()
        ended, first = ended + 1, first + len(found)
        write_whole(mark, f"{ended} {first}")
        done(first, len(corpus))
    out.flush()


def open_vectors(path: Path, shape: tuple[int, int], *, goes_on: bool = False) -> Any:
    """An array of vectors on the disk, to be filled."""
    mode = "r+" if goes_on else "w+"
    return np.lib.format.open_memmap(path, mode, np.float16, shape)


def are_whole(folder: Path) -> bool:
    """Whether an earlier call came to its end here, all but the folder's own name."""
    return (folder / VECTORS).is_file() and not (folder / RAW).exists()


def compare_within_languages(folder: Path, languages: NDArray[np.int32]) -> None:
    """Write ``vectors.npy`` from ``raw.npy``, which it removes.

    Where one language is written, or hardly any other, they are the same.

    Args:
        languages: the language of each conversation, by number (:mod:`usual`).
    """
    raw = folder / RAW
    if (np.bincount(languages)[OTHERS + 1 :] >= _LEAST).sum() < 2:
        raw.replace(folder / VECTORS)
        return
    given = np.load(raw, mmap_mode="r", allow_pickle=False)
    middles = _middles(given, languages)
    out = open_vectors(folder / VECTORS, given.shape)
    for own in _blocks(len(given)):
        found = given[own].astype(np.float32)
        apart = found - middles[languages[own]]
        apart[~found.any(axis=1)] = 0
        lengths = np.linalg.norm(apart, axis=1, keepdims=True)
        out[own] = apart / np.where(lengths > 0, lengths, 1)
    out.flush()
    raw.unlink()


def _middles(given: Any, languages: NDArray[np.int32]) -> NDArray[np.float32]:
    """The mean of each language's vectors, nearer to the origin the fewer there are."""
    kinds = int(languages.max()) + 1
    sums, counts = np.zeros((kinds, given.shape[1])), np.zeros(kinds)
    for own in _blocks(len(given)):
        found = given[own].astype(np.float64)
        for each in np.unique(languages[own]):
            rows = found[languages[own] == each]
            sums[each] += rows.sum(axis=0)
            counts[each] += rows.any(axis=1).sum()
    return (sums / (counts + _FEW)[:, None]).astype(np.float32)


def _blocks(rows: int) -> Iterator[slice]:
    for start in range(0, rows, _BATCH * _EVERY):
        yield slice(start, min(start + _BATCH * _EVERY, rows))
