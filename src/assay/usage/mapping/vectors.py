"""The stage that turns conversations into vectors: killed, it goes on where it was."""

from __future__ import annotations

import itertools
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
    """Write ``vectors.npy``: a row a conversation, half precision."""
    path, mark = folder / "vectors.npy", folder / "embedded"
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
    path, mark = folder / "vectors.npy", folder / "parts"
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
