"""Transcripts from plain JSON lines: an object with ``messages`` on each line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from assay.errors import DefinitionError, NotFoundError, Problem
from assay.formats.loose_json import decode
from assay.formats.mapping import transcript_of
from assay.formats.safe import MOST_BYTES
from assay.records import Transcript

_REMEDY = 'Write one {"messages": [{"role": "user", "content": "..."}, ...]} a line.'


def read_jsonl(path: Path) -> Iterator[Transcript]:
    """The transcripts of a file, in order, one line in memory at a time.

    Beside ``messages`` a line may hold any field of a transcript; other fields go to
    ``sample_metadata``. A transcript without ``transcript_id`` or ``id`` is named after the file
    and the line. Neighbouring lines of one ``transcript_id`` (our own export: one line a scorer)
    are one transcript.

    Raises:
        NotFoundError: there is no such file.
        DefinitionError: the first line that cannot be a transcript, and why.
    """
    last = None
    try:
        with path.open("rb") as lines:
            number = 0
            while line := lines.readline(MOST_BYTES):
                number += 1
                if number == 1:
                    line = line.removeprefix(b"\xef\xbb\xbf")
                if not line.strip():
                    continue
                transcript = _transcript(path, number, line)
                if transcript.transcript_id != last:
                    yield transcript
                last = transcript.transcript_id
    except FileNotFoundError:
        raise NotFoundError("there is no such file.", where=str(path)) from None


def _transcript(path: Path, number: int, line: bytes) -> Transcript:
    try:
        values: dict[str, Any] = decode(line, dict[str, Any])
        if "messages" not in values:
            raise ValueError("there is no field messages")
        if "transcript_id" not in values:
            values["transcript_id"] = values.pop("id", None) or f"{path.stem}-{number}"
        return transcript_of(values)
    except ValueError as error:
        raise DefinitionError([Problem(str(path), f"{error}.", _REMEDY, row=number)]) from None
