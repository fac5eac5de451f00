"""Asks again after faults that pass, with growing, jittered pauses."""

from __future__ import annotations

import asyncio

from assay.engine.layers import Layer
from assay.engine.meter import Meter
from assay.errors import MalformedReplyError, TransientModelError
from assay.models.base import Model
from assay.models.patience import Patience
from assay.records import Reply, Request


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
                pause = self._patience.pause(tried, error)
            await asyncio.sleep(pause)
        return await self.inner.generate(request)
