"""How well a scorer agrees with people, and people with each other, beyond what guessing gives."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.stats.cluster import clustered_mean, effective_size, spread_of, sums_by_cluster
from assay.stats.distributions import t_quantile, tail
from assay.stats.interval import Interval
from assay.stats.mean import FEWEST, enough_for_skewness
from assay.stats.proportion import rate_limits

Level = Literal["nominal", "ordinal", "interval"]


@dataclass(frozen=True, kw_only=True, slots=True)
class ClassReport:
    """One label: of what was given it, how much truly has it; and of what has it, how much got it.

    Each is None where its denominator is empty.
    """

    label: Any
    given: int
    true: int
    precision: Interval | None
    recall: Interval | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """Verdicts against the truth. Each coefficient is 1 for full agreement.

    ``kappa`` (Cohen's) is 0 for a guesser that keeps the verdicts' proportions, and falls towards 0
    where one label is rare; ``ac1`` (Gwet's) does not. ``constant`` is the share that always giving
    the commonest true label would get right, and ``constant_ac1`` that guesser's AC1; its kappa
    is 0. Kappa is undefined, and None, where only one label occurs.
    """

    agreement: Interval
    kappa: Interval | None
    ac1: Interval | None
    constant: float
    constant_ac1: float | None
    classes: tuple[ClassReport, ...]


def agreement(
    verdicts: ArrayLike,
    truth: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Agreement:
    """Agreement of verdicts with the truth, by label and beyond chance, clustered.

    The coefficients' intervals are those of the disagreement's rate, at the number of independent
    observations that would give it the coefficient's own linearised error: they stay below 1 and
    have some width even where all agree.

    Args:
        verdicts, truth: labels of the same things, shape (n,), numbers or names.
        clusters: what each thing was derived from; None where all are independent.

    Sources: Cohen (1960), Educational and Psychological Measurement 20:37; Gwet (2008), British
    Journal of Mathematical and Statistical Psychology 61:29; Fleiss, Cohen and Everitt (1969),
    Psychological Bulletin 72:323 (kappa's linearised error).
    """
    given, true = np.asarray(verdicts), np.asarray(truth)
    if given.ndim != 1 or given.shape != true.shape or len(given) == 0:
        raise ValueError("verdicts and truth must be flat arrays of the same length, not empty")
    labels, codes = np.unique(np.concatenate([given, true]), return_inverse=True)
    x, y = codes[: len(given)], codes[len(given) :]
    groups = np.arange(len(x)) if clusters is None else np.asarray(clusters)
    differs = (x != y).astype(np.float64)
    kappa, ac1 = _kappa_chance(x, y, len(labels)), _ac1_chance(x, y, len(labels))
    commonest = int(np.bincount(y).argmax())
    guess = np.full(len(y), commonest)
    by_chance = _ac1_chance(guess, y, len(labels))[0]
    constant_ac1 = 1 - float(np.mean(guess != y)) / (1 - by_chance) if by_chance < 1 else None
    return Agreement(
        agreement=_rate_of(x == y, groups, confidence),
        kappa=_beyond_chance(differs, *kappa, groups, confidence),
        ac1=_beyond_chance(differs, *ac1, groups, confidence),
        constant=float(np.mean(guess == y)),
        constant_ac1=constant_ac1,
        classes=tuple(
            _class_report(label, x == code, y == code, groups, confidence)
            for code, label in enumerate(labels.tolist())
        ),
    )


def krippendorff_alpha(
    ratings: ArrayLike,
    *,
    level: Level = "nominal",
    clusters: ArrayLike | None = None,
    confidence: float = 0.95,
) -> Interval:
    """Krippendorff's alpha: agreement of any number of raters, some of whom rated only some units.

    1 - observed / expected disagreement, where two ratings disagree by 0 or 1 (nominal), by the
    squared number of ratings between them (ordinal) or by their squared difference (interval).

    Args:
        ratings: numbers, shape (raters, units); NaN where a rater did not rate a unit.
        clusters: what each unit was derived from, shape (units,); None where all are independent.

    Raises:
        ValueError: fewer than two units with two ratings, or all ratings alike (alpha is undefined
            then: nothing shows that the raters would tell units apart).

    Source: Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, and (2019), Content
    Analysis, 4th ed., chapter 12; the interval as for ``agreement``, the metric taken as given.
    """
    table = np.asarray(ratings, dtype=np.float64)
    if table.ndim != 2:
        raise ValueError("ratings must have the shape (raters, units)")
    pairable = np.count_nonzero(~np.isnan(table), axis=0) >= 2
    values, counts = _value_counts(table[:, pairable])
    if len(counts) < 2 or len(values) < 2:
        raise ValueError("alpha needs two units or more with two ratings, and two different values")
    totals = counts.sum(axis=0)
    metric = _metric(values, totals, level)
    raters, n = counts.sum(axis=1), totals.sum()
    # A unit's disagreement: over its ordered pairs of ratings, each weighing 1 / (raters - 1).
    observed = np.einsum("uc,ck,uk->u", counts, metric, counts) / (raters - 1)
    expected = totals @ metric @ totals / (n - 1)
    pull = (2 * counts @ metric @ totals - raters * expected) / (n - 1)
    groups = np.arange(len(counts)) if clusters is None else np.asarray(clusters)[pairable]
    share = len(counts) / n / metric.max()
    return _one_less(
        observed * share, pull * share, expected / n / metric.max(), groups, confidence
    )


def _one_less(
    disagreement: NDArray[np.float64],
    pull: NDArray[np.float64],
    expected: float,
    groups: NDArray[Any],
    confidence: float,
) -> Interval:
    """The interval of 1 - mean(disagreement) / expected.

    Args:
        disagreement: of each unit; its mean lies between 0 and 1.
        pull: how each unit moves the expected disagreement; its mean is 0 or cancels.
    """
    n, seen = len(disagreement), float(disagreement.mean())
    moves = (disagreement - seen) - seen / expected * (pull - pull.mean())
    own, whole, sizes = sums_by_cluster(groups, disagreement, moves)
    spread, linear = spread_of(own, sizes, seen), spread_of(whole, sizes, 0.0)
    size = None
    graded = not np.isin(disagreement, (0.0, 1.0)).all()
    if graded and len(sizes) >= FEWEST and enough_for_skewness(linear.residuals):
        half = t_quantile(1 - tail(confidence), linear.df) * linear.error
        low, high, method = max(seen - half, 0.0), seen + half, "linearised t"
    else:
        size = effective_size(seen * (1 - seen), spread, int(np.count_nonzero(own)), confidence)
        if 0 < spread.error < inf:
            size /= max(1.0, (linear.error / spread.error) ** 2)
        low, high, method = rate_limits(min(seen, 1.0), size, confidence)
        method = f"linearised {method}"
    few = len(sizes) < FEWEST
    return Interval(
        estimate=float(1 - seen / expected),
        low=float(1 - high / expected),
        high=float(1 - low / expected),
        confidence=confidence,
        method=method,
        n=n,
        clusters=len(sizes),
        effective_n=size,
        warning=f"only {len(sizes)} independent groups: fewer than {FEWEST}" if few else "",
    )


def _beyond_chance(
    differs: NDArray[np.float64],
    chance: float,
    pull: NDArray[np.float64],
    groups: NDArray[Any],
    confidence: float,
) -> Interval | None:
    """1 - disagreement / (1 - chance), where ``pull`` is how each unit moves the chance."""
    if chance >= 1:
        return None
    return _one_less(differs, -pull, 1 - chance, groups, confidence)


def _kappa_chance(
    x: NDArray[np.intp], y: NDArray[np.intp], labels: int
) -> tuple[float, NDArray[np.float64]]:
    """Cohen's agreement by chance, and its derivative at each unit."""
    first, second = (np.bincount(codes, minlength=labels) / len(codes) for codes in (x, y))
    return float(first @ second), second[x] + first[y]


def _ac1_chance(
    x: NDArray[np.intp], y: NDArray[np.intp], labels: int
) -> tuple[float, NDArray[np.float64]]:
    """Gwet's agreement by chance, and its derivative at each unit."""
    if labels < 2:
        return 1.0, np.zeros(len(x))
    shares = np.bincount(np.concatenate([x, y]), minlength=labels) / (2 * len(x))
    slopes = (1 - 2 * shares) / (labels - 1)
    return float(shares @ (1 - shares)) / (labels - 1), (slopes[x] + slopes[y]) / 2


def _class_report(
    label: Any,
    given: NDArray[np.bool_],
    true: NDArray[np.bool_],
    groups: NDArray[Any],
    confidence: float,
) -> ClassReport:
    hit = given & true
    return ClassReport(
        label=label,
        given=int(given.sum()),
        true=int(true.sum()),
        precision=_rate_of(hit[given], groups[given], confidence) if given.any() else None,
        recall=_rate_of(hit[true], groups[true], confidence) if true.any() else None,
    )


def _rate_of(hits: NDArray[np.bool_], groups: NDArray[Any], confidence: float) -> Interval:
    sums, counts = sums_by_cluster(groups, hits)
    return clustered_mean(sums, counts, confidence=confidence, binary=True)


def _value_counts(
    table: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The values that occur, in order, and how often each unit was given each: (units, values)."""
    rated = ~np.isnan(table)
    values, codes = np.unique(table[rated], return_inverse=True)
    units = np.nonzero(rated)[1]
    counts = np.zeros((table.shape[1], len(values)))
    np.add.at(counts, (units, codes), 1)
    return values, counts


def _metric(
    values: NDArray[np.float64], totals: NDArray[np.float64], level: Level
) -> NDArray[np.float64]:
    """How far each pair of values disagrees, shape (values, values)."""
    if level == "nominal":
        return 1.0 - np.eye(len(values))
    if level == "ordinal":
        places = np.cumsum(totals) - totals / 2
        return np.asarray((places[:, None] - places) ** 2)
    if level == "interval":
        return np.asarray((values[:, None] - values) ** 2)
    raise ValueError(f"level is nominal, ordinal or interval, not {level!r}")
