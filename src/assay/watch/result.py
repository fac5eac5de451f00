"""What a watch finds and keeps: looks, figures, alerts, and what status tells of them."""

from __future__ import annotations

from typing import Literal

import msgspec

LookStatus = Literal["begun", "done", "missed"]
AlertKind = Literal["change", "back", "unscored", "restarted", "missed"]
Standing = Literal["as expected", "higher", "lower"]


class Counts(msgspec.Struct, frozen=True):
    """What one look saw of one figure: of ``planned`` replies, ``scored`` have ``total``.

    Scores are stretched to 0..1 by the scorer's bounds. ``missing`` counts the others by reason.
    """

    planned: int
    scored: int
    total: float
    missing: dict[str, int]


class Claim(msgspec.Struct, frozen=True):
    """Where a figure stands after a look, by all looks of its sequence.

    A *sequence* is a row of looks that may be added up: it begins anew, and says why in
    ``restarted``, where the eval, the scorer, the policy, the model or the watch's own rules
    change, and after a change was established or confirmed. ``value`` is of the scored replies.
    ``low`` and ``high`` hold at all looks at once; ``worst_low`` and ``worst_high`` do so whatever
    the missing replies would have said. All are in the scorer's units. ``standing`` is what is
    established, ``good`` whether that is for the better, and ``since`` an estimate of when it
    began. ``changed`` tells that this look established it, and ``closed`` that the next look begins
    a new sequence. ``warning`` says where the promise about false alarms should not be relied on.
    """

    id: str
    sequence: int
    begun: str
    looks: int
    value: float | None
    low: float
    high: float
    worst_low: float
    worst_high: float
    confidence: float
    method: str
    n: int
    planned: int
    missing: dict[str, int]
    reference: str
    standing: Standing
    good: bool | None
    since: str | None
    restarted: str = ""
    changed: bool = False
    closed: bool = False
    warning: str = ""


class SeenFigure(msgspec.Struct, frozen=True):
    """One watched figure at one look: its counts, the conditions they hold under, and its claims.

    ``figure`` is about the scores, ``unscored`` about the share of replies without one.
    """

    id: str
    counts: Counts
    conditions: dict[str, str]
    figure: Claim
    unscored: Claim
    scorer: str = ""


class Look(msgspec.Struct, frozen=True):
    """One line of the watch's journal: a look that was done, or one or more that were missed.

    ``due`` and ``until`` are the first and the last due time where several were missed in a row
    (``count`` of them). ``why`` tells why a look was missed.
    """

    number: int
    due: str
    until: str
    count: int
    status: LookStatus
    why: str
    began: str | None
    ended: str | None
    draw: str
    run: str | None
    figures: tuple[SeenFigure, ...]


class Alert(msgspec.Struct, frozen=True):
    """What goes out. The same ``id`` twice is the same alert: receivers may drop the second."""

    id: str
    watch: str
    kind: AlertKind
    made: str
    title: str
    lines: tuple[str, ...]
    claim: Claim | None = None
    runs: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The whole as plain text."""
        return "\n".join((self.title, "", *self.lines)) + "\n"


class Delivery(msgspec.Struct, frozen=True):
    """How an alert fares on one of its ways out. ``next_try`` is None once it was delivered."""

    alert: str
    channel: str
    attempts: int
    delivered: str | None
    next_try: str | None
    error: str


class WatchTurn(msgspec.Struct, frozen=True):
    """What one ``watch start`` did: its looks, what was missed among them, and the alerts raised.

    ``undelivered`` counts deliveries that are still to be tried again.
    """

    looks: tuple[Look, ...]
    alerts: tuple[Alert, ...]
    undelivered: int


class WatchStatus(msgspec.Struct, frozen=True):
    """All of a watch: whether a process is at it, its looks, alerts and deliveries.

    ``figures`` are those of the newest look that was done. ``looks`` and ``alerts`` are the newest
    ones, oldest first. ``done`` counts looks that were done and ``missed`` those that were not.
    ``notes`` say what a reader must know besides.
    """

    name: str
    model: str
    running: bool
    every: str
    next_due: str | None
    done: int
    missed: int
    guarantee: str
    figures: tuple[SeenFigure, ...]
    looks: tuple[Look, ...]
    alerts: tuple[Alert, ...]
    deliveries: tuple[Delivery, ...]
    notes: tuple[str, ...] = ()
