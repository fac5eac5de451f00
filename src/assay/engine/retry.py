"""Asks again after faults that pass, with growing, jittered pauses."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

from assay.engine.layers import Layer
from assay.engine.meter import Meter
from assay.errors import MalformedReplyError, TransientModelError
from assay.models.base import Model
from assay.records import Reply, Request


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


class Retried(Layer):
    """Retries transient faults and malformed replies; lets every other error through at once."""

    def __init__(self, inner: Model, patience: Patience, meter: Meter) -> None:
        super().__init__(inner)
        self._patience = patience
        self._meter = meter

    async def generate(self, request: Request) -> Reply:
        for tried in range(1, self._patience.tries):
            try:
                return await self.inner.generate(request)
            except (TransientModelError, MalformedReplyError) as error:
                self._meter.retries += 1
                pause = self._pause(tried, error)
            await asyncio.sleep(pause)
        return await self.inner.generate(request)

    def _pause(self, tried: int, error: Exception) -> float:
        patience = self._patience
        pause = min(patience.first_pause * 2.0 ** (tried - 1), patience.longest_pause)
        pause *= random.uniform(0.5, 1.0)
        asked_for = getattr(error, "retry_after", None)
        if asked_for is not None:
            pause += min(asked_for, patience.longest_retry_after)
        return pause
