"""The door: what comes from a log goes in redacted and hashed, and nothing goes in otherwise.

Everything here is a function of the row, the workspace's secret and the day, so rows may pass in
any process, and a row that passes again is the same.
"""

from __future__ import annotations

import datetime
import hashlib
import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec

from assay.formats.timestamps import utc
from assay.formats.usage_base import Conversation, RowError
from assay.formats.usage_registry import conversations, parse
from assay.formats.usage_units import Unit
from assay.records import Message, ToolCall, Transcript
from assay.usage.language import UNKNOWN, language_of
from assay.usage.names import name_recognisers
from assay.usage.nested import Nested
from assay.usage.redact import Redactor
from assay.usage.secret import keyed

_DIGEST = 16
_PREFIX = 8
_MOST_PREFIXES = 1_000
_LANGUAGE_CHARACTERS = 256
_DETAIL = 300

_encode = msgspec.json.Encoder(order="deterministic").encode


class Admitted(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A conversation that may be stored.

    ``content``, ``ident`` and ``thread`` are keyed hashes of what was said by whom and when, of the
    conversation's id, and of what joins its requests; ``named`` says whether the log itself joins
    them. ``prefixes`` holds, eight bytes each, a hash
    of the conversation up to each message. ``values`` are the transcript's fields, its messages as
    JSON.
    """

    row: int
    offset: int | None
    content: bytes
    ident: bytes | None
    thread: bytes | None
    named: bool
    prefixes: bytes
    values: list[Any]
    redacted: dict[str, int]
    flags: tuple[str, ...]
    raw: bytes | None


class Refused(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A row that is not taken in, and why; the detail is redacted."""

    row: int
    offset: int | None
    reason: str
    detail: str


Passed = Admitted | Refused


class Door:
    """Lets rows in.

    Args:
        secret: the workspace's.
        source: the name of the source, as transcripts show it.
        name: the format of its rows.
        mapping: columns by field, where the reader is told what it would not find.
        keep_raw: whether messages go on as they came, too.
        today: the day, which no conversation can be later than.
    """

    def __init__(
        self,
        secret: bytes,
        source: str,
        name: str,
        mapping: Mapping[str, str],
        *,
        keep_raw: bool,
        today: datetime.datetime,
    ) -> None:
        self._secret = secret
        self._format = name
        self._mapping = mapping
        self._keep_raw = keep_raw
        self._today = today
        self._redactor = Redactor(secret, name_recognisers())
        self._word = lru_cache(maxsize=4096)(self._redact_word)
        self._nested = Nested(self._redactor, self._word)
        self._keyed = lru_cache(maxsize=4096)(keyed)
        self._source = self._word(source)

    def admit(self, units: Iterable[Unit]) -> Iterator[Passed]:
        """What becomes of each unit, in order."""
        for unit in units:
            if unit.fault is not None:
                yield self._refused(unit, *unit.fault)
                continue
            try:
                value, flags = parse(unit.data)
            except RowError as error:
                yield self._refused(unit, error.reason, error.detail)
                continue
            for found in conversations(value, self._format, self._mapping):
                yield self.let_in(unit, found, flags)

    def let_in(
        self, unit: Unit, found: Conversation | RowError, flags: tuple[str, ...] = ()
    ) -> Passed:
        """One conversation as it may be stored, or why it may not."""
        if isinstance(found, RowError):
            return self._refused(unit, found.reason, found.detail)
        if not any(message.content or message.tool_calls for message in found.messages):
            return self._refused(unit, "no_messages", "no message holds any text")
        try:
            return self._admitted(unit, found, flags)
        except (RecursionError, ValueError, OverflowError) as error:
            reason = "too_deep" if isinstance(error, RecursionError) else "unreadable"
            return self._refused(unit, reason, f"the row cannot be stored ({error})")

    def _refused(self, unit: Unit, reason: str, detail: str) -> Refused:
        told = detail[: 2 * _DETAIL].encode("utf-8", "replace").decode()
        text, _ = self._redactor.redact(told)
        return Refused(unit.row, unit.offset, reason, text[:_DETAIL])

    def _admitted(self, unit: Unit, found: Conversation, flags: tuple[str, ...]) -> Admitted:
        date, amiss = utc(found.date, self._today)
        if amiss:
            flags = (*flags, amiss)
        who = self._who(found)
        content = hashlib.blake2b(key=self._secret, digest_size=_DIGEST)
        raw = _encode(found.messages)
        content.update(raw)
        when = utc(found.date, _NEVER)[0] if amiss == "date_in_future" else date
        content.update(_encode([when, *who.values(), found.model]))
        counts: Counter[str] = Counter()
        messages = [self._message(message, counts) for message in found.messages]
        thread = self._hash("thread", found.thread)
        ident = self._hash("id", found.id)
        digest = content.digest()
        transcript = Transcript(
            transcript_id=digest.hex(),
            source_type="usage",
            source_id=None if found.id is None else self._plain(found.id, counts),
            source_uri=self._source,
            date=date,
            model=self._maybe(found.model),
            agent=self._maybe(found.agent),
            model_options=self._nested.redact(found.model_options, counts),
            message_count=len(messages),
            total_tokens=_total(found),
            error=None if found.error is None else self._plain(found.error, counts),
            **who,
            stop_reason=self._maybe(found.stop_reason),
            input_tokens=found.input_tokens,
            output_tokens=found.output_tokens,
            latency=found.latency,
            language=_language(messages, found.language),
            sample_metadata=self._metadata(found, thread, counts),
            surface=self._maybe(found.surface),
        )
        values = list(msgspec.structs.astuple(transcript))
        values[_MESSAGES] = _encode(messages)
        return Admitted(
            row=unit.row,
            offset=unit.offset,
            content=digest,
            ident=ident,
            thread=thread,
            named=not found.guessed,
            prefixes=self._prefixes(found.messages) if ident or thread else b"",
            values=values,
            redacted=dict(counts),
            flags=(*flags, *found.flags),
            raw=raw if self._keep_raw else None,
        )

    def _who(self, found: Conversation) -> dict[str, Any]:
        """Who acted, as keyed hashes: links stay, values do not."""
        client = "\n".join(f"{name}={value}" for name, value in sorted(found.client.items()))
        return {
            "account_id": self._hashed("account", found.account),
            "org_id": self._hashed("org", found.org),
            "client_id": self._hashed("client", client or None),
            "network_id": self._hashed("network", _network(found.network)),
        }

    def _metadata(
        self, found: Conversation, thread: bytes | None, counts: Counter[str]
    ) -> dict[str, Any] | None:
        kept = self._nested.redact(found.metadata, counts)
        if thread is not None and not found.guessed:
            kept["thread"] = thread.hex()
        return kept or None

    def _hashed(self, kind: str, value: str | None) -> str | None:
        return None if value is None else self._keyed(self._secret, kind, value)

    def _hash(self, kind: str, value: str | None) -> bytes | None:
        return None if value is None else bytes.fromhex(keyed(self._secret, kind, value))

    def _prefixes(self, messages: tuple[Message, ...]) -> bytes:
        """A hash up to each message; what the system says may change from request to request.

        Of a very long conversation there is one up to each of the first messages, and to the last.
        """
        running = hashlib.blake2b(key=self._secret, digest_size=_PREFIX)
        found: list[bytes] = []
        for message in messages:
            if message.role == "system":
                continue
            running.update(message.role.encode())
            running.update(message.content.strip().encode())
            for call in message.tool_calls:
                running.update(_encode([call.function, call.arguments]))
            running.update(b"\0")
            if len(found) < _MOST_PREFIXES:
                found.append(running.digest())
            else:
                found[-1] = running.digest()
        return b"".join(found)

    def _message(self, message: Message, counts: Counter[str]) -> Message:
        content = message.content
        if content:
            content, found = self._redactor.redact(content)
            if found:
                counts.update(found)
        if not message.tool_calls and message.tool_call_id is None:
            return Message(message.role, content)
        calls = tuple(
            ToolCall(
                id=self._word(call.id),
                function=self._word(call.function),
                arguments=self._nested.redact(call.arguments, counts),
                type=self._word(call.type),
            )
            for call in message.tool_calls
        )
        return Message(message.role, content, calls, self._maybe(message.tool_call_id))

    def _plain(self, text: str, counts: Counter[str]) -> str:
        told, found = self._redactor.redact(text)
        counts.update(found)
        return told

    def _redact_word(self, text: str) -> str:
        return self._redactor.redact(text)[0]

    def _maybe(self, text: str | None) -> str | None:
        return None if text is None else self._word(text)


_MESSAGES = Transcript.__struct_fields__.index("messages")
_TAG = re.compile("[a-z]{2,3}")
_NEVER = datetime.datetime(9000, 1, 1, tzinfo=datetime.UTC)


def _language(messages: list[Message], claimed: str | None) -> str:
    """The language that people wrote in; what the log claims where it cannot be told."""
    told = language_of(_asked(messages))
    if told == UNKNOWN and claimed is not None and _TAG.fullmatch(claimed.lower()):
        return claimed.lower()
    return told


def _asked(messages: list[Message]) -> str:
    """What people said: the language of a conversation is theirs."""
    said = [message.content for message in messages if message.role == "user"]
    text = "\n".join(said)[:_LANGUAGE_CHARACTERS]
    return text or "\n".join(message.content for message in messages)[:_LANGUAGE_CHARACTERS]


def _network(said: str | None) -> str | None:
    """An address in its one shape, without a port; of several, the first. Else as it is."""
    if said is None:
        return None
    text = said.split(",")[0].strip().lower()
    for shown in (text, text.rpartition(":")[0].strip("[]")):
        try:
            address = ipaddress.ip_address(shown)
        except ValueError:
            continue
        mapped = getattr(address, "ipv4_mapped", None)
        return str(mapped or address)
    return text or None


def _total(found: Conversation) -> int | None:
    if found.input_tokens is None and found.output_tokens is None:
        return None
    return (found.input_tokens or 0) + (found.output_tokens or 0)
