"""Eval folders: read, checked, and turned into requests."""

from assay.evals.dataset import content_hash, count_samples, iter_samples, sample_hash
from assay.evals.definition import EvalDefinition, ScorerEntry, eval_schema, load_eval
from assay.evals.solvers import Solver, build_solver

__all__ = [
    "EvalDefinition",
    "ScorerEntry",
    "Solver",
    "build_solver",
    "content_hash",
    "count_samples",
    "eval_schema",
    "iter_samples",
    "load_eval",
    "sample_hash",
]
