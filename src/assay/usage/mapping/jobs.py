"""The work of a map that takes and gives Arrow tables, and so may be done anywhere.

Whoever does it, this process, one beside it or another machine, calls :func:`do` with the same
job and the same table, and gets the same table back.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from assay.embeddings import Embedder, open_embedder
from assay.embeddings.base import normalised
from assay.errors import StoreError
from assay.records import Transcript
from assay.store.batches import Table, about, binary, lists, numbers, ragged, table_of, texts
from assay.store.tables import read_rows
from assay.usage.faceted import facets_in, in_short
from assay.usage.mapping.conversations import text_of
from assay.usage.mapping.principals import Hints
from assay.usage.mapping.terms import LONGEST_PHRASE, Terms, keys_of, terms_of
from assay.usage.mapping.words import BREAK, Vocabulary, without_placeholders

_HINTS = ("account_id", "network_id", "org_id", "client_id")
_AT_ONCE = 2048  # texts that are embedded together


class Words(msgspec.Struct, frozen=True, tag=True):
    """Read a part's conversations: their words, numbered within the part, language, and writer."""


class Embed(msgspec.Struct, frozen=True, tag=True):
    """Turn a part's conversations into vectors.

    Attributes:
        embedder: the name of one that can be opened anywhere.
        version: what it must be, so that no machine embeds with other weights.
    """

    embedder: str
    version: str


class Count(msgspec.Struct, frozen=True, tag=True):
    """Count the words and phrases of groups that at least ``k`` principals use."""

    k: int


Job = Words | Embed | Count

job_of = msgspec.json.Decoder(Job).decode
"""A job from its JSON."""


def do(job: Job, given: Table) -> Table:
    """Do a job's work on one table.

    Raises:
        AssayError: a part cannot be read, or the embedder is another one here.
    """
    match job:
        case Words():
            return _words(given)
        case Embed():
            return _embedded(job, given)
        case Count():
            return _counted(job, given)


def part_table(part: Path, facets: Path | None, left_out: NDArray[np.int64]) -> Table:
    """What :class:`Words` and :class:`Embed` are given.

    Args:
        part: where the conversations lie.
        facets: where that lies which stands for their own words, if anything does.
        left_out: rows that are not read.
    """
    ends = np.array([0, len(left_out)], dtype=np.int64)
    files = {"part": [str(part)], "facets": [str(facets or "")]}
    return table_of({**files, "left_out": lists(left_out, ends)})


def packed(table: Table) -> Table:
    """A part's table with its files themselves, for whoever cannot see them; others as they are.

    Raises:
        StoreError: a file cannot be read.
    """
    if "part" not in table.column_names:
        return table
    try:
        for name in ("part", "facets"):
            path = texts(table, name)[0]
            data = Path(path).read_bytes() if path else b""
            table = table.append_column(f"{name}_data", binary([data]))
    except OSError as error:
        raise StoreError(f"a part cannot be read ({error.strerror}).", where=path) from error
    return table


def read_words(table: Table) -> tuple[list[str], NDArray[np.int32], NDArray[np.int64]]:
    """What :class:`Words` gives: the vocabulary, word numbers (from 1), and where each row ends."""
    words, ends = ragged(table, "words")
    return msgspec.json.decode(about(table), type=list[str]), words, ends


def read_hints(table: Table) -> Iterator[Hints]:
    """What :class:`Words` gives of who each conversation is from."""
    account, network, org, client = (texts(table, name) for name in _HINTS)
    return zip(account, network, org, client, strict=True)


def read_languages(table: Table) -> list[str | None]:
    """What :class:`Words` gives of the language of each conversation."""
    return texts(table, "language")


def group_table(
    numbers_of: NDArray[np.int64],
    words: NDArray[np.int32],
    ends: NDArray[np.int64],
    who: NDArray[np.int32],
) -> Table:
    """What :class:`Count` is given: conversations by group, each with its words and principal."""
    return table_of({"group": numbers_of, "words": lists(words, ends), "who": who})


def read_terms(table: Table) -> list[Terms]:
    """What :class:`Count` gives: the terms of each group, in the order of their numbers."""
    uses, ends = ragged(table, "uses")
    grams, _ = ragged(table, "grams")
    grams = grams.reshape(-1, LONGEST_PHRASE).astype(np.int32)
    found = []
    for row, people in enumerate(numbers(table, "principals").tolist()):
        own = slice(ends[row], ends[row + 1])
        found.append(Terms(grams[own], uses[own], keys_of(grams[own]), people))
    return found


def _words(given: Table) -> Table:
    vocabulary = Vocabulary()
    held: list[NDArray[np.int32]] = []
    hints: list[Hints] = []
    languages: list[str | None] = []
    for each in _conversations(given, ("messages", "language", *_HINTS)):
        numbered = vocabulary.numbers(text_of(each))
        numbered.append(BREAK)
        held.append(np.array(numbered, dtype=np.int32))
        hints.append((each.account_id, each.network_id, each.org_id, each.client_id))
        languages.append(each.language)
    ends = np.cumsum([0, *map(len, held)], dtype=np.int64)
    words = np.concatenate(held) if held else np.zeros(0, dtype=np.int32)
    columns = zip(*hints, strict=True) if hints else ((),) * len(_HINTS)
    told = {name: list(column) for name, column in zip(_HINTS, columns, strict=True)}
    told = {"words": lists(words, ends), "language": languages, **told}
    return table_of(told, msgspec.json.encode(vocabulary.words))


def _embedded(job: Embed, given: Table) -> Table:
    embedder = _opened(job.embedder)
    if embedder.version != job.version:
        raise StoreError(
            f"the embedder {job.embedder} is another one on this machine "
            f"({embedder.version}, not {job.version}).",
            fix="Bring the same weights to every machine: assay models add, or copy the cache.",
        )
    said = [without_placeholders(text_of(each)) for each in _conversations(given, ("messages",))]
    found = np.empty((len(said), embedder.dimensions), dtype=np.float16)
    for start in range(0, len(said), _AT_ONCE):
        vectors = embedder.embed(said[start : start + _AT_ONCE])
        if embedder.worth_caching:  # as if they had been through the cache
            vectors = normalised(vectors.astype(np.float16).astype(np.float32))
        found[start : start + len(vectors)] = vectors
    return table_of({"vectors": found})


@lru_cache(maxsize=1)
def _opened(name: str) -> Embedder:
    return open_embedder(name)


def _counted(job: Count, given: Table) -> Table:
    group, who = numbers(given, "group"), numbers(given, "who")
    words, ends = ragged(given, "words")
    distinct, first = np.unique(group, return_index=True)
    bounds = np.append(first, len(group))
    found = []
    for start, stop in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        own = words[ends[start] : ends[stop]]
        of = np.repeat(np.arange(stop - start), np.diff(ends[start : stop + 1]))
        found.append(terms_of(own, of, who[start:stop], job.k))
    sizes = np.cumsum([0, *(len(each.uses) for each in found)], dtype=np.int64)
    grams = np.concatenate([each.grams.reshape(-1) for each in found])
    uses = np.concatenate([each.uses for each in found])
    people = np.array([each.principals for each in found], dtype=np.int64)
    return table_of(
        {
            "group": distinct.astype(np.int64),
            "principals": people,
            "grams": lists(grams, sizes * LONGEST_PHRASE),
            "uses": lists(uses, sizes),
        }
    )


def _conversations(given: Table, columns: tuple[str, ...]) -> Iterator[Transcript]:
    """A part's conversations, those that a longer version replaces left out."""
    left_out = set(ragged(given, "left_out")[0].tolist())
    with _files(given) as (part, facets):
        told = facets_in(Path(facets)) if facets else {}
        for row, each in enumerate(read_rows(part, Transcript, {"transcript_id", *columns})):
            if row not in left_out:
                yield in_short(each, told)


@contextlib.contextmanager
def _files(given: Table) -> Iterator[tuple[str, str]]:
    """Where a part and its facets lie; what was packed lies in a private folder meanwhile."""
    names = [texts(given, name)[0] for name in ("part", "facets")]
    if "part_data" not in given.column_names:
        yield names[0], names[1]
        return
    with tempfile.TemporaryDirectory(prefix="assay-") as folder:
        paths = []
        for column, name in zip(("part", "facets"), names, strict=True):
            path = Path(folder) / column / Path(name).name
            if name:
                path.parent.mkdir()
                path.write_bytes(given.column(f"{column}_data")[0].as_py())
            paths.append(str(path) if name else "")
        yield paths[0], paths[1]
