"""Reads Inspect's ``.eval`` logs, a sample at a time, into transcripts with their scores.

Every sample x epoch x scorer that the log planned comes out as one row: what Inspect leaves out of
its figures (a sample that failed, a judge that refused, a sample never reached) is here unscored
with a reason.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import msgspec

from assay.errors import DefinitionError, Problem
from assay.formats.chat import messages_of
from assay.formats.inspect_parts import Header, Sample, Score
from assay.formats.loose_json import convert, decode
from assay.formats.mapping import transcript_of
from assay.formats.safe import MOST_BYTES, Archive, open_archive
from assay.records import ScoreRow, ScorerRecord, Transcript, Unscored

Scored = tuple[Transcript, tuple[ScoreRow, ...]]

OURS = "assay"
"""The key of a sample's or score's metadata under which our own exports keep what Inspect lacks."""

FLAT = ("cluster", "pair_id", "polarity", "policy_area", "language")
"""What a sample's metadata holds under the names that our records use."""

SCORE = ("label", "citations", "raw", "tokens", "scorer_version", "scored_at", "scored_by")
"""What our own exports keep of a score row under :data:`OURS`."""

_REASONS = frozenset(get_args(Unscored))
_WORDS = {"C": 1.0, "I": 0.0, "P": 0.5, "N": 0.0}
_YES, _NO = ("yes", "true", "correct", "on"), ("no", "false", "incorrect", "off")


def read_eval_log(path: Path) -> Iterator[Scored]:
    """The samples of a log, with one score row for each of its scorers. Memory holds one sample.

    Logs of evals that are still running, or were killed, are read as far as they go. Content that
    is not text becomes a mark such as ``[image]``. A score that is an object or a list becomes one
    row for each of its parts, named ``scorer.part``. ``C``, ``P`` and ``I`` count 1, 0.5 and 0.

    Raises:
        NotFoundError: there is no such file.
        DefinitionError: it is no such log, is damaged, or holds what it cannot.
    """
    with open_archive(path) as archive:
        log = _Log(path, archive)
        seen: set[tuple[str, int]] = set()
        for name in archive.names:
            if name.startswith("samples/") and name.endswith(".json"):
                sample = log.sample(name)
                seen.add((str(sample.id), sample.epoch))
                yield log.scored(name, sample)
        for sample_id in log.spec.dataset.sample_ids or ():
            for epoch in range(1, (log.spec.config.epochs or 1) + 1):
                if (str(sample_id), epoch) not in seen:
                    yield log.not_run(str(sample_id), epoch)


def scorers_in(path: Path) -> dict[str, ScorerRecord]:
    """What a log of ours tells of its scorers, by name: which way is good, and the bounds.

    Empty for other logs, and where what is told is no scorer.

    Raises:
        NotFoundError: there is no such file.
        DefinitionError: it is no such log, or is damaged.
    """
    with open_archive(path) as archive:
        ours = (_Log(path, archive).spec.metadata or {}).get(OURS)
    told = ours.get("scorers") if isinstance(ours, dict) else None
    try:
        return {each.name: each for each in msgspec.convert(told, list[ScorerRecord])}
    except msgspec.ValidationError:
        return {}


class _Log:
    """One log: its header, and how its samples become ours."""

    def __init__(self, path: Path, archive: Archive) -> None:
        self._path = path
        self._archive = archive
        names = archive.names
        header = "header.json" if "header.json" in names else "_journal/start.json"
        if header not in names:
            raise self._fault("", "the archive is no Inspect log: header.json is missing")
        told: Header = self._decode(header, Header)
        self.spec = told.eval
        self._rows_of = _rows_by_scorer(told)
        version = self.spec.packages.get("inspect_ai")
        self._scored_by = f"inspect_ai {version}" if version else "inspect_ai"

    def sample(self, name: str) -> Sample:
        sample: Sample = self._decode(name, Sample)
        return sample

    def scored(self, name: str, sample: Sample) -> Scored:
        """The transcript and rows of one sample."""
        try:
            transcript = self._transcript(sample)
            return transcript, self._rows(sample, transcript)
        except ValueError as error:
            raise self._fault(name, str(error)) from None

    def not_run(self, sample_id: str, epoch: int) -> Scored:
        """The rows of a sample that was planned and is not in the log."""
        why = "The log does not hold this sample: it was never finished."
        transcript = Transcript(
            transcript_id=f"{self.spec.eval_id or self.spec.task}-{sample_id}-{epoch}",
            **self._origin(sample_id, epoch),
            error=why,
            limit="not_run",
        )
        rows = [
            self._row(transcript, row, unscored="not_run", explanation=why)
            for names in self._rows_of.values()
            for row in names
        ]
        return transcript, tuple(rows)

    def _origin(self, sample_id: str, epoch: int) -> dict[str, Any]:
        spec = self.spec
        return {
            "source_type": "eval_log",
            "source_id": spec.eval_id or None,
            "source_uri": str(self._path),
            "task_set": spec.task,
            "task_id": sample_id,
            "task_repeat": epoch,
            "agent": spec.solver,
            "agent_args": spec.solver_args or None,
            "model": spec.model,
            "model_options": spec.model_generate_config or None,
            "run_id": spec.run_id or None,
        }

    def _transcript(self, sample: Sample) -> Transcript:
        raw = sample.messages or sample.input or []
        if isinstance(raw, str):
            raw = [{"role": "user", "content": raw}]
        messages = messages_of(raw, sample.attachments)
        if sum(len(message.content) for message in messages) > MOST_BYTES:
            raise ValueError("its attachments unfold to more text than can be read")
        usage = list(sample.model_usage.values())
        scores = sample.scores or {}
        first = next(iter(scores.values()), None)
        metadata = dict(sample.metadata)
        ours = metadata.pop(OURS, None)
        targets = sample.target if isinstance(sample.target, list) else [sample.target]
        values = {
            "transcript_id": sample.uuid or f"{self.spec.eval_id}-{sample.id}-{sample.epoch}",
            **self._origin(str(sample.id), sample.epoch),
            "date": sample.started_at or self.spec.created or None,
            "score": None if first is None else _finite(first.value),
            "score_explanation": None if first is None else first.explanation,
            "total_time": sample.total_time,
            "input_tokens": sum(each.input_tokens for each in usage) if usage else None,
            "output_tokens": sum(each.output_tokens for each in usage) if usage else None,
            "total_tokens": sum(each.total_tokens for each in usage) if usage else None,
            "latency": sample.output.time,
            "error": sample.error.message if sample.error else None,
            "limit": sample.limit.type if sample.limit else None,
            "stop_reason": sample.output.choices[0].stop_reason if sample.output.choices else None,
            "target": [target for target in targets if target],
            "choices": sample.choices or [],
            **{name: metadata.pop(name) for name in FLAT if _is_ours(name, metadata.get(name))},
            **(ours if isinstance(ours, dict) else {}),
        }
        if metadata:
            values["sample_metadata"] = metadata
        found = transcript_of(values)
        return msgspec.structs.replace(found, messages=messages, message_count=len(messages))

    def _rows(self, sample: Sample, transcript: Transcript) -> tuple[ScoreRow, ...]:
        rows: list[ScoreRow] = []
        scores = sample.scores or {}
        for scorer, score in scores.items():
            rows.extend(self._rows_of_score(scorer, score, sample, transcript))
        for scorer, names in self._rows_of.items():
            if scorer in scores:
                continue
            reason, why = _unscored_because(sample)
            rows.extend(
                self._row(transcript, name, unscored=reason, explanation=why) for name in names
            )
        return tuple(rows)

    def _rows_of_score(
        self, scorer: str, score: Score, sample: Sample, transcript: Transcript
    ) -> Iterator[ScoreRow]:
        ours = (score.metadata or {}).get(OURS)
        base = {
            "explanation": score.explanation or "",
            "scored_at": sample.completed_at or self.spec.created,
            **({name: ours[name] for name in SCORE if name in ours} if ours else {}),
        }
        for name, value in self._parts(scorer, score.value).items():
            yield self._valued(transcript, name, value, score, base)

    def _parts(self, scorer: str, value: Any) -> dict[str, Any]:
        """Value by row name: one, or one for each part, those included that are missing here."""
        expected = self._rows_of.get(scorer, (scorer,))
        if isinstance(value, list):
            value = dict(enumerate(value))
        if isinstance(value, dict):
            given = {f"{scorer}.{part}": each for part, each in value.items()}
        elif expected == (scorer,) or isinstance(value, str) or _number(value) is not None:
            return {scorer: value}
        else:  # NaN in the place of an object
            given = {}
        missing = dict.fromkeys(name for name in expected if name != scorer)
        return {**missing, **given} or {scorer: None}

    def _valued(
        self, transcript: Transcript, name: str, value: Any, score: Score, base: dict[str, Any]
    ) -> ScoreRow:
        label = value if isinstance(value, str) else score.answer
        number = _number(value)
        if number is not None:
            return self._row(transcript, name, **{"value": number, "label": label, **base})
        reason, why = score.reason or "", base["explanation"]
        if reason not in _REASONS:
            told = reason or f"The log's value is {value!r}, which is no number."
            reason, why = "scoring_failed", " ".join(filter(None, [told, why]))
        fields = {"label": label, **base, "unscored": reason, "explanation": why}
        return self._row(transcript, name, **fields)

    def _row(self, transcript: Transcript, scorer: str, **fields: Any) -> ScoreRow:
        values = {
            "transcript_id": transcript.transcript_id,
            "run_id": self.spec.run_id,
            "eval": self.spec.task,
            "sample_id": transcript.task_id,
            "epoch": transcript.task_repeat,
            "scorer": scorer,
            "scorer_version": "",
            "value": None,
            "label": None,
            "unscored": None,
            "explanation": "",
            "citations": (),
            "raw": None,
            "tokens": 0,
            "scored_at": self.spec.created,
            "scored_by": self._scored_by,
            **{name: getattr(transcript, name) for name in FLAT},
        }
        row: ScoreRow = convert({**values, **fields}, ScoreRow)
        return row

    def _decode(self, name: str, shape: Any) -> Any:
        try:
            return decode(self._archive.read(name), shape)
        except ValueError as error:
            raise self._fault(name, str(error)) from None

    def _fault(self, name: str, message: str) -> DefinitionError:
        place = f"{self._path}#{name}" if name else str(self._path)
        return DefinitionError([Problem(place, f"{message}.", "Read it with `inspect log dump`.")])


def _rows_by_scorer(header: Header) -> dict[str, tuple[str, ...]]:
    """The rows that each scorer gives: one of its own name, or one for each part of its value."""
    found: dict[str, tuple[str, ...]] = {
        scorer.name: (scorer.name,) for scorer in header.eval.scorers or ()
    }
    for each in header.results.scores if header.results else ():
        scorer = each.scorer or each.name
        name = each.name if each.name == scorer else f"{scorer}.{each.name}"
        known = found.get(scorer, ())
        if known == (scorer,):
            known = ()
        if name not in known:
            found[scorer] = (*known, name)
    return found


def _unscored_because(sample: Sample) -> tuple[Unscored, str]:
    if sample.error is not None:
        return "model_error", sample.error.message
    if sample.limit is not None:
        return "no_response", f"The sample came to its limit ({sample.limit.type})."
    return "scoring_failed", "The log holds no score of this scorer."


def _number(value: Any) -> float | None:
    """The value as Inspect's metrics count it; None where they would leave it out."""
    if isinstance(value, bool | int | float):
        return float(value) if math.isfinite(value) else None
    if not isinstance(value, str):
        return None
    if value in _WORDS:
        return _WORDS[value]
    if value.lower() in _YES or value.lower() in _NO:
        return float(value.lower() in _YES)
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _finite(value: Any) -> Any:
    """The value without NaN, which no JSON column can hold."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_finite(each) for each in value]
    return value


def _is_ours(name: str, value: Any) -> bool:
    """Whether a metadata value of this name is what our records mean by it."""
    if name == "polarity":
        return value in ("violative", "benign")
    return isinstance(value, str)
