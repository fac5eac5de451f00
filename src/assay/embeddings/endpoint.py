"""``openai/<model>``: vectors from any server that speaks OpenAI's ``/embeddings``.

Texts go out in batches, several at once, from a thread with an event loop of its own, so that
:meth:`Endpoint.embed` can be called from anywhere.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, as_completed

import msgspec
import numpy as np

from assay.embeddings.base import Keep, Progress, Vectors, normalised, well_formed
from assay.errors import (
    ContextTooLongError,
    MalformedReplyError,
    ModelError,
    NotFoundError,
    TransientModelError,
)
from assay.models.openai import wire_to
from assay.models.patience import Patience
from assay.models.settings import ModelSettings, describe

AT_ONCE = 8
"""Requests under way at the same time, where the settings do not allow fewer."""

LONGEST = 24_000
"""Characters that are sent of a text. While it is too long for the model, half of it is sent."""

_BATCH_TEXTS = 64
_BATCH_CHARACTERS = 200_000
_LARGEST = 1e15  # its square still fits
_SHORTEST = 250  # characters below which a text is not halved again


class _Vector(msgspec.Struct):
    embedding: list[float]
    index: int | None = None


class _Told(msgspec.Struct):
    data: list[_Vector]


_told = msgspec.json.Decoder(_Told)


def create(model: str, settings: ModelSettings) -> Endpoint:
    """The entry point.

    Raises:
        NotFoundError: no model was named.
        AuthenticationError: a key is needed and there is none.
    """
    if not model:
        raise NotFoundError("'openai' names no embedder.", fix="Write openai/MODEL.")
    return Endpoint(model, settings)


class Endpoint:
    """A model behind the embeddings protocol.

    Args:
        model: what the server calls it.
        settings: address, key, timeout and connections, as for a chat model.
        patience: how often to ask again after a fault that passes.
    """

    worth_caching = True

    def __init__(
        self, model: str, settings: ModelSettings, patience: Patience | None = None
    ) -> None:
        self.name = f"openai/{model}"
        self._model, self._patience = model, patience or Patience()
        self._wire, address = wire_to("/embeddings", self.name, settings)
        self.details = describe("openai", model, address)
        self.version = hashlib.sha256(msgspec.json.encode(self.details)).hexdigest()[:16]
        self._at_once = min(AT_ONCE, settings.connections)
        self._dimensions = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._starting = threading.Lock()

    @property
    def dimensions(self) -> int:
        """Numbers in a vector; the server is asked for one where none has come yet."""
        self.prepare()
        return self._dimensions

    def prepare(self, progress: Progress | None = None) -> None:
        """Learn how many numbers a vector has."""
        if not self._dimensions:
            self.embed(["How many numbers?"])

    def embed(self, texts: Sequence[str], keep: Keep | None = None) -> Vectors:
        """A vector for each text; nothing is sent of texts that are blank.

        When a batch fails for good, those under way are still waited for and kept.
        """
        sent = [well_formed(text, LONGEST) for text in texts]
        parts: list[tuple[list[int], Vectors]] = []
        failure: BaseException | None = None
        stopped = threading.Event()
        work = self._start(sent, stopped)
        try:
            for done in as_completed(work):
                try:
                    rows, vectors = work[done], done.result()
                except (ModelError, CancelledError) as error:
                    failure = failure or error
                    stopped.set()
                    continue
                if keep is not None:
                    keep(rows, vectors)
                parts.append((rows, vectors))
        finally:
            stopped.set()
            for future in work:
                future.cancel()
        if failure is not None:
            raise failure
        if not parts and not self._dimensions:
            self.prepare()
        found = np.zeros((len(texts), self._dimensions), np.float32)
        for rows, vectors in parts:
            found[rows] = vectors
        return found

    def close(self) -> None:
        with self._starting:
            loop, self._loop = self._loop, None
        if loop is not None:
            asyncio.run_coroutine_threadsafe(self._wire.close(), loop).result()
            loop.call_soon_threadsafe(loop.stop)

    def _start(
        self, texts: list[str], stopped: threading.Event
    ) -> dict[Future[Vectors], list[int]]:
        loop, turns = self._running(), asyncio.Semaphore(self._at_once)

        async def run(rows: list[int]) -> Vectors:
            async with turns:
                if stopped.is_set():
                    raise asyncio.CancelledError
                return await self._vectors([texts[row] for row in rows])

        return {asyncio.run_coroutine_threadsafe(run(rows), loop): rows for rows in _batches(texts)}

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._starting:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(
                    target=_run_and_close, args=(self._loop,), name="assay-embed", daemon=True
                ).start()
            return self._loop

    async def _vectors(self, texts: list[str]) -> Vectors:
        """One batch. Where it is too long for the model each text goes alone, then half of it."""
        try:
            return await self._asked(texts)
        except ContextTooLongError:
            if len(texts) == 1 and len(texts[0]) < _SHORTEST:
                raise
        if len(texts) == 1:
            return await self._vectors([texts[0][: len(texts[0]) // 2]])
        return np.concatenate([await self._vectors([text]) for text in texts])

    async def _asked(self, texts: list[str]) -> Vectors:
        """One request, asked again after faults that pass."""
        body = msgspec.json.encode(
            {"model": self._model, "input": texts, "encoding_format": "float"}
        )
        for tried in range(1, self._patience.tries):
            try:
                return await self._posted(body, len(texts))
            except (TransientModelError, MalformedReplyError) as error:
                pause = self._patience.pause(tried, error)
            await asyncio.sleep(pause)
        return await self._posted(body, len(texts))

    async def _posted(self, body: bytes, count: int) -> Vectors:
        answer = await self._wire.post(body)
        if answer.status != 200:
            raise self._wire.faults.of_status(*answer)
        told = self._wire.read(answer, _told).data
        malformed = self._wire.faults.malformed
        if len(told) != count:
            raise malformed(f"it has {len(told)} vectors for {count} texts")
        places = [place if each.index is None else each.index for place, each in enumerate(told)]
        if sorted(places) != list(range(count)):
            raise malformed("its vectors are not numbered from 0 on")
        lengths = {len(each.embedding) for each in told}
        expected = self._dimensions or len(told[0].embedding)
        if lengths != {expected} or not expected:
            raise malformed(f"its vectors hold {sorted(lengths)} numbers, not {expected or 'any'}")
        numbers = np.empty((count, expected))
        numbers[places] = [each.embedding for each in told]
        if not (np.abs(numbers) < _LARGEST).all():
            raise malformed("a vector holds what is no number, or too large a one")
        self._dimensions = expected
        return normalised(numbers.astype(np.float32))


def _run_and_close(loop: asyncio.AbstractEventLoop) -> None:
    loop.run_forever()
    loop.close()


def _batches(texts: list[str]) -> Iterator[list[int]]:
    """Places of the texts that are not blank, in batches of bounded size."""
    rows: list[int] = []
    size = 0
    for row, text in enumerate(texts):
        if not text.strip():
            continue
        if rows and (len(rows) == _BATCH_TEXTS or size + len(text) > _BATCH_CHARACTERS):
            yield rows
            rows, size = [], 0
        rows.append(row)
        size += len(text)
    if rows:
        yield rows
