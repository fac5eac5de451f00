"""Which transcripts a report holds, chosen in one pass over any number of them.

The unscored and the unwanted come first, as far as there is room; the rest of the room shows an
even spread. The choice depends on the samples, not on the order in which they come.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Generic, Protocol, TypeVar

import msgspec

from assay.report.entries import Key, Teller, Tier, Told, entry, facts, key_of
from assay.report.model import RunView

MAX_TRANSCRIPTS = 2_000
"""Transcripts in one report, both runs' together."""

MAX_BYTES = 16_000_000
"""Bytes of samples in one report; what would exceed them is left out, least important first."""

FACETS = ("eval", "polarity", "area", "language")

Item = TypeVar("Item")
Stratum = tuple[str, ...]
Rank = tuple[float, int]


@dataclass(frozen=True)
class Samples:
    """The chosen samples as JSON texts, worst first, and what they were chosen from.

    ``total`` counts the candidate's transcripts and ``of_tier`` splits that count; ``kept`` counts
    the chosen samples likewise. ``facets`` holds the values to filter by.
    """

    entries: tuple[bytes, ...]
    total: int
    of_tier: dict[str, int]
    kept: dict[str, int]
    facets: dict[str, tuple[str, ...]]

    @property
    def complete(self) -> bool:
        return len(self.entries) == self.total


def choose(candidate: RunView, baseline: RunView | None, limit: int = MAX_TRANSCRIPTS) -> Samples:
    """Choose at most ``limit`` transcripts; a sample's two transcripts count as two.

    Both runs' transcripts are read once, the candidate's first. At no time are more than a few
    times ``limit`` of them held, each cut to a bounded length.
    """
    room = limit // 2 if baseline else limit
    teller = Teller(candidate.record)
    pools = {tier: Pool[Candidate](room) for tier in TIERS}
    of_tier: Counter[str] = Counter()
    for transcript, rows in candidate.transcripts:
        tier, bad, stratum = teller.judge(transcript, rows)
        of_tier[tier] += 1
        key = key_of(transcript, rows)
        rank = (-bad, spread(key))
        if pools[tier].admits(stratum, rank):
            told = Candidate(key, tier, bad, facts(key, transcript), teller.side(transcript, rows))
            pools[tier].add(stratum, rank, told)
    chosen = compose(pools, room)
    if baseline is None:
        return told_samples(chosen, of_tier, [[one.side] for one in chosen])
    twins = _matching(baseline, {one.key for one in chosen})
    return told_samples(chosen, of_tier, [[one.side, twins.get(one.key)] for one in chosen])


class Pool(Generic[Item]):
    """The best items by rank, shared evenly between strata, of however many are offered.

    Each stratum keeps its best items up to a common waterline, which sinks as more strata fill; so
    large strata never crowd out small ones, and the order of the offers does not matter. Up to
    ``room`` items, and at most one more for each stratum, are held; :meth:`shrink` gives up those.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._line = max(1, room)
        self._size = 0
        self._at_line = 0
        self._serial = 0
        self._strata: dict[Stratum, list[tuple[float, int, int, Item]]] = {}

    def __len__(self) -> int:
        return self._size

    def admits(self, stratum: Stratum, rank: Rank) -> bool:
        """Whether an item would be kept if it were added now."""
        held = self._strata.get(stratum, [])
        return len(held) < self._line or (-held[0][0], -held[0][1]) > rank

    def add(self, stratum: Stratum, rank: Rank, item: Item) -> None:
        """Add an item that the pool admits. Lower ranks are kept first."""
        self._serial += 1
        told = (-rank[0], -rank[1], -self._serial, item)
        held = self._strata.setdefault(stratum, [])
        if len(held) == self._line:
            heapq.heapreplace(held, told)
            return
        heapq.heappush(held, told)
        self._size += 1
        self._at_line += len(held) == self._line
        while self._size - self._at_line >= self._room:
            self._lower()
        if self._line == 1 and self._size > 2 * self._room:
            self.shrink(self._room)

    def shrink(self, room: int) -> None:
        """Give up items until at most ``room`` are left: from the largest strata, worst first."""
        while self._size - self._at_line >= room and self._line > 1:
            self._lower()
        spare = sorted(
            (held[0][:2], name) for name, held in self._strata.items() if len(held) == self._line
        )
        for _, name in spare[: max(0, self._size - room)]:
            heapq.heappop(self._strata[name])
            if not self._strata[name]:
                del self._strata[name]
            self._size -= 1
            self._at_line -= 1

    def items(self) -> Iterator[Item]:
        return (told[-1] for held in self._strata.values() for told in held)

    def _lower(self) -> None:
        """Sink the waterline by one."""
        for held in self._strata.values():
            if len(held) == self._line:
                heapq.heappop(held)
        self._size -= self._at_line
        self._line -= 1
        self._at_line = sum(len(held) == self._line for held in self._strata.values())


class Ranked(Protocol):
    """A sample with what decides whether it is shown."""

    @property
    def key(self) -> Key: ...
    @property
    def tier(self) -> Tier: ...
    @property
    def badness(self) -> float: ...


Chosen = TypeVar("Chosen", bound=Ranked)


@dataclass(frozen=True)
class Candidate:
    """A sample that is shown: what is known of it, and what the candidate said."""

    key: Key
    tier: Tier
    badness: float
    about: Told
    side: Told


TIERS: tuple[Tier, ...] = ("unscored", "unwanted", "rest")


def spread(key: Key) -> int:
    """A number that scatters samples evenly, the same in every report."""
    name = f"{key[0]}\0{key[1]}\0{key[2]}".encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(name, digest_size=8).digest(), "big")


def compose(pools: dict[Tier, Pool[Chosen]], room: int) -> list[Chosen]:
    """Share the room: a fifth for the even spread; of what is left, the unscored may crowd the
    unwanted out of a third and no more."""
    unscored, unwanted, rest = (pools[tier] for tier in TIERS)
    first = room - min(len(rest), room // 5)
    unscored.shrink(max(first // 3, first - len(unwanted)))
    unwanted.shrink(first - len(unscored))
    rest.shrink(room - len(unscored) - len(unwanted))
    chosen = [one for pool in pools.values() for one in pool.items()]
    return sorted(chosen, key=lambda one: (TIERS.index(one.tier), -one.badness, one.key))


def _matching(baseline: RunView, keys: set[Key]) -> dict[Key, Told]:
    """The baseline's sides of the chosen samples."""
    teller = Teller(baseline.record)
    found = {}
    for transcript, rows in baseline.transcripts:
        key = key_of(transcript, rows)
        if key in keys:
            found[key] = teller.side(transcript, rows)
    return found


def told_samples(
    chosen: list[Candidate], of_tier: Counter[str], sides: list[list[Told | None]]
) -> Samples:
    """The samples as a page holds them; what would exceed :data:`MAX_BYTES` is left out.

    Args:
        sides: of each sample, what each model said; None where one has no such sample.
    """
    entries: list[bytes] = []
    kept: Counter[str] = Counter()
    facets: dict[str, set[str]] = {name: set() for name in (*FACETS, "labels")}
    size = 0
    for one, both in zip(chosen, sides, strict=True):
        told = entry(one.about, one.tier, both)
        text = msgspec.json.encode(told)
        size += len(text)
        if size > MAX_BYTES:
            break
        entries.append(text)
        kept[one.tier] += 1
        for name in FACETS:
            facets[name].add(told[name])
        facets["labels"].update(told["labels"])
    values = {name: tuple(sorted(found - {""})) for name, found in facets.items()}
    return Samples(tuple(entries), of_tier.total(), dict(of_tier), dict(kept), values)
