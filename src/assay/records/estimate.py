"""A figure as it is printed: never a bare number."""

from __future__ import annotations

from typing import Literal

import msgspec

Good = Literal["high", "low", "by_polarity"]
"""Which way a scorer's value is better. ``by_polarity``: high on violative, low on benign."""


Standing = Literal["certified", "half certified", "expired", "uncertified"]
"""Whether the error of the scorer version was measured, and whether that still holds."""


class Second(msgspec.Struct, frozen=True):
    """The same figure had another way; ``basis`` says on what it rests."""

    value: float
    low: float
    high: float
    method: str
    n: int
    basis: str
    warning: str = ""


class Estimate(msgspec.Struct, frozen=True):
    """One figure with all that it needs to be trusted.

    ``value``, ``low`` and ``high`` are None where nothing was scored. ``planned`` is the
    denominator: every planned sample x epoch of the slice. ``missing`` counts, by reason, the
    planned rows without a score, so ``n + sum(missing.values()) == planned``. ``worst`` and
    ``best`` are the figure with every missing row counted against the model and for it (None where
    the scorer's values have no bounds). ``clusters`` is the number of independent groups (= n
    where none share an origin). ``warning`` says where the method should not be relied on.

    ``standing`` tells whether the scorer version has a certificate, ``certificate`` which one, and
    ``corrected`` is the figure freed of the error that it states. ``audited`` is the figure from
    people's labels of a random part of this run. Each is None where it cannot be had.
    """

    eval: str
    scorer: str
    scorer_version: str
    slice: dict[str, str]
    value: float | None
    low: float | None
    high: float | None
    confidence: float
    method: str
    n: int
    clusters: int
    planned: int
    missing: dict[str, int]
    worst: float | None
    best: float | None
    good: Good
    warning: str = ""
    standing: Standing = "uncertified"
    certificate: str | None = None
    corrected: Second | None = None
    audited: Second | None = None
