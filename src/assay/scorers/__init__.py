"""Scorers: a transcript in, a score out."""

from assay.scorers.base import NeedsModel, Scorer, parameters_of, version_of
from assay.scorers.registry import (
    NamedScorer,
    build_scorer,
    check_scorer_spec,
    question_of,
    scorer_kinds,
)
from assay.scorers.safely import score_safely

__all__ = [
    "NamedScorer",
    "NeedsModel",
    "Scorer",
    "build_scorer",
    "check_scorer_spec",
    "parameters_of",
    "question_of",
    "score_safely",
    "scorer_kinds",
    "version_of",
]
