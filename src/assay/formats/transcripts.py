"""Reads other tools' transcripts, whichever of their files it is given."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from assay.errors import DefinitionError, Problem
from assay.formats.inspect_log import read_eval_log
from assay.formats.jsonl import read_jsonl
from assay.formats.scout import read_scout
from assay.records import ScoreRow, Transcript


def read_transcripts(path: Path) -> Iterator[tuple[Transcript, tuple[ScoreRow, ...]]]:
    """Transcripts with the scores that the file has of them: ``.eval``, ``.parquet``, ``.jsonl``.

    Raises:
        NotFoundError: there is no such file.
        DefinitionError: it is of another kind, or not sound; says what and where.
    """
    kind = path.suffix.lower()
    if kind == ".eval":
        return read_eval_log(path)
    if kind == ".parquet":
        return ((transcript, ()) for transcript in read_scout(path))
    if kind == ".jsonl":
        return ((transcript, ()) for transcript in read_jsonl(path))
    remedy = (
        "Give an Inspect log (.eval), a table of transcripts (.parquet) or JSON lines (.jsonl)."
    )
    raise DefinitionError([Problem(str(path), f"files of kind {kind!r} are not read.", remedy)])
