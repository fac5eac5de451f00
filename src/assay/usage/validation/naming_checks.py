"""Asks people, by a sheet, and a judge, by a rubric, whether the names of groups are true."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from assay.errors import DefinitionError, Problem
from assay.formats.label_sheet import SheetRow, write_label_sheet
from assay.formats.sheets import read_rows
from assay.records import Message, NameCheck, Transcript, now
from assay.runs.certificates import certificate_for, read_certificates
from assay.runs.scorer_error import measured
from assay.runs.settings import Settings
from assay.scorers import NamedScorer, build_scorer, score_safely
from assay.stats import rate
from assay.store.files import write_whole
from assay.store.workspace import Workspace
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


@dataclass(frozen=True)
class Named:
    """A shown group's name, and a sample of its conversations."""

    name: str
    sample: str

    @property
    def transcript(self) -> Transcript:
        """What a judge sees: the sample as the request, the name as the reply."""
        messages = (Message("user", self.sample), Message("assistant", self.name))
        return Transcript(transcript_id=f"name-{_hash(self.name, self.sample)}", messages=messages)


def named_groups(seen: Mapped, texts: Sequence[str], seed: int) -> list[Named]:
    """The shown base groups, each with a sample of its conversations."""
    random = np.random.default_rng(seed)
    found = []
    for number, cluster in enumerate(seen.clusters[0]):
        rows = np.flatnonzero(seen.base == number)
        some = np.sort(random.choice(rows, min(_SAMPLED, len(rows)), replace=False)).tolist()
        if cluster.shown:
            lines = [f"{each}. {_short(texts[row])}" for each, row in enumerate(some, 1)]
            found.append(Named(cluster.name, "\n".join(lines)))
    return found


def by_people(groups: Sequence[Named], hidden: int, path: Path) -> NameCheck:
    """People's labels from the sheet; where there is no sheet yet, it is written.

    Beside a new sheet stands the judge as a YAML file, so that the same labels can certify it.

    Raises:
        DefinitionError: the sheet is of other names, or holds a label that is none.
    """
    draw = f"names-{_hash(*(part for each in groups for part in (each.name, each.sample)))}"
    missing = {NOT_SHOWN: hidden} if hidden else {}
    planned = len(groups) + hidden
    if not path.exists():
        rows = [SheetRow(n, each.sample, each.name) for n, each in enumerate(groups, 1)]
        write_label_sheet(path, draw, rows, question=QUESTION, options=OPTIONS)
        spec = msgspec.json.format(msgspec.json.encode(SPEC), indent=2)  # JSON is YAML
        write_whole(path.with_suffix(".judge.yaml"), spec + b"\n")
        return NameCheck(
            how="people", planned=planned, measured=None, missing={**missing, WRITTEN: len(groups)}
        )
    labels = _labels(path, draw, len(groups))
    yes, no = labels.count("yes"), labels.count("no")
    for reason, number in (
        ("nobody could tell", labels.count("cannot tell")),
        ("not labelled", len(groups) - sum(label != "" for label in labels)),
    ):
        if number:
            missing[reason] = number
    share = measured(rate(yes, yes + no)) if yes + no else None
    return NameCheck(how="people", planned=planned, measured=share, missing=missing)


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
    for score in scores:
        if score.unscored:
            missing[score.unscored] = missing.get(score.unscored, 0) + 1
    values = [score.value for score in scores if score.value is not None]
    version = scorers[0].version if scorers else ""
    certificate = certificate_for(read_certificates(place.root), version, "", now())
    return NameCheck(
        how="judge",
        planned=len(groups) + hidden,
        measured=measured(rate(int(sum(values)), len(values))) if values else None,
        missing=missing,
        standing="uncertified" if certificate is None else certificate.standing(now()),
        certificate=None if certificate is None else certificate.id,
    )


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
