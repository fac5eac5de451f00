"""Reads figures and paired differences of a launch's runs: each run and each pair once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from assay.launch.collect import Found
from assay.records import Comparison, Difference, Estimate
from assay.runs import compare, cut_off, figures
from assay.store.workspace import RunFolder

Told = TypeVar("Told", Estimate, Difference)
Asked = TypeVar("Asked")
Answer = TypeVar("Answer")

_THREADS = 2


class Reader:
    """Figures of these runs, and the differences of any two of them, two readings at a time."""

    def __init__(self, folders: Iterable[RunFolder]) -> None:
        self._folders = {folder.id: folder for folder in folders}
        ids = list(self._folders)
        self._figures = dict(zip(ids, _each(self._figured, ids), strict=True))
        self._differences: dict[tuple[str, str], tuple[Difference, ...]] = {}
        self._changed: dict[tuple[str, str], set[str]] = {}

    def compare(self, pairs: set[tuple[str, str]]) -> None:
        """Compare these runs: baseline and candidate, by their ids."""
        asked = sorted(pairs)
        for pair, found in zip(asked, _each(self._compared, asked), strict=True):
            told = {c.eval for c in found.contrasts if c.what == "content hash"}
            unknown = {c.eval for c in found.contrasts if c.what == "content of each sample"}
            self._changed[pair] = told - unknown
            self._differences[pair] = (*found.overall, *found.slices)

    def estimates(self, found: Found) -> tuple[Estimate, ...]:
        """A run's figures of one eval and scorer."""
        return _about(self._figures[found.folder.id][0], found)

    def broken_off(self, found: Found) -> int:
        """How many of a run's replies to one eval the token limit broke off."""
        return self._figures[found.folder.id][1].get(found.eval.name, 0)

    def differences(self, other: Found, mine: Found) -> tuple[Difference, ...]:
        """The candidate's figures less another run's."""
        return _about(self._differences.get((other.folder.id, mine.folder.id), ()), mine)

    def by_content(self, other: Found, mine: Found) -> bool:
        """Whether the two were matched by the samples' content."""
        return mine.eval.name in self._changed.get((other.folder.id, mine.folder.id), set())

    def _figured(self, id: str) -> tuple[tuple[Estimate, ...], dict[str, int]]:
        folder = self._folders[id]
        return figures(folder), cut_off(folder)

    def _compared(self, pair: tuple[str, str]) -> Comparison:
        return compare(self._folders[pair[0]], self._folders[pair[1]])


def _about(told: Sequence[Told], found: Found) -> tuple[Told, ...]:
    names = found.eval.name, found.scorer.name
    return tuple(each for each in told if (each.eval, each.scorer) == names)


def _each(work: Callable[[Asked], Answer], asked: Sequence[Asked]) -> list[Answer]:
    """DuckDB and numpy work outside of Python's lock, so that threads help."""
    with ThreadPoolExecutor(_THREADS) as threads:
        return list(threads.map(work, asked))
