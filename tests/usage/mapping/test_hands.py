"""Whoever works on a map, this process, its children or a cluster, the rows are the same."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.embeddings import open_embedder
from assay.errors import AssayError, StoreError
from assay.records import Facets, Transcript
from assay.store.batches import from_bytes, to_bytes
from assay.store.tables import write_rows
from assay.usage.faceted import FacetedFolder
from assay.usage.folder import UsageFolder
from assay.usage.mapping import corpus, words
from assay.usage.mapping.corpus import Corpus, part_tables, read_corpus
from assay.usage.mapping.folder import MapFolder
from assay.usage.mapping.hands import Alone, Children, Hands
from assay.usage.mapping.jobs import (
    Count,
    Embed,
    Job,
    Words,
    job_of,
    packed,
    part_table,
    read_words,
)
from assay.usage.mapping.make import make_map
from assay.usage.mapping.settings import MapSettings
from assay.usage.mapping.words import BREAK, Vocabulary
from tests.usage.mapping.made import about, said

HASHED = MapSettings(embedder="hashed")


def in_parts(folder: Path, transcripts: list[Transcript], size: int) -> UsageFolder:
    """An import of several parts."""
    usage = UsageFolder(folder / "usage" / "made")
    usage.transcripts_folder.mkdir(parents=True)
    for number, start in enumerate(range(0, len(transcripts), size)):
        write_rows(usage.part(number), Transcript, transcripts[start : start + size])
    return usage


def mapped_by(hands: Hands, usage: UsageFolder) -> MapFolder:
    make_map(usage, HASHED, open_embedder("hashed"), hands=hands, by_name=True)
    return MapFolder(usage.path)


def files_of(place: MapFolder) -> tuple[bytes, bytes]:
    return place.clusters_file.read_bytes(), place.conversations_file.read_bytes()


@pytest.fixture
def children() -> Iterator[Children]:
    hands = Children(2)
    yield hands
    hands.close()


def test_children_make_the_same_map_as_this_process(tmp_path: Path, children: Children) -> None:
    transcripts = about(900)
    alone = mapped_by(Alone(), in_parts(tmp_path / "alone", transcripts, 250))
    other = mapped_by(children, in_parts(tmp_path / "children", transcripts, 250))
    whole = in_parts(tmp_path / "whole", transcripts, 900)
    make_map(whole, HASHED, open_embedder("hashed"))
    assert files_of(alone) == files_of(other) == files_of(MapFolder(whole.path))


def test_what_a_longer_version_replaces_is_left_out(tmp_path: Path, children: Children) -> None:
    usage = in_parts(tmp_path, [said(each, f"word{each % 7} again") for each in range(40)], 15)
    with sqlite3.connect(usage.state_file) as state:
        state.execute("CREATE TABLE superseded (transcript_id TEXT)")
        state.executemany("INSERT INTO superseded VALUES (?)", [("t-3",), ("t-20",), ("t-39",)])
    left = [table.column("left_out")[0].as_py() for table in part_tables(usage, usage.parts())]
    assert left == [[3], [5], [9]]
    read_corpus(usage, tmp_path, lambda _done, _all: None, children)
    assert len(Corpus(tmp_path)) == 37
    embed = Embed("hashed", open_embedder("hashed").version)
    given = part_tables(usage, usage.parts())
    assert [table.num_rows for table in children.work(embed, given)] == [14, 14, 9]


def test_a_packed_part_is_worked_on_where_its_file_is_not(
    tmp_path: Path, children: Children
) -> None:
    usage = in_parts(tmp_path, about(20), 10)
    usage.facets_folder.mkdir()
    told = Facets("t-3", "a single word", "", "en", 1, None, "", "m", "v", 1)
    write_rows(usage.facets_folder / usage.part(0).name, Facets, [told])
    faceted = FacetedFolder(usage.path)
    given = list(part_tables(faceted, faceted.parts()))
    here = [to_bytes(table) for table in Alone().work(Words(), given)]
    sent = [packed(table) for table in given]
    shutil.rmtree(usage.path)
    assert [to_bytes(table) for table in children.work(Words(), sent)] == here
    assert "single" in read_words(from_bytes(here[0]))[0]
    with pytest.raises(StoreError, match="cannot be read"):
        packed(given[0])


def test_an_error_in_a_child_is_told_and_a_dead_child_too(
    tmp_path: Path, children: Children
) -> None:
    nothing = np.zeros(0, dtype=np.int64)
    with pytest.raises(AssayError, match="no such file"):
        list(children.work(Words(), [part_table(tmp_path / "none.parquet", None, nothing)]))
    usage = in_parts(tmp_path, about(20), 5)
    with pytest.raises(AssayError, match="another one on this machine"):
        list(children.work(Embed("hashed", "0"), part_tables(usage, usage.parts())))
    for child in children.pool.children:
        child.process.kill()
    with pytest.raises(StoreError, match="ended early"):
        list(children.work(Words(), part_tables(usage, usage.parts())))


def test_a_killed_reading_goes_on_with_the_parts_that_it_kept(tmp_path: Path) -> None:
    usage = in_parts(tmp_path, about(60), 10)

    class Failing(Alone):
        asked: int = 0

        def work(self, job: Job, given: Iterator[object]) -> Iterator[object]:  # type: ignore[override]
            for table in given:
                self.asked += 1
                if self.asked == 4:
                    raise StoreError("the power is gone")
                yield from super().work(job, [table])  # type: ignore[list-item]

    hands = Failing()
    with pytest.raises(StoreError):
        read_corpus(usage, tmp_path, lambda _done, _all: None, hands)  # type: ignore[arg-type]
    read_corpus(usage, tmp_path, lambda _done, _all: None, hands)  # type: ignore[arg-type]
    assert hands.asked == 7  # six parts, one of them twice
    assert len(Corpus(tmp_path)) == 60


WORD = st.sampled_from(["alpha", "beta", "gamma", "delta", "1", "!", "epsilon"])


@given(
    st.lists(st.lists(WORD, max_size=8).map(" ".join), min_size=1, max_size=12),
    st.integers(1, 5),
    st.integers(1, 6),
)
def test_parts_are_numbered_as_if_read_by_one(texts: list[str], size: int, room: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "MOST_WORDS", room)
        patch.setattr(words, "MOST_WORDS", room)
        one = Vocabulary()
        wanted = [[*one.numbers(text), BREAK] for text in texts]
        patch.undo()
        patch.setattr(corpus, "MOST_WORDS", room)
        whole: dict[str, int] = {}
        found: list[list[int]] = []
        for start in range(0, len(texts), size):
            own = Vocabulary()
            rows = [[*own.numbers(text), BREAK] for text in texts[start : start + size]]
            ends = np.cumsum([0, *map(len, rows)])
            flat = np.array([word for row in rows for word in row], dtype=np.int32)
            joined, lengths = corpus._joined(whole, own.words, flat, ends)
            found += [row.tolist() for row in np.split(joined, np.cumsum(lengths)[:-1])]
    assert found == wanted
    assert list(whole) == one.words


def test_every_job_is_read_back_as_it_was_written() -> None:
    for job in (Words(), Embed("static", "abc"), Count(10)):
        assert job_of(msgspec.json.encode(job)) == job
