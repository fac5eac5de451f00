"""The values that flow through Assay: frozen, and without I/O."""

from assay.records.estimate import Estimate, Good
from assay.records.fields import Field, fields_of
from assay.records.message import Message, Role, ToolCall, decode_messages, encode_messages
from assay.records.request import Parameters, Reply, Request, StopReason
from assay.records.run import EvalRecord, RunRecord, RunStatus, ScorerRecord
from assay.records.sample import Polarity, Sample
from assay.records.score import Score, ScoreRow, Unscored
from assay.records.transcript import Transcript

__all__ = [
    "Estimate",
    "EvalRecord",
    "Field",
    "Good",
    "Message",
    "Parameters",
    "Polarity",
    "Reply",
    "Request",
    "Role",
    "RunRecord",
    "RunStatus",
    "Sample",
    "Score",
    "ScoreRow",
    "ScorerRecord",
    "StopReason",
    "ToolCall",
    "Transcript",
    "Unscored",
    "decode_messages",
    "encode_messages",
    "fields_of",
]
