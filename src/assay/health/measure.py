"""Measures one scorer on one polarity of an eval: room left, signal, reliability, gaps."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from assay.health.result import CellHealth, Figure
from assay.health.scores import Scores, Sums
from assay.records import ScorerRecord
from assay.runs.saturation import FEWEST_MODELS, State, state_of
from assay.stats import (
    Interval,
    alpha,
    clustered_mean,
    item_rest,
    signal_to_noise,
    smallest_difference,
    split_half,
)

FEWEST_ORIGINS = 10
"""Below so many independent items nothing is said of what an eval can still tell."""
FEWEST_WORN = 30
"""Below so many an eval is called neither saturated nor floored: one in ten might be otherwise."""
FEWEST_FOR_ITEMS = 8
"""Below so many models an item's correlation with the rest is chance."""
_SPLITS = 32
_SURE = 1.959964


@dataclass(frozen=True)
class Measured:
    """A cell's health, with the places of its items worth a look (as ``Scores.table`` has them)."""

    health: CellHealth
    passed: NDArray[np.intp]
    failed: NDArray[np.intp]
    negative: NDArray[np.intp]


def measure(scores: Scores, polarity: str | None) -> Measured:
    """Everything that the pooled scores tell of one scorer on one polarity."""
    scorer = scores.scorer
    sums = scores.by_origin(polarity)
    table, origins = scores.table(polarity)
    gaps: list[str] = []
    means = _means(sums, scorer)
    known = [each for each in means if each is not None]
    low_good = low_is_good(scorer, polarity)
    bounds = scorer.bounds
    if scorer.good == "by_polarity" and polarity is None:
        bounds = None
        gaps.append("what is good depends on the polarity, which these samples lack")
    elif bounds is None:
        gaps.append("the scorer's values have no bounds: nothing tells what perfect is")
    state = state_of([each.estimate for each in known], bounds, low_is_good=low_good)
    independent = len(np.unique(origins))
    if len(known) < FEWEST_MODELS:
        gaps.append(f"{FEWEST_MODELS} models needed to compare them, {len(known)} there")
    needed = fewest_origins(state)
    if independent < needed:
        gaps.append(
            f"{needed} items of different origin needed, {independent} that all models"
            " were scored on"
        )
    best, worst = _ends(known, low_good)
    ends = None if bounds is None else bounds[::-1] if not low_good else bounds
    passed, failed = _unanimous(table, ends)
    compared = _compare(table, origins, gaps) if len(known) == len(means) else _Compared()
    if len(known) < len(means):
        gaps.append("a model has no scores at all")
    planned = sum(int(each.counts.sum() + each.missing.sum()) for each in sums)
    effects = [each.design_effect for each in known if each.design_effect is not None]
    effect = median(effects) if effects else None
    items = scores.items(polarity)
    health = CellHealth(
        scorer=scorer.name,
        scorer_version=scorer.version,
        polarity=polarity,
        state=state,
        models=len(known),
        items=table.shape[1],
        origins=independent,
        incomplete=items - table.shape[1],
        planned=planned,
        missing=scores.missing(polarity),
        unscored=Figure.of(clustered_mean(*scores.unscored(polarity), binary=True)),
        best_model=_model_of(scores, means, best),
        best=Figure.of(best) if best else None,
        worst=Figure.of(worst) if worst else None,
        headroom=_headroom(best, ends),
        all_pass=_share(passed, origins),
        all_fail=_share(failed, origins),
        ratio=compared.ratio,
        spread=compared.spread,
        noise=compared.noise,
        detectable=_detectable(compared.noise),
        reliability=compared.reliability,
        halves=compared.halves,
        discrimination=compared.discrimination,
        negative=None if compared.negative is None else len(compared.negative),
        design_effect=effect,
        effective_n=items / effect if effect else None,
        flips=_flips(scores, polarity),
        gaps=tuple(gaps),
    )
    none = np.empty(0, dtype=np.intp)
    return Measured(
        health,
        none if passed is None else np.flatnonzero(passed),
        none if failed is None else np.flatnonzero(failed),
        none if compared.negative is None else compared.negative,
    )


def fewest_origins(state: State) -> int:
    """How many independent items a state needs to be believed."""
    return FEWEST_WORN if state in ("saturated", "floored") else FEWEST_ORIGINS


def low_is_good(scorer: ScorerRecord, polarity: str | None) -> bool:
    """Whether a low value is the better one on samples of this polarity."""
    return polarity == "benign" if scorer.good == "by_polarity" else scorer.good == "low"


@dataclass(frozen=True)
class _Compared:
    ratio: Figure | None = None
    spread: float | None = None
    noise: float | None = None
    reliability: Figure | None = None
    halves: float | None = None
    discrimination: float | None = None
    negative: NDArray[np.intp] | None = None


def _compare(table: NDArray[np.float64], origins: NDArray[np.uint64], gaps: list[str]) -> _Compared:
    """What models' scores on the same items tell; each gap says what it lacks."""
    models, items = table.shape
    if models < FEWEST_MODELS or items < 2:
        return _Compared()
    try:
        signal = signal_to_noise(table, clusters=origins)
    except ValueError as error:
        gaps.append(f"neither signal nor reliability: {error}")
        return _Compared()
    reliability = None
    try:
        reliability = Figure.of(alpha(table))
    except ValueError as error:
        gaps.append(f"no reliability: {error}")
    mean, negative = None, None
    if models >= FEWEST_FOR_ITEMS:
        rests = item_rest(table)
        told = ~np.isnan(rests)
        if told.any():
            mean = float(rests[told].mean())
        negative = np.flatnonzero(told & (_upper(rests, models) < 0))
    else:
        gaps.append(f"{FEWEST_FOR_ITEMS} models needed for each item's discrimination, {models}")
    return _Compared(
        ratio=Figure.of(signal.ratio),
        spread=signal.spread,
        noise=signal.noise,
        reliability=reliability,
        halves=_halves(table, origins),
        discrimination=mean,
        negative=negative,
    )


def _upper(correlations: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    """The upper 95% limits of correlations (Fisher 1915)."""
    inside = np.clip(correlations, -1 + 1e-9, 1 - 1e-9)
    return np.asarray(np.tanh(np.arctanh(inside) + _SURE / np.sqrt(n - 3)))


def _halves(table: NDArray[np.float64], origins: NDArray[np.uint64]) -> float | None:
    """The mean reliability over halvings that keep items of one origin together."""
    _, codes = np.unique(origins, return_inverse=True)
    units = int(codes.max()) + 1
    if units < 4:
        return None
    sums = np.stack([np.bincount(codes, row, units) for row in table])
    chance = np.random.default_rng(20250101)
    found = []
    for _ in range(_SPLITS):
        half = np.zeros(units, dtype=bool)
        half[chance.permutation(units)[: units // 2]] = True
        try:
            found.append(split_half(sums[:, half].sum(axis=1), sums[:, ~half].sum(axis=1)))
        except ValueError:
            return None
    return float(np.mean(found))


def _means(sums: list[Sums], scorer: ScorerRecord) -> list[Interval | None]:
    return [
        clustered_mean(
            each.sums,
            each.counts,
            sum_squares=each.squares,
            bounds=scorer.bounds,
            binary=each.binary and scorer.bounds == (0.0, 1.0),
        )
        if each.counts.sum()
        else None
        for each in sums
    ]


def _ends(known: list[Interval], low_good: bool) -> tuple[Interval | None, Interval | None]:
    """The best model's mean, and the worst one's."""
    ranked = sorted(known, key=lambda each: each.estimate, reverse=not low_good)
    return (ranked[0], ranked[-1]) if ranked else (None, None)


def _model_of(scores: Scores, means: list[Interval | None], wanted: Interval | None) -> str | None:
    for run, found in zip(scores.runs, means, strict=True):
        if found is wanted and found is not None:
            return run.record.model
    return None


def _headroom(best: Interval | None, ends: tuple[float, float] | None) -> float | None:
    """How many standard errors the best model lies from perfect.

    The error is the interval's half-width over 1.96, so that it is not 0 where all pass.
    """
    if best is None or ends is None:
        return None
    error = best.width / 2 / _SURE
    return abs(ends[0] - best.estimate) / error if 0 < error < np.inf else None


def _unanimous(
    table: NDArray[np.float64], ends: tuple[float, float] | None
) -> tuple[NDArray[np.bool_] | None, NDArray[np.bool_] | None]:
    """The items on which every model has the best score, and the worst."""
    if ends is None or table.shape[0] < FEWEST_MODELS or not table.shape[1]:
        return None, None
    best, worst = ends
    return (table == best).all(axis=0), (table == worst).all(axis=0)


def _share(of: NDArray[np.bool_] | None, origins: NDArray[np.uint64]) -> Figure | None:
    if of is None:
        return None
    _, codes = np.unique(origins, return_inverse=True)
    counts = np.bincount(codes).astype(np.float64)
    return Figure.of(clustered_mean(np.bincount(codes, of), counts, binary=True))


def _detectable(noise: float | None) -> float | None:
    """The smallest true difference of two models that would be shown, four times in five."""
    return None if noise is None else smallest_difference(1, 2 * noise**2)


def _flips(scores: Scores, polarity: str | None) -> Figure | None:
    changed, asked = scores.flips(polarity)
    if not asked.sum():
        return None
    return Figure.of(clustered_mean(changed, asked, binary=True))
