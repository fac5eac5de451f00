"""What a run has used so far: requests, tokens, money, faults; for progress bars and budgets."""

from __future__ import annotations

from dataclasses import dataclass

from assay.records import Reply


@dataclass(frozen=True)
class Price:
    """Dollars for a million tokens."""

    input: float
    output: float

    def of(self, input_tokens: int, output_tokens: int) -> float:
        """Dollars for one reply."""
        return (self.input * input_tokens + self.output * output_tokens) / 1e6


@dataclass
class Meter:
    """Counters of one command, shared by all its models. ``cost`` is in dollars."""

    requests: int = 0
    journalled: int = 0
    retries: int = 0
    errors: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0

    @property
    def tokens(self) -> int:
        """Input and output tokens together."""
        return self.input_tokens + self.output_tokens

    def count(self, reply: Reply, price: Price | None) -> None:
        """Add one reply that was paid for."""
        self.requests += 1
        self.input_tokens += reply.input_tokens
        self.output_tokens += reply.output_tokens
        if price is not None:
            self.cost += price.of(reply.input_tokens, reply.output_tokens)
