"""``anthropic/<model>``: the Messages API, at Anthropic or any other base URL."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import msgspec

from assay.models.base import Model
from assay.models.chat import encode
from assay.models.faults import Faults
from assay.models.http import Wire
from assay.models.settings import ModelSettings, describe, key_and_address
from assay.records import Message, Reply, Request, StopReason, ToolCall

DEFAULT_URL = "https://api.anthropic.com"
DEFAULT_MAX_TOKENS = 1024
"""The greatest length of a reply where the request names none: the protocol demands one."""


class MessagesRequest(msgspec.Struct, omit_defaults=True):
    """The request's fields, in the protocol's names."""

    model: str
    max_tokens: int = msgspec.field()
    messages: list[Any] = msgspec.field()
    system: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop_sequences: tuple[str, ...] = ()
    output_config: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None


class Block(msgspec.Struct):
    type: str
    text: str = ""
    id: str = ""
    name: str = ""
    input: dict[str, Any] = {}


class Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None


class MessagesReply(msgspec.Struct):
    """The reply's fields."""

    content: list[Block]
    stop_reason: str | None = None
    usage: Usage = msgspec.field(default_factory=Usage)


_STOPS: dict[str | None, StopReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "max_tokens",
    "model_context_window_exceeded": "max_tokens",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_decoder = msgspec.json.Decoder(MessagesReply)


def create(model: str, settings: ModelSettings) -> Model:
    """The provider's entry point.

    ``ANTHROPIC_API_KEY`` and ``ANTHROPIC_BASE_URL`` give what the settings leave open. The protocol
    knows no seed and gives no log-probabilities: those parameters are not sent.
    """
    return Anthropic(model, settings)


class Anthropic:
    """A model behind the Messages API."""

    def __init__(self, model: str, settings: ModelSettings) -> None:
        self.name = f"anthropic/{model}"
        self._model = model
        key, address = key_and_address(settings, vendor="ANTHROPIC", default_url=DEFAULT_URL)
        versioned = address.base_url.rstrip("/").endswith("/v1")
        url = address.join("/messages" if versioned else "/v1/messages")
        headers = {"anthropic-version": "2023-06-01"}
        if key is not None:
            headers["x-api-key"] = key.reveal()
        self._details = describe("anthropic", model, address)
        self._wire = Wire(url, headers, Faults(self.name, key), settings)

    @property
    def details(self) -> dict[str, Any]:
        return self._details

    async def generate(self, request: Request) -> Reply:
        """Answer one request. A refusal by the provider's safeguards is a reply, not an error."""
        body = encode(messages_request(request, self._model), self.name)
        start = perf_counter()
        answer = await self._wire.post(body)
        latency = perf_counter() - start
        if answer.status != 200:
            raise self._wire.faults.of_status(*answer)
        return _reply(self._wire.read(answer, _decoder), latency)

    async def close(self) -> None:
        await self._wire.close()


def messages_request(request: Request, model: str) -> MessagesRequest:
    """The request in the protocol's terms; system messages stand apart, joined by blank lines."""
    asked = request.parameters
    system = "\n\n".join(each.content for each in request.messages if each.role == "system")
    told = MessagesRequest(
        model=model,
        max_tokens=DEFAULT_MAX_TOKENS if asked.max_tokens is None else asked.max_tokens,
        messages=_conversation(request.messages),
        system=system or None,
        temperature=asked.temperature,
        top_p=asked.top_p,
        stop_sequences=asked.stop,
    )
    if asked.response_schema is not None:
        told.output_config = {"format": {"type": "json_schema", "schema": asked.response_schema}}
    if asked.tools:
        told.tools = [_tool(each) for each in asked.tools]
    return told


def _tool(tool: dict[str, Any]) -> dict[str, Any]:
    schema = tool.get("parameters") or {"type": "object"}
    return {
        "name": tool["name"],
        "description": tool.get("description", ""),
        "input_schema": schema,
    }


def _conversation(messages: tuple[Message, ...]) -> list[Any]:
    """User and assistant messages. Results of calls made together come back in one message."""
    told: list[dict[str, Any]] = []
    answering = False
    for message in messages:
        if message.role == "system":
            continue
        if message.role != "tool":
            told.append({"role": message.role, "content": _content(message)})
        elif answering:
            told[-1]["content"].append(_result(message))
        else:
            told.append({"role": "user", "content": [_result(message)]})
        answering = message.role == "tool"
    return told


def _content(message: Message) -> str | list[dict[str, Any]]:
    if not message.tool_calls:
        return message.content
    blocks: list[dict[str, Any]] = []
    if message.content:
        blocks.append({"type": "text", "text": message.content})
    for call in message.tool_calls:
        named = {"id": call.id, "name": call.function, "input": call.arguments}
        blocks.append({"type": "tool_use", **named})
    return blocks


def _result(message: Message) -> dict[str, Any]:
    told = {"tool_use_id": message.tool_call_id, "content": message.content}
    return {"type": "tool_result", **told}


def _reply(told: MessagesReply, latency: float) -> Reply:
    usage = told.usage
    cached = (usage.cache_creation_input_tokens or 0) + (usage.cache_read_input_tokens or 0)
    return Reply(
        text="".join(block.text for block in told.content if block.type == "text"),
        stop_reason=_STOPS.get(told.stop_reason, "unknown"),
        tool_calls=tuple(
            ToolCall(block.id, block.name, block.input)
            for block in told.content
            if block.type == "tool_use"
        ),
        input_tokens=(usage.input_tokens or 0) + cached,
        output_tokens=usage.output_tokens or 0,
        latency=latency,
    )
