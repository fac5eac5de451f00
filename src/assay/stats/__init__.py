"""Statistics on plain arrays: numbers in, estimates with intervals out."""

from __future__ import annotations

from assay.stats.agreement import Agreement, ClassReport, agreement, krippendorff_alpha
from assay.stats.attempts import (
    Components,
    success_at_k,
    success_within_budget,
    variance_components,
)
from assay.stats.audit import Audited, Stratum, audited_rate
from assay.stats.cluster import WorstCase, clustered_mean, sums_by_cluster, worst_case
from assay.stats.correlation import correlation
from assay.stats.interval import Interval
from assay.stats.mean import mean
from assay.stats.multiple import benjamini_hochberg, holm
from assay.stats.paired import Paired, flips, paired
from assay.stats.power import (
    items_for_difference,
    items_for_no_failures,
    items_for_rate,
    paired_rate_variance,
    paired_variance,
    rate_variance,
    smallest_difference,
)
from assay.stats.prediction import audited_mean
from assay.stats.proportion import rate, zero_failures_bound
from assay.stats.reliability import SignalToNoise, alpha, item_rest, signal_to_noise, split_half
from assay.stats.scorer_error import (
    Corrected,
    Share,
    corrected_rate,
    faultless_labels,
    labels_between_classes,
)
from assay.stats.sequences import (
    Change,
    chance_of_spread,
    find_change,
    rate_at_any_time,
    strongest_since,
)
from assay.stats.trend import Trend, trend
from assay.stats.two_samples import difference, p_value
from assay.stats.verification import rates_from_verdicts

__all__ = [
    "Agreement",
    "Audited",
    "Change",
    "ClassReport",
    "Components",
    "Corrected",
    "Interval",
    "Paired",
    "Share",
    "SignalToNoise",
    "Stratum",
    "Trend",
    "WorstCase",
    "agreement",
    "alpha",
    "audited_mean",
    "audited_rate",
    "benjamini_hochberg",
    "chance_of_spread",
    "clustered_mean",
    "corrected_rate",
    "correlation",
    "difference",
    "faultless_labels",
    "find_change",
    "flips",
    "holm",
    "item_rest",
    "items_for_difference",
    "items_for_no_failures",
    "items_for_rate",
    "krippendorff_alpha",
    "labels_between_classes",
    "mean",
    "p_value",
    "paired",
    "paired_rate_variance",
    "paired_variance",
    "rate",
    "rate_at_any_time",
    "rate_variance",
    "rates_from_verdicts",
    "signal_to_noise",
    "smallest_difference",
    "split_half",
    "strongest_since",
    "success_at_k",
    "success_within_budget",
    "sums_by_cluster",
    "trend",
    "variance_components",
    "worst_case",
    "zero_failures_bound",
]
