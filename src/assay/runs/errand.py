"""Asks a model many things outside of a run: through the engine, journalled, within the budget."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Sequence
from pathlib import Path

import msgspec

from assay.engine import work_through
from assay.errors import AssayError, AuthenticationError, BudgetExceededError, ModelError
from assay.records import Reply, Request
from assay.runs.models import OpenModels
from assay.runs.run import Controls
from assay.runs.settings import Settings
from assay.store.journal import Journal, remove_journal


class Errand:
    """Requests to one model, whose replies are kept until the whole errand is done.

    As a context manager it opens the model and the journal. The journal is removed by :meth:`done`
    alone, so that after a kill, a stop or an error the same command goes on.

    Args:
        folder: where the journal of unfinished work lies; it goes when it is empty.
        name: what the errand is; with the model it names the journal.
    """

    def __init__(
        self, folder: Path, settings: Settings, model: str, name: str, controls: Controls
    ) -> None:
        self._models = OpenModels({"asked": model}, settings)
        self._controls = controls
        digest = hashlib.sha256(msgspec.json.encode([name, model])).hexdigest()[:24]
        self._path = folder / f".{digest}.journal"
        self._journal: Journal | None = None

    async def __aenter__(self) -> Errand:
        await self._models.__aenter__()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._journal = Journal(self._path)
            controls = self._controls
            meter = controls.progress.meter
            self._models.wire(self._journal, meter, controls.spending, controls.patience)
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._journal is not None:
            await self._journal.close()
        await self._models.__aexit__(None, None, None)

    async def ask(self, requests: Sequence[Request]) -> list[Reply | None]:
        """The replies in order; None where the model failed for good.

        Raises:
            AuthenticationError: the key is refused.
            AssayError: it was stopped, or the budget is used up; what was paid for is kept.
        """
        progress, stop = self._controls.progress, self._controls.stop
        progress.planned += len(requests)
        model = self._models.by_role["asked"]
        replies: list[Reply | None] = [None] * len(requests)
        asked = [False] * len(requests)

        async def work(item: tuple[int, Request]) -> None:
            number, request = item
            try:
                replies[number] = await model.generate(request)
            except AuthenticationError:
                raise
            except BudgetExceededError as error:
                stop.ask(str(error))
                return
            except ModelError:
                progress.meter.errors += 1
                progress.unscored += 1
            asked[number] = True
            progress.done += 1

        items = iter(list(enumerate(requests)))
        await work_through(items, work, width=self._models.width, stop=stop)
        if not all(asked):
            raise AssayError(
                f"it was stopped ({stop.reason}).",
                fix="The same command goes on; what was paid for is kept.",
            )
        return replies

    async def done(self) -> None:
        """Everything that came of the replies is kept: the journal can go."""
        assert self._journal is not None
        await self._journal.close()
        self._journal = None
        remove_journal(self._path)
        with contextlib.suppress(OSError):  # others are at work there
            self._path.parent.rmdir()
