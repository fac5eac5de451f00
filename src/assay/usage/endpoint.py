"""What a live endpoint does with an export: redacted and on the disk before it is answered.

Exports wait in the import's own SQLite file, which survives ``kill -9``, until they are stored as
parts. Nothing is written before it has passed the door.
"""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass

import msgspec

from assay.errors import AssayError
from assay.formats.otel_protobuf import Signal, decode_export
from assay.formats.usage_base import RowError
from assay.formats.usage_registry import parse
from assay.formats.usage_units import Unit
from assay.usage.door import Door, Passed, Refused
from assay.usage.folder import UsageFolder
from assay.usage.ingest import Retention, save_record
from assay.usage.keeping import Keeper
from assay.usage.state import Source, State

URI = "otlp/http"
_STAMP = "live"
_BATCH = 1_000
_NO_FAULT = ("no_model_call", "no_spans")
"""Spans of other things are left out; whoever sent them did nothing wrong."""

_passed = msgspec.msgpack.Decoder(Passed)
_encode = msgspec.msgpack.Encoder().encode


class BadExportError(AssayError):
    """An export that cannot be read at all."""


@dataclass(frozen=True)
class Taken:
    """How many spans of an export were not taken, although they told of a model, and why."""

    rejected: int = 0
    why: str = ""


class Endpoint:
    """Takes exports in, one at a time.

    Args:
        folder: the import, which the caller holds.
        state: where it stands.
        keeper: stores what has passed.
        secret: the workspace's.
        retention: whether raw text is kept.
    """

    def __init__(
        self,
        folder: UsageFolder,
        state: State,
        keeper: Keeper,
        secret: bytes,
        retention: Retention,
    ) -> None:
        self._folder, self._state, self._keeper = folder, state, keeper
        self._secret, self._retention = secret, retention
        known = state.sources()
        live = [source for source in known if source.uri == URI]
        number = max((source.id for source in known), default=0) + 1
        self._source = live[0] if live else Source(number, URI, "otel", _STAMP)
        keeper.touch(self._source)
        self.store()

    def accept(self, signal: Signal, body: bytes, binary: bool) -> Taken:
        """Take an export in. When this returns it is on the disk.

        Raises:
            BadExportError: it is none.
        """
        try:
            data = msgspec.json.encode(decode_export(body, signal)) if binary else body
            if not isinstance(parse(data)[0], dict):
                raise ValueError("an export is a JSON object")
        except (RowError, ValueError) as error:
            raise BadExportError(str(error)) from None
        passed = list(self._door().admit([Unit(1, None, data, 0)]))
        self._state.receive(self._source.id, [_encode(each) for each in passed])
        self._source.bytes += len(body)
        refused = Counter(
            each.reason
            for each in passed
            if isinstance(each, Refused) and each.reason not in _NO_FAULT
        )
        why = ", ".join(f"{reason}: {number}" for reason, number in sorted(refused.items()))
        return Taken(refused.total(), why)

    def _door(self) -> Door:
        today = datetime.datetime.now(datetime.UTC)
        keep_raw = self._retention.keep_raw
        return Door(self._secret, URI, "otel", {}, keep_raw=keep_raw, today=today)

    def store(self) -> None:
        """Store everything that waits, as a part of its own."""
        while waiting := self._state.inbox(_BATCH):
            number = self._source.rows
            passed = [
                msgspec.structs.replace(_passed.decode(blob), row=number + place)
                for place, (_, _, blob) in enumerate(waiting, 1)
            ]
            self._keeper.taken(waiting[-1][0])
            self._keeper.take(self._source, passed, 0, 0)
            self._keeper.commit()
        save_record(self._folder, self._state, "running", self._retention)
