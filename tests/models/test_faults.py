from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay import errors
from assay.models.faults import QUOTE_LIMIT, Faults, quote, redact, retry_after, says_filtered
from assay.models.settings import Secret

KEY = Secret("sk-proj-0123456789ABCDEFGHIJKLMNOP")
FAULTS = Faults("openai/x", KEY)
keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=60)


def error_body(message: str = "no", **more: object) -> bytes:
    return json.dumps({"error": {"message": message, **more}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, b"", errors.AuthenticationError),
        (403, b"", errors.AuthenticationError),
        (429, b"", errors.RateLimitError),
        (429, error_body(code="insufficient_quota"), errors.RequestRejectedError),
        (503, b"", errors.OverloadedError),
        (529, b"", errors.OverloadedError),
        (500, error_body(type="overloaded_error"), errors.OverloadedError),
        (500, b"", errors.ServerError),
        (502, b"<html>", errors.ServerError),
        (599, b"", errors.ServerError),
        (408, b"", errors.ModelTimeoutError),
        (504, b"", errors.ModelTimeoutError),
        (400, error_body(code="context_length_exceeded"), errors.ContextTooLongError),
        (400, error_body(type="exceed_context_size_error"), errors.ContextTooLongError),
        (400, error_body("This model's maximum context length is 8"), errors.ContextTooLongError),
        (400, error_body("prompt is too long: 9 tokens > 8"), errors.ContextTooLongError),
        (500, error_body("input (9 tokens) is too large to process."), errors.ContextTooLongError),
        (400, error_body("bad"), errors.RequestRejectedError),
        (404, b"", errors.RequestRejectedError),
        (302, b"", errors.RequestRejectedError),
        (307, b"", errors.RequestRejectedError),
        (204, b"", errors.MalformedReplyError),
        (201, b"{}", errors.MalformedReplyError),
    ],
)
def test_each_status_has_its_error(status: int, body: bytes, kind: type[Exception]) -> None:
    error = FAULTS.of_status(status, {}, body)
    assert type(error) is kind
    assert "openai/x" in str(error)
    assert str(status) in str(error)


@pytest.mark.parametrize("status", [429, 500, 503, 529])
def test_transient_errors_carry_how_long_to_wait(status: int) -> None:
    error = FAULTS.of_status(status, {"Retry-After": "7"}, b"")
    assert isinstance(error, errors.TransientModelError)
    assert error.retry_after == 7


def test_retry_after_as_seconds_or_date() -> None:
    assert retry_after({"Retry-After": "1.5"}) == 1.5
    assert retry_after({"Retry-After": "-3"}) == 0
    later = datetime.now(UTC) + timedelta(seconds=90)
    assert retry_after({"Retry-After": format_datetime(later, usegmt=True)}) == pytest.approx(
        90, abs=5
    )
    assert retry_after({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0


@pytest.mark.parametrize("text", ["", "soon", "nan", "inf", "-inf", "1e999", "Wed, 99 Foo 2015"])
def test_an_unusable_retry_after_is_none(text: str) -> None:
    assert retry_after({"Retry-After": text}) is None


@given(st.text())
def test_retry_after_takes_any_text(text: str) -> None:
    wait = retry_after({"Retry-After": text})
    assert wait is None or 0 <= wait < float("inf")


def test_only_the_servers_own_word_makes_a_content_filter() -> None:
    azure = error_body("filtered", code="content_filter")
    inner = error_body("x", innererror={"code": "ResponsibleAIPolicyViolation"})
    echo = error_body('you said: "code": "content_filter"')
    assert says_filtered(400, azure)
    assert says_filtered(400, inner)
    assert not says_filtered(400, echo)
    assert not says_filtered(500, azure)


@given(st.binary(max_size=2000))
def test_a_quote_is_short_and_harmless(body: bytes) -> None:
    shown = quote(body)
    assert len(shown) <= QUOTE_LIMIT + 2
    assert shown.isprintable()


def test_a_quote_escapes_what_a_terminal_would_obey() -> None:
    shown = quote(b"a\x1b[31mred\x07\x9b \xe2\x80\xae b\r\nc")
    assert "\x1b" not in shown
    assert "\\x1b[31mred\\x07" in shown
    assert "\\u202e b c" in shown


@given(keys, st.text(max_size=50), st.data())
def test_no_eight_characters_of_the_key_are_quoted(
    key: str, around: str, data: st.DataObject
) -> None:
    start = data.draw(st.integers(0, len(key) - 8))
    piece = key[start : data.draw(st.integers(start + 8, len(key)))]
    cleaned = redact(f"{around}{piece}{around}", Secret(key))
    windows = {key[i : i + 8] for i in range(len(key) - 7)} - {"[key][ke", "key][key"}
    shown = cleaned.replace("[key]", "\x00")
    assert not any(window in shown for window in windows)


def test_masked_keys_that_vendors_echo_are_removed_too() -> None:
    assert "sk-proj" not in quote("Incorrect API key provided: sk-proj-*****wxyz.")


@settings(max_examples=50)
@given(st.recursive(st.none() | st.text() | st.integers(), lambda c: st.dictionaries(st.text(), c)))
def test_any_body_makes_an_error(body: object) -> None:
    error = FAULTS.of_status(400, {}, json.dumps({"error": body}).encode())
    assert isinstance(error, errors.ModelError)
