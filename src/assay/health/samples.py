"""Reads evals' samples once each: what resembles what, canaries, and public and held-back twins."""

from __future__ import annotations

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from assay.errors import AssayError
from assay.evals import EvalDefinition, iter_samples
from assay.evals.definition import CARD, FILE
from assay.evals.duplicates import NearPairs
from assay.health.result import Duplicates
from assay.records import Sample

MOST_TEXTS = 200_000
"""Samples that are compared, over all evals; further ones are not."""

_CANARY = re.compile(
    r"(?i)canary[^\n]{0,60}?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
)
_MOST_CANARIES = 5
_YES = {"1", "true", "yes", "y", "held-back", "held_back"}


@dataclass
class Seen:
    """What one eval's samples tell.

    ``twins`` pairs the ids of public samples with those of their held-back twins.
    ``resembling`` maps a sample to what it resembles, in words. ``fault`` says why they could not
    be read.
    """

    eval: str
    samples: int = 0
    compared: int = 0
    exact: int = 0
    near: int = 0
    across: dict[str, int] = field(default_factory=dict)
    canaries: list[str] = field(default_factory=list)
    held_back: int = 0
    twins: list[tuple[str, str]] = field(default_factory=list)
    resembling: dict[str, str] = field(default_factory=dict)
    clusters: int = 0
    areas: int = 0
    languages: int = 0
    fault: str = ""

    def duplicates(self) -> Duplicates | None:
        """As the result tells them; None where the samples could not be read."""
        if self.fault:
            return None
        return Duplicates(
            samples=self.samples,
            compared=self.compared,
            exact=self.exact,
            near=self.near,
            across=self.across,
        )


def look_into(definitions: Sequence[EvalDefinition]) -> dict[str, Seen]:
    """One pass over the samples of all evals, and one comparison of all their texts."""
    texts = _Texts()
    found = {}
    for definition in definitions:
        seen = found[definition.name] = Seen(definition.name)
        _read(definition, len(found) - 1, seen, texts)
    texts.compare(list(found.values()))
    return found


def text_of(sample: Sample) -> str:
    """What is asked: the input, and the choices where there are any."""
    said = sample.input
    text = said if isinstance(said, str) else "\n".join(each.content for each in said)
    return "\n".join((text, *sample.choices))


class _Texts:
    """The texts of all evals, and whose each is."""

    def __init__(self) -> None:
        self._near = NearPairs()
        self._ids: list[str] = []
        self._owners, self._clusters, self._pairs = array("I"), array("q"), array("q")

    def add(self, owner: int, sample: Sample) -> bool:
        """Take a sample's text; whether there was room."""
        if len(self._near) >= MOST_TEXTS:
            return False
        self._near.add(text_of(sample))
        self._ids.append(sample.id)
        self._owners.append(owner)
        self._clusters.append(hash(sample.cluster) if sample.cluster else 0)
        self._pairs.append(hash(sample.pair_id) if sample.pair_id else 0)
        return True

    def compare(self, seen: Sequence[Seen]) -> None:
        """Note in each eval what resembles what."""
        across: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        for each in self._near.pairs(self._kin):
            one, other = (self._owners[number] for number in (each.first, each.second))
            how = "the same as" if each.similarity == 1 else "nearly the same as"
            for here, there in ((each.first, each.second), (each.second, each.first)):
                owner, its = seen[self._owners[here]], seen[self._owners[there]]
                if one != other:
                    across[owner.eval][its.eval].add(self._ids[here])
                    told = f"{how} {self._ids[there]} of {its.eval}"
                    owner.resembling.setdefault(self._ids[here], told)
            later = self._ids[each.second]
            if one == other and not seen[one].resembling.get(later, "").endswith(_WITHIN):
                seen[one].resembling[later] = f"{how} {self._ids[each.first]}{_WITHIN}"
                if each.similarity == 1:
                    seen[one].exact += 1
                else:
                    seen[one].near += 1
        for name, others in across.items():
            counts = {other: len(ids) for other, ids in sorted(others.items())}
            next(each for each in seen if each.eval == name).across = counts

    def _kin(self, one: int, other: int) -> bool:
        """Samples of one eval that share a cluster or a pair are known to resemble each other."""
        if self._owners[one] != self._owners[other]:
            return False
        return any(
            held[one] != 0 and held[one] == held[other] for held in (self._clusters, self._pairs)
        )


_WITHIN = " here"


def _read(definition: EvalDefinition, owner: int, seen: Seen, texts: _Texts) -> None:
    canaries: Counter[str] = Counter()
    for file in (FILE, CARD):
        path = definition.folder / file
        if path.is_file():
            canaries.update(_CANARY.findall(path.read_text(encoding="utf-8", errors="replace")))
    twins = _Twins()
    clusters, areas, languages = set[int](), set[str | None](), set[str | None]()
    try:
        for sample in iter_samples(definition):
            seen.samples += 1
            seen.compared += texts.add(owner, sample)
            clusters.add(hash(sample.cluster or sample.id))
            areas.add(sample.policy_area)
            languages.add(sample.language)
            twins.look(sample)
            _note_canaries(sample, canaries)
    except AssayError as error:
        seen.fault = str(error)
    seen.canaries = [name for name, _ in canaries.most_common(_MOST_CANARIES)]
    seen.held_back, seen.twins = len(twins.held), twins.joined()
    seen.clusters, seen.areas, seen.languages = (
        len(clusters), len(areas - {None}), len(languages - {None})
    )  # fmt: skip


def _note_canaries(sample: Sample, canaries: Counter[str]) -> None:
    told = [text_of(sample), *(each for each in sample.metadata.values() if isinstance(each, str))]
    for text in told:
        if "anary" in text or "ANARY" in text:
            canaries.update(_CANARY.findall(text))


class _Twins:
    """Samples that are held back (metadata ``held_back: yes``), and their public twins.

    The twin is the sample that ``twin_of`` names; else the public one of the same pair and
    polarity.
    """

    def __init__(self) -> None:
        self.held: list[tuple[str, str | None, tuple[str, str | None] | None]] = []
        self._public: dict[tuple[str, str | None], str] = {}

    def look(self, sample: Sample) -> None:
        place = (sample.pair_id, sample.polarity) if sample.pair_id else None
        if str(sample.metadata.get("held_back", "")).strip().casefold() in _YES:
            named = sample.metadata.get("twin_of")
            self.held.append((sample.id, str(named) if named else None, place))
        elif place is not None:
            self._public.setdefault(place, sample.id)

    def joined(self) -> list[tuple[str, str]]:
        """Public and held-back ids of each pair."""
        found = []
        for held, named, place in self.held:
            public = named or (self._public.get(place) if place else None)
            if public is not None:
                found.append((public, held))
        return found
