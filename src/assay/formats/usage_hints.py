"""Who acted, from where and when, by the names that logs give such things.

The same names are looked for in every JSON log: at the top of a row, in its metadata, in the
request and in its headers. What is found here is stored as keyed hashes only.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.formats.usage_base import first, object_of, word

ACCOUNT = (
    "account_id",
    "account",
    "user_id",
    "userId",
    "safety_identifier",
    "end_user",
    "end_user_id",
    "user",
    "customer_id",
    "account_uuid",
    "user_uuid",
)
ORG = (
    "org_id",
    "organization_id",
    "organization",
    "org",
    "tenant_id",
    "tenant",
    "workspace_id",
    "team_id",
    "openai-organization",
    "anthropic-organization-id",
)
THREAD = (
    "conversation_id",
    "conversationId",
    "session_id",
    "sessionId",
    "thread_id",
    "chat_id",
    "x-session-id",
)
DATE = (
    "timestamp",
    "created_at",
    "createdAt",
    "create_time",
    "created",
    "start_time",
    "startTime",
    "request_time",
    "date",
    "datetime",
    "time",
    "ts",
    "tstamp",
)
SURFACE = ("surface", "product", "app", "application", "app_id", "interface", "channel", "platform")
NETWORK = (
    "ip",
    "ip_address",
    "client_ip",
    "remote_addr",
    "remote_ip",
    "hashed_ip",
    "x-real-ip",
    "x-forwarded-for",
    "cf-connecting-ip",
)
_CLIENT = {
    "user_agent": ("user_agent", "user-agent", "userAgent", "useragent"),
    "accept_language": ("accept_language", "accept-language"),
    "api_key": ("api_key_id", "api_key", "key_id", "key_alias", "api_key_hash", "x-api-key"),
    "device": ("device_id", "deviceId", "fingerprint", "client_id"),
    "authorization": ("authorization",),
}
_LONGEST = 1_000  # characters; what is longer names nobody
_HOLDERS = ("metadata", "headers", "header", "request_headers", "context", "client", "http")


def places_of(*rows: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Where hints may stand: the rows, then what they hold under metadata, headers and the like."""
    found: list[Mapping[str, Any]] = list(rows)
    for row in rows:
        for name in _HOLDERS:
            inner = row.get(name)
            if inner is not None and (held := object_of(inner)):
                lower = {str(key).lower(): value for key, value in held.items()}
                found.append(lower | held)
    return found


_FIELD_OF = {
    name: (field, rank)
    for field, names in (
        ("account", ACCOUNT),
        ("org", ORG),
        ("surface", SURFACE),
        ("network", NETWORK),
        ("date", DATE),
        *_CLIENT.items(),
    )
    for rank, name in enumerate(names)
}


def who(places: list[Mapping[str, Any]]) -> dict[str, Any]:
    """The fields of a conversation that say who acted, from where and when."""
    best: dict[str, tuple[int, int]] = {}
    found: dict[str, Any] = {}
    for number, place in enumerate(places):
        for name, value in place.items():
            known = _FIELD_OF.get(name)
            if known is None or value is None or value == "":
                continue
            field, rank = known
            if (number, rank) >= best.get(field, _WORST):
                continue
            said = value if field == "date" else _said(value)
            if said is not None:
                best[field], found[field] = (number, rank), said
    return {
        "account": found.get("account"),
        "org": found.get("org"),
        "surface": found.get("surface"),
        "network": found.get("network"),
        "client": {name: found[name] for name in _CLIENT if name in found},
        "date": found.get("date"),
    }


_WORST = (1 << 30, 0)


def named(places: list[Mapping[str, Any]], *names: str) -> str | None:
    """The first of these names' values that is text or a number; of an object, its id or name."""
    for place in places:
        for name in names:
            if name in place and (said := _said(place[name])) is not None:
                return said
    return None


def _said(value: Any) -> str | None:
    if isinstance(value, dict):
        value = first(value, "id", "user_id", "name")
    said = word(value)
    return said if said is not None and len(said) <= _LONGEST else None
