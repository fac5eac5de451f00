"""Values of JSON are read with their names before them, in every format that has tools."""

from __future__ import annotations

import datetime
import json
from collections import Counter
from typing import Any

import pytest

from assay.formats.usage_units import Unit
from assay.usage.door import Admitted, Door
from assay.usage.nested import Nested, words_of
from assay.usage.redact import Redactor

SECRET = b"k" * 32
REDACTOR = Redactor(SECRET)
NESTED = Nested(REDACTOR, lambda text: REDACTOR.redact(text)[0])
TODAY = datetime.datetime(2026, 11, 26, tzinfo=datetime.UTC)

TOLD: list[tuple[dict[str, Any], str]] = [
    ({"password": "Tr0ub4dor&3x"}, "key"),
    ({"password": "correct horse battery staple"}, "key"),
    ({"password": "sunshine"}, "key"),
    ({"userPassword": "sunshine"}, "key"),
    ({"new-password": 20261126}, "key"),
    ({"password": 4821}, "key"),
    ({"password": {"old": "sunshine"}}, "key"),
    ({"passwords": ["sunshine"]}, "key"),
    ({"пароль": "солнце"}, "key"),
    ({"auth": {"pass": "hunter2hunter2"}}, "key"),
    ({"api_key": "9f8e7d6c5b4a39281706fedcba98"}, "key"),
    ({"apiKey": "k9dX2m4q"}, "key"),
    ({"client_secret": "Zx9kQ2mN8vB4tR7wY1pL"}, "key"),
    ({"AWS_SECRET_ACCESS_KEY": "s8phP9nhFyJfm5di4PzJ59FHz5r1pY4OjE2jBMpt"}, "key"),
    ({"headers": {"X-Api-Key": "3WhRGfI2rVXWybQTKjtayTfSlX2oumQ6"}}, "key"),
    ({"headers": {"Authorization": "token 3WhRGfI2rVXWybQTKjtayTfSlX2o"}}, "key"),
    ({"env": [{"name": "DB_PASSWORD", "value": "sunshine"}]}, "key"),
    ({"argv": ["mysql", "--password", "sunshine"]}, "key"),
    ({"pin": 4821}, "key"),
    ({"cvv": "737"}, "key"),
    ({"ssn": "536228726"}, "id"),
    ({"ssn": 536228726}, "id"),
    ({"applicantSSN": 536228726}, "id"),
    ({"passport_number": "533380006"}, "id"),
    ({"passport": {"number": 533380006}}, "id"),
    ({"pesel": "44051401359"}, "id"),
    ({"bsn": 111222333}, "id"),
    ({"taxId": "86095742719"}, "id"),
    ({"account_number": "000123456789"}, "id"),
    ({"phone": "415555013"}, "phone"),
    ({"phoneNumber": 4155550132}, "phone"),
    ({"phone_number": 4155550132.0}, "phone"),
    ({"phones": [{"mobile": 4155550132}]}, "phone"),
    ({"phone": {"home": "4155550132"}}, "phone"),
    ({"card": 4111111111111111}, "card"),
]
PLAIN: list[dict[str, Any]] = [
    {"password": ""},
    {"password": None, "pass": True},
    {"password": "<your password>"},
    {"password": "${DB_PASSWORD}"},
    {"type": "password", "name": "password", "required": True},
    {"password": {"type": "string", "description": "The password that the user chose"}},
    {"pass": 12, "fail": 3},
    {"password_length": 12, "max_tokens": 4096},
    {"key": "Enter", "token": "hello", "secret": "santa"},
    {"key": "name", "value": "Lisbon"},
    {"api_key": "OPENAI_API_KEY"},
    {"private_key": "/home/jo/.ssh/id_ed25519"},
    {"pin": 13, "mode": "output"},
    {"call_id": 123456789012, "contact_id": "1234567890"},
    {"call": {"started": 1700000000, "id": "1234567890"}},
    {"phone_updated_at": 1700000000, "phone_count": 123456789},
    {"order_number": 1234567890, "total": 99999999.0, "ratio": 0.25},
    {"argv": ["ls", "--password-file", "sunshine"]},
]


@pytest.mark.parametrize(("value", "kind"), TOLD, ids=str)
def test_a_name_tells_what_its_value_is(value: dict[str, Any], kind: str) -> None:
    counts: Counter[str] = Counter()
    told = NESTED.redact(value, counts)
    assert counts == {kind: 1}, told
    assert f"[{kind} " in str(told)
    again: Counter[str] = Counter()
    assert (NESTED.redact(told, again), again) == (told, {})


@pytest.mark.parametrize("value", PLAIN, ids=str)
def test_what_a_name_does_not_tell_stays(value: dict[str, Any]) -> None:
    counts: Counter[str] = Counter()
    assert (NESTED.redact(value, counts), counts) == (value, {})


def test_names_are_redacted_and_count_for_nothing_else() -> None:
    counts: Counter[str] = Counter()
    told = NESTED.redact({"of ann@example.org": {"x": [1, 2.5, None, True]}}, counts)
    [name] = told
    assert name.startswith("of [email ")
    assert told[name] == {"x": [1, 2.5, None, True]}


def test_a_typed_placeholder_is_no_password_and_is_taken_out() -> None:
    counts: Counter[str] = Counter()
    told = NESTED.redact({"password": "[key " + "0" * 28 + "]"}, counts)
    assert sum(counts.values()) == 1
    assert "0" * 28 not in str(told)


def test_a_hostile_name_changes_nothing_of_its_value() -> None:
    for name in ("-----BEGIN PRIVATE KEY-----", "a@", "://a:", "4111 1111 1111", "\u200b" * 99, ""):
        counts: Counter[str] = Counter()
        told = NESTED.redact({name: "a plain text of 3 words"}, counts)
        assert list(told.values()) == ["a plain text of 3 words"]


def test_names_in_words() -> None:
    for name in ("passportNumber", "passport_number", "Passport-Number", "PASSPORT NUMBER"):
        assert words_of(name) == "passport number"
    assert words_of("AWSSecretKey") == "aws secret key"


CALL = {"password": "sunshine", "ssn": 536228726, "nested": [{"phone_number": 4155550132}]}
ASKED = {"role": "user", "content": "log in"}
OPENAI = {
    "request": {"model": "m", "messages": [ASKED]},
    "response": {
        "object": "chat.completion",
        "choices": [
            {
                "message": {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {
                            "id": "c1",
                            "type": "function",
                            "function": {"name": "login", "arguments": json.dumps(CALL)},
                        }
                    ],
                }
            }
        ],
    },
}
ANTHROPIC = {
    "request": {"model": "m", "max_tokens": 9, "messages": [ASKED]},
    "response": {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "tool_use", "id": "c1", "name": "login", "input": CALL}],
        "stop_reason": "tool_use",
        "usage": {"input_tokens": 1, "output_tokens": 1},
    },
}


@pytest.mark.parametrize(("name", "row"), [("openai", OPENAI), ("anthropic", ANTHROPIC)])
def test_arguments_of_tools_are_redacted_by_their_names(name: str, row: dict[str, Any]) -> None:
    door = Door(SECRET, "log", name, {}, keep_raw=False, today=TODAY)
    data = json.dumps(row).encode()
    [passed] = door.admit([Unit(1, 0, data, len(data))])
    assert isinstance(passed, Admitted), passed
    assert passed.redacted == {"key": 1, "id": 1, "phone": 1}
    for secret in ("sunshine", "536228726", "4155550132"):
        assert secret not in str(passed.values)
