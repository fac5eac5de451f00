"""An estimate with its interval, how it was made, and what speaks against trusting it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """An estimate and the range that holds the truth with the stated confidence.

    ``low`` and ``high`` are the ends of a two-sided interval, so each alone is a one-sided bound at
    confidence ``(1 + confidence) / 2``: a gate that wants an upper bound at 95% asks for 0.90.
    They are infinite where the data cannot bound the figure at all. ``n`` counts observations and
    ``clusters`` the groups of them that are independent of each other (= n where none share an
    origin). ``design_effect`` is the clustered variance over the variance of as many independent
    observations; None where it does not apply or cannot be estimated. ``effective_n`` is how many
    independent observations the interval counts the n as, where the method works so. ``warning`` is
    empty where the method holds, else it says why the interval should not be relied on.
    """

    estimate: float
    low: float
    high: float
    confidence: float
    method: str
    n: int
    clusters: int
    design_effect: float | None = None
    effective_n: float | None = None
    warning: str = ""

    @property
    def width(self) -> float:
        """``high - low``."""
        return self.high - self.low
