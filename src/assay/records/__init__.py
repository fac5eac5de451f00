"""The values that flow through Assay: frozen, and without I/O."""

from assay.records.certificate import Certificate, Measured, SliceError
from assay.records.clock import now
from assay.records.comparison import (
    Bridge,
    ComparedRun,
    Comparison,
    Contrast,
    Flip,
    Matrix,
    MatrixRow,
    Uncompared,
    Unmatched,
)
from assay.records.difference import Difference, Verdict
from assay.records.estimate import Estimate, Good, Second, Standing
from assay.records.fields import Field, fields_of
from assay.records.message import Message, Role, ToolCall, decode_messages, encode_messages
from assay.records.request import Parameters, Reply, Request, StopReason
from assay.records.run import EvalRecord, RunRecord, RunStatus, ScorerRecord
from assay.records.sample import Polarity, Sample
from assay.records.score import Score, ScoreRow, Unscored
from assay.records.transcript import Transcript

__all__ = [
    "Bridge",
    "Certificate",
    "ComparedRun",
    "Comparison",
    "Contrast",
    "Difference",
    "Estimate",
    "EvalRecord",
    "Field",
    "Flip",
    "Good",
    "Matrix",
    "MatrixRow",
    "Measured",
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
    "Second",
    "SliceError",
    "Standing",
    "StopReason",
    "ToolCall",
    "Transcript",
    "Uncompared",
    "Unmatched",
    "Unscored",
    "Verdict",
    "decode_messages",
    "encode_messages",
    "fields_of",
    "now",
]
