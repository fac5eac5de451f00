"""Eval folders: read, checked, and turned into requests."""

from assay.evals.catalogue import catalog, copy_eval, find_eval
from assay.evals.check import check_eval
from assay.evals.dataset import content_hash, count_samples, iter_samples, sample_hash
from assay.evals.definition import EvalDefinition, ScorerEntry, eval_schema, load_eval
from assay.evals.solvers import Solver, build_solver

__all__ = [
    "EvalDefinition",
    "ScorerEntry",
    "Solver",
    "build_solver",
    "catalog",
    "check_eval",
    "content_hash",
    "copy_eval",
    "count_samples",
    "eval_schema",
    "find_eval",
    "iter_samples",
    "load_eval",
    "sample_hash",
]
