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
from assay.records.finding import (
    Effect,
    Finding,
    FindingKind,
    Measure,
    Mitigation,
    SampleChange,
)
from assay.records.message import Message, Role, ToolCall, decode_messages, encode_messages
from assay.records.request import Parameters, Reply, Request, StopReason
from assay.records.run import Chapter, EvalRecord, RunRecord, RunStatus, ScorerRecord
from assay.records.sample import Polarity, Sample
from assay.records.score import Score, ScoreRow, Unscored
from assay.records.transcript import Transcript
from assay.records.usage import (
    Cluster,
    Facets,
    ImportRecord,
    MapRecord,
    Placed,
    Profile,
    RawRow,
    RejectedRow,
    UsageScorer,
    UsageSource,
)
from assay.records.validation import (
    CategoryRecall,
    LeakCheck,
    NameCheck,
    Reconstruction,
    SettingResult,
    ValidationRecord,
)

__all__ = [
    "Bridge",
    "CategoryRecall",
    "Certificate",
    "Chapter",
    "Cluster",
    "ComparedRun",
    "Comparison",
    "Contrast",
    "Difference",
    "Effect",
    "Estimate",
    "EvalRecord",
    "Facets",
    "Field",
    "Finding",
    "FindingKind",
    "Flip",
    "Good",
    "ImportRecord",
    "LeakCheck",
    "MapRecord",
    "Matrix",
    "MatrixRow",
    "Measure",
    "Measured",
    "Message",
    "Mitigation",
    "NameCheck",
    "Parameters",
    "Placed",
    "Polarity",
    "Profile",
    "RawRow",
    "Reconstruction",
    "RejectedRow",
    "Reply",
    "Request",
    "Role",
    "RunRecord",
    "RunStatus",
    "Sample",
    "SampleChange",
    "Score",
    "ScoreRow",
    "ScorerRecord",
    "Second",
    "SettingResult",
    "SliceError",
    "Standing",
    "StopReason",
    "ToolCall",
    "Transcript",
    "Uncompared",
    "Unmatched",
    "Unscored",
    "UsageScorer",
    "UsageSource",
    "ValidationRecord",
    "Verdict",
    "decode_messages",
    "encode_messages",
    "fields_of",
    "now",
]
