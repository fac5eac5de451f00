"""Writes one eval of a run as an Inspect ``.eval`` log: for its viewer, dataframes and Scout."""

from __future__ import annotations

import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from assay.errors import StoreError
from assay.formats.inspect_log import FLAT, OURS, SCORE
from assay.records import EvalRecord, Message, RunRecord, ScoreRow, Transcript

_NAN = msgspec.Raw(b"NaN")  # how Inspect marks what is unscored: no JSON, but what it reads
_STATUS = {"complete": "success", "running": "started", "stopped": "cancelled", "failed": "error"}
_STOP_REASONS = ("stop", "max_tokens", "model_length", "tool_calls", "content_filter")
_OUR_FIELDS = (  # of a transcript, for which Inspect's sample has no exact place
    "account_id",
    "org_id",
    "sample_hash",
    "stop_reason",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "latency",
    "choice_distribution",
    "choice_method",
    "limit",
    "date",
)

_encode = msgspec.json.Encoder().encode


def eval_log_name(run: RunRecord, eval: EvalRecord) -> str:
    """The file name that Inspect would give such a log: when, what and which."""
    when = run.created.replace(":", "-")
    return f"{when}_{eval.name}_{run.id}.eval"


def write_eval_log(
    path: Path,
    run: RunRecord,
    eval: EvalRecord,
    scored: Iterable[tuple[Transcript, Sequence[ScoreRow]]],
) -> None:
    """Write one eval of a run. Transcripts of the run's other evals are passed over.

    Unscored rows carry Inspect's mark (NaN and the reason); labels are answers; what Inspect has no
    place for is kept in metadata, so that :func:`read_eval_log` gives the same rows again. The file
    appears when it is complete. Memory holds one sample, and a line of index for each.

    Raises:
        StoreError: the disk refuses.
    """
    part = path.with_name(path.name + ".part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED) as archive:
            _write(archive, path.parent, run, eval, scored)
        os.replace(part, path)
    except OSError as error:
        raise StoreError(
            f"the log cannot be written ({error}).",
            where=str(path),
            fix="Free some space, or write it elsewhere.",
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _write(
    archive: zipfile.ZipFile,
    folder: Path,
    run: RunRecord,
    eval: EvalRecord,
    scored: Iterable[tuple[Transcript, Sequence[ScoreRow]]],
) -> None:
    totals = _Totals(run.model)
    start = _start(run, eval)
    archive.writestr("_journal/start.json", _encode(start))
    with tempfile.TemporaryFile(dir=folder) as summaries:
        for transcript, rows in scored:
            if transcript.task_set != eval.name:
                continue
            sample = _sample(transcript, rows)
            archive.writestr(
                f"samples/{sample['id']}_epoch_{sample['epoch']}.json", _encode(sample)
            )
            summaries.write(b"," if totals.samples else b"[")
            summaries.write(_encode(_summary(sample)))
            totals.add(transcript, rows)
        summaries.write(b"]" if totals.samples else b"[]")
        summaries.seek(0)
        with archive.open("summaries.json", "w", force_zip64=True) as target:
            shutil.copyfileobj(summaries, target)
    header = {
        "version": 2,
        "status": _STATUS[run.status],
        "eval": start["eval"],
        "plan": start["plan"],
        "results": totals.results(eval),
        "stats": totals.stats(run),
    }
    archive.writestr("header.json", _encode(header))


def _start(run: RunRecord, eval: EvalRecord) -> dict[str, Any]:
    """What Inspect writes when an eval begins."""
    known = ("max_tokens", "temperature", "top_p", "seed")
    settings = {name: eval.parameters[name] for name in known if name in eval.parameters}
    solver = str(eval.solver.get("kind", "generate"))
    arguments = {name: value for name, value in eval.solver.items() if name != "kind"}
    scorers = [
        {"name": scorer.name, "options": scorer.parameters, "metrics": [{"name": "mean"}]}
        for scorer in eval.scorers
    ]
    spec = {
        "eval_id": f"{run.id}-{eval.name}",
        "run_id": run.id,
        "created": run.created,
        "task": eval.name,
        "task_id": f"{run.id}-{eval.name}",
        "task_version": eval.version,
        "task_display_name": eval.name,
        "solver": solver,
        "solver_args": arguments,
        "dataset": {"name": eval.name, "location": eval.path, "samples": eval.samples},
        "model": run.model,
        "model_generate_config": settings,
        "config": {"epochs": eval.epochs, "limit": eval.limit},
        "packages": run.versions,
        "metadata": {OURS: _about(run, eval)},
        "scorers": scorers,
    }
    steps = [{"solver": solver, "params": arguments, "params_passed": arguments}]
    return {
        "version": 2,
        "eval": spec,
        "plan": {"name": "plan", "steps": steps, "config": settings},
    }


def _about(run: RunRecord, eval: EvalRecord) -> dict[str, Any]:
    """What Inspect has no place for, so that :func:`scorers_in` gives the same scorers again."""
    known = {"plan": run.plan, "eval_hash": eval.hash, "model": run.model_details}
    return {**known, "scorers": msgspec.to_builtins(eval.scorers)}


def _sample(transcript: Transcript, rows: Sequence[ScoreRow]) -> dict[str, Any]:
    """Inspect's EvalSample."""
    messages = [_message(transcript, index) for index in range(len(transcript.messages))]
    asked, usage = _first_reply(transcript.messages), _usage(transcript)
    told = msgspec.structs.asdict(transcript)
    metadata = dict(transcript.sample_metadata or {})
    metadata |= {name: told[name] for name in FLAT if told[name] is not None}
    if ours := {name: told[name] for name in _OUR_FIELDS if told[name] is not None}:
        metadata[OURS] = ours
    sample: dict[str, Any] = {
        "id": transcript.task_id or transcript.transcript_id,
        "epoch": transcript.task_repeat or 1,
        "uuid": transcript.transcript_id,
        "input": _input(messages[:asked]),
        "choices": list(transcript.choices) or None,
        "target": list(transcript.target) if len(transcript.target) != 1 else transcript.target[0],
        "messages": messages,
        "output": _output(transcript, len(messages) - 1),
        "scores": {row.scorer: _score(row) for row in rows},
        "metadata": metadata,
        "events": _events(transcript, messages),
        "events_data": {"messages": messages, "calls": []},
        "model_usage": {transcript.model: usage} if transcript.model and usage else {},
        "started_at": transcript.date,
        "total_time": transcript.total_time,
        "working_time": transcript.latency,
        "turn_count": sum(message.role == "assistant" for message in transcript.messages),
    }
    if transcript.error is not None:
        trace = {"traceback": "", "traceback_ansi": ""}
        sample["error"] = {"message": transcript.error, **trace}
    return sample


def _summary(sample: dict[str, Any]) -> dict[str, Any]:
    """Inspect's EvalSampleSummary, from which its sample tables are made."""
    same = ("id", "epoch", "uuid", "input", "choices", "target", "scores", "metadata", "turn_count")
    timed = ("model_usage", "started_at", "total_time", "working_time")
    error = sample.get("error")
    return {
        **{name: sample[name] for name in same + timed},
        "error": error and error["message"],
        "message_count": len(sample["messages"]),
        "completed": True,
    }


def _first_reply(messages: Sequence[Message]) -> int:
    for index, message in enumerate(messages):
        if message.role == "assistant":
            return index
    return len(messages)


def _input(messages: list[dict[str, Any]]) -> Any:
    """A lone request is plain text in Inspect."""
    if len(messages) == 1 and messages[0]["role"] == "user":
        return messages[0]["content"]
    return messages


def _message(transcript: Transcript, index: int) -> dict[str, Any]:
    message = transcript.messages[index]
    value: dict[str, Any] = {
        "id": f"{transcript.transcript_id}-{index + 1}",
        "role": message.role,
        "content": message.content,
    }
    if message.role == "assistant":
        value |= {"source": "generate", "model": transcript.model}
        if message.tool_calls:
            value["tool_calls"] = message.tool_calls
    elif message.role == "user":
        value["source"] = "input"
    if message.role == "tool":
        value["tool_call_id"] = message.tool_call_id
    return value


def _output(transcript: Transcript, index: int) -> dict[str, Any]:
    """Inspect's ModelOutput, where this message is a reply; an empty one where it is none."""
    output: dict[str, Any] = {"model": transcript.model or "none", "choices": []}
    if index >= 0 and transcript.messages[index].role == "assistant":
        last = index == len(transcript.messages) - 1
        reason = transcript.stop_reason if last else "stop"
        if reason not in _STOP_REASONS:
            reason = "unknown"
        choice = {"message": _message(transcript, index), "stop_reason": reason}
        output |= {"choices": [choice], "completion": transcript.messages[index].content}
        if last:
            output |= {"usage": _usage(transcript), "time": transcript.latency}
    return output


def _events(transcript: Transcript, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A model event for each reply, as Inspect's message tables are made of those. Where there is
    no reply, one event without output shows what was asked."""
    replies = [index for index, each in enumerate(messages) if each["role"] == "assistant"]
    return [
        {
            "event": "model",
            "uuid": f"{transcript.transcript_id}-e{index + 1}",
            "timestamp": transcript.date or "1970-01-01T00:00:00+00:00",
            "working_start": 0.0,
            "model": transcript.model or "none",
            "input": [],
            "input_refs": [[0, index]],
            "tools": [],
            "tool_choice": "none",
            "config": {},
            "output": _output(transcript, index)
            if index < len(messages)
            else _output(transcript, -1),
        }
        for index in replies or [len(messages)]
    ]


def _score(row: ScoreRow) -> dict[str, Any]:
    """Inspect's Score."""
    told = msgspec.structs.asdict(row)
    return {
        "value": _NAN if row.value is None else row.value,
        "answer": row.label,
        "explanation": row.explanation or None,
        "reason": row.unscored,
        "metadata": {OURS: {name: told[name] for name in SCORE if told[name]}},
        "history": [],
    }


def _usage(transcript: Transcript) -> dict[str, int] | None:
    read, written = transcript.input_tokens, transcript.output_tokens
    if read is None or written is None:
        return None
    return {"input_tokens": read, "output_tokens": written, "total_tokens": read + written}


class _Totals:
    """What the header says of all samples, gathered as they pass."""

    def __init__(self, model: str) -> None:
        self.samples = 0
        self._model = model
        self._completed = self._read = self._written = 0
        self._names: dict[str, None] = {}  # in the order of the scorers
        self._sums: dict[str, float] = {}
        self._scored: dict[str, int] = {}
        self._unscored: dict[str, int] = {}

    def add(self, transcript: Transcript, rows: Sequence[ScoreRow]) -> None:
        self.samples += 1
        self._completed += transcript.error is None
        self._read += transcript.input_tokens or 0
        self._written += transcript.output_tokens or 0
        for row in rows:
            name = row.scorer
            self._names[name] = None
            if row.value is None:
                self._unscored[name] = self._unscored.get(name, 0) + 1
            else:
                self._scored[name] = self._scored.get(name, 0) + 1
                self._sums[name] = self._sums.get(name, 0.0) + row.value

    def results(self, eval: EvalRecord) -> dict[str, Any]:
        """Inspect's EvalResults: the mean of what was scored, as its own metrics give it."""
        about = {scorer.name: scorer for scorer in eval.scorers}
        scores = []
        for name in self._names:
            count = self._scored.get(name, 0)
            mean = self._sums[name] / count if count else _NAN
            scorer = about.get(name)
            scores.append(
                {
                    "name": name,
                    "scorer": name,
                    "scored_samples": count,
                    "unscored_samples": self._unscored.get(name, 0),
                    "params": scorer.parameters if scorer else {},
                    "metrics": {"mean": {"name": "mean", "value": mean}},
                }
            )
        return {
            "total_samples": self.samples,
            "completed_samples": self._completed,
            "scores": scores,
        }

    def stats(self, run: RunRecord) -> dict[str, Any]:
        """Inspect's EvalStats."""
        usage = {
            "input_tokens": self._read,
            "output_tokens": self._written,
            "total_tokens": self._read + self._written,
        }
        return {
            "started_at": run.created,
            "completed_at": run.finished or "",
            "model_usage": {self._model: usage},
        }
