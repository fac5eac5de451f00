"""Carries finished samples from the event loop to the tables on disk, in batches, by a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

import msgspec

from assay.records import ScoreRow, Transcript
from assay.store.tables import TableWriter, read_rows
from assay.store.workspace import RunFolder

_BATCH = 256

_AGAIN = {"unscored": "not_run", "explanation": "The run was resumed since: rescore it."}

_Finished = tuple[Transcript, Sequence[ScoreRow]]


class RunTables:
    """transcripts.parquet and scores.parquet of one run, replaced as a whole on success.

    ``added`` names, by eval, scorers whose rows in the table that is replaced are carried over.

    Two batches are held, one that fills and one that the thread writes, and of those who wait one
    sample each: whoever makes samples faster than they are written waits.

    Raises:
        StoreError: by ``add`` and on leaving, when the disk refuses.
    """

    def __init__(self, folder: RunFolder, added: Mapping[str, Collection[str]]) -> None:
        self._folder, self._added = folder, added
        self._transcripts = TableWriter(folder.transcripts_file, Transcript)
        self._scores = TableWriter(folder.scores_file, ScoreRow)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tables")
        self._batch: list[_Finished] = []
        self._writing: asyncio.Future[None] | None = None

    async def add(self, transcript: Transcript, scores: Sequence[ScoreRow]) -> None:
        """Take one finished sample; wait while both batches are full."""
        self._batch.append((transcript, scores))
        while len(self._batch) >= _BATCH:
            await self._written()
            # Of all who waited, the first to wake hands the batch over.
            if self._writing is None and len(self._batch) >= _BATCH:
                batch, self._batch = self._batch, []
                loop = asyncio.get_running_loop()
                self._writing = loop.run_in_executor(self._thread, self._write, batch)

    async def _written(self) -> None:
        while self._writing is not None:
            writing = self._writing
            await asyncio.shield(writing)
            if self._writing is writing:
                self._writing = None

    def _write(self, batch: list[_Finished]) -> None:
        for transcript, scores in batch:
            self._transcripts.write(transcript)
            for score in scores:
                self._scores.write(score)

    def _carried(self) -> Iterator[ScoreRow]:
        """Scores of other scorers; a transcript that had no reply then has yet to be scored."""
        if not any(self._added.values()) or not self._folder.scores_file.exists():
            return
        for row in read_rows(self._folder.scores_file, ScoreRow):
            if row.scorer in self._added.get(row.eval, ()):
                unasked = row.unscored in ("model_error", "not_run")
                yield msgspec.structs.replace(row, **_AGAIN) if unasked else row

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Keep the tables if nothing went wrong; else leave the files as they were."""
        try:
            if kind is None:
                await self._written()
                self._write(self._batch)
                for row in self._carried():
                    self._scores.write(row)
                self._transcripts.close()
                self._scores.close()
        finally:
            self._thread.shutdown()
            self._transcripts.abort()  # nothing, once closed
            self._scores.abort()
