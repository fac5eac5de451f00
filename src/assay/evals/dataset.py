"""The samples of an eval: read lazily from its sheet, counted, and hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from assay.errors import Problem
from assay.evals.columns import RowReader
from assay.evals.definition import FILE, EvalDefinition
from assay.evals.drafts import (
    COLUMN,
    DECISIONS,
    EDITED,
    HASH,
    REFUSED,
    UNCHANGED,
    decision_in,
    draft_hash,
    undecided,
)
from assay.formats.sheets import TEXT_SUFFIXES, Report, count_rows, read_rows
from assay.formats.sheets_base import raise_problem
from assay.records import Sample

RUBRIC = "rubric.yaml"
"""The file that a rubric scorer may have in an eval's folder."""


def iter_samples(definition: EvalDefinition, report: Report = raise_problem) -> Iterator[Sample]:
    """The samples of an eval in the order of its sheet, one at a time.

    Which columns are understood: see ``columns``. A row without an id is called after its number in
    the sheet (``row-000002``): stable as long as the file, which the eval's hash covers, is.

    Args:
        definition: the eval.
        report: is told each faulty row; if it returns, the row is left out.

    Raises:
        DefinitionError: by the default ``report``, at the first fault.
        NotFoundError: if the samples' file is missing.
    """
    for _, sample in NumberedSamples(definition, report):
        yield sample


class NumberedSamples:
    """The samples as :func:`iter_samples` gives them, with their rows' numbers.

    Attributes:
        other_columns: the columns seen so far that mean nothing to Assay and are not called
            ``metadata:...`` either.
    """

    def __init__(self, definition: EvalDefinition, report: Report = raise_problem) -> None:
        self._path, self._sheet, self._report = definition.samples_path, definition.sheet, report
        kinds = [scorer.kind for scorer in definition.scorers]
        text_cells = self._path.suffix.lower() in TEXT_SUFFIXES
        self._reader = RowReader(kinds, text_cells=text_cells, fault=self._fault)
        self.other_columns = self._reader.other_columns

    def __iter__(self) -> Iterator[tuple[int, Sample]]:
        read = self._reader.sample
        for number, row in read_rows(self._path, self._sheet, self._report):
            if COLUMN in row and not self._accepted(number, row):
                continue
            sample = read(number, row)
            if sample is not None:
                yield number, sample

    def _accepted(self, number: int, row: dict[str, Any]) -> bool:
        """Whether a person took a draft; the columns that say so are taken out of the row."""
        cell, drafted = row.pop(COLUMN), row.pop(HASH, None)
        what, remedy = undecided(cell), f"Write {', '.join(DECISIONS)}."
        if not what and decision_in(cell) == EDITED and drafted == draft_hash(row.get("input")):
            what, remedy = UNCHANGED, "Mend the input, or write accept."
        if what:
            self._fault(number, COLUMN, what, remedy)
        return not what and decision_in(cell) != REFUSED

    def _fault(self, row: int, column: str | None, message: str, remedy: str) -> None:
        self._report(Problem(str(self._path), message, remedy, self._sheet, row, column))


def count_samples(definition: EvalDefinition) -> int:
    """How many samples an eval has if none is at fault, refused drafts among them; cheaper than
    reading them.

    Raises:
        DefinitionError: where the file cannot be read.
        NotFoundError: if the samples' file is missing.
    """
    return count_rows(definition.samples_path, definition.sheet)


def sample_hash(sample: Sample) -> str:
    """16 hex digits over everything in a sample but its id."""
    told = _encode(
        (
            sample.input,
            sample.target,
            sample.choices,
            sample.cluster,
            sample.pair_id,
            sample.polarity,
            sample.policy_area,
            sample.language,
            sample.metadata,
        )
    )
    return hashlib.blake2b(told, digest_size=8).hexdigest()


def content_hash(definition: EvalDefinition) -> str:
    """64 hex digits (SHA-256) over all that an eval asks and how: eval.yaml, samples, rubric.

    The card is left out: mending its words makes no other eval.

    Raises:
        NotFoundError: if the samples' file is missing.
    """
    total = hashlib.sha256()
    files = [definition.folder / FILE, definition.samples_path]
    if (definition.folder / RUBRIC).is_file():
        files.append(definition.folder / RUBRIC)
    for role, file in zip(("definition", "samples", "rubric"), files, strict=False):
        total.update(f"{role} {_file_hash(file)}\n".encode())
    return total.hexdigest()


_encode = msgspec.json.Encoder(order="deterministic").encode


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
