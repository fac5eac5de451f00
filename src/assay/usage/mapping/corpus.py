"""What a map is made of: each conversation's words by number, language and linked principal.

Only what people wrote is taken, and no more than its beginning; never what the model replied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assay.errors import AssayError
from assay.records import Transcript
from assay.store.batches import Table, from_bytes, to_bytes
from assay.store.files import write_whole
from assay.store.tables import read_rows
from assay.usage.folder import UsageFolder
from assay.usage.mapping.conversations import text_of
from assay.usage.mapping.hands import Alone, Hands
from assay.usage.mapping.jobs import Words, part_table, read_hints, read_languages, read_words
from assay.usage.mapping.principals import Hints, Principals, link
from assay.usage.mapping.stages import load, load_json, save, save_json
from assay.usage.mapping.usual import numbers_of
from assay.usage.mapping.words import BREAK, MOST_WORDS, without_placeholders

_BLOCK = 10_000  # conversations whose words are counted at once

Done = Callable[[int, int], None]


class Corpus:
    """The words and principals of an import, as :func:`read_corpus` left them on the disk.

    Attributes:
        words: word numbers of all conversations, one after another; BREAK parts phrases.
        ends: where the words of each conversation begin; and, last, where they all end.
        principals: the principal of each conversation, by number.
        languages: the language of each conversation, by number (:mod:`usual`).
        frequencies: by word number, how many conversations have it.
        frequencies_in: the same by language and word number.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ends: NDArray[np.int64] = load(folder, "ends")
        self.words = np.memmap(folder / "words.i32", dtype=np.int32, mode="r")
        self.principals: NDArray[np.int32] = load(folder, "principals")
        self.languages: NDArray[np.int32] = load(folder, "languages")
        self.frequencies_in: NDArray[np.int32] = load(folder, "frequencies")
        self.frequencies: NDArray[np.int64] = self.frequencies_in.sum(axis=0)
        self.told: dict[str, int] = load_json(folder, "told", dict[str, int])

    def __len__(self) -> int:
        return len(self.ends) - 1

    def vocabulary(self) -> list[str]:
        """Words by number; the first stands for BREAK."""
        words: list[str] = load_json(self.folder, "vocabulary", list[str])
        return ["", *words]

    def words_of(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """The words of some conversations, and for each word which of the rows it is from."""
        starts = self.ends[rows]
        lengths = self.ends[rows + 1] - starts
        of = np.repeat(np.arange(len(rows)), lengths)
        within = np.arange(len(of)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return self.words[np.repeat(starts, lengths) + within], of


def read_corpus(usage: UsageFolder, folder: Path, done: Done, hands: Hands | None = None) -> None:
    """Read an import into a folder, in a stream: what :class:`Corpus` then gives.

    Each part's words are kept as soon as they are there, so that a killed call goes on.
    """
    tables = _parts_read(usage, folder, hands or Alone(), done)
    vocabulary: dict[str, int] = {}
    ends = [np.zeros(1, dtype=np.int64)]
    written_in: list[str | None] = []
    with (folder / "words.i32").open("wb") as file:

        def hints() -> Iterator[Hints]:
            for table in tables:
                words, lengths = _joined(vocabulary, *read_words(table))
                words.tofile(file)
                ends.append(ends[-1][-1] + np.cumsum(lengths))
                written_in.extend(read_languages(table))
                yield from read_hints(table)

        principals = link(hints())
    bounds = np.concatenate(ends)
    if len(bounds) == 1:
        raise AssayError("the import holds no conversation.", where=str(usage.path))
    languages = numbers_of(written_in)
    save(folder, ends=bounds, principals=principals.of, languages=languages)
    save_json(folder, "vocabulary", list(vocabulary))
    save_json(folder, "told", _told(principals))
    words = np.memmap(folder / "words.i32", dtype=np.int32, mode="r")
    save(folder, frequencies=_frequencies(words, bounds, languages, len(vocabulary) + 1))
    for kept in folder.glob("part-*.arrow"):
        kept.unlink()
    done(len(bounds) - 1, len(bounds) - 1)


def _parts_read(usage: UsageFolder, folder: Path, hands: Hands, done: Done) -> Iterator[Table]:
    """The words of every part, in order; those that an earlier call kept are not read again."""
    kept = [folder / f"{part.stem}.arrow" for part in usage.parts()]
    todo = [part for part, file in zip(usage.parts(), kept, strict=True) if not file.is_file()]
    number = 0
    for file in (file for file in kept if not file.is_file()):
        if number == 0:
            made = hands.work(Words(), part_tables(usage, todo))
        table = next(made)
        write_whole(file, to_bytes(table))
        number += table.num_rows
        done(number, 0)
    for file in kept:
        yield from_bytes(file.read_bytes(), str(file))


def part_tables(usage: UsageFolder, parts: Sequence[Path]) -> Iterator[Table]:
    """What the jobs on parts are given."""
    old = usage.superseded()
    for part in parts:
        left_out: list[int] = []
        if old:
            rows = enumerate(read_rows(part, Transcript, {"transcript_id"}))
            left_out = [row for row, each in rows if each.transcript_id in old]
        yield part_table(part, usage.told_by(part), np.array(left_out, dtype=np.int64))


def _joined(
    vocabulary: dict[str, int],
    own: list[str],
    words: NDArray[np.int32],
    ends: NDArray[np.int64],
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """A part's words by their numbers in the whole vocabulary, and how many each row has.

    As if one vocabulary had read the rows of all parts in order, its room included.
    """
    number_of = np.zeros(len(own) + 1, dtype=np.int32)
    for number, word in enumerate(own, start=1):
        known = vocabulary.get(word)
        if known is None and len(vocabulary) < MOST_WORDS:
            known = vocabulary[word] = len(vocabulary) + 1
        number_of[number] = BREAK if known is None else known
    found, lengths = number_of[words], np.diff(ends)
    if (number_of[1:] == BREAK).any():
        before = np.append(np.int32(BREAK), found[:-1])
        before[ends[:-1]] = BREAK
        kept = (found != BREAK) | (before != BREAK)
        kept[ends[1:] - 1] = True
        lengths = np.add.reduceat(kept.astype(np.int64), ends[:-1])
        found = found[kept]
    return found, np.asarray(lengths, dtype=np.int64)


def texts(usage: UsageFolder, skip: int = 0) -> Iterator[str]:
    """What people wrote in each conversation, for embedding; the first ``skip`` left out."""
    for number, each in enumerate(usage.transcripts(("messages",))):
        if number >= skip:
            yield without_placeholders(text_of(each))


def check_accounts(corpus: Corpus, *, unknown: bool) -> None:
    """Refuse a map whose promise cannot be kept, or that gives it up without need.

    Raises:
        AssayError: no conversation has an account, and nobody said so; or most have one, and
            somebody said that none is known.
    """
    if not len(corpus):
        return
    if not corpus.told["accounts"] and not unknown:
        raise AssayError(
            "no conversation of this import has an account, so nobody can tell whether a group is "
            "many people or one.",
            fix="Import it under another name with the column that tells who wrote (--name NAME "
            "--map account=COLUMN), or give --accounts-unknown: minima then count conversations "
            "only, and the map says so.",
        )
    if unknown and 2 * corpus.told["without_account"] < len(corpus):
        known = len(corpus) - corpus.told["without_account"]
        raise AssayError(
            f"{known:,} of {len(corpus):,} conversations have an account, so people can be counted "
            "and nobody's group need be shown.",
            fix="Leave out --accounts-unknown.",
        )


def _told(principals: Principals) -> dict[str, int]:
    return {
        "principals": principals.count,
        "accounts": principals.accounts,
        "without_account": principals.without_account,
        "largest": principals.largest,
    }


def _frequencies(
    words: NDArray[np.int32],
    bounds: NDArray[np.int64],
    languages: NDArray[np.int32],
    size: int,
) -> NDArray[np.int32]:
    """In how many conversations of each language each word is."""
    found = np.zeros((int(languages.max()) + 1, size), dtype=np.int32)
    for start in range(0, len(bounds) - 1, _BLOCK):
        stop = min(start + _BLOCK, len(bounds) - 1)
        own = np.asarray(words[bounds[start] : bounds[stop]], dtype=np.int64)
        of = np.repeat(np.arange(stop - start), np.diff(bounds[start : stop + 1]))
        row, word = np.divmod(np.unique(of * size + own), size)
        np.add.at(found, (languages[start + row], word), 1)
    found[:, BREAK] = 0
    return found
