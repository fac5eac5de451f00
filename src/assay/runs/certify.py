"""Measures a scorer against what people labelled, and writes down how far it can be trusted."""

from __future__ import annotations

import datetime
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from assay.engine import Layer, work_through
from assay.errors import AssayError, DefinitionError, NotFoundError, Problem
from assay.records import Certificate, Reply, Request, Score, Transcript, now
from assay.runs.audit import Audit, read_audit
from assay.runs.certificates import FOLDER, keep_certificate
from assay.runs.labelled import LabelledReply, LabelSet, Rating, label_set, read_label_set
from assay.runs.models import OpenModels
from assay.runs.rescore import read_spec
from assay.runs.run import Controls
from assay.runs.scorer_error import Judged, errors_of, flip_rate, rater_agreement, slices_of
from assay.runs.settings import Settings
from assay.scorers import NamedScorer, build_scorer, parameters_of, score_safely
from assay.store.catalogue import whoever
from assay.store.journal import Journal, remove_journal
from assay.store.population import Population
from assay.store.query import connect, literal
from assay.store.tables import read_rows
from assay.store.workspace import Workspace
from assay.version import __version__

_MOST_REPEATED = 0.8  # so many of all must differ, or more: fewer are told
_WORD = re.compile(r"\w+")

VALID_DAYS = 180
"""How long a certificate holds where nothing else is said: models and their words change."""


@dataclass(frozen=True)
class LabelSource:
    """Where labels are: a file with its columns and positive labels, or a run or import."""

    file: Path | None = None
    run: Population | None = None
    columns: Mapping[str, str] | None = None
    positive: Sequence[str] = ()


async def certify_scorer(
    place: Workspace,
    settings: Settings,
    spec: str | dict[str, Any],
    source: LabelSource,
    roles: Mapping[str, str],
    controls: Controls,
    *,
    days: int = VALID_DAYS,
) -> Certificate:
    """Score labelled replies, compare, and keep the certificate in the catalogue and as a file.

    A judge is asked twice, so that the certificate tells how often it changes its mind; one whose
    replies repeat, as a local model's do, once. What it said is kept until the certificate is made:
    the same command goes on where it was stopped.

    Args:
        spec: the scorer: a kind, or a mapping as in an eval.yaml. With labels of a run, one of the
            run's scorers goes by its name.
        source: the labels.
        roles: model names by role, for scorers that ask a model.
        days: how long the certificate holds.

    Raises:
        DefinitionError: the labels or the scorer cannot be used.
        NotFoundError: there is no such file, or the run has no labels.
        AssayError: the scoring was stopped; what was paid for is kept.
    """
    async with OpenModels(roles, settings) as models:
        named = build_scorer(_resolved(spec, source), models.by_role)
        if named.bounds is None:
            raise DefinitionError([_no_bounds(named)])
        labels, audit = _read(place, named, source)
        work = place.root / FOLDER / f".{_file_name(named, labels.hash)}.journal"
        work.parent.mkdir(parents=True, exist_ok=True)
        journal = Journal(work)
        try:
            models.wire(journal, controls.progress.meter, controls.spending, controls.patience)
            again = _again(spec, source, named, models)
            scores = await _score(named, labels, controls, models.width, 1 + (again is not None))
            second = None
            if again is not None:
                second = await _score(again, labels, controls, models.width, 0)
        finally:
            await journal.close()
    record = _certificate(named, labels, scores, second, source.run, audit, days)
    keep_certificate(place.root, record)
    remove_journal(work)
    return record


def verdict(value: float | None, threshold: float) -> float:
    """1 where the value reaches the threshold, 0 where not, NaN where there is none."""
    return float("nan") if value is None else float(value >= threshold)


def threshold_of(bounds: tuple[float, float]) -> float:
    """The middle of the scale: a scorer's verdict is positive from there on."""
    return (bounds[0] + bounds[1]) / 2


class _Anew(Layer):
    """Asks as a second epoch, so that a journal does not answer for the model."""

    async def generate(self, request: Request) -> Reply:
        return await self.inner.generate(msgspec.structs.replace(request, epoch=2))


def _resolved(spec: str | dict[str, Any], source: LabelSource) -> str | dict[str, Any]:
    """A run's scorer by its name, as the run had it; else the spec as it is."""
    if source.run is None or not isinstance(spec, str):
        return spec if isinstance(spec, dict) else read_spec(spec)
    scorer = source.run.scorers.get(spec)
    if scorer is not None:
        own = {key: v for key, v in scorer.parameters.items() if key != "model"}
        return {"kind": scorer.kind, "name": scorer.name, **own}
    return read_spec(spec)


def _again(
    spec: str | dict[str, Any], source: LabelSource, named: NamedScorer, models: OpenModels
) -> NamedScorer | None:
    judge = getattr(named.scorer, "model", None)
    if judge is None or judge.details.get("repeatable"):
        return None
    anew = {role: _Anew(model) for role, model in models.by_role.items()}
    return build_scorer(_resolved(spec, source), anew)


def _read(
    place: Workspace, named: NamedScorer, source: LabelSource
) -> tuple[LabelSet, Audit | None]:
    if source.run is not None:
        return _of_run(place, source.run, named.name)
    assert source.file is not None
    own = getattr(named.scorer, "labels", None)
    values = own if isinstance(own, dict) else None
    found = read_label_set(
        source.file, columns=source.columns, positive=source.positive, values=values
    )
    if source.positive:
        found = _scaled(found, named)
    return found, None


def _scaled(labels: LabelSet, named: NamedScorer) -> LabelSet:
    """Yes and no as the ends of the scorer's own scale."""
    assert named.bounds is not None
    low, high = named.bounds
    if (low, high) == (0, 1):
        return labels
    replies = tuple(
        msgspec.structs.replace(
            each,
            ratings=tuple(
                rating
                if rating.value is None
                else msgspec.structs.replace(rating, value=high if rating.value else low)
                for rating in each.ratings
            ),
        )
        for each in labels.replies
    )
    return msgspec.structs.replace(labels, replies=replies)


def _of_run(place: Workspace, run: Population, scorer: str) -> tuple[LabelSet, Audit]:
    audit = read_audit(place.root, run.id, scorer)
    if audit is None:
        raise NotFoundError(
            f"no labels about {scorer!r} were imported for this run.",
            where=run.id,
            fix=f"Draw a sheet: assay labels sample {run.id} --scorer {scorer}",
        )
    ratings: dict[str, list[Rating]] = {}
    for label in audit.labels:
        rating = Rating(label.label, label.value, label.rater, label.note)
        ratings.setdefault(label.transcript_id, []).append(rating)
    where = {"transcript_id": list(ratings)}
    replies = tuple(
        LabelledReply(
            transcript, tuple(ratings[transcript.transcript_id]), run.cluster_of(transcript)
        )
        for file in run.transcripts
        for transcript in read_rows(file, Transcript, where=where)
    )
    return label_set(run.name, replies), audit


async def _score(
    named: NamedScorer, labels: LabelSet, controls: Controls, width: int, passes: int
) -> list[Score]:
    """The score of each labelled reply, in order. ``passes`` over all are still to come."""
    scores: list[Score | None] = [None] * len(labels.replies)
    if passes:
        controls.progress.title = f"certifying {named.name}"
        controls.progress.planned = passes * len(scores)

    async def score(item: tuple[int, LabelledReply]) -> None:
        number, reply = item
        scores[number] = await score_safely(named.scorer, reply.transcript)
        controls.progress.done += 1

    items = iter(list(enumerate(labels.replies)))
    await work_through(items, score, width=width, stop=controls.stop)
    if any(each is None for each in scores):
        raise AssayError(
            f"the scoring was stopped ({controls.stop.reason}).",
            fix="The same command goes on; what was paid for is kept.",
        )
    return [each for each in scores if each is not None]


def _certificate(
    named: NamedScorer,
    labels: LabelSet,
    scores: Sequence[Score],
    second: Sequence[Score] | None,
    run: Population | None,
    audit: Audit | None,
    days: int,
) -> Certificate:
    assert named.bounds is not None
    cut = threshold_of(named.bounds)
    chances, drawn = _chances(labels, audit)
    words = [_majority(each.ratings, cut) for each in labels.replies]
    told = np.array([isinstance(word, float) for word in words], dtype=bool) & drawn
    verdicts = np.array([verdict(score.value, cut) for score in scores])
    clusters = np.array([each.cluster for each in labels.replies], dtype=str)
    truth = np.array([word if isinstance(word, float) else np.nan for word in words])
    judged = Judged(verdicts[told], truth[told], clusters[told])
    if chances is not None and run is not None:
        counts = _run_verdicts(run, named, cut)
        judged = Judged(verdicts[told], truth[told], clusters[told], chances[told], counts)
    if not told.any():
        raise DefinitionError([Problem(labels.name, "no reply has a label that tells anything.")])
    errors = errors_of(judged)
    kept = [each for each, so in zip(labels.replies, told, strict=True) if so]
    slices = [
        part
        for field in ("policy_area", "language")
        for part in slices_of(judged, field, [getattr(each.transcript, field) for each in kept])
    ]
    made = datetime.datetime.fromisoformat(now())
    unscored = Counter(
        score.unscored for score, so in zip(scores, told, strict=True) if so and score.unscored
    )
    judge = getattr(named.scorer, "model", None)
    flips = None
    if second is not None:
        anew = np.array([verdict(score.value, cut) for score in second])
        flips = flip_rate(verdicts, anew, clusters)
    raters = [
        {r.rater: float(r.value >= cut) for r in each.ratings if r.value is not None}
        for each in labels.replies
    ]
    return Certificate(
        id=_file_name(named, labels.hash),
        scorer=named.name,
        kind=named.kind,
        version=named.version,
        parameters=msgspec.json.decode(msgspec.json.encode(parameters_of(named.scorer))),
        judge=judge.name if judge is not None else None,
        good=named.good,
        threshold=cut,
        binary=all(score.value in (0.0, 1.0) for score in scores if score.value is not None),
        labels=labels.name,
        labels_hash=labels.hash,
        run=run.id if run else None,
        positive=labels.positive,
        replies=len(labels.replies),
        positives=int((judged.truth == 1).sum()),
        negatives=int((judged.truth == 0).sum()),
        raters=len({rater for own in raters for rater in own}),
        unlabelled=words.count("unlabelled"),
        contested=words.count("contested"),
        unscored={str(reason): count for reason, count in sorted(unscored.items())},
        rater_alpha=rater_agreement(raters, clusters.tolist()),
        flips=flips,
        slices=tuple(slices),
        made=made.isoformat(timespec="seconds"),
        expires=(made + datetime.timedelta(days=days)).isoformat(timespec="seconds"),
        made_by=whoever(),
        assay=__version__,
        warnings=(
            *labels.notes,
            *_warnings(judged, run, audit, int((~drawn).sum())),
            *_repeats(kept),
        ),
        **vars(errors),
    )


def _majority(ratings: Sequence[Rating], cut: float) -> float | str:
    """1 or 0 by most raters; ``contested`` where they are split evenly, ``unlabelled``."""
    told = [rating.value >= cut for rating in ratings if rating.value is not None]
    if not told:
        return "unlabelled"
    yes = sum(told)
    return "contested" if 2 * yes == len(told) else float(2 * yes > len(told))


def _chances(
    labels: LabelSet, audit: Audit | None
) -> tuple[np.ndarray[Any, Any] | None, np.ndarray[Any, Any]]:
    """Each reply's chance of being labelled (None where alike), and which replies to go by.

    Where some of a run's labels come from a draw, those that do not are left out.
    """
    everything = np.ones(len(labels.replies), dtype=bool)
    if audit is None or not audit.strategies:
        return None, everything
    chance = {each.transcript_id: each.chance for each in audit.audited}
    own = [chance.get(each.transcript.transcript_id) for each in labels.replies]
    drawn = np.array([each is not None for each in own])
    known = np.array([each or 1.0 for each in own])
    alike = audit.strategies == {"random"} or np.ptp(known[drawn]) < 1e-9
    return (None if alike else known), drawn


def _run_verdicts(run: Population, named: NamedScorer, cut: float) -> tuple[int, int]:
    """How many replies of the run the scorer flagged, and how many it passed."""
    files = ", ".join(literal(file) for file in run.scores.get(named.name, ()))
    flagged = scored = 0
    if files:
        with connect() as connection:
            [(flagged, scored)] = connection.execute(
                f"SELECT count_if(value >= ?), count(value) FROM read_parquet([{files}])"
                " WHERE scorer = ? AND scorer_version = ?"
                " AND transcript_id NOT IN (SELECT unnest(?::VARCHAR[]))",
                [cut, named.name, named.version, list(run.replaced)],
            ).fetchall()
    if not scored:
        raise NotFoundError(
            f"this run was not scored by version {named.version} of {named.name!r}.",
            where=run.id,
            fix="Name the run's own scorer, or rescore the run first: assay rescore.",
        )
    return int(flagged), int(scored - flagged)


def _warnings(
    judged: Judged, run: Population | None, audit: Audit | None, left_out: int
) -> list[str]:
    found = []
    for kind, count in (
        ("positives", (judged.truth == 1).sum()),
        ("negatives", (judged.truth == 0).sum()),
    ):
        if not count:
            found.append(f"People found no {kind}: nothing tells of the scorer's error on them.")
    if run is not None and (audit is None or not audit.strategies):
        found.append("The labels were not drawn at random: they may not speak for the run.")
    if left_out and audit is not None and audit.strategies:
        found.append(f"{left_out} labels were in no random draw and are left out.")
    if judged.chance is not None:
        found.append(
            "The labels were not equally likely to be drawn; agreement, the worst case and slices "
            "are not told."
        )
    return found


def _repeats(replies: Sequence[LabelledReply]) -> list[str]:
    """Whether many replies say the same: requests may be independent, and tell little together."""
    said = (each.transcript.messages[-1].content for each in replies if each.transcript.messages)
    plain = [" ".join(_WORD.findall(text.casefold())) or text for text in said]
    different = len(set(plain))
    if different >= _MOST_REPEATED * len(plain):
        return []
    return [
        f"Of {len(plain):,} labelled replies only {different:,} differ in their words. Intervals "
        "take requests as independent; of a scorer that goes by words they promise too much."
    ]


def _file_name(named: NamedScorer, labels_hash: str) -> str:
    """A scorer's name is letters, digits and ``-_.``, so this is a safe name of a file."""
    return f"{named.name}-{named.version}-{labels_hash[:8]}"


def _no_bounds(named: NamedScorer) -> Problem:
    return Problem(
        f"scorer {named.name}",
        "its values have no bounds, so nothing says from where on its verdict is positive.",
        "Certify a scorer with bounds.",
    )
