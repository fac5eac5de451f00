"""When an eval no longer tells models apart: one rule, for gates and for the health of evals."""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

SATURATED = 0.02
"""An eval is saturated where no model lies further from perfect than this share of the scale."""
FEWEST_MODELS = 3
"""How many models must have been asked before an eval is called saturated."""
MOST_MODELS = 20
"""The newest models that are looked at."""

State = Literal["saturated", "floored", "between", "unknown"]
"""``floored``: no model lies further from the worst value. ``unknown``: too few models tell."""


def state_of(
    means: Collection[float], bounds: tuple[float, float] | None, *, low_is_good: bool
) -> State:
    """Where all models lie on a scorer's scale.

    Args:
        means: each model's mean score.
        bounds: the scorer's least and greatest value; without them nothing is perfect.
    """
    if bounds is None or len(means) < FEWEST_MODELS:
        return "unknown"
    low, high = bounds
    near = SATURATED * (high - low) + 1e-9
    best, worst = (low, high) if low_is_good else (high, low)
    if all(abs(value - best) <= near for value in means):
        return "saturated"
    return "floored" if all(abs(value - worst) <= near for value in means) else "between"
