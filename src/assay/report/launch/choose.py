"""Which transcripts a launch report holds: the worst of each eval, and an even spread of the rest.

DuckDB ranks them by their scores, so that only those that are shown are ever read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from assay.launch.collect import Found
from assay.records import RunRecord, ScoreRow, Transcript
from assay.report.entries import UNWANTED, Key, Teller, Tier, Told, facts, key_of
from assay.report.samples import (
    TIERS,
    Candidate,
    Pool,
    Samples,
    compose,
    spread,
    told_samples,
)
from assay.store.query import connect, literal
from assay.store.scored import some_scored_transcripts
from assay.store.workspace import RunFolder

ROOM = 600
"""Samples in one report."""

FEWEST, SPARE = 3, 4
"""Of samples alike in eval, polarity, area, language and outcome, so many are looked at, and so
many times their even share of the room, since other kinds may have fewer than theirs."""

_BEST = """
SELECT * FROM told WHERE tier = ? QUALIFY row_number() OVER (
    PARTITION BY eval, polarity, policy_area, language
    ORDER BY bad DESC, md5(eval || sample_id || epoch)
) <= ?
"""

Twins = Mapping[tuple[Path, str], Found]


@dataclass(frozen=True)
class _Ranked:
    """A sample that may be shown, known by its scores alone."""

    run: RunFolder
    transcript_id: str
    key: Key
    tier: Tier
    badness: float


def choose_samples(own: Sequence[Found], twins: Twins, room: int = ROOM) -> Samples:
    """At most ``room`` samples of the candidate's runs, each beside its twin in another run.

    Args:
        own: the candidate's runs, by eval and scorer.
        twins: by a run's folder and an eval, the run whose replies stand beside it.
    """
    pools = {tier: Pool[_Ranked](room) for tier in TIERS}
    of_tier: Counter[str] = Counter()
    for found in _by_run(own).values():
        with connect(memory="256MB") as connection:
            connection.execute("SET threads = 2")
            connection.execute(f"CREATE TEMP TABLE told AS {_ranking(found)} SELECT * FROM told")
            counts = connection.execute(
                "SELECT tier, count(*), count(DISTINCT (eval, polarity, policy_area, language))"
                " FROM told GROUP BY tier"
            ).fetchall()
            rows: list[tuple[Any, ...]] = []
            for tier, count, strata in counts:
                of_tier[tier] += count
                rows += connection.execute(
                    _BEST, [tier, FEWEST + SPARE * room // strata]
                ).fetchall()
        for id, eval, sample_id, epoch, polarity, area, language, tier, bad in rows:
            key = (eval, sample_id, epoch)
            rank = (-bad, spread(key))
            stratum = (eval, polarity or "", area or "", language or "")
            if pools[tier].admits(stratum, rank):
                pools[tier].add(stratum, rank, _Ranked(found[0].folder, id, key, tier, bad))
    chosen = compose(pools, room)
    return _told(chosen, own, twins, of_tier) if chosen else told_samples([], of_tier, [])


def _by_run(own: Sequence[Found]) -> dict[Path, list[Found]]:
    found: dict[Path, list[Found]] = {}
    for each in own:
        found.setdefault(each.folder.path, []).append(each)
    return found


def _ranking(found: Sequence[Found]) -> str:
    """A row for each transcript: whether a score is missing, and how bad its worst one is."""
    scorers = ", ".join(
        f"({literal(each.eval.name)}, {literal(each.scorer.name)}, "
        f"{literal(each.scorer.version)}, {literal(each.scorer.good)}, "
        + ("NULL, NULL)" if each.scorer.bounds is None else "{}, {})".format(*each.scorer.bounds))
        for each in found
    )
    return f"""
        WITH scorers(eval, scorer, scorer_version, good, low, high) AS (VALUES {scorers}),
        rated AS (
            SELECT transcript_id, eval, sample_id, epoch, polarity, policy_area, language, unscored,
                (value - low::DOUBLE) / nullif(high::DOUBLE - low::DOUBLE, 0) AS height,
                CASE WHEN good = 'high' OR (good = 'by_polarity' AND polarity = 'violative')
                    THEN 'high'
                    WHEN good = 'low' OR (good = 'by_polarity' AND polarity = 'benign')
                    THEN 'low' END AS way
            FROM read_parquet({literal(found[0].folder.scores_file)})
            JOIN scorers USING (eval, scorer, scorer_version)
        ),
        told AS (
            SELECT transcript_id, eval, sample_id, epoch, polarity, policy_area, language,
                CASE WHEN bool_or(unscored IS NOT NULL) THEN 'unscored'
                    WHEN max(bad) >= {UNWANTED} THEN 'unwanted' ELSE 'rest' END AS tier,
                CASE WHEN tier = 'unwanted' THEN max(bad) ELSE 0 END AS bad
            FROM (
                SELECT *, CASE way WHEN 'high' THEN 1 - height WHEN 'low' THEN height END AS bad
                FROM rated
            )
            GROUP BY ALL
        )
    """


def _told(
    chosen: Sequence[_Ranked], own: Sequence[Found], twins: Twins, of_tier: Counter[str]
) -> Samples:
    """The chosen samples, read and told beside their twins."""
    read: dict[str, tuple[Transcript, tuple[ScoreRow, ...]]] = {}
    for folder in {each.run.path: each.run for each in chosen}.values():
        ids = [each.transcript_id for each in chosen if each.run.path == folder.path]
        read.update(some_scored_transcripts(folder, ids))
    teller = Teller(_merged(own))
    beside = _beside(chosen, twins)
    other = Teller(_merged([*twins.values()])) if twins else teller
    samples: list[Candidate] = []
    sides: list[list[Told | None]] = []
    for each in chosen:
        if each.transcript_id not in read:
            continue
        transcript, rows = read[each.transcript_id]
        about = facts(key_of(transcript, rows), transcript)
        side = teller.side(transcript, rows)
        samples.append(Candidate(each.key, each.tier, each.badness, about, side))
        twin = beside.get(each.key)
        if twin and _changed(transcript, twin[0]):
            twin = None
        sides.append([side, other.side(*twin) if twin else None] if twins else [side])
    return told_samples(samples, of_tier, sides)


def _changed(ours: Transcript, theirs: Transcript) -> bool:
    return None not in (ours.sample_hash, theirs.sample_hash) and (
        ours.sample_hash != theirs.sample_hash
    )


def _beside(
    chosen: Sequence[_Ranked], twins: Twins
) -> dict[Key, tuple[Transcript, tuple[ScoreRow, ...]]]:
    """The same samples in the runs that stand beside the candidate's."""
    found: dict[Key, tuple[Transcript, tuple[ScoreRow, ...]]] = {}
    wanted: dict[Path, tuple[RunFolder, list[Key]]] = {}
    for each in chosen:
        twin = twins.get((each.run.path, each.key[0]))
        if twin is not None:
            wanted.setdefault(twin.folder.path, (twin.folder, []))[1].append(each.key)
    for folder, keys in wanted.values():
        ids = list(_ids(folder, keys))
        for told in some_scored_transcripts(folder, ids).values():
            found[key_of(*told)] = told
    return found


def _ids(folder: RunFolder, keys: Sequence[Key]) -> Iterator[str]:
    with connect(memory="256MB") as connection:
        rows = connection.execute(
            "SELECT DISTINCT transcript_id FROM"
            f" read_parquet({literal(folder.scores_file)})"
            " JOIN (SELECT unnest(?::VARCHAR[]) AS eval, unnest(?::VARCHAR[]) AS sample_id,"
            " unnest(?::BIGINT[]) AS epoch) USING (eval, sample_id, epoch)",
            [list(column) for column in zip(*keys, strict=True)],
        ).fetchall()
    return (row[0] for row in rows)


def _merged(found: Sequence[Found]) -> RunRecord:
    """One record that knows the scorers of all these runs."""
    evals = {each.eval.name: each.eval for each in found}
    scorers = {
        name: tuple({e.scorer.name: e.scorer for e in found if e.eval.name == name}.values())
        for name in evals
    }
    return msgspec.structs.replace(
        found[0].record,
        evals=tuple(
            msgspec.structs.replace(each, scorers=scorers[name]) for name, each in evals.items()
        ),
    )
