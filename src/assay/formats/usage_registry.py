"""Knows every format of usage logs: tells which one a row is of, and reads rows by it."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from assay.errors import NotFoundError
from assay.formats import usage_anthropic, usage_chat, usage_openai, usage_otel
from assay.formats.mapping import transcript_of
from assay.formats.usage_base import Conversation, RowError, at, count, word
from assay.formats.usage_requests import unwrap
from assay.records import Transcript

Found = Iterator[Conversation | RowError]

FIELDS = (
    "id",
    "thread",
    "date",
    "account",
    "org",
    "surface",
    "model",
    "client",
    "network",
    "language",
    "agent",
)
"""What ``--map`` can set, beside ``messages``, ``prompt``, ``reply`` and ``system``."""

SAID = ("messages", "prompt", "reply", "system")
TURNS = ("role", "content")
"""Where each row of a table is one message."""

_MIXED = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_HALF = re.compile("[\ud800-\udfff]")
_NUL = "\0"


def _fits_transcript(row: dict[str, Any]) -> bool:
    return "transcript_id" in row and "messages" in row


def _read_transcript(row: dict[str, Any]) -> Found:
    try:
        found: Transcript = transcript_of(row)
    except ValueError as error:
        raise RowError("bad_transcript", str(error)) from None
    yield Conversation(
        messages=found.messages,
        id=found.source_id if found.source_type == "usage" else found.transcript_id,
        date=found.date,
        account=found.account_id,
        org=found.org_id,
        surface=found.surface or found.task_set,
        model=found.model,
        agent=found.agent,
        model_options=found.model_options,
        stop_reason=found.stop_reason,
        error=found.error,
        input_tokens=count(found.input_tokens),
        output_tokens=count(found.output_tokens),
        latency=found.latency,
    )


_FORMATS: dict[str, tuple[Callable[[dict[str, Any]], bool], Callable[[dict[str, Any]], Any]]] = {
    "otel": (usage_otel.fits, usage_otel.read_otel),
    "transcripts": (_fits_transcript, _read_transcript),
    "anthropic": (usage_anthropic.fits, usage_anthropic.read_anthropic),
    "openai": (usage_openai.fits, usage_openai.read_openai),
    "chat": (usage_chat.fits, usage_chat.read_chat),
}

FORMATS = tuple(_FORMATS)
"""The names that ``--format`` takes, in the order in which they are tried."""


def check_format(name: str) -> None:
    """See that there is such a format.

    Raises:
        NotFoundError: there is none.
    """
    if name not in _FORMATS:
        raise NotFoundError(f"there is no format {name!r}.", fix=f"There are {', '.join(FORMATS)}.")


def check_mapping(mapping: Mapping[str, str]) -> None:
    """See that every field of a mapping can be set.

    Raises:
        NotFoundError: one cannot.
    """
    allowed = (*FIELDS, *SAID, *TURNS)
    for field in mapping:
        if field not in allowed:
            raise NotFoundError(
                f"there is no field {field!r} to map a column to.",
                fix=f"There are {', '.join(allowed)}.",
            )
    if ("role" in mapping) != ("content" in mapping) or ("role" in mapping and "id" not in mapping):
        raise NotFoundError(
            "rows that hold one message each need three columns.",
            fix="Map id, role and content.",
        )


def detect(rows: Iterable[Any], mapping: Mapping[str, str]) -> str | None:
    """The format of the first rows of a file; None where none fits."""
    for row in rows:
        if not isinstance(row, dict):
            continue
        mapped = map_said(row, mapping)
        for name, (fits, _) in _FORMATS.items():
            try:
                if fits(mapped):
                    return name
            except (ValueError, RecursionError):
                continue
    return None


def doubted(row: Any, name: str, mapping: Mapping[str, str]) -> str | None:
    """The format that a row seems to be of, where somebody told another: None where none does.

    A row that may be of the told one gives that: a call with its reply may be of any vendor's API.
    """
    if not isinstance(row, dict):
        return None
    mapped = map_said(row, mapping)
    try:
        if _FORMATS[name][0](mapped):
            return name
        if name in _CALLS:
            call = unwrap(mapped)
            if call.reply or call.chunks or call.error:
                return name
    except (ValueError, RecursionError):
        return name
    return detect([row], mapping)


_CALLS = ("anthropic", "openai")


def conversations(value: Any, name: str, mapping: Mapping[str, str]) -> Found:
    """The conversations of one value of a log, or why there are none. Never raises for a value."""
    try:
        if not isinstance(value, dict):
            raise RowError("not_an_object", f"the row is {type(value).__name__}, not an object")
        for found in _FORMATS[name][1](map_said(value, mapping)):
            if isinstance(found, Conversation):
                _map_fields(found, value, mapping)
            yield found
    except RowError as error:
        yield error
    except (ValueError, TypeError, RecursionError) as error:
        yield RowError("unreadable", str(error)[:300] or type(error).__name__)


def map_said(row: dict[str, Any], mapping: Mapping[str, str]) -> dict[str, Any]:
    """The row with what was said under the names that readers know."""
    told = {field: at(row, mapping[field]) for field in SAID if field in mapping}
    if not told:
        return row
    said = {*usage_chat.LISTS, *usage_chat.PROMPTS, *usage_chat.REPLIES, "system", "system_prompt"}
    kept = {key: value for key, value in row.items() if key not in said}
    names = {"reply": "response"}
    return kept | {names.get(field, field): value for field, value in told.items()}


def _map_fields(found: Conversation, row: dict[str, Any], mapping: Mapping[str, str]) -> None:
    for field in FIELDS:
        if field not in mapping:
            continue
        value = at(row, mapping[field])
        if field == "date":
            found.date = value
            continue
        said = word(value)
        if said is None:
            found.flags = (*found.flags, f"{field}_missing")
        if field == "client":
            found.client = {"mapped": said} if said else {}
        else:
            setattr(found, field, said)


def parse(data: bytes) -> tuple[Any, tuple[str, ...]]:
    """The value of a row's bytes, and what had to be mended for it.

    Bytes that are no UTF-8 are taken for Latin-1 (Windows-1252). Halves of characters and zero
    characters, which not every file can hold, become U+FFFD.

    Raises:
        RowError: there is none.
    """
    flags: list[str] = []
    try:
        value = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        value = _parse_slowly(data, flags)
    if "mended" in flags or b"\\u0000" in data:
        try:
            value = _well_formed(value, flags)
        except RecursionError:
            raise RowError("too_deep", "the JSON nests too deeply") from None
    return value, tuple(sorted(set(flags) - {"mended"}))


def _parse_slowly(data: bytes, flags: list[str]) -> Any:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        text = data.decode(errors="assay-latin")
        flags.append("mixed_encoding")
    flags.append("mended")
    text = text.lstrip("\ufeff")
    try:
        value = json.loads(text, strict=False, parse_int=_whole)
    except RecursionError:
        raise RowError("too_deep", "the JSON nests too deeply") from None
    except ValueError as error:
        if not text.strip("\0 \r\n\t"):
            raise RowError("no_text", "the row holds nothing but zero bytes") from None
        raise RowError("not_json", f"the row is no JSON: {error}"[:200]) from None
    if _MIXED.search(data):
        flags.append("control_characters")
    return value


def _whole(digits: str) -> int | float:
    """A whole number; one that no column can hold is near enough."""
    return int(digits) if len(digits) < _MOST_DIGITS else float(digits)


_MOST_DIGITS = 19


def _as_latin(error: UnicodeError) -> tuple[str, int]:
    """Bytes that are no UTF-8 as Windows-1252, as logs from several programs hold them."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("assay-latin", _as_latin)


def _well_formed(value: Any, flags: list[str]) -> Any:
    if isinstance(value, str):
        if _NUL in value:
            flags.append("zero_characters")
            value = value.replace(_NUL, "\ufffd")
        if not value.isascii() and _HALF.search(value):
            flags.append("half_characters")
            value = value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        return value
    if isinstance(value, dict):
        return {_well_formed(key, flags): _well_formed(each, flags) for key, each in value.items()}
    if isinstance(value, list):
        return [_well_formed(each, flags) for each in value]
    return value
