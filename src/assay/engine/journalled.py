"""The outermost layer: answers from the journal, asks only once, and records before it answers."""

from __future__ import annotations

import asyncio
import hashlib

import msgspec

from assay.engine.layers import Layer
from assay.engine.meter import Meter
from assay.models.base import Model
from assay.records import Reply, Request
from assay.store.journal import Journal


class Journalled(Layer):
    """No reply is paid for twice: not after a crash, and not when two ask for it at once.

    The key is the hash of everything that determines a reply: the model (its name and details),
    the messages, the parameters and the epoch. Errors are not recorded: a resumed run asks again.
    """

    def __init__(self, inner: Model, journal: Journal, meter: Meter) -> None:
        super().__init__(inner)
        self._journal = journal
        self._meter = meter
        self._in_flight: dict[bytes, asyncio.Future[Reply]] = {}
        identity = msgspec.json.encode([inner.name, inner.details], order="sorted")
        self._model_hash = hashlib.blake2b(identity, digest_size=16)

    async def generate(self, request: Request) -> Reply:
        key = self._key(request)
        asked = self._in_flight.get(key)
        if asked is not None:
            return await asyncio.shield(asked)
        held = self._journal.get(key)
        if held is not None:
            self._meter.journalled += 1
            return _decoder.decode(held)
        asked = asyncio.get_running_loop().create_future()
        self._in_flight[key] = asked
        try:
            reply = await self.inner.generate(request)
            await self._journal.put(key, _encoder.encode(reply))
        except BaseException as error:
            _fail(asked, error)
            raise
        finally:
            del self._in_flight[key]
        asked.set_result(reply)
        return reply

    def _key(self, request: Request) -> bytes:
        digest = self._model_hash.copy()
        digest.update(_encoder.encode(request))
        return digest.digest()


def _fail(asked: asyncio.Future[Reply], error: BaseException) -> None:
    if isinstance(error, Exception):
        asked.set_exception(error)
        asked.exception()  # seen: most often nobody else waits
    else:
        asked.cancel()


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Reply)
