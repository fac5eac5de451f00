"""What a map is made of: each conversation's words by number, and its linked principal.

Only what people wrote is taken, and no more than its beginning; never what the model replied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assay.errors import AssayError
from assay.records import Transcript
from assay.usage.folder import UsageFolder
from assay.usage.mapping.principals import Hints, Principals, link
from assay.usage.mapping.stages import load, load_json, save, save_json
from assay.usage.mapping.words import BREAK, Vocabulary, without_placeholders

LONGEST = 2000
"""Characters of a conversation that are looked at."""
_BLOCK = 10_000  # conversations whose words are counted at once
_COLUMNS = ("messages", "account_id", "network_id", "org_id", "client_id")

Done = Callable[[int, int], None]


class Corpus:
    """The words and principals of an import, as :func:`read_corpus` left them on the disk.

    Attributes:
        words: word numbers of all conversations, one after another; BREAK parts phrases.
        ends: where the words of each conversation begin; and, last, where they all end.
        principals: the principal of each conversation, by number.
        frequencies: by word number, how many conversations have it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ends: NDArray[np.int64] = load(folder, "ends")
        self.words = np.memmap(folder / "words.i32", dtype=np.int32, mode="r")
        self.principals: NDArray[np.int32] = load(folder, "principals")
        self.frequencies: NDArray[np.int64] = load(folder, "frequencies")
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


def read_corpus(usage: UsageFolder, folder: Path, done: Done) -> None:
    """Read an import into a folder, in a stream: what :class:`Corpus` then gives."""
    vocabulary = Vocabulary()
    ends = [0]
    with (folder / "words.i32").open("wb") as file:

        def hints() -> Iterator[Hints]:
            for number, each in enumerate(usage.transcripts(_COLUMNS), start=1):
                numbers = vocabulary.numbers(text_of(each))
                numbers.append(BREAK)
                numbers.tofile(file)
                ends.append(ends[-1] + len(numbers))
                yield each.account_id, each.network_id, each.org_id, each.client_id
                if number % 10_000 == 0:
                    done(number, 0)

        principals = link(hints())
    if len(ends) == 1:
        raise AssayError("the import holds no conversation.", where=str(usage.path))
    save(folder, ends=np.array(ends, dtype=np.int64), principals=principals.of)
    save_json(folder, "vocabulary", vocabulary.words)
    save_json(folder, "told", _told(principals))
    words = np.memmap(folder / "words.i32", dtype=np.int32, mode="r")
    save(folder, frequencies=_frequencies(words, ends, len(vocabulary.words) + 1))
    done(len(ends) - 1, len(ends) - 1)


def texts(usage: UsageFolder, skip: int = 0) -> Iterator[str]:
    """What people wrote in each conversation, for embedding; the first ``skip`` left out."""
    for number, each in enumerate(usage.transcripts(("messages",))):
        if number >= skip:
            yield without_placeholders(text_of(each))


def text_of(transcript: Transcript) -> str:
    """What the person wrote, as far as a map looks at it."""
    said, room = [], LONGEST
    for message in transcript.messages:
        if message.role == "user" and room > 0:
            said.append(message.content[:room])
            room -= len(message.content)
    return "\n".join(said)


def check_accounts(corpus: Corpus, *, unknown: bool) -> None:
    """Refuse a map whose promise cannot be kept: no account is known, and nobody said so.

    Raises:
        AssayError: no conversation has an account.
    """
    if len(corpus) and not corpus.told["accounts"] and not unknown:
        raise AssayError(
            "no conversation of this import has an account, so nobody can tell whether a group is "
            "many people or one.",
            fix="Import with a column for accounts (--map account_id=COLUMN), or give "
            "--accounts-unknown: minima then count conversations only, and the map says so.",
        )


def _told(principals: Principals) -> dict[str, int]:
    return {
        "principals": principals.count,
        "accounts": principals.accounts,
        "without_account": principals.without_account,
        "largest": principals.largest,
    }


def _frequencies(words: NDArray[np.int32], ends: list[int], size: int) -> NDArray[np.int64]:
    """In how many conversations each word is."""
    found = np.zeros(size, dtype=np.int64)
    bounds = np.array(ends)
    for start in range(0, len(ends) - 1, _BLOCK):
        stop = min(start + _BLOCK, len(ends) - 1)
        own = np.asarray(words[bounds[start] : bounds[stop]], dtype=np.int64)
        of = np.repeat(np.arange(stop - start), np.diff(bounds[start : stop + 1]))
        distinct = np.unique(of * size + own)
        found += np.bincount(distinct % size, minlength=size)
    found[BREAK] = 0
    return found
