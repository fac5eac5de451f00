"""The hand-over of finished samples to the thread that writes the tables."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from assay.errors import StoreError
from assay.records import Transcript
from assay.runs.tables import RunTables
from assay.store.tables import read_rows
from assay.store.workspace import RunFolder

WORKERS = 20
EACH = 100


class SlowTables(RunTables):
    """Tables whose thread writes nothing until it is told to."""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__(folder, {})
        self.go = threading.Event()

    def _write(self, batch: list[tuple[Transcript, list[object]]]) -> None:  # type: ignore[override]
        self.go.wait()
        super()._write(batch)  # type: ignore[arg-type]


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


async def test_who_is_faster_than_the_disk_waits(folder: RunFolder) -> None:
    added = 0

    async def worker(name: int) -> None:
        nonlocal added
        for i in range(EACH):
            await tables.add(Transcript(f"{name}-{i}"), [])
            added += 1

    async with SlowTables(folder) as tables:
        async with asyncio.TaskGroup() as crew:
            for name in range(WORKERS):
                crew.create_task(worker(name))
            await asyncio.sleep(0.1)
            before = added
            tables.go.set()
        # One batch of 256 was with the thread and one was full; then each worker waited.
        assert before <= 2 * 256
        assert added == WORKERS * EACH
    ids = [row.transcript_id for row in read_rows(folder.transcripts_file, Transcript)]
    assert len(ids) == len(set(ids)) == WORKERS * EACH


async def test_a_refusal_of_the_disk_reaches_whoever_adds(folder: RunFolder) -> None:
    class Refusing(RunTables):
        def _write(self, batch: object) -> None:
            raise StoreError("the disk is full.")

    async def add_all() -> None:
        async with Refusing(folder, {}) as tables:
            for i in range(3 * 256):
                await tables.add(Transcript(str(i)), [])

    with pytest.raises(StoreError):
        await add_all()
    assert not folder.transcripts_file.exists()
