"""What a gate is decided by: scores as arrays, the scorer's measured error, and what is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assay.stats import Share

Numbers = NDArray[np.float64]

Standing = Literal["certified", "expired", "uncertified", "by definition"]
"""What is known of the scorer's error. ``by definition``: it compares with a target that the eval
itself gives, so that there is nothing for people to judge."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Threshold:
    """Where the truth must lie: at ``value`` or above it (min), or at it or below (max)."""

    kind: Literal["min", "max"]
    value: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """One run's scores in a slice, summed by cluster; all arrays have shape (clusters,).

    ``counts`` are of scored rows and ``missing`` of planned rows without a score. ``bounds`` are
    the least and greatest possible score; None where there are none. ``binary``: every score is 0
    or 1, and the bounds are these.
    """

    sums: Numbers
    counts: Numbers
    missing: Numbers
    bounds: tuple[float, float] | None = (0.0, 1.0)
    binary: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Pairs:
    """A candidate's and a baseline's scores of the same samples; NaN where one has no score.

    Arrays have shape (pairs,). ``clusters`` is None where no two pairs share an origin.
    ``only_candidate`` and ``only_baseline`` count rows that were planned in one run alone.
    """

    candidate: Numbers
    baseline: Numbers
    clusters: NDArray[np.uint64] | None = None
    bounds: tuple[float, float] | None = (0.0, 1.0)
    binary: bool = True
    only_candidate: int = 0
    only_baseline: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class ScorerError:
    """What labels tell of a yes-or-no scorer: how often it is right on people's yes, and on no."""

    sensitivity: Share
    specificity: Share


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """All that is at hand for one gate.

    ``scores`` is None where there is nothing, and ``absent`` then says why. ``error`` is the
    scorer's, where it was measured and can be taken out of the figure. ``concerns`` are other
    things that a pass must not hide, such as a saturated eval.
    """

    scores: Scores | Pairs | None
    absent: str = ""
    standing: Standing = "uncertified"
    standing_note: str = ""
    error: ScorerError | None = None
    concerns: tuple[str, ...] = ()
