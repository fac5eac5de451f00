"""What is asked of a model, and what it answers."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from assay.records.message import Message, ToolCall

StopReason = Literal["stop", "max_tokens", "tool_calls", "content_filter", "unknown"]


class Parameters(msgspec.Struct, frozen=True, omit_defaults=True):
    """How to sample a reply. None leaves the choice to the provider.

    ``top_logprobs``: how many alternatives of the first token to return (0 to 20).
    ``response_schema``: a JSON Schema that the reply must meet, where the provider can enforce it.
    ``tools``: tool definitions, each ``{"name", "description", "parameters"}``.
    """

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    top_logprobs: int = 0
    response_schema: dict[str, Any] | None = None
    tools: tuple[dict[str, Any], ...] = ()


class Request(msgspec.Struct, frozen=True):
    """One request. ``epoch`` tells repeated askings of the same thing apart (it is 1 or more)."""

    messages: tuple[Message, ...]
    parameters: Parameters = Parameters()
    epoch: int = 1


class Reply(msgspec.Struct, frozen=True, omit_defaults=True):
    """One reply.

    ``latency`` is in seconds. ``logprobs`` gives the first token's alternatives (token text ->
    natural log-probability) where the provider gives them. A filter of the provider's that
    refuses is a reply with stop reason ``content_filter``, not an error: it is a safeguard at work.
    """

    text: str
    stop_reason: StopReason = "stop"
    tool_calls: tuple[ToolCall, ...] = ()
    input_tokens: int = 0
    output_tokens: int = 0
    latency: float = 0.0
    logprobs: dict[str, float] | None = None
