"""``local/<name or path.gguf>``: a real model on this machine, without a key or a network."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from assay.errors import NotFoundError
from assay.models.base import Model
from assay.models.chat import (
    Choice,
    Completion,
    FunctionCall,
    Logprobs,
    ReplyMessage,
    Usage,
    chat_request,
    encode,
    reply_of,
)
from assay.models.faults import Faults
from assay.models.llama import (
    SMALL,
    Layout,
    Llama,
    busy_cores,
    layout_for,
    load_package,
    usable_cores,
)
from assay.models.settings import ModelSettings
from assay.models.weight_table import weights_named
from assay.models.weights import path_of, sha256_of
from assay.records import Message, Reply, Request

DEFAULT_MAX_TOKENS = 1024
"""The greatest length of a reply where the request names none: small models may never stop."""

_CONTROL = re.compile(r"<(?=\|\w+\|>|/?s>|(?:start|end)_of_turn>)|\[(?=/?INST\])")


def create(model: str, settings: ModelSettings) -> Model:
    """The provider's entry point. The weights are loaded at the first request.

    Raises:
        NotFoundError: the weights are not there.
        MissingPackageError: the package ``xllamacpp`` is not installed.
    """
    load_package()
    if model.endswith(".gguf"):
        path = Path(model).expanduser()
    else:
        there = path_of(model)
        if not weights_named(model).chats:
            raise NotFoundError(
                f"{model} embeds texts and answers none.", fix="See: assay models list"
            )
        if there is None:
            raise NotFoundError(
                f"the weights of local/{model} are not on this machine.",
                fix=f"Fetch them with: assay models add {model}",
            )
        path = there
    return Local(f"local/{model}", path, settings)


class Local:
    """A model that llama.cpp runs in this process.

    Its replies repeat: at temperature 0 (the default) always, above it for a given seed and epoch.
    A temperature means what it means elsewhere: no other sampler is on but ``top_p``, if given.

    Args:
        name: what the model is called.
        path: the GGUF file.
        settings: the timeout; nothing else applies.

    Raises:
        NotFoundError: the file is not there, or is no GGUF file.
    """

    def __init__(self, name: str, path: Path, settings: ModelSettings) -> None:
        self.name = name
        self._path, self._faults = path, Faults(name)
        size = _checked_size(path)
        busy = 0.0 if size <= SMALL else busy_cores()
        self._layout: Layout = layout_for(size, usable_cores(), busy)
        self._llama = Llama(name, path, self._layout, settings.timeout)

    @cached_property
    def details(self) -> dict[str, Any]:
        """The weights' hash and the runtime's version: all that determines a reply."""
        return {
            "provider": "local",
            "weights": self._path.name,
            "sha256": sha256_of(self._path),
            "runtime": f"xllamacpp {load_package().__version__}",
            "context": self._layout.context,
            "repeatable": True,
        }

    async def generate(self, request: Request) -> Reply:
        """Answer one request."""
        chunks, latency = await self._llama.chat(encode(_told(request), self.name))
        completion = self._gather(chunks)
        reply = reply_of(completion, latency)
        if reply is None:
            raise self._faults.malformed("it has no choices", b"".join(chunks))
        return reply

    async def close(self) -> None:
        await self._llama.close()

    def _gather(self, chunks: list[bytes]) -> Completion:
        """The chunks of a stream as the one reply that they make up."""
        whole = Completion(choices=[])
        choice = Choice(ReplyMessage(""))
        for told in chunks:
            chunk = self._faults.read(_chunk, told)
            if isinstance(chunk.error, dict):
                code = chunk.error.get("code")
                raise self._faults.of_status(code if isinstance(code, int) else 500, {}, told)
            whole.usage = chunk.usage or whole.usage
            for part in chunk.choices:
                whole.choices = [choice]
                _add(choice, part)
        return whole


class _Part(msgspec.Struct):
    delta: ReplyMessage = msgspec.field(default_factory=ReplyMessage)
    finish_reason: str | None = None
    logprobs: Logprobs | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Part] = []
    usage: Usage | None = None
    error: Any = None


_chunk = msgspec.json.Decoder(_Chunk)


def _add(choice: Choice, part: _Part) -> None:
    message = choice.message
    message.content = (message.content or "") + (part.delta.content or "")
    choice.finish_reason = part.finish_reason or choice.finish_reason
    choice.logprobs = choice.logprobs or part.logprobs  # the first token's are what we keep
    calls = message.tool_calls = message.tool_calls or []
    for call in part.delta.tool_calls or ():
        if call.index < len(calls):
            _lengthen(calls[call.index], call)
        else:
            calls.append(call)


def _lengthen(call: FunctionCall, more: FunctionCall) -> None:
    call.function.name += more.function.name
    call.function.arguments = f"{call.function.arguments or ''}{more.function.arguments or ''}"


def _told(request: Request) -> dict[str, Any]:
    """The request as llama.cpp takes it, with its own samplers off and repeatable throughout."""
    asked = request.parameters
    safe = tuple(_defused(message) for message in request.messages)
    told = chat_request(msgspec.structs.replace(request, messages=safe))
    return {
        **msgspec.to_builtins(told),
        "max_tokens": DEFAULT_MAX_TOKENS if asked.max_tokens is None else asked.max_tokens,
        "temperature": asked.temperature or 0.0,
        "top_p": 1.0 if asked.top_p is None else asked.top_p,
        "top_k": 0,
        "min_p": 0.0,
        "seed": (asked.seed or 0) + request.epoch - 1,
        "cache_prompt": False,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def _defused(message: Message) -> Message:
    """The message with a blank put into any control token in its text.

    llama.cpp reads ``<|im_end|>`` in a message as the end of that message, so that hostile text
    could go on in another role.
    """
    if "<" not in message.content and "[" not in message.content:
        return message
    safe = _CONTROL.sub(lambda found: found.group() + " ", message.content)
    return msgspec.structs.replace(message, content=safe)


def _checked_size(path: Path) -> int:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
        size = path.stat().st_size
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror}.") from None
    if magic != b"GGUF":
        raise NotFoundError(f"{path} is no GGUF file.", fix="Name a file that llama.cpp can load.")
    return size
