"""All that the pages on usage are made of: counts and figures, none of them of too few people."""

from __future__ import annotations

import msgspec

from assay.records import Cluster, MapRecord
from assay.usage.explore.audit import Audit
from assay.usage.explore.changes import Compared
from assay.usage.explore.rates import Rates


class Slices(msgspec.Struct, frozen=True, kw_only=True):
    """Conversations by group and part of a kind; FEW and BLANK where they may not be told."""

    kind: str
    unit: str
    values: tuple[str, ...]
    told: list[list[int]]
    shares: tuple[tuple[float, float, float], ...] = ()
    """Each part's share of all conversations, with its interval; zeros where not to be told."""


class GroupView(msgspec.Struct, frozen=True, kw_only=True):
    """One group. ``share`` is of all conversations, with its interval (None under noise)."""

    cluster: Cluster
    parent: int
    share: float
    low: float | None
    high: float | None


class Example(msgspec.Struct, frozen=True):
    """A conversation of a group, redacted, for the safety profile only."""

    group: int
    transcript_id: str
    account_id: str | None
    date: str | None
    text: str


class UsageView(msgspec.Struct, frozen=True, kw_only=True):
    """A map as its readers see it. Group 0 is the whole import; others by number less one.

    ``private`` says that counts are noisy, so that nothing but the map's own counts may be told.
    ``method`` names the intervals of shares.
    """

    record: MapRecord
    minimum_conversations: int
    minimum_principals: int
    private: bool
    clustered: bool
    method: str
    groups: list[GroupView]
    slices: list[Slices]
    comparisons: list[Compared]
    rates: list[Rates]
    audits: list[Audit]
    examples: list[Example]
    examples_of: int
    imported: dict[str, int]
