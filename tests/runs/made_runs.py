"""Finished runs with scores of one's choice, without asking any model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from assay.records import EvalRecord, RunRecord, ScoreRow, ScorerRecord, Transcript
from assay.store.tables import TableWriter
from assay.store.workspace import RunFolder

Row = dict[str, Any]
_EMPTY = dict.fromkeys(ScoreRow.__struct_fields__)


def scorer_record(name: str = "s", **fields: Any) -> ScorerRecord:
    plain = ScorerRecord(name, "exact", "v1", {}, "high", (0.0, 1.0))
    return msgspec.structs.replace(plain, **fields)


def eval_record(name: str = "e", *scorers: ScorerRecord, **fields: Any) -> EvalRecord:
    held = scorers or (scorer_record(),)
    plain = EvalRecord(name, "1", "hash", "", 10, 1, {}, "{input}", None, {}, held)
    return msgspec.structs.replace(plain, **fields)


def make_run(
    workspace: Path,
    name: str,
    rows: Sequence[Row],
    *evals: EvalRecord,
    **fields: Any,
) -> RunFolder:
    """A finished run. A row needs no more than ``value``; ``hash`` is the sample's content."""
    folder = RunFolder(workspace / "runs" / name)
    plain = RunRecord(name, "p", "complete", "", f"m/{name}", {}, {}, evals or (eval_record(),), {})
    folder.save(msgspec.structs.replace(plain, **fields))
    with (
        TableWriter(folder.transcripts_file, Transcript) as transcripts,
        TableWriter(folder.scores_file, ScoreRow) as scores,
    ):
        for number, row in enumerate(rows):
            own = {**row}
            content = own.pop("hash", None)
            filled = {
                **_EMPTY, "transcript_id": f"{name}-{number}", "run_id": name, "eval": "e",
                "sample_id": str(number), "epoch": 1, "scorer": "s", "scorer_version": "v1",
                "explanation": "", "citations": (), "tokens": 0, "scored_at": "",
                "scored_by": "", **own,
            }  # fmt: skip
            scores.write(ScoreRow(**filled))
            transcripts.write(
                Transcript(
                    filled["transcript_id"],
                    task_set=filled["eval"],
                    task_id=filled["sample_id"],
                    sample_hash=content,
                )
            )
    return folder


def value(number: float | None, **more: Any) -> Row:
    """A score, or a grader's failure."""
    return {"value": number, "unscored": None if number is not None else "grader_failed", **more}
