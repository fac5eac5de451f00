"""Takes logs in as an import: streamed, resumable, and the same however often it is begun."""

from __future__ import annotations

import contextlib
import datetime
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.errors import NotFoundError
from assay.records import ImportRecord, RejectedRow, now
from assay.store.bucket import Remote
from assay.store.tables import TableWriter
from assay.usage.crew import Crew, Task
from assay.usage.folder import UsageFolder
from assay.usage.keeping import PART_ROWS, Keeper
from assay.usage.names import name_recognisers
from assay.usage.sources import Reading, Step, begun, tasks
from assay.usage.state import Source, State
from assay.version import __version__

_ALONE = 8 << 20
"""Bytes up to which other processes cost more time to start than they save."""
_MOST_CHILDREN = 8
_TELL_EVERY = 5.0  # seconds


@dataclass(frozen=True)
class ImportStanding:
    """How far an import is: rows that were read, conversations that were added, and seconds."""

    rows: int
    added: int
    seconds: float


Tell = Callable[[ImportStanding], None]


@dataclass(frozen=True)
class Retention:
    """Whether what was said is kept as it was, and for how many days."""

    keep_raw: bool = False
    days: int | None = None


def ingest(
    folder: UsageFolder,
    secret: bytes,
    files: Sequence[Path | Remote],
    *,
    format: str | None = None,
    mapping: dict[str, str] | None = None,
    retention: Retention = Retention(),
    tell: Tell | None = None,
    part_rows: int = PART_ROWS,
    children: int | None = None,
) -> ImportRecord:
    """Take files in. The same call again goes on where it was, or finds nothing new.

    Args:
        format: the format of all files; each file's own rows tell where it is None.
        mapping: columns by field.
        tell: is told now and then how far it is.
        part_rows: rows after which a part is closed.
        children: how many processes redact; as many as there are cores where it is None.

    Raises:
        StoreError: another process works on the import, or the disk is full.
    """
    today = datetime.datetime.now(datetime.UTC)
    reading = Reading(format, mapping or {}, retention.keep_raw, today, folder.path)
    with folder.lock(), opened(folder) as state, keeping(folder, state, part_rows) as keeper:
        known = state.sources()
        todo = list(begun(files, known, reading))
        if todo or not folder.record_file.exists():
            save_record(folder, state, "running", retention)
        size = sum(source.bytes for _, source in todo)
        if children is None:
            cores = min(len(os.sched_getaffinity(0)), _MOST_CHILDREN)
            children = cores if size > _ALONE else 0
        crew = Crew(secret, children)
        try:
            _take_all(keeper, crew, todo, reading, tell)
        finally:
            crew.close()
        keeper.commit()
        return finish(folder, state, retention)


def _take_all(
    keeper: Keeper,
    crew: Crew,
    todo: Sequence[tuple[Path | Remote, Source]],
    reading: Reading,
    tell: Tell | None,
) -> None:
    begun_at = told_at = time.monotonic()
    rows = added = 0

    def cut() -> Iterator[tuple[Step, Task]]:
        for path, source in todo:
            yield from tasks(path, source, reading)

    for step, passed in crew.work(cut()):
        source = step.source
        before = source.added
        keeper.take(source, passed, step.place, step.line)
        if step.last:
            _end(keeper, step)
        rows += len(passed)
        added += source.added - before
        moment = time.monotonic()
        if tell is not None and moment - told_at >= _TELL_EVERY:
            tell(ImportStanding(rows, added, moment - begun_at))
            told_at = moment
    if tell is not None and told_at > begun_at:
        tell(ImportStanding(rows, added, time.monotonic() - begun_at))


def _end(keeper: Keeper, step: Step) -> None:
    source = step.source
    source.sha256 = step.sha256
    source.done = True
    if step.changed:
        source.flagged["source_changed"] = source.flagged.get("source_changed", 0) + 1
    keeper.touch(source)


@contextlib.contextmanager
def opened(folder: UsageFolder) -> Iterator[State]:
    """Where an import stands, while the block runs."""
    state = State(folder.state_file)
    try:
        yield state
    finally:
        state.close()


@contextlib.contextmanager
def keeping(folder: UsageFolder, state: State, part_rows: int = PART_ROWS) -> Iterator[Keeper]:
    """A keeper; what it has not committed when the block ends is dropped."""
    for left in folder.path.glob("source.*"):
        left.unlink()
    keeper = Keeper(folder, state, part_rows)
    try:
        yield keeper
    finally:
        keeper.abort()
        for left in folder.path.glob("source.*"):
            left.unlink()


def finish(folder: UsageFolder, state: State, retention: Retention) -> ImportRecord:
    """Write the rejected rows and the record of an import whose every row is committed."""
    with TableWriter(folder.rejected_file, RejectedRow) as table:
        for row in state.rejected():
            table.write(row)
    return save_record(folder, state, "complete", retention)


def save_record(
    folder: UsageFolder, state: State, status: str, retention: Retention
) -> ImportRecord:
    """Write import.json from what is committed."""
    try:
        created = folder.read().created
    except NotFoundError:
        created = now()
    superseded = state.superseded()
    record = ImportRecord(
        name=folder.name,
        created=created,
        updated=now(),
        assay=__version__,
        status="complete" if status == "complete" else "running",
        sources=tuple(source.record() for source in state.sources()),
        conversations=state.stored() - superseded,
        with_account=state.totals("conversations").get("with_account", 0),
        redacted=state.totals("redacted"),
        languages=state.totals("languages"),
        keeps_raw=retention.keep_raw or any(folder.raw_folder.glob("part-*")),
        retention_days=retention.days,
        superseded=superseded,
        names=bool(name_recognisers()),
        first_rejected=tuple(state.rejected(first=True)),
    )
    folder.save(record)
    return record
