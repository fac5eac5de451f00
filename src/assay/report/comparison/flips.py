"""Samples whose score changed, with both runs' transcripts: the worst of each eval and scorer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from assay.records import Flip, ScoreRow, Transcript
from assay.report.entries import Key, Teller, Told, facts
from assay.report.samples import Candidate, Pool, Samples, spread, told_samples
from assay.store.scored import some_scored_transcripts
from assay.store.workspace import RunFolder

ROOM = 400
"""Flipped samples in one page, shared evenly between evals, scorers and directions."""

OF_EACH = 60
"""Flips of one eval, scorer and direction that are looked at, the greatest changes first."""

_Read = dict[str, tuple[Transcript, tuple[ScoreRow, ...]]]


def flipped(
    flips: Iterable[Flip], baseline: RunFolder, candidate: RunFolder, room: int = ROOM
) -> Samples:
    """At most ``room`` flips as samples, what got worse first; each is told once.

    The counts of the result are of what is here: the differences count all flips.
    """
    chosen = _chosen(flips, room)
    ours = some_scored_transcripts(candidate, [each.candidate_transcript for each in chosen])
    theirs = some_scored_transcripts(baseline, [each.baseline_transcript for each in chosen])
    tellers = Teller(candidate.read()), Teller(baseline.read())
    samples: list[Candidate] = []
    sides: list[list[Told | None]] = []
    for each in chosen:
        if each.candidate_transcript not in ours:
            continue
        transcript, rows = ours[each.candidate_transcript]
        tier, bad, _ = tellers[0].judge(transcript, rows)
        side = tellers[0].side(transcript, rows)
        about = facts(_key(each), transcript)
        samples.append(Candidate(_key(each), tier, bad, about, side))
        other = theirs.get(each.baseline_transcript)
        sides.append([side, tellers[1].side(*other) if other else None])
    return told_samples(samples, Counter(each.tier for each in samples), sides)


def _chosen(flips: Iterable[Flip], room: int) -> list[Flip]:
    pool = Pool[Flip](room)
    seen: set[str] = set()
    for each in flips:
        if each.candidate_transcript in seen:
            continue  # another scorer flipped too; its score stands with the sample
        seen.add(each.candidate_transcript)
        rank = (-abs(each.candidate - each.baseline), spread(_key(each)))
        stratum = (each.eval, each.scorer, each.verdict)
        if pool.admits(stratum, rank):
            pool.add(stratum, rank, each)
    pool.shrink(room)
    order = {"worse": 0, "lower": 1, "higher": 1, "better": 2}
    return sorted(
        pool.items(),
        key=lambda each: (order.get(each.verdict, 1), each.eval, each.scorer, _key(each)),
    )


def _key(flip: Flip) -> Key:
    return flip.eval, flip.sample_id, flip.epoch
