"""Asks people, by a sheet, and a judge, by a rubric, whether the names of groups are true."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from assay.errors import DefinitionError, Problem
from assay.formats.label_sheet import SheetRow, write_label_sheet
from assay.formats.sheets import read_rows
from assay.records import Measured, Message, NameCheck, Transcript, now
from assay.runs.certificates import certificate_for, read_certificates
from assay.runs.scorer_error import measured
from assay.runs.settings import Settings
from assay.runs.trust import corrected_by
from assay.scorers import NamedScorer, build_scorer, score_safely
from assay.stats import rate
from assay.store.files import write_whole
from assay.store.workspace import Workspace
from assay.usage.mapping.kmeans import middles_of
from assay.usage.mapping.naming import NAMELESS, said_in
from assay.usage.mapping.stopwords import STOPWORDS
from assay.usage.mapping.words import pieces
from assay.usage.validation.asking import ask_all
from assay.usage.validation.faithful import NOT_SHOWN
from assay.usage.validation.mapped import Mapped

QUESTION = (
    "The request holds a sample of conversations that were put into one group; the reply is the "
    "name that the group was given, words and phrases with commas between them. Is the name "
    "true of most of these conversations, so that somebody who reads it expects what is there? "
    "Say yes if it is, no if it says something else, something of few of them, or nothing."
)
OPTIONS = ("yes", "no", "cannot tell")
SPEC: dict[str, Any] = {
    "kind": "rubric",
    "name": "true-names",
    "rubric": QUESTION,
    "labels": {"yes": 1.0, "no": 0.0},
}
"""The judge, as an eval.yaml would name it: what is to be certified."""
WRITTEN = "waiting for people's labels in the sheet"
_SAMPLED, _LONGEST = 12, 400  # conversations of a group, and characters of each
_PLANTED = 10  # names of far groups, at most


@dataclass(frozen=True)
class Named:
    """A name, and a sample of a shown group's conversations.

    Attributes:
        planted: it is the name of another group, so it is false.
    """

    name: str
    sample: str
    planted: bool = False

    @property
    def transcript(self) -> Transcript:
        """What a judge sees: the sample as the request, the name as the reply."""
        messages = (Message("user", self.sample), Message("assistant", self.name))
        return Transcript(transcript_id=f"name-{_hash(self.name, self.sample)}", messages=messages)


def named_groups(seen: Mapped, texts: Sequence[str], seed: int) -> list[Named]:
    """The shown base groups, each with a sample of its conversations; wrong names among them.

    Whoever calls a planted name true does not read, or agrees to anything: without such names
    nobody could tell a map of true names from a judge that says yes to all.
    """
    random = np.random.default_rng(seed)
    clusters, found = seen.clusters[0], list[Named]()

    def sample(number: int) -> str:
        rows = np.flatnonzero(seen.base == number)
        some = np.sort(random.choice(rows, min(_SAMPLED, len(rows)), replace=False)).tolist()
        return "\n".join(f"{each}. {_short(texts[row])}" for each, row in enumerate(some, 1))

    shown = [number for number, cluster in enumerate(clusters) if cluster.shown]
    found += [Named(clusters[number].name, sample(number)) for number in shown]
    for number, other in _far(seen, shown, random):
        found.append(Named(clusters[other].name, sample(number), planted=True))
    return [found[each] for each in random.permutation(len(found))]


def _far(seen: Mapped, shown: list[int], random: np.random.Generator) -> Iterator[tuple[int, int]]:
    """Some groups, each with one of the farther half of the others that is named by other words."""
    words = {number: _words_of(seen.clusters[0][number].name) for number in shown}
    middles = middles_of(seen.vectors, seen.base, len(seen.clusters[0]))
    for number in random.permutation(shown)[:_PLANTED].tolist():
        by_distance = sorted(shown, key=lambda other: float(middles[other] @ middles[number]))
        others = [
            other
            for other in by_distance[: len(shown) // 2]
            if other != number and words[other] and not words[other] & words[number]
        ]
        if others:
            yield number, int(random.choice(others))


def _words_of(name: str) -> set[str]:
    return set() if name.startswith(NAMELESS) else set(pieces(said_in(name))) - STOPWORDS - {""}


def by_people(groups: Sequence[Named], hidden: int, path: Path) -> NameCheck:
    """People's labels from the sheet; where there is no sheet yet, it is written.

    Beside a new sheet stands the judge as a YAML file, so that the same labels can certify it.

    Raises:
        DefinitionError: the sheet is of other names, or holds a label that is none.
    """
    draw = f"names-{_hash(*(part for each in groups for part in (each.name, each.sample)))}"
    missing = {NOT_SHOWN: hidden} if hidden else {}
    own = [number for number, each in enumerate(groups) if not each.planted]
    planned = len(own) + hidden
    if not path.exists():
        rows = [SheetRow(n, each.sample, each.name) for n, each in enumerate(groups, 1)]
        write_label_sheet(path, draw, rows, question=QUESTION, options=OPTIONS)
        spec = msgspec.json.format(msgspec.json.encode(SPEC), indent=2)  # JSON is YAML
        write_whole(path.with_suffix(".judge.yaml"), spec + b"\n")
        return NameCheck(
            how="people", planned=planned, measured=None, missing={**missing, WRITTEN: len(own)}
        )
    every = _labels(path, draw, len(groups))
    labels = [every[number] for number in own]
    yes, no = labels.count("yes"), labels.count("no")
    for reason, number in (
        ("nobody could tell", labels.count("cannot tell")),
        ("not labelled", labels.count("")),
    ):
        if number:
            missing[reason] = number
    share = measured(rate(yes, yes + no)) if yes + no else None
    planted = [label for each, label in zip(groups, every, strict=True) if each.planted]
    return NameCheck(
        how="people",
        planned=planned,
        measured=share,
        missing=missing,
        caught=_caught(planted.count("no"), planted.count("yes")),
    )


def by_judge(
    groups: Sequence[Named], hidden: int, judge: str, place: Workspace, settings: Settings
) -> NameCheck:
    """A judge's verdicts, with the standing of its certificate.

    What it said is kept in the workspace: the same command asks nothing twice.
    """
    scorers: list[NamedScorer] = []

    async def ask(models: dict[str, Any], number: int) -> Any:
        if not scorers:
            scorers.append(build_scorer(SPEC, models))
        return await score_safely(scorers[0].scorer, groups[number].transcript)

    scores = ask_all(place, settings, {"judge": judge}, len(groups), ask)
    missing = {NOT_SHOWN: hidden} if hidden else {}
    values, planted = list[float](), list[float]()
    for each, score in zip(groups, scores, strict=True):
        if score.value is not None:
            (planted if each.planted else values).append(score.value)
        elif score.unscored and not each.planted:
            missing[score.unscored] = missing.get(score.unscored, 0) + 1
    version = scorers[0].version if scorers else ""
    kept = read_certificates(place.root)
    certificate = certificate_for(kept, version, "", now())
    share = rate(int(sum(values)), len(values)) if values else None
    corrected = None
    if certificate is not None and share is not None:
        others = sum(each.version == version for each in kept) - 1
        corrected = corrected_by(certificate, share, others)
    return NameCheck(
        how="judge",
        planned=len(groups) - sum(each.planted for each in groups) + hidden,
        measured=None if share is None else measured(share),
        missing=missing,
        standing="uncertified" if certificate is None else certificate.standing(now()),
        certificate=None if certificate is None else certificate.id,
        corrected=corrected,
        caught=_caught(planted.count(0.0), planted.count(1.0)),
    )


def _caught(called_false: int, called_true: int) -> Measured | None:
    told = called_false + called_true
    return measured(rate(called_false, told)) if told else None


def _labels(path: Path, draw: str, count: int) -> list[str]:
    """The label of each group, in order; empty where there is none."""
    found = [""] * count
    for number, cells in read_rows(path):
        given = str(cells.get("label") or "").strip().lower()
        item = str(cells.get("item") or "").strip()
        if str(cells.get("draw") or "") != draw or not item.isdigit() or int(item) > count:
            raise _fault(
                path,
                number,
                "this name is not one of this validation's.",
                "Use the sheet that the same command wrote, with the same embedder and seed.",
            )
        if given not in {"", *OPTIONS}:
            raise _fault(
                path, number, f"{given[:40]!r} is no label.", "Write yes, no, cannot tell."
            )
        found[int(item) - 1] = given or found[int(item) - 1]
    return found


def _fault(path: Path, row: int, message: str, remedy: str) -> DefinitionError:
    return DefinitionError([Problem(f"{path}, row {row}", message, remedy)])


def _short(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]} ..."


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:12]
