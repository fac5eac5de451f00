"""Imports that are made up, and maps of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from benchmarks.conversations import Topics

from assay.records import ImportRecord, Message, Transcript, now
from assay.store.tables import write_rows
from assay.usage.folder import UsageFolder
from assay.usage.mapping.folder import MapFolder
from assay.usage.mapping.make import make_map
from assay.usage.mapping.settings import MapSettings
from assay.version import __version__

SMALL = Topics(topics=8, words=40, own=0.4, vocabulary=600)


def said(number: int | str, text: str, **hints: str | None) -> Transcript:
    """A conversation; its account is its own unless the hints say otherwise."""
    hints = {"account_id": f"account-{number}", **hints}
    return Transcript(
        transcript_id=f"t-{number}",
        messages=(Message("user", text), Message("assistant", "Certainly: replymarker.")),
        **hints,  # type: ignore[arg-type]
    )


def about(number: int, topics: Topics = SMALL) -> list[Transcript]:
    """Conversations about some topics, each from an account of its own."""
    return list(_about(number, topics))


@cache
def _about(number: int, topics: Topics) -> tuple[Transcript, ...]:
    return tuple(said(each, text) for each, (_, text) in enumerate(topics.texts(number)))


def import_of(folder: Path, transcripts: Iterable[Transcript], name: str = "made") -> UsageFolder:
    """An import that holds these."""
    usage = UsageFolder(folder / "usage" / name)
    usage.transcripts_folder.mkdir(parents=True)
    write_rows(usage.part(0), Transcript, transcripts)
    record = ImportRecord(
        name=name,
        created=now(),
        updated=now(),
        assay=__version__,
        status="complete",
        sources=(),
        conversations=sum(1 for _ in usage.transcripts(())),
        with_account=0,
        redacted={},
        languages={},
        keeps_raw=False,
        retention_days=None,
    )
    usage.save(record)
    return usage


def mapped(folder: Path, transcripts: Iterable[Transcript], settings: MapSettings) -> MapFolder:
    """The map of these conversations by their words."""
    usage = import_of(folder, transcripts)
    make_map(usage, settings, None)
    return MapFolder(usage.path)


def everything_told(place: MapFolder) -> str:
    """All that a map says in words: what must never hold a secret."""
    told = [place.record_file.read_text(encoding="utf-8")]
    for cluster in place.clusters():
        told += [cluster.name, cluster.summary, *cluster.keywords]
    return "\n".join(told)
