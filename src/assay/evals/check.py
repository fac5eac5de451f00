"""``assay check``: every problem of an eval folder at once, in one pass over its samples."""

from __future__ import annotations

import dataclasses
import sys
from array import array
from collections import Counter
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias

from assay.errors import AssayError, DefinitionError, Problem
from assay.evals.card import check_card
from assay.evals.columns import FIELDS, MERGED
from assay.evals.dataset import NumberedSamples
from assay.evals.definition import CARD, FILE, EvalDefinition, file_in, load_eval
from assay.evals.duplicates import MOST_TEXTS, NearDuplicates
from assay.evals.prompts import PromptTemplate, variables_of
from assay.evals.targets import sample_faults
from assay.records import Sample

CheckScorer: TypeAlias = Callable[[dict[str, Any]], list[str]]
"""Given a scorer as eval.yaml has it (kind, name, parameters), tells what is wrong with it."""

MOST_ALIKE = 20
"""Problems of one kind that are told one by one; the rest are counted."""


def check_eval(folder: Path | str, check_scorer: CheckScorer | None = None) -> list[Problem]:
    """Everything that is wrong with an eval folder: definition, scorers, samples, card.

    Takes about 0.2 ms a sample. Errors must be mended before figures mean anything; warnings ask
    for a look.

    Args:
        folder: the eval's folder.
        check_scorer: tells what is wrong with a scorer; without it scorers are not checked.

    Returns:
        Problems in the order of the files: eval.yaml, samples by row, card. Empty if all is well.
    """
    folder = Path(folder)
    found = _Found()
    try:
        definition = load_eval(folder)
    except AssayError as error:
        found.take_error(error, folder / FILE)
    else:
        _check_definition(definition, check_scorer, found)
        _check_samples(definition, found)
    for problem in _card_problems(folder):
        found.add(problem)
    return found.all()


class _Found:
    """The problems found so far: of each kind the first ones, and a count of the others."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._counts: Counter[str] = Counter()
        self._last: dict[str, Problem] = {}

    def add(self, problem: Problem, kind: str = "") -> None:
        """Note a problem. ``kind``: what its like is called, if there may be many."""
        if kind:
            self._counts[kind] += 1
            if self._counts[kind] > MOST_ALIKE:
                self._last[kind] = problem
                return
        self._problems.append(problem)

    def take_error(self, error: AssayError, file: Path) -> None:
        """Note what an error tells."""
        if isinstance(error, DefinitionError):
            for problem in error.problems:
                self.add(problem)
        else:
            self.add(Problem(error.where or str(file), error.what, error.fix))

    def all(self) -> list[Problem]:
        """All, file by file and by row; of each kind that is many, how many more there are."""
        for kind, last in self._last.items():
            more = self._counts[kind] - MOST_ALIKE
            message = f"{more:,} more rows like the {MOST_ALIKE} that are listed: {last.message}"
            self._problems.append(dataclasses.replace(last, message=message, row=None))
        files = list(dict.fromkeys(problem.file for problem in self._problems))
        return sorted(
            self._problems,
            key=lambda problem: (files.index(problem.file), problem.row or sys.maxsize),
        )


def _check_definition(
    definition: EvalDefinition, check_scorer: CheckScorer | None, found: _Found
) -> None:
    file = str(definition.folder / FILE)
    for field in ("policy", "owner"):
        if not getattr(definition, field).strip():
            found.add(
                Problem(
                    file,
                    f"the eval names no {field}.",
                    f"Write {field}: ...",
                    column=field,
                    severity="warning",
                )
            )
    for index, scorer in enumerate(definition.scorers):
        spec = {"kind": scorer.kind, "name": scorer.name, **scorer.parameters}
        for message in check_scorer(spec) if check_scorer else ():
            column = f"scorers.{index} ({scorer.name})"
            found.add(Problem(file, message, column=column))
    if definition.solver.kind == "choice" and not any(
        s.kind == "choice" for s in definition.scorers
    ):
        remedy = "List choice among the scorers."
        message = "the solver is choice, but no scorer reads choices."
        found.add(Problem(file, message, remedy, column="scorers", severity="warning"))


def _templates(definition: EvalDefinition, found: _Found) -> list[PromptTemplate]:
    """The eval's templates that can be compiled; the faults of the others are noted."""
    sources = {"prompt": definition.prompt, "system": definition.system or ""}
    for index, turn in enumerate(definition.solver.turns):
        sources[f"solver.turns.{index}"] = turn
    if definition.solver.turns:
        del sources["prompt"]
    templates = []
    for field, source in sources.items():
        try:
            templates.append(
                PromptTemplate(source, file=str(definition.folder / FILE), field=field)
            )
        except DefinitionError as error:
            found.take_error(error, definition.folder / FILE)
    return templates


def _check_samples(definition: EvalDefinition, found: _Found) -> None:
    templates = _templates(definition, found)
    try:
        pass_ = _Pass(definition, templates, found)
        samples = NumberedSamples(definition, pass_.report)
        for number, sample in samples:
            pass_.look(number, sample)
        pass_.finish(samples.other_columns)
    except AssayError as error:
        found.take_error(error, definition.folder / FILE)


class _Pass:
    """One pass over the samples. What it remembers is 8-byte numbers, but for near-duplicates."""

    def __init__(
        self, definition: EvalDefinition, templates: list[PromptTemplate], found: _Found
    ) -> None:
        self._definition = definition
        self._file, self._sheet = str(definition.samples_path), definition.sheet
        self._templates = [template for template in templates if not template.is_input]
        self._found = found
        self._rows, self._ids = array("q"), array("q")
        self._paired, self._pairs, self._sides = array("q"), array("q"), array("q")
        self._near = NearDuplicates()
        self._faulty = 0
        self._nameless = 0

    def report(self, problem: Problem) -> None:
        """Note what the reader says of a row."""
        self._faulty += 1
        self._found.add(problem, f"{problem.column} {problem.message.partition(chr(39))[0]}")

    def look(self, number: int, sample: Sample) -> None:
        """Check one sample, and remember what is needed to compare it with the others."""
        self._rows.append(number)
        self._ids.append(hash(sample.id))
        self._nameless += sample.id == f"row-{number:06d}"
        if sample.pair_id is not None:
            self._paired.append(number)
            self._pairs.append(hash(sample.pair_id))
            self._sides.append({"violative": 1, "benign": 2}.get(sample.polarity or "", 0))
        for column, message, remedy in sample_faults(sample, self._definition):
            self._tell(number, column, message, remedy, kind=f"{column} {message[:12]}")
        self._render(number, sample)
        self._compare(number, sample)

    def finish(self, other_columns: set[str]) -> None:
        """What only the whole table shows. ``other_columns``: those that mean nothing to Assay."""
        if not self._rows and not self._faulty:
            self._tell(None, None, "there are no samples.", "Add rows below the header.")
        self._tell_ids()
        self._tell_pairs()
        self._tell_columns(other_columns)
        if self._near.full:
            self._tell(
                None,
                None,
                f"near-duplicates were looked for among the first {MOST_TEXTS:,} samples only.",
                "Look at the others yourself, or split the eval.",
                warning=True,
            )

    def _render(self, number: int, sample: Sample) -> None:
        if isinstance(sample.input, str):
            text = sample.input
        elif sample.input and sample.input[-1].role == "user":
            text = sample.input[-1].content
        else:
            message = "the conversation does not end with a message of the user."
            self._tell(number, "input", message, "End it with what the model is to answer.")
            return
        if not self._templates:
            return
        variables = variables_of(sample, text)
        for template in self._templates:
            try:
                template.render(variables)
            except DefinitionError as error:
                fault = error.problems[0]
                message = fault.message.partition(": ")[2] or fault.message
                message = f"the {fault.column} does not fit: {message}"
                self._tell(number, None, message, fault.remedy, kind=message)

    def _compare(self, number: int, sample: Sample) -> None:
        said = sample.input
        text = said if isinstance(said, str) else "\n".join(m.content for m in said)
        text = "\n".join((text, *sample.choices))
        families = (f"pair {sample.pair_id}", f"cluster {sample.cluster}")
        known = (sample.pair_id, sample.cluster)
        kin = frozenset(f for f, name in zip(families, known, strict=True) if name)
        twin = self._near.find(number, text, kin)
        if twin is not None:
            how = "the same as" if twin.similarity == 1 else "nearly the same as"
            self._tell(
                number,
                "input",
                f"it asks {how} row {twin.row}.",
                "Drop one, or give both the same cluster, so that they count as one.",
                kind="near",
                warning=True,
            )

    def _tell_ids(self) -> None:
        import numpy as np

        if self._nameless:
            one = self._nameless == 1
            rows_have = "1 row has" if one else f"{self._nameless:,} rows have"
            called = "is called after its" if one else "are called after their"
            self._tell(
                None,
                "id",
                f"{rows_have} no id and {called} number.",
                "Give each an id, so that runs can be compared after rows are added or moved.",
                warning=True,
            )
        rows = np.frombuffer(self._rows, dtype=np.int64)
        ids = np.frombuffer(self._ids, dtype=np.int64)
        order = np.argsort(ids, kind="stable")
        same = np.flatnonzero(ids[order][1:] == ids[order][:-1]) + 1
        for position in sorted(order[same]):
            first = order[np.searchsorted(ids[order], ids[position])]
            self._tell(
                int(rows[position]),
                "id",
                f"the id is the same as in row {rows[first]}.",
                "Give every sample an id of its own.",
                kind="id",
            )

    def _tell_pairs(self) -> None:
        import numpy as np

        rows = np.frombuffer(self._paired, dtype=np.int64)
        sides = np.frombuffer(self._sides, dtype=np.int64)
        _, first, group = np.unique(
            np.frombuffer(self._pairs, dtype=np.int64), return_index=True, return_inverse=True
        )
        violative = np.bincount(group, sides == 1, len(first))
        benign = np.bincount(group, sides == 2, len(first))
        size = np.bincount(group, minlength=len(first))
        lone = (violative == 0) != (benign == 0)
        single = (size == 1) & ~lone
        for index in sorted(np.flatnonzero(lone | single), key=lambda index: first[index]):
            lacking = "benign" if violative[index] else "violative" if lone[index] else "second"
            self._tell(
                int(rows[first[index]]),
                "pair_id",
                f"the pair has no {lacking} sample.",
                "Write the twin, or empty the pair_id.",
                kind="pair",
            )

    def _tell_columns(self, columns: set[str]) -> None:
        for key in sorted(columns):
            close = get_close_matches(key.lower(), (*FIELDS, *MERGED), 1, 0.8)
            if close:
                self._tell(
                    None,
                    key,
                    f"this column is kept as metadata. Did you mean {close[0]}?",
                    "Rename it, or call it metadata:... to say that it is metadata.",
                    warning=True,
                )

    def _tell(
        self,
        row: int | None,
        column: str | None,
        message: str,
        remedy: str,
        *,
        kind: str = "",
        warning: bool = False,
    ) -> None:
        severity: Any = "warning" if warning else "error"
        self._found.add(
            Problem(self._file, message, remedy, self._sheet, row, column, severity), kind
        )


def _card_problems(folder: Path) -> list[Problem]:
    try:
        return check_card(file_in(folder, CARD, field=CARD))
    except DefinitionError as error:
        return list(error.problems)
    except AssayError:
        return check_card(folder / CARD)
