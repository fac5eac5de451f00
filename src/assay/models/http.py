"""One way over the wire for every served model: post bytes, get bytes, or the error that fits."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import NamedTuple, TypeVar

import aiohttp
import msgspec
from yarl import URL

from assay.errors import MalformedReplyError, ModelConnectionError, ModelError, ModelTimeoutError
from assay.models.faults import Faults
from assay.models.settings import ModelSettings

T = TypeVar("T")

LARGEST_REPLY = 32 * 2**20
"""Bytes of a reply's body, unpacked, beyond which the reply is given up as malformed."""

_LARGEST_FAULT = 64 * 2**10  # bytes that are read of a body that reports a fault


class Answer(NamedTuple):
    """What came back: the status, the headers, and the body (of a fault: its beginning)."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Wire:
    """Posts JSON to one URL over connections that are kept, each request within one deadline.

    It follows no redirect, keeps no cookie, and reads no proxy or password from the environment.

    Args:
        url: where every request goes.
        headers: sent with every request; the key is in one of them.
        faults: makes the errors.
        settings: the timeout and the number of connections.
    """

    def __init__(
        self, url: str, headers: Mapping[str, str], faults: Faults, settings: ModelSettings
    ) -> None:
        self.faults, self._settings = faults, settings
        key = faults.key.reveal().encode() if faults.key else b""
        self._key = key if len(key) >= 8 else b""
        self._url = URL(url)
        self._headers = {
            **headers,
            "Accept": "application/json",
            "Content-Type": "application/json",
            "User-Agent": "assay",
        }
        self._session: aiohttp.ClientSession | None = None

    async def post(self, body: bytes) -> Answer:
        """Send one request and read its reply to the end.

        Raises:
            ModelTimeoutError: the reply was not complete within the settings' timeout.
            ModelConnectionError: there was no connection, or it broke.
            MalformedReplyError: what came is no HTTP, was cut short, or exceeds 32 MiB.
        """
        session = self._session or self._open()
        try:
            response = await session.post(self._url, data=body, allow_redirects=False)
            try:
                said = await self._read(response)
            finally:
                if not response.closed:
                    response.close()
        except (aiohttp.ClientError, OSError) as error:
            fault = self._fault_of(error)
        else:
            if self._key and self._key in said:
                said = said.replace(self._key, b"[key]")
            return Answer(response.status, response.headers, said)
        raise fault  # outside the handler: aiohttp's error holds the headers, and so the key

    def read(self, answer: Answer, decoder: msgspec.json.Decoder[T]) -> T:
        """The JSON of an answer.

        Raises:
            MalformedReplyError: it says that it is something else, or it is.
        """
        kind = answer.headers.get("Content-Type", "json")
        if "json" not in kind.lower():
            raise self.faults.malformed(f"it is {kind} and not JSON", answer.body)
        return self.faults.read(decoder, answer.body)

    async def close(self) -> None:
        """Close all connections. May be called more than once."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open(self) -> aiohttp.ClientSession:
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._settings.connections, ttl_dns_cache=300),
            cookie_jar=aiohttp.DummyCookieJar(),
            headers=self._headers,
            timeout=aiohttp.ClientTimeout(total=self._settings.timeout),
        )
        return self._session

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        content = response.content
        body = await content.readany()
        if content.at_eof():
            return body  # all that most replies need
        fault = response.status != 200
        limit = _LARGEST_FAULT if fault else LARGEST_REPLY
        if not fault and (response.content_length or 0) > limit:
            raise self._too_large()
        chunks, size = [body], len(body)
        while not content.at_eof() and size <= limit:
            chunks.append(await content.readany())
            size += len(chunks[-1])
        if size > limit and not fault:
            raise self._too_large()
        return b"".join(chunks)[:limit]

    def _too_large(self) -> MalformedReplyError:
        return self.faults.malformed(f"it is larger than {LARGEST_REPLY // 2**20} MiB")

    def _fault_of(self, error: Exception) -> ModelError:
        where, told = self.faults.where, self.faults.quote(str(error) or type(error).__name__)
        if isinstance(error, TimeoutError):
            return ModelTimeoutError(
                f"no complete reply within {self._settings.timeout:g} s.", where=where
            )
        if isinstance(error, aiohttp.ClientPayloadError):
            return MalformedReplyError(f"the reply was cut short: {told}", where=where)
        if isinstance(error, aiohttp.ClientResponseError):
            return MalformedReplyError(f"the server does not speak HTTP: {told}", where=where)
        fix = ""
        if isinstance(error, aiohttp.ClientConnectorError):
            fix = f"Is the server at {self._url.host}:{self._url.port} up?"
            if error.os_error.errno in (errno.EMFILE, errno.ENFILE):
                fix = "Allow more open files (ulimit -n) or use fewer connections."
        return ModelConnectionError(f"the connection failed: {told}", where=where, fix=fix)
