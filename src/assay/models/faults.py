"""From what a server did wrong to the one error that says so; decisions only, no I/O."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

import msgspec

from assay.errors import (
    AuthenticationError,
    ContextTooLongError,
    MalformedReplyError,
    ModelError,
    ModelTimeoutError,
    OverloadedError,
    RateLimitError,
    RequestRejectedError,
    ServerError,
)
from assay.models.settings import Secret

T = TypeVar("T")

QUOTE_LIMIT = 300
"""How many characters of a server's words an error repeats."""

_PIECE = 8  # a run of this many characters of the key counts as the key
_TOO_LONG = re.compile(
    r"maximum context length|context (?:window|length|size)|prompt is too long", re.IGNORECASE
)
_TOO_LARGE = re.compile(r"tokens\) is too large to process", re.IGNORECASE)
_LOOKS_LIKE_KEY = re.compile(r"\b(?:sk|pk|rk)-[\w*.-]{6,}")


@dataclass(frozen=True)
class Faults:
    """Makes one model's errors.

    Args:
        where: the model's name.
        key: the key that no error may repeat.
    """

    where: str
    key: Secret | None = None

    def quote(self, said: bytes | str) -> str:
        """What the server said, harmless and without the key (see :func:`quote`)."""
        return quote(said, self.key)

    def malformed(self, why: str, body: bytes = b"") -> MalformedReplyError:
        """The error for a reply that is not what the protocol promises."""
        shown = f": {self.quote(body)}" if body else ""
        what = f"the reply cannot be read, {self.quote(why)}{shown}"
        return MalformedReplyError(what, where=self.where)

    def read(self, decoder: msgspec.json.Decoder[T], body: bytes) -> T:
        """A reply's JSON, decoded.

        Raises:
            MalformedReplyError: it is no JSON, or not of the decoder's shape.
        """
        try:
            return decoder.decode(body)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            why = str(error)
        raise self.malformed(why, body)

    def of_status(self, status: int, headers: Mapping[str, str], body: bytes) -> ModelError:
        """The error that an HTTP status other than 200 stands for.

        Args:
            status: the HTTP status.
            headers: the reply's headers; their names are matched without regard to case.
            body: the reply's body, or its beginning.
        """
        where, said = self.where, f"the server answered {status}: {self.quote(body)}"
        wait, codes = retry_after(headers), codes_of(body)
        if status < 300:
            return self.malformed(f"status {status}", body)
        if status < 400:
            return _redirected(status, where)
        if status in (401, 403):
            return AuthenticationError(said, where=where, fix="Check the key and what it may use.")
        if "insufficient_quota" in codes:
            return RequestRejectedError(said, where=where, fix="The account's quota is used up.")
        if status == 429:
            return RateLimitError(said, where=where, retry_after=wait)
        if status in (503, 529) or "overloaded_error" in codes:
            return OverloadedError(said, where=where, retry_after=wait)
        if status in (408, 504):
            return ModelTimeoutError(said, where=where, retry_after=wait)
        if says_too_long(status, body):
            return ContextTooLongError(
                said, where=where, fix="Shorten the input, or allow a shorter reply."
            )
        if status >= 500:
            return ServerError(said, where=where, retry_after=wait)
        fix = "Check the model's name and the base URL." if status in (404, 405) else ""
        return RequestRejectedError(said, where=where, fix=fix)


def _redirected(status: int, where: str) -> RequestRejectedError:
    return RequestRejectedError(
        f"the server answered {status}, a redirect. Redirects are not followed: the key and the"
        " request would go with them.",
        where=where,
        fix="Set the base URL to where it leads, if you trust that place.",
    )


def says_too_long(status: int, body: bytes) -> bool:
    """Whether a refusal means that the request does not fit the model's context."""
    if status == 500:  # llama.cpp, of a text to embed
        return bool(_TOO_LARGE.search(body.decode(errors="replace")))
    if status not in (400, 413, 422):
        return False
    known = {"context_length_exceeded", "exceed_context_size_error"}
    return bool(codes_of(body) & known or _TOO_LONG.search(body.decode(errors="replace")))


def says_filtered(status: int, body: bytes) -> bool:
    """Whether a refusal means that the provider's content filter stopped the request."""
    known = {"content_filter", "ResponsibleAIPolicyViolation", "content_policy_violation"}
    return status in (400, 403) and bool(codes_of(body) & known)


def codes_of(body: bytes) -> set[str]:
    """The machine-readable words of an error body: its ``code`` and ``type``, however deep."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return set()
    found: set[str] = set()
    for _ in range(3):  # the body, its error, and that one's inner error
        if not isinstance(told, dict):
            break
        found |= {word for word in (told.get("code"), told.get("type")) if isinstance(word, str)}
        told = told.get("error", told.get("innererror"))
    return found


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from ``Retry-After`` as seconds or an HTTP date; None if unusable."""
    text = headers.get("Retry-After", "").strip()
    try:
        seconds = float(text)
    except ValueError:
        seconds = _seconds_until(text)
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _seconds_until(date: str) -> float:
    try:
        moment = parsedate_to_datetime(date)
    except ValueError:
        return math.nan
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - datetime.now(UTC)).total_seconds()


def quote(body: bytes | str, key: Secret | None = None) -> str:
    """The first 300 characters of what a server said: one line, harmless, without the key."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else body
    text = _LOOKS_LIKE_KEY.sub("[key]", redact(text[:10_000], key))
    text = " ".join(text.split())
    text = "".join(char if char.isprintable() else _escape(char) for char in text)
    text = text if len(text) <= QUOTE_LIMIT else text[: QUOTE_LIMIT - 3] + "..."
    return f"“{text}”" if text else "(nothing)"


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode()


def redact(text: str, key: Secret | None) -> str:
    """The text without the key, or any eight characters of it that stand together."""
    value = key.reveal() if key else ""
    if len(value) < 4:
        return text  # too short to be a secret, and found everywhere
    text = text.replace(value, "[key]")
    for start in range(len(value) - _PIECE + 1):
        length = _PIECE
        while value[start : start + length] in text:
            longer = value[start : start + length + 1]
            if len(longer) == length or longer not in text:
                text = text.replace(value[start : start + length], "[key]")
                break
            length += 1
    return text
