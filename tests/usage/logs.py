"""Logs to import, made of plain words; and what an import holds, without what clocks change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from assay import api
from assay.records import ImportRecord, RejectedRow, Transcript
from assay.store.tables import read_rows
from assay.usage.folder import UsageFolder

WORDS = ("garden", "river", "school", "travel", "music", "energy", "health", "science")


def chat(number: int, turns: int = 1, **more: Any) -> dict[str, Any]:
    """A conversation of its own words, as ShareGPT has it."""
    said = []
    for turn in range(turns):
        word = WORDS[(number + turn) % len(WORDS)]
        said += [
            {
                "from": "human",
                "value": f"Please tell me about {word} number {number}, part {turn}.",
            },
            {"from": "gpt", "value": f"There is much to say about {word}."},
        ]
    return {"id": f"c{number}", "conversations": said, "timestamp": 1_772_359_200 + number, **more}


def write(path: Path, rows: list[Any]) -> Path:
    """A file of JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def take(workspace: Path, *sources: Path, name: str = "logs", **options: Any) -> ImportRecord:
    """Import, and see that the counts add up and agree with what is stored."""
    record = api.import_usage(list(sources), name=name, workspace=workspace, **options)
    for source in record.sources:
        assert source.rows == source.added + source.duplicates + sum(source.rejected.values())
    stored = list(folder(workspace, name).transcripts())
    assert len(stored) == record.conversations
    assert record.conversations + record.superseded == sum(each.added for each in record.sources)
    assert sum(record.languages.values()) == record.conversations + record.superseded
    accounts = sum(each.account_id is not None for each in stored)
    assert accounts <= record.with_account <= accounts + record.superseded
    assert len(rejected(workspace, name)) == sum(
        sum(source.rejected.values()) for source in record.sources
    )
    return record


def folder(workspace: Path, name: str = "logs") -> UsageFolder:
    return UsageFolder(workspace / "usage" / name)


def stored(workspace: Path, name: str = "logs") -> list[Transcript]:
    return list(folder(workspace, name).transcripts())


def rejected(workspace: Path, name: str = "logs") -> list[RejectedRow]:
    return list(read_rows(folder(workspace, name).rejected_file, RejectedRow))


def texts(workspace: Path, name: str = "logs") -> list[list[str]]:
    return [[message.content for message in each.messages] for each in stored(workspace, name)]
