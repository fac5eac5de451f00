"""How far a run is: plain counters that the run raises and a face reads when it likes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from assay.engine import Meter


@dataclass
class Progress:
    """Counts samples x epochs. ``planned`` is 0 until the plan is known."""

    title: str = ""
    planned: int = 0
    done: int = 0
    unscored: int = 0
    meter: Meter = field(default_factory=Meter)
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self.started

    @property
    def rate(self) -> float:
        """Samples a second since the start."""
        return self.done / max(self.seconds, 1e-9)

    def begin(self, title: str) -> None:
        """Start counting anew, for the next run of the same command."""
        self.title, self.planned, self.done, self.unscored = title, 0, 0, 0
        self.meter = Meter()
        self.started = time.monotonic()

    @property
    def seconds_left(self) -> float | None:
        """At this rate, or None while nothing is known."""
        return (self.planned - self.done) / self.rate if self.done else None
