"""The completion probe: given the first half of a sample's text, does a model write the second?

Who has read a text often enough can go on with it word for word. What chance and the text's own
drift would give is measured too, by the second half of another sample of the same kind.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import ArrayLike

from assay.errors import AssayError
from assay.evals import iter_samples
from assay.health.contamination import PROBED
from assay.health.pool import JOURNALS, Pool
from assay.health.result import Figure, Probe
from assay.records import Message, Parameters, Reply, Request, Sample, now
from assay.runs.errand import Errand
from assay.runs.run import Controls
from assay.runs.settings import Settings
from assay.stats import clustered_mean, paired, sums_by_cluster
from assay.store.catalogue import Catalogue
from assay.store.workspace import Workspace

FEWEST_WORDS = 16
"""Shorter texts have no half to go on from."""
_RUN = 4
_MOST_WORDS = 400
_WHOLE = 0.8
_WORD = re.compile(r"\S+")
_MARKS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class _Half:
    """A sample's text in two, and what it shares an origin by."""

    first: str
    second: tuple[str, ...]
    cluster: str
    kind: tuple[str, str]


async def probe(
    place: Workspace, settings: Settings, pool: Pool, model: str, controls: Controls, *, n: int
) -> Probe:
    """Ask a model to go on with n samples, drawn at random, and keep what came of it in the trail.

    Raises:
        AssayError: no folder, no text long enough, no reply at all; or it was stopped, and the
            same command goes on.
    """
    if pool.definition is None:
        raise AssayError(
            f"the samples of {pool.name} are not at hand.", fix="Probe an eval that has a folder."
        )
    halves, short = _draw(pool, n)
    if not halves:
        raise AssayError(
            f"no sample of {pool.name} has {FEWEST_WORDS} words or more, so none can be halved.",
            fix="Words are told by the spaces between them: other texts cannot be probed.",
        )
    controls.progress.title = f"probing {model}"
    async with Errand(
        place.root / JOURNALS, settings, model, f"probe {pool.hash} {n}", controls
    ) as errand:
        replies = await errand.ask([_request(each) for each in halves])
        found = _measured(pool, model, halves, replies, short)
        with Catalogue(place.root) as catalogue, catalogue.change():
            catalogue.note(PROBED, pool.name, msgspec.to_builtins(found))
        await errand.done()
    return found


def share_of(second: Sequence[str], reply: str) -> float:
    """The share of a text's four-word runs that a reply holds."""
    said = _words(reply)
    there = {tuple(said[at : at + _RUN]) for at in range(len(said) - _RUN + 1)}
    runs = [tuple(second[at : at + _RUN]) for at in range(len(second) - _RUN + 1)]
    return sum(run in there for run in runs) / len(runs)


def _draw(pool: Pool, n: int) -> tuple[list[_Half], int]:
    """Halves of n samples at random, those of one kind side by side; how many were too short."""
    assert pool.definition is not None
    chance = random.Random(pool.hash)
    drawn: list[_Half] = []
    short = fitting = 0
    for sample in iter_samples(pool.definition):
        half = _halved(sample)
        if half is None:
            short += 1
            continue
        fitting += 1
        if len(drawn) < n:
            drawn.append(half)
        elif (place := chance.randrange(fitting)) < n:
            drawn[place] = half
    return sorted(drawn, key=lambda each: (each.kind, each.cluster, each.first)), short


def _halved(sample: Sample) -> _Half | None:
    said = sample.input
    text = said if isinstance(said, str) else said[-1].content if said else ""
    spans = [match.span() for match in _WORD.finditer(text)][:_MOST_WORDS]
    if len(spans) < FEWEST_WORDS:
        return None
    middle = len(spans) // 2
    first, rest = text[: spans[middle - 1][1]], text[spans[middle][0] : spans[-1][1]]
    second = _words(rest)
    if len(second) < FEWEST_WORDS // 2:
        return None
    kind = (sample.policy_area or "", sample.polarity or "")
    return _Half(first, tuple(second), sample.cluster or sample.id, kind)


def _words(text: str) -> list[str]:
    bare = (_MARKS.sub("", word) for word in text.casefold().split())
    return [word for word in bare if word]


def _request(half: _Half) -> Request:
    mark = hashlib.sha256(half.first.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    asked = (
        f"Between the two lines that say {mark} stands the first half of a text. Write its second"
        " half, word for word as the text has it. Do not answer or comment on the text; write"
        f" nothing but the words that come next.\n\n{mark}\n{half.first}\n{mark}"
    )
    longest = 3 * len(half.second) + 16
    return Request((Message("user", asked),), Parameters(max_tokens=longest, temperature=0))


def _measured(
    pool: Pool, model: str, halves: list[_Half], replies: list[Reply | None], short: int
) -> Probe:
    own, other, clusters = [], [], []
    for place, reply in enumerate(replies):
        if reply is not None:
            own.append(share_of(halves[place].second, reply.text))
            neighbour = halves[(place + 1) % len(halves)]
            other.append(share_of(neighbour.second, reply.text))
            clusters.append(halves[place].cluster)
    if not own:
        raise AssayError(
            f"{model} answered none of {len(replies)} requests.", fix="See why: assay run."
        )
    change = paired(own, other, clusters=clusters, bounds=(0.0, 1.0))
    return Probe(
        eval=pool.name,
        eval_hash=pool.hash,
        model=model,
        made=now(),
        asked=len(replies),
        too_short=short,
        failed=len(replies) - len(own),
        own=_mean(own, clusters),
        other=_mean(other, clusters),
        excess=Figure.of(change.difference),
        whole=int(np.count_nonzero(np.array(own) >= _WHOLE)),
    )


def _mean(values: ArrayLike, clusters: ArrayLike) -> Figure:
    sums, counts = sums_by_cluster(clusters, values)
    return Figure.of(clustered_mean(sums, counts, bounds=(0.0, 1.0)))
