"""Examines evals: pools their runs, measures, looks into their samples, and gives a verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import msgspec

from assay.health.checklist import checklist
from assay.health.contamination import contamination, gaps_of
from assay.health.items import MOST_ITEMS, NEVER, in_order, note_items
from assay.health.measure import measure
from assay.health.pool import Pool, Pooled, Runs
from assay.health.result import CellHealth, Disagreement, EvalHealth, Figure, Gap
from assay.health.samples import Seen, look_into
from assay.health.scores import Scores, database, disagreements
from assay.health.upkeep import upkeep
from assay.health.verdict import decide
from assay.records import Certificate, ScorerRecord
from assay.runs.certificates import read_certificates
from assay.runs.retirement import retirements
from assay.stats import clustered_mean
from assay.store.workspace import Workspace

if TYPE_CHECKING:
    import duckdb


def examine(
    place: Workspace, names: Sequence[str], *, items: bool = False, check: bool = False
) -> list[EvalHealth]:
    """The health of evals, each as it is now.

    Args:
        names: evals by name or folder; all of the workspace's where there are none.
        items: whether to list the items that are worth a look.
        check: whether to fill the checklist.

    Raises:
        NotFoundError: there is no such eval.
    """
    runs = Runs(place)
    pools = [runs.pool(name) for name in (names or runs.names())]
    others = [runs.pool(name) for name in runs.names()] if names else pools
    by_name = {each.name: each for each in [*pools, *others]}
    seen = look_into([each.definition for each in by_name.values() if each.definition])
    certificates = read_certificates(place.root)
    gone = retirements(place.root)
    found = []
    for pool in pools:
        one = _examine(runs, pool, seen.get(pool.name), certificates, items=items)
        one = msgspec.structs.replace(one, retired=gone.get(pool.name))
        if check:
            one = msgspec.structs.replace(
                one, checklist=checklist(one, pool.definition, seen.get(pool.name))
            )
        found.append(one)
    return found


def _examine(
    runs: Runs,
    pool: Pool,
    seen: Seen | None,
    certificates: Sequence[Certificate],
    *,
    items: bool,
) -> EvalHealth:
    listed: dict[str, list[str]] = {}
    cells: list[CellHealth] = []
    gaps: list[Gap] = []
    left_out = list(pool.left_out)
    if pool.fault:
        left_out.append(f"The eval cannot be read: {pool.fault}")
    if seen is not None and seen.fault:
        left_out.append(f"Its samples cannot all be read: {seen.fault}")
    with database() as connection:
        for scorer, mine in _scorers(pool):
            if len(mine) < len(pool.runs):
                other = len(pool.runs) - len(mine)
                left_out.append(f"Left out of {scorer.name}: {other} runs with another version.")
            scores = Scores(connection, mine, scorer)
            gaps += gaps_of(scores, seen.twins if seen else ())
            for polarity in scores.polarities():
                measured = measure(scores, polarity)
                cells.append(measured.health)
                if items:
                    left_out += note_items(scores, measured, listed)
            if items:
                for name in scores.never_scored(MOST_ITEMS):
                    listed.setdefault(name, []).append(f"{NEVER} by {scorer.name}")
        signs = contamination(connection, runs.place.root, pool, seen, gaps)
        differ = tuple(_disagreements(connection, pool))
    duplicates = seen.duplicates() if seen else None
    kept_up = upkeep(runs.place, pool, certificates, runs.of(pool.name))
    limited = any(each.eval.limit is not None for each in pool.runs)
    verdict, reasons = decide(cells, duplicates, signs, kept_up, limited=limited)
    if items and seen is not None:
        for name, told in list(seen.resembling.items())[:MOST_ITEMS]:
            listed.setdefault(name, []).append(told)
    return EvalHealth(
        eval=pool.name,
        version=pool.version,
        hash=pool.hash,
        verdict=verdict,
        reasons=reasons,
        models=pool.models,
        runs=tuple(each.folder.id for each in pool.runs),
        left_out=tuple(left_out),
        cells=tuple(cells),
        disagreements=differ,
        duplicates=duplicates,
        contamination=signs,
        upkeep=kept_up,
        items=in_order(listed),
    )


def _scorers(pool: Pool) -> Iterator[tuple[ScorerRecord, list[Pooled]]]:
    """Each scorer of the newest run, with the runs that have it in the same version."""
    for scorer in pool.runs[0].eval.scorers if pool.runs else ():
        mine = [
            each
            for each in pool.runs
            if any(
                (other.name, other.version) == (scorer.name, scorer.version)
                for other in each.eval.scorers
            )
        ]
        yield scorer, mine


def _disagreements(connection: duckdb.DuckDBPyConnection, pool: Pool) -> Iterator[Disagreement]:
    """Of two scorers with one scale and one direction: how often their verdicts differ."""
    scorers = [scorer for scorer, mine in _scorers(pool) if len(mine) == len(pool.runs)]
    for first, second in combinations(scorers, 2):
        if first.bounds is None or (first.bounds, first.good) != (second.bounds, second.good):
            continue
        differing, asked = disagreements(connection, pool.runs, first, second)
        if asked.sum():
            share = Figure.of(clustered_mean(differing, asked, binary=True))
            yield Disagreement(first=first.name, second=second.name, share=share)
