"""A finding that somebody owns, what was done about it, and the runs that prove the effect."""

from __future__ import annotations

from typing import Literal

import msgspec

FindingKind = Literal["gate", "regression", "sample", "cluster"]


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What a mitigation did, by two runs: the paired difference after less before.

    ``shown``: the interval excludes zero on the better side.
    """

    eval: str
    scorer: str
    slice: dict[str, str]
    before_run: str
    after_run: str
    before: float | None
    after: float | None
    value: float | None
    low: float | None
    high: float | None
    confidence: float
    method: str
    n: int
    clusters: int
    missing: dict[str, int]
    shown: bool
    warning: str = ""


class Mitigation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was done about a finding. ``effect`` is None until runs prove it."""

    number: int
    what: str
    by: str
    time: str
    effect: Effect | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A gate, regression, sample or cluster of usage that somebody answers for until it is closed.

    ``subject`` names what it is about: a gate's id, ``eval/scorer`` with its slice, a transcript's
    id, a cluster's id. Times are ISO 8601.
    """

    id: str
    kind: FindingKind
    subject: str
    launch: str | None
    summary: str
    owner: str
    opened: str
    opened_by: str
    mitigations: tuple[Mitigation, ...] = ()
    closed: str | None = None
    closed_by: str | None = None
    reason: str = ""

    @property
    def open(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.closed is None
