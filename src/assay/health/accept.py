"""Takes in what people decided on drafts: accepted ones become samples, and the version rises."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from assay.errors import AssayError, DefinitionError, Problem
from assay.evals import EvalDefinition
from assay.evals.columns import ALIASES
from assay.evals.dataset import NumberedSamples
from assay.evals.definition import FILE as DEFINITION
from assay.evals.drafts import DECISIONS, REFUSED, as_written, decision_in, undecided
from assay.formats.safe import is_formula, printable
from assay.formats.sheets import read_rows
from assay.formats.sheets_write import add_rows
from assay.health.propose import COLUMNS, Repeats
from assay.records import Sample
from assay.store.files import write_whole

_VERSION = re.compile(r"^(version:\s*)(\"|')(.*?)(\2)", re.MULTILINE)
_NUMBER = re.compile(r"(\d+)(\D*)$")


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken in. ``kept`` is where the sheet with its decisions lies now."""

    eval: str
    version: str
    accepted: int
    edited: int
    refused: int
    samples: tuple[str, ...]
    kept: str


@dataclass(frozen=True)
class _Decided:
    row: int
    item: str
    original: str
    decision: str
    text: str


def accept(definition: EvalDefinition, file: Path) -> Accepted:
    """Add the accepted drafts to the samples, in their originals' clusters, and raise the version.

    All of the sheet is taken in, or nothing. After a crash the same command goes on: what was
    added already is not added twice.

    Raises:
        DefinitionError: rows without a decision, drafts that repeat a sample, samples that have
            changed since; each is told.
        AssayError: the samples or the version cannot be written by a machine.
    """
    decided = _decisions(file)
    taken = [each for each in decided if each.decision != REFUSED]
    samples, numbers, ids = _originals(definition, {each.item for each in taken})
    new = [each for each in taken if _name(each) not in ids]
    problems = _stale(file, taken, samples) or _repeated(definition, file, new)
    if problems:
        raise DefinitionError(problems)
    version = definition.version
    kept = file.with_name(f"{file.stem}-{version}{file.suffix}")
    if taken:
        text, version = _raised(definition)
        kept = file.with_name(f"{file.stem}-{version}{file.suffix}")
        if new:
            _add(definition, new, samples, numbers)
        write_whole(definition.folder / DEFINITION, text)
    file.replace(kept)
    return Accepted(
        eval=definition.name,
        version=version,
        accepted=sum(each.decision == "accept" for each in decided),
        edited=sum(each.decision == "edit" for each in decided),
        refused=sum(each.decision == REFUSED for each in decided),
        samples=tuple(_name(each) for each in taken),
        kept=str(kept),
    )


def _decisions(file: Path) -> list[_Decided]:
    problems, found = [], []
    for number, cells in read_rows(file):
        missing = [name for name in COLUMNS if name not in cells]
        if missing:
            told = f"there is no column {missing[0]!r}."
            fix = "Take the sheet that `assay health --propose` wrote."
            raise DefinitionError([Problem(str(file), told, fix)])
        told_of = {name: as_written(cells[name]) for name in COLUMNS}
        decision = decision_in(told_of["decision"])
        what = undecided(decision)
        if what:
            problems.append(
                Problem(str(file), what, f"Write {', '.join(DECISIONS)}.", row=number,
                        column="decision")
            )  # fmt: skip
            continue
        text = told_of["edited" if decision == "edit" else "draft"].strip()
        why = _unfit(text) if decision != REFUSED else ""
        if why:
            problems.append(
                Problem(str(file), why, "Write it into the column edited, and decide: edit.",
                        row=number, column="edited" if decision == "edit" else "draft")
            )  # fmt: skip
        found.append(_Decided(number, told_of["item"], told_of["original"], decision, text))
    if not found and not problems:
        problems.append(Problem(str(file), "there are no proposals.", "Add rows."))
    if problems:
        raise DefinitionError(problems)
    return found


def _unfit(text: str) -> str:
    """Why a text cannot stand in a sheet of samples; empty where it can."""
    if not text:
        return "there is no text."
    if text != printable(text):
        return "the text holds control characters."
    return "the text begins like a formula." if is_formula(text) else ""


def _originals(
    definition: EvalDefinition, wanted: set[str]
) -> tuple[dict[str, Sample], dict[str, int], set[str]]:
    """The samples that were varied, their rows' numbers, and all ids."""
    samples, numbers, ids = {}, {}, set()
    for number, sample in NumberedSamples(definition):
        ids.add(sample.id)
        if sample.id in wanted:
            samples[sample.id], numbers[sample.id] = sample, number
    return samples, numbers, ids


def _stale(file: Path, taken: Sequence[_Decided], samples: dict[str, Sample]) -> list[Problem]:
    found = []
    for each in taken:
        sample = samples.get(each.item)
        if sample is None:
            what = f"the eval has no sample {each.item!r} any more."
        elif not isinstance(sample.input, str) or _folded(sample.input) != _folded(each.original):
            what = f"the sample {each.item!r} has changed since the draft was written."
        else:
            continue
        found.append(Problem(str(file), what, "Refuse the row.", row=each.row, column="item"))
    return found


def _folded(text: str) -> str:
    return " ".join(text.removeprefix("'").split())


def _repeated(definition: EvalDefinition, file: Path, new: Sequence[_Decided]) -> list[Problem]:
    texts = [each.text for each in new]
    again = Repeats(definition).among(texts, [f"row {each.row}" for each in new])
    return [
        Problem(
            str(file),
            f"the text asks the same, or nearly, as {name}.",
            "Edit it, or refuse the row.",
            row=new[place].row,
        )
        for place, name in sorted(again.items())
    ]


def _name(decided: _Decided) -> str:
    digest = hashlib.blake2b(decided.text.encode("utf-8", "surrogatepass"), digest_size=4)
    return f"{decided.item}-{digest.hexdigest()}"


def _raised(definition: EvalDefinition) -> tuple[str, str]:
    """eval.yaml with the last number of its version one higher; its other lines stay as they are.

    Raises:
        AssayError: the version has no number at its end, or is not written on a line of its own.
    """
    file = definition.folder / DEFINITION
    text = file.read_text(encoding="utf-8")
    written = _VERSION.search(text)
    number = _NUMBER.search(definition.version)
    if written is None or written[3] != definition.version or number is None:
        raise AssayError(
            f"the version {definition.version!r} cannot be raised.",
            where=str(file),
            fix='Write it in quotes, with a number at its end: version: "1.0".',
        )
    higher = str(int(number[1]) + 1).zfill(len(number[1]))
    version = definition.version[: number.start()] + higher + number[2]
    start, end = written.span(3)
    return text[:start] + version + text[end:], version


def _add(
    definition: EvalDefinition,
    new: Sequence[_Decided],
    samples: dict[str, Sample],
    numbers: dict[str, int],
) -> None:
    """Append the new rows; an original without a cluster becomes the name of one."""
    path = definition.samples_path
    rows = {}
    wanted = {numbers[each.item]: each.item for each in new}
    for number, row in read_rows(path):
        if number in wanted:
            rows[wanted[number]] = row

    def clustered(number: int, row: dict[str, Any]) -> dict[str, Any]:
        item = wanted.get(number)
        column = _column(row, "cluster") or "cluster"
        if item is None or samples[item].cluster:
            return row if column in row or path.suffix == ".jsonl" else {**row, column: ""}
        return {**row, column: item}

    added = [_varied(rows[each.item], each, samples[each.item], path) for each in new]
    add_rows(path, added, clustered)


def _varied(row: dict[str, Any], decided: _Decided, sample: Sample, path: Path) -> dict[str, Any]:
    """The original's row with another text and name; it has no twin."""
    asked = _column(row, "input")
    if asked is None:
        raise AssayError(
            "no column is called input, so nothing can be added by machine.",
            where=str(path),
            fix="Rename the column of requests.",
        )
    changed = {**row, asked: decided.text}
    name = _column(row, "id")
    if name is not None:
        changed[name] = _name(decided)
    changed[_column(row, "cluster") or "cluster"] = sample.cluster or sample.id
    for role in ("pair_id", "twin_of", "metadata:twin_of"):
        column = _column(row, role)
        if column is not None:
            changed[column] = "" if path.suffix != ".jsonl" else None
    return changed


def _column(row: dict[str, Any], role: str) -> str | None:
    """The column of a row that has this meaning."""
    folded = {name.strip().casefold(): name for name in reversed(row)}
    others = [alias for alias, meaning in ALIASES.items() if meaning == role]
    return next((folded[name] for name in (role, *others) if name in folded), None)
