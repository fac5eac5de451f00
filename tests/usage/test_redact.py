"""Redaction: nothing that was found is left, nothing else is lost, whatever the text."""

from __future__ import annotations

import importlib.util
import re
import time
from collections.abc import Iterator

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from assay.usage import redact as room
from assay.usage.names import name_recognisers
from assay.usage.redact import KINDS, Redactor
from assay.usage.scan import is_plain
from assay.usage.secret import keyed
from tests.usage.labelled_set import read_set

SECRET = b"k" * 32
REDACTOR = Redactor(SECRET)
PLACEHOLDER = re.compile(rf"\[({'|'.join(KINDS)}) [0-9a-f]{{28}}\]")
ITEMS = read_set()

pieces = st.one_of(
    st.sampled_from([item.text for item in ITEMS]),
    st.sampled_from(
        [
            *(
                "@",
                ".",
                " ",
                "\n",
                "[",
                "]",
                "://",
                "password=",
                "key: ",
                "+",
                "(",
                "-",
                "::",
                "\u200b",
            ),
            *(
                "[email ",
                "[email " + "0" * 28 + "]",
                "-----BEGIN RSA PRIVATE KEY-----",
                "call ",
                "x",
            ),
            *(
                "4111 1111 1111 1111",
                "ann@example.org",
                "203.0.113.7",
                "\ud800",
                "\uff11",
                "415-555-0132",
            ),
        ]
    ),
    st.text(max_size=12),
    st.from_regex(r"[0-9 .()/+-]{1,24}", fullmatch=True),
)
texts = st.lists(pieces, max_size=8).map("".join)


@given(texts)
@settings(max_examples=400, deadline=None)
def test_redacting_twice_changes_nothing(text: str) -> None:
    once, _ = REDACTOR.redact(text)
    assert REDACTOR.redact(once) == (once, {})


@given(texts)
@settings(max_examples=200, deadline=None)
def test_counts_are_those_of_the_placeholders_and_the_rest_stays(text: str) -> None:
    once, counts = REDACTOR.redact(text)
    found = [match[1] for match in PLACEHOLDER.finditer(once)]
    assert counts == {kind: found.count(kind) for kind in set(found)}
    at = 0
    for kept in PLACEHOLDER.split(once)[::2]:  # what is between them lies in the text, in order
        place = text.find(kept, at)
        assert place >= 0
        at = place + len(kept)


@given(texts)
@example("-----BEGIN RSA PRIVATE KEY-----")
@settings(max_examples=200, deadline=None)
def test_what_is_passed_over_holds_nothing(text: str) -> None:
    if is_plain(text):
        assert REDACTOR.spans(text) == []


def test_nothing_of_the_set_is_given_up_on() -> None:
    for item in ITEMS:
        once, counts = REDACTOR.redact(item.text)
        assert "withheld" not in counts, item
        assert REDACTOR.redact(once) == (once, {}), item


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"),
        ("Mein Passwort lautet Sommer2024!", "Sommer2024"),
    ],
)
def test_a_long_mixed_key_of_few_digits_and_a_told_password_go(text: str, secret: str) -> None:
    assert secret not in REDACTOR.redact(text)[0]


def test_the_same_value_has_the_same_placeholder_however_it_is_written() -> None:
    said = [
        "Ann@Example.org",
        "ann@example.org",
        "\uff41nn@example\u3002org",
        "a\u200bnn@example.org",
    ]
    assert len({REDACTOR.redact(f"to {each} now")[0] for each in said}) == 1
    cards = ["4111 1111 1111 1111", "4111-1111-1111-1111", "4111111111111111"]
    assert len({REDACTOR.redact(each)[0] for each in cards}) == 1
    other = Redactor(b"j" * 32)
    assert REDACTOR.redact("ann@example.org")[0] != other.redact("ann@example.org")[0]


def test_a_placeholder_can_be_looked_up_by_who_has_the_secret() -> None:
    text, _ = REDACTOR.redact("ann@example.org")
    assert text == REDACTOR.placeholder("email", "ann@example.org")
    assert keyed(SECRET, "email", "ann@example.org") in text


def test_placeholders_that_somebody_typed_are_not_taken_for_ours() -> None:
    real, _ = REDACTOR.redact("ann@example.org")
    forged = "[email " + "a" * 28 + "]"
    for typed in (forged, forged.upper(), real.upper(), real.replace("email", "em\u200bail")):
        text, counts = REDACTOR.redact(f"I am {typed}.")
        assert counts == {"forged": 1}
        assert text != f"I am {typed}."
    other = Redactor(b"j" * 32).redact("ann@example.org")[0]
    assert REDACTOR.redact(other)[1] == {"forged": 1}


def test_half_characters_and_hidden_ones_do_no_harm() -> None:
    text, counts = REDACTOR.redact("\ud83d ann@example.org \udc00")
    assert text.startswith("\ud83d [email ")
    assert text.endswith(" \udc00")
    assert counts == {"email": 1}


def test_names_are_taken_out_where_something_finds_them() -> None:
    def ann(text: str) -> Iterator[tuple[int, int]]:
        return (match.span() for match in re.finditer("Ann|email", text))

    text, counts = Redactor(SECRET, [ann]).redact("Ann: ann@example.org")
    assert counts == {"email": 1, "name": 1}
    assert PLACEHOLDER.sub("", text) == ": "


def test_what_cannot_be_finished_is_withheld_from_its_line_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(room, "_PASSES", 0)
    text, counts = REDACTOR.redact("first line\nto ann@example.org\nlast")
    assert counts == {"withheld": 1}
    assert PLACEHOLDER.sub("", text) == "first line\n"
    assert REDACTOR.redact(text) == (text, {})


def test_presidio_is_used_where_it_is_installed_and_only_there() -> None:
    recognisers = name_recognisers()
    installed = importlib.util.find_spec("presidio_analyzer") is not None
    if not installed:
        assert recognisers == ()
        return
    text, counts = Redactor(SECRET, recognisers).redact("I met John Smith. Mail ann@example.org.")
    assert counts == {"email": 1, "name": 1}
    assert "John" not in text


HOSTILE = {
    "at signs": "@" * 400_000,
    "local parts": "a." * 200_000 + "@",
    "domains": "a@" + "b." * 200_000,
    "digits": "1" * 400_000,
    "digits apart": "1 " * 200_000,
    "groups": "4111-" * 80_000,
    "dots": "1.1." * 100_000,
    "colons": ":" * 400_000,
    "hex and colons": "ab:" * 130_000,
    "token starts": "-eyJ" * 100_000,
    "token starts, vendor": "-sk-" * 100_000,
    "keys": "key=" * 100_000,
    "passwords": "password" * 50_000,
    "private keys": "-----BEGIN PRIVATE KEY-----" * 15_000,
    "links": "://a:" * 80_000,
    "placeholders": "[email " * 60_000,
    "forged": ("[email " + "0" * 28 + "]") * 10_000,
    "zero width": "a\u200b" * 200_000,
    "at in brackets": "[at]" * 100_000,
    "letters and digits": "A0" * 200_000,
    "IBAN": "AA00 " * 80_000,
    "parentheses": "(12) " * 80_000,
    "blanks": " " * 400_000,
    "emails": "ann@example.org " * 25_000,
    "chained": "1.2.3.4.a@b.co.1.2.3.4." * 17_000,
    "passport": "passport " * 44_000,
    "flags": "--token " * 50_000 + "1",
    "cells": "| password " * 36_000 + "1",
    "elements": "<password>1" * 36_000 + "</",
    "emails in links": "a%40" * 100_000,
    "quoted names": '"a"@' * 100_000,
    "cards with underscores": "4111_1111_" * 40_000,
    "told keys": "token is " + "a1" * 10 + " key is " * 50_000,
    "escaped quotes": "key=" + "\\" * 400_000,
    "accounts": "account number 1 " * 24_000,
    "bank codes": "sort code 20-00-00 account " * 15_000,
    "PuTTY": "Private-Lines: 1\nabcd\n" * 18_000,
    "dotted token": "M" + "a.aaaaaa" * 50_000,
    "session names": "session=" * 50_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_with_length_and_no_faster(name: str) -> None:
    """Four times the text takes four times as long; eight is the noise that is forgiven."""
    text = HOSTILE[name]
    quarter = min(_seconds(text[: len(text) // 4]) for _ in range(3))
    whole = min(_seconds(text) for _ in range(3))  # the least is what other work disturbs least
    assert whole < max(8 * quarter, 0.2), (quarter, whole)


def _seconds(text: str) -> float:
    began = time.process_time()
    REDACTOR.redact(text)
    return time.process_time() - began
