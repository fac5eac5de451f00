from __future__ import annotations

import dataclasses
import json
import logging
import pickle

import msgspec
import pytest

from assay.errors import AuthenticationError, DefinitionError
from assay.models.settings import Address, ModelSettings, Secret, key_and_address

KEY = "sk-very-secret-0123456789"


def test_a_secret_is_shown_only_when_it_is_revealed(caplog: pytest.LogCaptureFixture) -> None:
    secret = Secret(f" {KEY}\n")
    settings = ModelSettings(api_key=secret)
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("any").warning("%s %r %s", secret, settings, f"{secret:>40}")
    shown = [repr(secret), str(secret), f"{secret}", f"{settings}", caplog.text]
    shown.append(repr(dataclasses.asdict(settings)))
    assert not any(KEY in each for each in shown)
    assert secret.reveal() == KEY


@pytest.mark.parametrize("write", [pickle.dumps, json.dumps, msgspec.json.encode])
def test_a_secret_is_never_written_down(write: object) -> None:
    with pytest.raises(TypeError):
        write(Secret(KEY))  # type: ignore[operator]


def test_a_key_given_as_text_is_wrapped_at_once() -> None:
    settings = ModelSettings(api_key=KEY)  # type: ignore[arg-type]
    assert settings.api_key == Secret(KEY)
    assert KEY not in repr(settings)


@pytest.mark.parametrize("bad", ["sk-a\r\nHost: evil", "schlüssel", "a\x00b"])
def test_a_key_that_could_forge_a_header_is_refused_without_showing_it(bad: str) -> None:
    with pytest.raises(AuthenticationError) as caught:
        Secret(bad)
    assert bad not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["", "127.0.0.1:8000", "ftp://a", "http://", "http://a:x", "http://a:99999", "file:///etc"],
)
def test_a_base_url_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(DefinitionError, match="http or https"):
        Address(url)


@pytest.mark.parametrize("url", ["https://me:pass@a/v1", "https://a/v1?key=s3cr3t"])
def test_credentials_in_a_base_url_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        ModelSettings(base_url=url)
    assert "pass" not in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


def test_a_path_is_joined_before_the_query() -> None:
    address = Address("https://r.openai.azure.com/openai/deployments/d/?api-version=2024-10-21")
    told = "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21"
    assert address.join("/chat/completions") == told
    assert Address("http://a/v1").join("/x") == "http://a/v1/x"


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://127.0.0.1:1/v1", True),
        ("http://127.8.9.1", True),
        ("http://[::1]:80", True),
        ("http://localhost", True),
        ("http://localhost.evil.example", False),
        ("http://10.0.0.1", False),
    ],
)
def test_only_this_machine_is_loopback(url: str, loopback: bool) -> None:
    assert Address(url).is_loopback is loopback


def test_settings_win_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "from-environment")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://environment/v1")
    key, address = key_and_address(ModelSettings(), vendor="OPENAI", default_url="http://default")
    assert (key, address.host) == (Secret("from-environment"), "environment")
    given = ModelSettings(base_url="http://given", api_key=Secret("given-key"))
    key, address = key_and_address(given, vendor="OPENAI", default_url="http://default")
    assert (key, address.host) == (Secret("given-key"), "given")


def test_a_missing_key_is_an_error_but_on_this_machine() -> None:
    here = ModelSettings(base_url="http://127.0.0.1:1/v1")
    assert key_and_address(here, vendor="OPENAI", default_url="")[0] is None
    with pytest.raises(AuthenticationError, match="Set OPENAI_API_KEY"):
        key_and_address(ModelSettings(), vendor="OPENAI", default_url="https://api.openai.com/v1")
