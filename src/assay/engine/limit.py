"""Sends as fast as the server bears: adaptive concurrency below caps on connections and rates."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from assay.engine.budget import most_input_tokens
from assay.engine.layers import Layer
from assay.errors import OverloadedError, RateLimitError
from assay.models.base import Model
from assay.records import Reply, Request

_FIRST_LIMIT = 100


@dataclass(frozen=True)
class Limits:
    """Caps for one model. None means no cap."""

    connections: int = 100
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None


class Limited(Layer):
    """At most ``limit`` requests at once, where ``limit`` finds its own level.

    It grows by one with every success until the server first complains (so it doubles every round
    trip), then by one a round trip; a 429 or an overload halves it, once for all the requests that
    were in flight at that moment (additive increase, multiplicative decrease: Chiu and Jain 1989,
    the control of TCP). After a Retry-After nothing is sent until it is over.
    """

    def __init__(self, inner: Model, limits: Limits) -> None:
        super().__init__(inner)
        self._cap = limits.connections
        self.limit = float(min(limits.connections, _FIRST_LIMIT))
        self._active = 0
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._congested = False
        self._last_cut = 0.0
        self._closed_until = 0.0
        self._paces = [
            pace
            for pace in (
                _Pace(limits.requests_per_minute, by_tokens=False),
                _Pace(limits.tokens_per_minute, by_tokens=True),
            )
            if pace.per_second
        ]

    async def generate(self, request: Request) -> Reply:
        await self._enter()
        started = asyncio.get_running_loop().time()
        try:
            if self._paces or self._closed_until > started:
                await self._wait_for_turn(request)
                started = asyncio.get_running_loop().time()
            reply = await self.inner.generate(request)
        except (RateLimitError, OverloadedError) as error:
            self._slow_down(started, error.retry_after)
            raise
        finally:
            self._leave()
        self.limit = min(self._cap, self.limit + (1 / self.limit if self._congested else 1))
        return reply

    async def _enter(self) -> None:
        if self._active < int(self.limit) and not self._waiting:
            self._active += 1
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn  # whoever wakes us has counted us in
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()
            raise

    def _leave(self) -> None:
        self._active -= 1
        while self._waiting and self._active < int(self.limit):
            turn = self._waiting.popleft()
            if not turn.done():
                self._active += 1
                turn.set_result(None)

    def _slow_down(self, started: float, retry_after: float | None) -> None:
        now = asyncio.get_running_loop().time()
        self._congested = True
        if started >= self._last_cut:
            self.limit = max(1.0, self.limit / 2)
            self._last_cut = now
        if retry_after is not None:
            self._closed_until = max(self._closed_until, now + min(retry_after, 300.0))

    async def _wait_for_turn(self, request: Request) -> None:
        loop = asyncio.get_running_loop()
        for pace in self._paces:
            await asyncio.sleep(pace.reserve(loop.time(), request))
        await asyncio.sleep(max(0.0, self._closed_until - loop.time()))


class _Pace:
    """Spreads requests (or tokens) evenly, with a burst of one second's worth."""

    def __init__(self, per_minute: float | None, *, by_tokens: bool) -> None:
        self.per_second = (per_minute or 0.0) / 60
        self._by_tokens = by_tokens
        self._next = 0.0

    def reserve(self, now: float, request: Request) -> float:
        """Seconds to wait before this request may go."""
        cost = 1.0
        if self._by_tokens:
            # Half the upper guess is near the truth for prose.
            cost = most_input_tokens(request) / 2 + (request.parameters.max_tokens or 256)
        start = max(self._next, now - 1.0)
        self._next = start + cost / self.per_second
        return max(0.0, start - now)
