"""How to reach a model: address, key, patience. The key is kept so that it never prints."""

from __future__ import annotations

import os
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from assay.errors import AuthenticationError, DefinitionError, Problem


class Secret:
    """A key that no ``repr``, format, pickle or JSON encoder shows; only :meth:`reveal` does.

    Raises:
        AuthenticationError: the key holds a line break or another character that no header may.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        value = value.strip()
        if not value.isascii() or not value.isprintable():
            raise AuthenticationError(
                "the key holds characters that no key has.", fix="Copy it again, on one line."
            )
        self._value = value

    def reveal(self) -> str:
        """The key itself, for the one header that needs it."""
        return self._value

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __deepcopy__(self, _: object) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is never written down")


@dataclass(frozen=True)
class ModelSettings:
    """What a provider may need beside the model's name. What is None comes from the environment.

    Args:
        base_url: where the provider's protocol is spoken, for instance ``http://127.0.0.1:8000/v1``.
        api_key: the key; plain text given here is wrapped at once.
        timeout: seconds that one request may take from start to end, waiting for a connection
            included.
        connections: how many connections may be open at once.

    Raises:
        DefinitionError: the base URL cannot be used (see :class:`Address`).
        AuthenticationError: the key holds characters that no key has.
    """

    base_url: str | None = None
    api_key: Secret | None = None
    timeout: float = 120.0
    connections: int = 1000

    def __post_init__(self) -> None:
        if isinstance(self.api_key, str):
            object.__setattr__(self, "api_key", Secret(self.api_key))
        if self.base_url is not None:
            Address(self.base_url)


@dataclass(frozen=True)
class Address:
    """A base URL taken apart. It holds no secret: a password or a key within it is refused.

    Raises:
        DefinitionError: it is no http or https URL, or it carries credentials.
    """

    base_url: str

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.base_url)
            usable = parts.scheme in ("http", "https") and bool(parts.hostname)
            usable = usable and self.base_url.isprintable() and (parts.port or 1) > 0
        except ValueError:
            usable = False
        if not usable:
            _refuse("is no http or https address.", "It looks like http://127.0.0.1:8000/v1.")
        if "@" in parts.netloc or {name for name, _ in parse_qsl(parts.query)} - {"api-version"}:
            _refuse("carries credentials or a query.", "Give the key as the model's key instead.")

    @property
    def host(self) -> str:
        """The host's name in lower case, without port."""
        return (urlsplit(self.base_url).hostname or "").lower()

    @property
    def is_loopback(self) -> bool:
        """Whether the server is this machine."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def join(self, path: str) -> str:
        """The base URL with ``path`` after its own path and before its query."""
        parts = urlsplit(self.base_url)
        return urlunsplit(
            (parts.scheme, parts.netloc, parts.path.rstrip("/") + path, parts.query, "")
        )


def _refuse(message: str, remedy: str) -> NoReturn:
    raise DefinitionError(
        [Problem(file="model settings", column="base_url", message=message, remedy=remedy)]
    )


def key_and_address(
    settings: ModelSettings, *, vendor: str, default_url: str
) -> tuple[Secret | None, Address]:
    """The key and base URL to use: the settings' before ``VENDOR_API_KEY`` and ``VENDOR_BASE_URL``.

    Raises:
        AuthenticationError: there is no key, and the server is not on this machine.
        DefinitionError: the base URL cannot be used.
    """
    address = Address(settings.base_url or os.environ.get(f"{vendor}_BASE_URL") or default_url)
    key = settings.api_key or Secret(os.environ.get(f"{vendor}_API_KEY", ""))
    if key:
        return key, address
    if address.is_loopback:
        return None, address
    raise AuthenticationError(
        f"there is no key for {address.host}.",
        fix=f"Set {vendor}_API_KEY (any word will do for a server that asks for none).",
    )


def describe(provider: str, model: str, address: Address) -> dict[str, Any]:
    """What a reader needs to find a served model again."""
    return {"provider": provider, "model": model, "base_url": address.base_url}
