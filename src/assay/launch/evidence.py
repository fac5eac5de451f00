"""What a gate is decided by: scores as arrays, the scorer's measured error, and what is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from assay.runs.audit import Audit
from assay.runs.trust import Replies
from assay.stats import Share

Numbers = NDArray[np.float64]

Standing = Literal["certified", "expired", "uncertified", "by definition", "audited"]
"""What is known of the scorer's error. ``by definition``: it compares with a target that the eval
itself gives, so that there is nothing for people to judge. ``audited``: no certificate holds, but
people labelled enough of this very run."""


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
    """What labels tell of a yes-or-no scorer: how often it is right on people's yes, and on no.

    ``where`` names the policy area or language that it was measured in; empty for all together.
    """

    sensitivity: Share
    specificity: Share
    where: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class People:
    """People's labels of a random part of the run's replies in a slice.

    ``absent`` counts planned rows without a reply, which nobody could label. ``bounds`` are the
    least and greatest possible label.
    """

    audit: Audit
    replies: Replies
    absent: int
    bounds: tuple[float, float]

    @property
    def labels(self) -> int:
        """How many replies were labelled."""
        return int(np.count_nonzero(~np.isnan(self.replies.truth)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """All that is at hand for one gate.

    ``scores`` is None where there is nothing, and ``absent`` then says why. ``error`` is the
    scorer's, where it was measured and can be taken out of the figure. ``people`` are labels of
    this very run, where there are enough. ``concerns`` are other things that a pass must not hide,
    such as a saturated eval.
    """

    scores: Scores | Pairs | None
    absent: str = ""
    standing: Standing = "uncertified"
    standing_note: str = ""
    error: ScorerError | None = None
    people: People | None = None
    concerns: tuple[str, ...] = ()

    @property
    def trusted(self) -> bool:
        """Whether the scores count without any label of this run."""
        certified = self.standing == "certified" and self.error is not None
        return certified or self.standing == "by definition"

    @property
    def basis(self) -> Standing:
        """The standing that the verdict rests on."""
        return "audited" if self.people is not None and not self.trusted else self.standing
