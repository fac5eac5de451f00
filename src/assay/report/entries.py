"""One sample as the report's page holds it: plain values, bounded in length, safe to look at."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from assay.records import Message, RunRecord, ScoreRow, ScorerRecord, Transcript
from assay.report.model import badness, scorer_of
from assay.report.text import REASONS, visible

MESSAGE_CHARACTERS = 8_000
TRANSCRIPT_CHARACTERS = 20_000
SHORT_CHARACTERS = 1_500
MANY = 20
"""Scores, targets, choices or citations of one sample that are shown; further ones are counted."""

UNWANTED = 0.5
"""Badness from which a score is unwanted: at or beyond the middle of its scale."""

Tier = Literal["unscored", "unwanted", "rest"]
Key = tuple[str, str, int]
Told = dict[str, Any]


class Teller:
    """Tells one run's samples: it knows each scorer's direction and bounds."""

    def __init__(self, record: RunRecord) -> None:
        self._record = record
        self._scorers: dict[tuple[str, str], ScorerRecord | None] = {}

    def judge(
        self, transcript: Transcript, rows: tuple[ScoreRow, ...]
    ) -> tuple[Tier, float, tuple[str, ...]]:
        """The sample's tier, how bad its worst score is, and the stratum that it competes in."""
        eval = rows[0].eval if rows else transcript.task_set or ""
        worst = 0.0
        for row in rows:
            if row.unscored is not None:
                return "unscored", 0.0, (eval, row.unscored)
            worst = max(worst, self._badness(row) or 0.0)
        polarity = transcript.polarity or ""
        if worst >= UNWANTED:
            return "unwanted", worst, (eval, polarity)
        area, language = transcript.policy_area or "", transcript.language or ""
        return "rest", 0.0, (eval, polarity, area, language)

    def side(self, transcript: Transcript, rows: tuple[ScoreRow, ...]) -> Told:
        """What one model said and how it was scored. Its size is bounded."""
        stop = transcript.stop_reason
        chances = list((transcript.choice_distribution or {}).items())
        return {
            "messages": told_messages(transcript.messages),
            "error": short(transcript.error or ""),
            "stop": visible(stop) if stop and stop != "stop" else "",
            "chances": ", ".join(f"{short(name)} {p:.0%}" for name, p in chances[:MANY]),
            "scores": [self._score(row) for row in rows[:MANY]],
        }

    def _score(self, row: ScoreRow) -> Told:
        bad = self._badness(row)
        label = short(row.label or "", 80)
        if row.unscored is not None:
            result = visible(REASONS.get(row.unscored, row.unscored))
        else:
            result = f"{label} ({row.value:g})" if label else f"{row.value:g}"
        return {
            "scorer": short(row.scorer, 200),
            "label": label,
            "result": result,
            "unscored": row.unscored is not None,
            "unwanted": bad is not None and bad >= UNWANTED,
            "explanation": short(row.explanation),
            "citations": told_list(row.citations),
            "raw": short(row.raw) if row.raw and row.unscored is not None else "",
            "by": short(row.scored_by, 200),
        }

    def _badness(self, row: ScoreRow) -> float | None:
        place = (row.eval, row.scorer)
        if place not in self._scorers:
            self._scorers[place] = scorer_of(self._record, *place)
        scorer = self._scorers[place]
        if scorer is None:
            return None
        return badness(row.value, scorer.good, scorer.bounds, row.polarity)


def key_of(transcript: Transcript, rows: tuple[ScoreRow, ...]) -> Key:
    """What joins a sample's transcripts in two runs: eval, sample id, epoch."""
    if rows:
        return rows[0].eval, rows[0].sample_id, rows[0].epoch
    name = transcript.task_id or transcript.transcript_id
    return transcript.task_set or "", name, transcript.task_repeat or 1


def facts(key: Key, transcript: Transcript) -> Told:
    """What is known of the sample itself, whichever model answered."""
    metadata = transcript.sample_metadata
    return {
        "eval": short(key[0], 200),
        "id": short(key[1], 200),
        "epoch": key[2],
        "polarity": short(transcript.polarity or "", 80),
        "area": short(transcript.policy_area or "", 80),
        "language": short(transcript.language or "", 80),
        "pair": short(transcript.pair_id or "", 200),
        "cluster": short(transcript.cluster or "", 200),
        "target": told_list(transcript.target),
        "choices": told_list(transcript.choices),
        "metadata": short(msgspec.json.encode(metadata).decode()) if metadata else "",
    }


def entry(about: Told, tier: Tier, sides: list[Told | None]) -> Told:
    """One sample with its sides, candidate first; what both were asked is told once."""
    present = [side for side in sides if side]
    shared = _shared([side["messages"] for side in present])
    labels = {f"{s['scorer']}: {s['label']}" for s in present[0]["scores"] if s["label"]}
    results = [{s["scorer"]: s["result"] for s in side["scores"]} for side in present]
    return {
        **about,
        "tier": tier,
        "labels": sorted(labels),
        "differ": len(results) == 2 and results[0] != results[1],
        "shared": present[0]["messages"][:shared],
        "sides": [side and {**side, "messages": side["messages"][shared:]} for side in sides],
    }


def told_messages(messages: tuple[Message, ...]) -> list[dict[str, str]]:
    """The conversation, long messages cut and the middle of a long conversation left out."""
    told = [_message(message) for message in messages[:500]]
    lengths = [len(one["text"]) for one in told]
    if sum(lengths) <= TRANSCRIPT_CHARACTERS and len(told) == len(messages):
        return told
    head = _fitting(lengths, TRANSCRIPT_CHARACTERS // 2)
    last = [_message(message) for message in messages[max(head, len(messages) - 500) :]]
    tail = _fitting([len(one["text"]) for one in reversed(last)], TRANSCRIPT_CHARACTERS // 2)
    left_out = len(messages) - head - tail
    note = {"role": "note", "text": f"{left_out:,} messages are left out of this page here."}
    return told[:head] + [note] * (left_out > 0) + last[len(last) - tail :]


def told_list(texts: tuple[str, ...]) -> list[str]:
    """The first of several texts, each cut, and how many more there are."""
    more = [f"… and {len(texts) - MANY:,} more"] if len(texts) > MANY else []
    return [short(text) for text in texts[:MANY]] + more


def short(text: str, most: int = SHORT_CHARACTERS) -> str:
    """The text made visible; beyond ``most`` characters, cut, with a note of how many are gone."""
    if len(text) <= most:
        return visible(text)
    return f"{visible(text[:most])} … [{len(text) - most:,} more characters are not on this page]"


def _message(message: Message) -> dict[str, str]:
    text = short(message.content, MESSAGE_CHARACTERS)
    for call in message.tool_calls[:MANY]:
        arguments = short(msgspec.json.encode(call.arguments).decode())
        asks = f"asks for the tool {short(call.function, 200)} with {arguments}"
        text = f"{text}\n{asks}" if text else asks
    return {"role": message.role, "text": text}


def _fitting(lengths: list[int], most: int) -> int:
    """How many of the first lengths fit into ``most`` together; at least one."""
    total = 0
    for count, length in enumerate(lengths):
        total += length
        if total > most:
            return max(1, count)
    return len(lengths)


def _shared(conversations: list[list[dict[str, str]]]) -> int:
    """How many messages, up to the first reply, all conversations have in common."""
    count = 0
    for messages in zip(*conversations, strict=False):
        if messages[0]["role"] in ("assistant", "tool") or any(m != messages[0] for m in messages):
            break
        count += 1
    return count
