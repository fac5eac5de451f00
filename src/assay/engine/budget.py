"""A budget that stops a run before it is overrun."""

from __future__ import annotations

import asyncio
from collections import deque

from assay.engine.layers import Layer
from assay.engine.meter import Meter, Price
from assay.errors import BudgetExceededError
from assay.models.base import Model
from assay.records import Reply, Request

_UNSTATED_MAX_TOKENS = 4096  # what a reply is assumed to need at most where nobody said


class Budget:
    """The most that one command may spend, over all its models.

    Each request first reserves the most that it could cost. A request that could overrun the
    budget even when nothing else is in flight is refused; one that could overrun it only together
    with what is in flight waits for that to settle.

    Args:
        meter: what has been spent.
        tokens: input and output tokens, or None for no limit.
        dollars: money, or None for no limit. Needs a price for every model.
    """

    def __init__(
        self, meter: Meter, *, tokens: int | None = None, dollars: float | None = None
    ) -> None:
        self._meter = meter
        self._tokens = float("inf") if tokens is None else tokens
        self._dollars = float("inf") if dollars is None else dollars
        self._reserved_tokens = 0.0
        self._reserved_dollars = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def unlimited(self) -> bool:
        return self._tokens == self._dollars == float("inf")

    async def reserve(self, tokens: float, dollars: float) -> None:
        """Set aside the most that a request could cost.

        Raises:
            BudgetExceededError: it does not fit into what is left.
        """
        while True:
            left_tokens = self._tokens - self._meter.tokens
            left_dollars = self._dollars - self._meter.cost
            if tokens > left_tokens or dollars > left_dollars:
                raise BudgetExceededError(
                    f"the budget is used up: {self._meter.tokens:,} tokens and "
                    f"${self._meter.cost:.4f} are spent, and the next request could take "
                    f"{tokens:,.0f} tokens (${dollars:.4f}).",
                    fix="Resume the run with a new budget; what is done is kept.",
                )
            if (
                tokens + self._reserved_tokens <= left_tokens
                and dollars + self._reserved_dollars <= left_dollars
            ):
                break
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        self._reserved_tokens += tokens
        self._reserved_dollars += dollars

    def release(self, tokens: float, dollars: float) -> None:
        """Give a reservation back, after the meter has counted what was really spent."""
        self._reserved_tokens -= tokens
        self._reserved_dollars -= dollars
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)


class Budgeted(Layer):
    """Reserves before asking, counts after."""

    def __init__(self, inner: Model, budget: Budget, meter: Meter, price: Price | None) -> None:
        super().__init__(inner)
        self._budget = budget
        self._meter = meter
        self._price = price

    async def generate(self, request: Request) -> Reply:
        if self._budget.unlimited:
            reply = await self.inner.generate(request)
            self._meter.count(reply, self._price)
            return reply
        input_tokens = most_input_tokens(request)
        output_tokens = request.parameters.max_tokens or _UNSTATED_MAX_TOKENS
        tokens = input_tokens + output_tokens
        dollars = self._price.of(input_tokens, output_tokens) if self._price else 0.0
        await self._budget.reserve(tokens, dollars)
        try:
            reply = await self.inner.generate(request)
            self._meter.count(reply, self._price)
        finally:
            self._budget.release(tokens, dollars)
        return reply


def most_input_tokens(request: Request) -> int:
    """An upper guess at a request's tokens: one for every two bytes, and eight a message."""
    return sum(len(message.content.encode()) // 2 + 8 for message in request.messages)
