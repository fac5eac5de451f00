"""The stage in which a model names groups and an auditor looks at what it wrote.

It is asked through the engine: journalled, so that nothing is paid for twice, and within a budget.
Where its answer is of no use, has a word that too few of the group used, or words on end as too few
wrote them, the group keeps the name that it has without a model. Where the auditor does not pass
it, the group is hidden.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from assay.engine import work_through
from assay.models import Model
from assay.runs import Controls, OpenModels, Settings
from assay.runs.blocking import finish
from assay.store.journal import Journal
from assay.usage.folder import UsageFolder
from assay.usage.mapping.asking import (
    PASSED,
    Described,
    auditing_request,
    described_by,
    naming_request,
    rating_of,
    tells_of_somebody,
)
from assay.usage.mapping.corpus import Corpus, texts
from assay.usage.mapping.figures import Figures
from assay.usage.mapping.groups import Grouped
from assay.usage.mapping.kmeans import members_of
from assay.usage.mapping.names import beside_groups
from assay.usage.mapping.privacy import AUDITED
from assay.usage.mapping.words import BREAK, pieces

_MOST_TEXTS = 30  # of a group that a model sees, one of each principal
_QUOTED = 5  # so many words on end are a quote
_FREQUENT = 0.05  # of all conversations: a word in so many tells of nobody


@dataclass(frozen=True)
class Describer:
    """Which model names groups, and how it is reached.

    Attributes:
        model: ``provider/model``.
        settings: of the workspace.
        controls: spending limits, and how to stop.
        journal: the file that keeps replies until the map is done.
    """

    model: str
    settings: Settings
    controls: Controls
    journal: Path

    def check(self) -> None:
        """See before long work that the model is known, has its key, and a price where one is due.

        Raises:
            AssayError: it cannot be asked as things are.
        """
        finish(self._check(), self.controls.stop)

    async def _check(self) -> None:
        async with OpenModels({"namer": self.model}, self.settings) as models:
            models.check_prices(self.controls.spending)

    def describe(
        self,
        usage: UsageFolder,
        corpus: Corpus,
        grouped: Grouped,
        figures: Figures,
        whose: NDArray[np.int32],
        k: int,
    ) -> Figures:
        """The figures with a model's names and summaries, less what the auditor did not pass.

        Raises:
            AssayError: a model failed or the budget is spent; the same command goes on.
        """
        work = _Describing(usage, corpus, grouped, figures, whose, k)
        finish(self._ask(work), self.controls.stop)
        return Figures(work.levels, figures.nowhere)

    async def _ask(self, work: _Describing) -> None:
        async with OpenModels({"namer": self.model}, self.settings) as models:
            models.check_prices(self.controls.spending)
            self.journal.parent.mkdir(parents=True, exist_ok=True)
            journal = Journal(self.journal)
            controls = self.controls
            try:
                models.wire(journal, controls.progress.meter, controls.spending, controls.patience)
                model = models.by_role["namer"]
                for level in range(len(work.levels)):  # groups above are named by those below
                    await work_through(
                        iter(work.shown(level)),
                        lambda number, level=level: work.one(model, level, number),  # type: ignore[misc]
                        width=models.width,
                        stop=controls.stop,
                    )
                    if controls.stop.reason is not None:
                        raise KeyboardInterrupt
            finally:
                await journal.close()


class _Describing:
    """One pass over all groups, level by level."""

    def __init__(
        self,
        usage: UsageFolder,
        corpus: Corpus,
        grouped: Grouped,
        figures: Figures,
        whose: NDArray[np.int32],
        k: int,
    ) -> None:
        self.levels = [list(level) for level in figures.levels]
        self._corpus, self._grouped, self._whose, self._k = corpus, grouped, whose, k
        self._words = corpus.vocabulary()
        self._numbers = {word: number for number, word in enumerate(self._words)}
        self._members = [
            members_of(grouped.labels_at(level), len(own)) for level, own in enumerate(self.levels)
        ]
        self._rows = dict(self._chosen_rows())
        wanted = {row for rows in self._rows.values() for row in rows}
        self._texts = {row: text for row, text in enumerate(texts(usage)) if row in wanted}
        self._beside = [beside_groups(grouped, level) for level in range(len(self.levels))]
        self._first = [[each.name for each in level] for level in figures.levels]

    def shown(self, level: int) -> list[int]:
        """The groups of a level that a model may see."""
        return [number for number, each in enumerate(self.levels[level]) if each.hidden is None]

    async def one(self, model: Model, level: int, number: int) -> None:
        """Name a group and have the name looked at."""
        told = self._told(level, number)
        if not told:
            return
        outside = [self._first[level][other] for other in self._beside[level][number]]
        reply = await model.generate(naming_request(told, [name for name in outside if name]))
        found = described_by(reply.text)
        if found is None or self._tells_of_somebody(level, number, found):
            return
        rating = rating_of((await model.generate(auditing_request(found))).text)
        figure = self.levels[level][number]
        self.levels[level][number] = (
            msgspec.structs.replace(figure, name=found.name, summary=found.summary)
            if rating is not None and rating >= PASSED
            else msgspec.structs.replace(figure, name="", keywords=(), hidden=AUDITED)
        )

    def _told(self, level: int, number: int) -> list[str]:
        """What the model sees of a group: a text of each of k principals or more, or the names."""
        if level == 0:
            return [self._texts[row] for row in self._rows.get(number, [])]
        below = self._grouped.levels[level - 1][0]
        named = [self.levels[level - 1][each] for each in np.flatnonzero(below == number)]
        return [each.name for each in named if each.hidden is None]

    def _chosen_rows(self) -> Iterator[tuple[int, list[int]]]:
        """Of each shown group: the first conversation of each of its principals."""
        for number in self.shown(0):
            rows = self._rows_of(0, number)
            _, firsts = np.unique(self._whose[rows], return_index=True)
            if len(firsts) >= self._k:
                chosen = firsts[:: max(1, len(firsts) // max(_MOST_TEXTS, self._k))]
                yield number, [int(rows[each]) for each in chosen]

    def _rows_of(self, level: int, number: int) -> NDArray[np.int64]:
        order, bounds = self._members[level]
        return order[bounds[number] : bounds[number + 1]]

    def _tells_of_somebody(self, level: int, number: int, found: Described) -> bool:
        """Whether a description tells of few people of its group, by its words or by quoting."""
        rows = self._rows_of(level, number)
        words, of = self._corpus.words_of(rows)
        who, said = self._whose[rows][of], words != BREAK
        return tells_of_somebody(found, self._of_few(words, who)) or self._quotes(
            found, words[said], of[said], who[said]
        )

    def _of_few(self, words: NDArray[np.int32], who: NDArray[np.int32]) -> set[str]:
        """The group's words that fewer than k of its principals used, but for frequent ones.

        Args:
            words: of the group.
            who: the principal of each.
        """
        people = int(self._whose.max()) + 1
        pairs = np.unique(words.astype(np.int64) * people + who)
        distinct, uses = np.unique(pairs // people, return_counts=True)
        frequent = self._corpus.frequencies[distinct] >= _FREQUENT * len(self._corpus)
        return {self._words[each] for each in distinct[(uses < self._k) & ~frequent].tolist()}

    def _quotes(
        self,
        found: Described,
        words: NDArray[np.int32],
        of: NDArray[np.int64],
        who: NDArray[np.int32],
    ) -> bool:
        """Whether words on end are as some of the group wrote them, and fewer than k of its people.

        Marks between words count for nothing: who quotes may set others.

        Args:
            words: of the group, without marks.
            of: the conversation of each.
            who: the principal of each.
        """
        starts = max(len(words) - _QUOTED + 1, 0)
        for run in self._runs(found):
            at = np.flatnonzero(words[:starts] == run[0])
            for place, word in enumerate(run[1:], start=1):
                at = at[words[at + place] == word]
            at = at[of[at] == of[at + _QUOTED - 1]]
            if 0 < len(np.unique(who[at])) < self._k:
                return True
        return False

    def _runs(self, found: Described) -> Iterator[list[int]]:
        """Every run of so many words of a name or summary that the import has."""
        for told in (found.name, found.summary):
            known = [self._numbers.get(word, BREAK) for word in pieces(told) if word]
            for start in range(len(known) - _QUOTED + 1):
                run = known[start : start + _QUOTED]
                if BREAK not in run:
                    yield run
