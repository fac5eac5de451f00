"""Whether a group's name picks out its members from the nearest other group's.

That stands in for truth: it sees whether a name tells a group from its neighbour, not whether
people would call it true. A name may do so by an odd word, and a true name may fail to. Names are
made of the members' words, so the figure by keywords is flattered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from assay.records import Cluster, NameCheck
from assay.runs.scorer_error import measured
from assay.stats import mean
from assay.usage.mapping.kmeans import middles_of
from assay.usage.mapping.naming import NAMELESS, said_in
from assay.usage.mapping.words import pieces
from assay.usage.validation.mapped import Mapped

_SIDE = 50  # members, and as many outsiders, for each name; as Clio's namer sees
NOT_SHOWN = "not shown, so without a name"
ALONE = "the only group"

Embed = Callable[[list[str]], NDArray[np.float32]]
Fit = Callable[[Cluster, Sequence[str]], NDArray[np.float64]]
"""How well a group's name fits each of some texts."""


def name_checks(
    seen: Mapped, texts: Sequence[str], embed: Embed | None, seed: int
) -> tuple[NameCheck, ...]:
    """By keywords, and by embedding where there is an embedder for names."""
    pairs = _pairs(seen, seed)
    checks = [_check("keywords", _by_keywords, seen, texts, pairs)]
    if embed is not None:
        checks.append(_check("embedding", _by_embedding(embed), seen, texts, pairs))
    return tuple(checks)


def _pairs(seen: Mapped, seed: int) -> dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """For each base group: some members, and some conversations of the nearest other group."""
    random = np.random.default_rng(seed)
    count = len(seen.clusters[0])
    middles = middles_of(seen.vectors, seen.base, count)
    cosines = middles @ middles.T
    np.fill_diagonal(cosines, -np.inf)
    found = {}
    for number in range(count if count > 1 else 0):
        sides = []
        for group in (number, int(cosines[number].argmax())):
            rows = np.flatnonzero(seen.base == group)
            sides.append(random.choice(rows, min(_SIDE, len(rows)), replace=False))
        found[number] = (sides[0], sides[1])
    return found


def _check(
    how: str,
    fit: Fit,
    seen: Mapped,
    texts: Sequence[str],
    pairs: dict[int, tuple[NDArray[np.int64], NDArray[np.int64]]],
) -> NameCheck:
    scores, missing = [], dict[str, int]()
    for number, cluster in enumerate(seen.clusters[0]):
        why = ALONE if number not in pairs else None if cluster.shown else NOT_SHOWN
        if why:
            missing[why] = missing.get(why, 0) + 1
            continue
        scores.append(_told_apart(fit, cluster, texts, *pairs[number]))
    return NameCheck(
        how=how,
        planned=len(seen.clusters[0]),
        measured=measured(mean(np.array(scores), bounds=(0, 1))) if scores else None,
        chance=0.5,
        missing=missing,
    )


def _told_apart(
    fit: Fit,
    cluster: Cluster,
    texts: Sequence[str],
    members: NDArray[np.int64],
    outsiders: NDArray[np.int64],
) -> float:
    """The chance that the name fits a member better than an outsider; a tie counts half."""
    if cluster.name.startswith(NAMELESS):
        return 0.5
    fits = fit(cluster, [texts[row] for row in [*members.tolist(), *outsiders.tolist()]])
    inside, outside = fits[: len(members), None], fits[None, len(members) :]
    return float(((inside > outside) + 0.5 * (inside == outside)).mean())


def _by_keywords(cluster: Cluster, texts: Sequence[str]) -> NDArray[np.float64]:
    """How many of the name's words are in each text."""
    words = set(pieces(said_in(cluster.name))) - {""}
    return np.array([len(words & set(pieces(text))) for text in texts], dtype=np.float64)


def _by_embedding(embed: Embed) -> Fit:
    def fit(cluster: Cluster, texts: Sequence[str]) -> NDArray[np.float64]:
        vectors = embed([said_in(cluster.name), *texts])
        return np.asarray(vectors[1:] @ vectors[0], dtype=np.float64)

    return fit
