"""Statistics on plain arrays: numbers in, estimates with intervals out."""

from __future__ import annotations

from assay.stats.cluster import WorstCase, clustered_mean, worst_case
from assay.stats.interval import Interval
from assay.stats.mean import mean
from assay.stats.proportion import rate, zero_failures_bound

__all__ = [
    "Interval",
    "WorstCase",
    "clustered_mean",
    "mean",
    "rate",
    "worst_case",
    "zero_failures_bound",
]
