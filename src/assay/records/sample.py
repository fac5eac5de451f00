"""One thing to ask, and what is known of it."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from assay.records.message import Message

Polarity = Literal["violative", "benign"]


class Sample(msgspec.Struct, frozen=True, omit_defaults=True):
    """One sample of an eval.

    ``input`` is text, or the messages of a conversation so far. ``target`` holds every answer that
    counts as right. ``cluster`` names what the sample was derived from (samples of one cluster are
    not independent); ``pair_id`` joins a violative request to its benign twin.
    """

    id: str
    input: str | tuple[Message, ...]
    target: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    cluster: str | None = None
    pair_id: str | None = None
    polarity: Polarity | None = None
    policy_area: str | None = None
    language: str | None = None
    metadata: dict[str, Any] = {}
