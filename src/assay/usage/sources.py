"""Finds the files of an import, and cuts each into tasks for the door."""

from __future__ import annotations

import contextlib
import datetime
import glob
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.errors import NotFoundError
from assay.formats.usage_stream import PACKED_SUFFIXES, DamagedError
from assay.formats.usage_tables import readable, table_kind, table_units
from assay.formats.usage_units import Unit, json_units
from assay.store.bucket import Remote, fetch
from assay.usage.crew import Task
from assay.usage.first_look import look_at
from assay.usage.state import Source

_TASK_ROWS = 1_000
_TASK_BYTES = 1 << 20


@dataclass(frozen=True)
class Step:
    """A task's place in its source: where reading goes on after it, and how the source ended."""

    source: Source
    place: int
    line: int
    sha256: str | None = None
    last: bool = False
    changed: bool = False


@dataclass(frozen=True)
class Reading:
    """How sources are read: the format where it is told, the mapping, and what transcripts need."""

    format: str | None
    mapping: Mapping[str, str]
    keep_raw: bool
    today: datetime.datetime
    folder: Path


def files_of(sources: Sequence[str | Path], without: Path | None = None) -> list[Path]:
    """The files that are meant: each named one, those below folders, those that patterns match.

    Args:
        without: a folder of which nothing is meant: what imports themselves have made.

    Raises:
        NotFoundError: one names nothing, or what is no file.
    """
    found: dict[Path, None] = {}
    for source in sources:
        path = Path(source)
        if path.is_dir():
            matched = [each for each in sorted(path.rglob("*")) if _is_log(each, path)]
        elif path.is_file():
            matched = [path]
        elif path.exists():
            raise NotFoundError(
                "it is a pipe or a device, which cannot be read twice.",
                where=str(source),
                fix="Write it to a file first.",
            )
        else:
            matched = [Path(each) for each in sorted(glob.glob(str(source), recursive=True))]
            matched = [each for each in matched if each.is_file()]
        if without is not None:
            matched = [each for each in matched if without not in each.resolve().parents]
        if not matched:
            raise NotFoundError(
                "there is no such file, or no file in it.", where=str(source), fix="Check its name."
            )
        found.update(dict.fromkeys(each.absolute() for each in matched))
    return list(found)


def _is_log(path: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
    return path.is_file() and not hidden


def stem_of(source: str | Path) -> str:
    """The name of a source without its suffixes."""
    path = Path(source)
    if path.suffix.lower() in PACKED_SUFFIXES:
        path = path.with_suffix("")
    return path.stem if path.stem.strip("*?[]. ") else path.parent.name


def stamp_of(file: Path | Remote, reading: Reading) -> str:
    """What tells whether a file is as it was, and read as it was."""
    how = [reading.format, sorted(reading.mapping.items())]
    if isinstance(file, Remote):
        return json.dumps([file.size, file.changed, how])
    about = file.stat()
    return json.dumps([about.st_size, about.st_mtime_ns, how])


@contextlib.contextmanager
def at_hand(file: Path | Remote, folder: Path) -> Iterator[Path]:
    """The file on this machine, while the block runs; what lies in a bucket is fetched first.

    Raises:
        StoreError: it could not be fetched.
    """
    if isinstance(file, Path):
        yield file
        return
    suffixes = re.sub(r"[^a-z0-9.]", "", "".join(Path(file.uri).suffixes[-2:]).lower())
    target = folder / f"source.fetched{suffixes}"
    fetch(file, target)
    try:
        yield target
    finally:
        target.unlink(missing_ok=True)


def begun(
    files: Iterable[Path | Remote], known: Sequence[Source], reading: Reading
) -> Iterator[tuple[Path | Remote, Source]]:
    """The files that are not done, each with where it stands; sources that are known go on.

    A file that is as it was when it was done is left out; one that has changed is read again.
    """
    latest = {source.uri: source for source in known}
    number = max((source.id for source in known), default=0)
    for path in files:
        uri = path.uri if isinstance(path, Remote) else str(path)
        try:
            stamp = stamp_of(path, reading)
            size = path.size if isinstance(path, Remote) else path.stat().st_size
        except OSError:
            stamp, size = "gone", 0
        source = latest.get(uri)
        if source is not None and source.stamp == stamp:
            if not source.done:
                yield path, source
            continue
        number += 1
        yield path, Source(number, uri, reading.format or "", stamp, bytes=size)


def tasks(file: Path | Remote, source: Source, reading: Reading) -> Iterator[tuple[Step, Task]]:
    """The rest of a file, cut into tasks; the last one says how the file ended.

    Raises:
        StoreError: it lies in a bucket and could not be fetched.
    """
    with at_hand(file, reading.folder) as path:
        yield from _tasks(path, source, reading, fetched=isinstance(file, Remote))


def _tasks(
    path: Path, source: Source, reading: Reading, *, fetched: bool
) -> Iterator[tuple[Step, Task]]:
    place, line = source.place, source.line
    try:
        for place, line, task in _cut(path, source, reading):
            yield Step(source, place, line), task
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        changed = not fetched and stamp_of(path, reading) != source.stamp
        yield Step(source, place, line, digest, True, changed), _task(source, reading, [])
    except OSError as error:
        told = Unit(1, None, b"", place, ("unreadable", f"the file cannot be read ({error})"))
        yield Step(source, place, line, None, True, True), _task(source, reading, [told])


def _cut(path: Path, source: Source, reading: Reading) -> Iterator[tuple[int, int, Task]]:
    try:
        kind = table_kind(path)
        shown = path if kind is None else readable(path, kind, reading.folder)
    except DamagedError as error:
        told = Unit(1, 0, b"", 0, (error.reason, error.detail))
        yield 0, 1, _task(source, reading, [told])
        return
    if source.line and not source.place:
        return  # it was refused as a whole, before a kill
    if not source.place and (not source.format or reading.format or reading.mapping):
        look = look_at(_units(shown, kind, reading, 0, 0), kind, reading.format, reading.mapping)
        source.format = look.format
        if look.refused is not None:
            yield 0, 1, _task(source, reading, [Unit(0, None, b"", 0, look.refused)])
            return
        if look.like is not None:
            source.flagged[f"looks_like_{look.like}"] = 1
    held: list[Unit] = []
    size = 0
    for unit in _units(shown, kind, reading, source.place, source.line):
        held.append(unit)
        size += len(unit.data)
        if len(held) >= _TASK_ROWS or size >= _TASK_BYTES:
            yield unit.end, unit.row, _task(source, reading, held)
            held, size = [], 0
    if held:
        yield held[-1].end, held[-1].row, _task(source, reading, held)


def _units(path: Path, kind: str | None, reading: Reading, place: int, line: int) -> Iterator[Unit]:
    if kind is None:
        return json_units(path, place, line)
    turns = None
    if "role" in reading.mapping:
        columns = reading.mapping
        turns = columns["id"], columns["role"], columns["content"]
    return table_units(path, kind, place, turns)


def _task(source: Source, reading: Reading, units: list[Unit]) -> Task:
    return Task(
        source=Path(source.uri).name,
        format=source.format,
        mapping=dict(reading.mapping),
        keep_raw=reading.keep_raw,
        today=reading.today,
        units=list(units),
    )
