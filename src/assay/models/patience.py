"""How often to ask again after a fault that passes, and how long to wait between."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Patience:
    """How often to ask, and how long to wait between (seconds).

    The pause after try n is drawn between half and all of ``first_pause * 2**(n-1)``, at most
    ``longest_pause``. A server's Retry-After is waited for in full, but a run is not held longer
    than ``longest_retry_after`` by it.
    """

    tries: int = 6
    first_pause: float = 0.5
    longest_pause: float = 30.0
    longest_retry_after: float = 300.0

    def pause(self, tried: int, error: Exception) -> float:
        """Seconds to wait after try number ``tried`` ended in this error."""
        pause = min(self.first_pause * 2.0 ** (tried - 1), self.longest_pause)
        pause *= random.uniform(0.5, 1.0)
        asked_for = getattr(error, "retry_after", None)
        if asked_for is not None:
            pause += min(asked_for, self.longest_retry_after)
        return pause
