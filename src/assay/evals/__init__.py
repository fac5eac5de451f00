"""Eval folders: read, checked, and turned into requests."""

from assay.evals.benchmark_table import BENCHMARKS
from assay.evals.catalog import catalog, find_eval
from assay.evals.check import check_eval
from assay.evals.dataset import (
    NumberedSamples,
    content_hash,
    count_samples,
    iter_samples,
    sample_hash,
)
from assay.evals.definition import EvalDefinition, ScorerEntry, eval_schema, load_eval
from assay.evals.init import init_eval, init_from
from assay.evals.solvers import Solver, build_solver
from assay.evals.targets import sample_faults

__all__ = [
    "BENCHMARKS",
    "EvalDefinition",
    "NumberedSamples",
    "ScorerEntry",
    "Solver",
    "build_solver",
    "catalog",
    "check_eval",
    "content_hash",
    "count_samples",
    "eval_schema",
    "find_eval",
    "init_eval",
    "init_from",
    "iter_samples",
    "load_eval",
    "sample_faults",
    "sample_hash",
]
