"""What is known of each conversation of a map, as columns of numbers: a few bytes each."""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from assay.errors import StoreError
from assay.records import Placed
from assay.store.tables import read_rows
from assay.usage.folder import UsageFolder
from assay.usage.mapping.folder import MapFolder
from assay.usage.mapping.principals import Hints, link

FIELDS = ("language", "surface", "model")
UNKNOWN = "not known"
NO_DAY = -1
_COLUMNS = ("date", "account_id", "network_id", "org_id", "client_id", *FIELDS)

Codes = NDArray[np.int32]


@dataclass(frozen=True)
class Columns:
    """One number a conversation in each column.

    Attributes:
        base: its base cluster's number; -1 where in none.
        principal: its linked principal; None where accounts are unknown: each stands alone.
        day: its date as days since the year 1; NO_DAY where unknown.
        codes: by field, its value's number.
        values: by field, the values by number.
    """

    base: Codes
    principal: Codes | None
    day: Codes
    codes: dict[str, Codes]
    values: dict[str, list[str]]

    def __len__(self) -> int:
        return len(self.base)

    @property
    def whose(self) -> Codes:
        """The principal of each; each its own where accounts are unknown."""
        if self.principal is None:
            return np.arange(len(self), dtype=np.int32)
        return self.principal


def read_columns(usage: UsageFolder, place: MapFolder, *, accounts_unknown: bool) -> Columns:
    """Read an import beside its map, both in the import's order, in a stream.

    Raises:
        StoreError: the map is of another state of the import.
    """
    bases, days = array("i"), array("i")
    found: dict[str, dict[str, int]] = {field: {} for field in FIELDS}
    codes = {field: array("i") for field in FIELDS}
    known: dict[str, int] = {}

    def hints() -> Iterator[Hints]:
        placed = read_rows(place.conversations_file, Placed, ("transcript_id", "cluster_id"))
        for each in usage.transcripts(_COLUMNS):
            own = next(placed, None)
            if own is None or own.transcript_id != each.transcript_id:
                raise stale(place)
            bases.append(-1 if own.cluster_id is None else int(own.cluster_id.partition(".")[2]))
            days.append(_day(each.date, known))
            for field in FIELDS:
                value = getattr(each, field) or UNKNOWN
                codes[field].append(found[field].setdefault(value, len(found[field])))
            yield each.account_id, each.network_id, each.org_id, each.client_id
        if next(placed, None) is not None:
            raise stale(place)

    principals = link(hints())
    return Columns(
        base=np.array(bases, dtype=np.int32),
        principal=None if accounts_unknown else principals.of,
        day=np.array(days, dtype=np.int32),
        codes={field: np.array(each, dtype=np.int32) for field, each in codes.items()},
        values={field: list(each) for field, each in found.items()},
    )


def counted(values: list[str], codes: Codes) -> Counter[str]:
    """How many conversations have each value."""
    return Counter(dict(zip(values, np.bincount(codes, minlength=len(values)), strict=True)))


def _day(told: str | None, known: dict[str, int]) -> int:
    if not told:
        return NO_DAY
    text = told[:10]
    if text not in known:
        try:
            known[text] = date.fromisoformat(text).toordinal()
        except ValueError:
            known[text] = NO_DAY
    return known[text]


def stale(place: MapFolder) -> StoreError:
    """The import was added to or purged since its map was made."""
    return StoreError(
        "the map is of another state of its import.",
        where=str(place.path),
        fix="Make it again: assay usage map",
    )
