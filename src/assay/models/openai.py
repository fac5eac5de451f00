"""``openai/<model>``: the Chat Completions protocol, at OpenAI or any other base URL."""

from __future__ import annotations

from time import perf_counter
from typing import Any

import msgspec

from assay.errors import ModelError
from assay.models.base import Model
from assay.models.chat import Completion, chat_request, encode, reply_of
from assay.models.faults import Faults, says_filtered
from assay.models.http import Answer, Wire
from assay.models.settings import Address, ModelSettings, Secret, describe, key_and_address
from assay.records import Reply, Request

DEFAULT_URL = "https://api.openai.com/v1"
_AZURE = (".openai.azure.com", ".cognitiveservices.azure.com", ".services.ai.azure.com")
_completion = msgspec.json.Decoder(Completion)


def create(model: str, settings: ModelSettings) -> Model:
    """The provider's entry point.

    ``OPENAI_API_KEY`` and ``OPENAI_BASE_URL`` give what the settings leave open. At Azure the base
    URL is the resource's ``/openai/v1``, or a deployment's with its ``?api-version=``.
    """
    return OpenAI(model, settings)


class OpenAI:
    """A model behind the Chat Completions protocol."""

    def __init__(self, model: str, settings: ModelSettings) -> None:
        self.name = f"openai/{model}"
        self._model = model
        self._wire, address = wire_to("/chat/completions", self.name, settings)
        # OpenAI's reasoning models take only the newer name; many other servers only the older.
        newer = _is_azure(address) or address.host == "api.openai.com"
        self._limit = "max_completion_tokens" if newer else "max_tokens"
        self._details = describe("openai", model, address)

    @property
    def details(self) -> dict[str, Any]:
        return self._details

    async def generate(self, request: Request) -> Reply:
        """Answer one request. A content filter that refuses is a reply, not an error."""
        told = chat_request(request, limit=self._limit)
        told.model = self._model
        body = encode(told, self.name)
        start = perf_counter()
        answer = await self._wire.post(body)
        latency = perf_counter() - start
        if answer.status == 200:
            completion = self._wire.read(answer, _completion)
            reply = reply_of(completion, latency)
            if reply is not None:
                return reply
            raise self._without_choices(completion, answer)
        if says_filtered(answer.status, answer.body):
            return Reply("", stop_reason="content_filter", latency=latency)
        raise self._wire.faults.of_status(*answer)

    async def close(self) -> None:
        await self._wire.close()

    def _without_choices(self, completion: Completion, answer: Answer) -> ModelError:
        told = completion.error.get("code") if isinstance(completion.error, dict) else None
        if isinstance(told, int) and 400 <= told < 600:  # a gateway passes another's error on
            return self._wire.faults.of_status(told, answer.headers, answer.body)
        return self._wire.faults.malformed("it has no choices", answer.body)


def wire_to(path: str, name: str, settings: ModelSettings) -> tuple[Wire, Address]:
    """The wire to one of the protocol's paths, and the base URL.

    Raises:
        AuthenticationError: a key is needed and there is none.
        DefinitionError: the base URL cannot be used.
    """
    key, address = key_and_address(settings, vendor="OPENAI", default_url=DEFAULT_URL)
    headers = _authorization(key, azure=_is_azure(address))
    return Wire(address.join(path), headers, Faults(name, key), settings), address


def _is_azure(address: Address) -> bool:
    return address.host.endswith(_AZURE)


def _authorization(key: Secret | None, *, azure: bool) -> dict[str, str]:
    if key is None:
        return {}
    return {"api-key": key.reveal()} if azure else {"Authorization": f"Bearer {key.reveal()}"}
