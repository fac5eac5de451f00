"""Small models for the engine's tests: each counts what it is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from assay.records import Message, Parameters, Reply, Request


class Counting:
    """Answers by a function of the request's number (from 0); an exception is raised."""

    name = "fake/counting"

    def __init__(
        self, answer: Callable[[int], Reply | Exception] | None = None, latency: float = 0.0
    ) -> None:
        self.asked: list[Request] = []
        self.most_at_once = 0
        self._at_once = 0
        self._answer = answer or (lambda number: Reply("yes", input_tokens=10, output_tokens=5))
        self._latency = latency

    @property
    def details(self) -> dict[str, Any]:
        return {}

    async def generate(self, request: Request) -> Reply:
        number = len(self.asked)
        self.asked.append(request)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            await asyncio.sleep(self._latency)
            answer = self._answer(number)
        finally:
            self._at_once -= 1
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        pass


def request(text: str = "hello", *, epoch: int = 1, max_tokens: int | None = None) -> Request:
    return Request((Message("user", text),), Parameters(max_tokens=max_tokens), epoch)
