"""What `assay.api` gives of validations."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import msgspec

from assay.embeddings import DEFAULT, Embedder, cached, open_embedder
from assay.errors import MissingPackageError, NotFoundError
from assay.records import NameCheck, ValidationRecord
from assay.runs import Controls, within_budget
from assay.runs.models import reach
from assay.runs.settings import Settings, load_settings
from assay.store.workspace import Workspace
from assay.usage.mapping.describing import Describer
from assay.usage.mapping.settings import WORDS
from assay.usage.mapping.verbs import check_packages
from assay.usage.secret import keep_out_of_git
from assay.usage.validation.grammar import synthetic
from assay.usage.validation.labelled import Labelled, read_labelled
from assay.usage.validation.mapped import Mapped
from assay.usage.validation.naming_checks import by_judge, by_people, named_groups
from assay.usage.validation.settings import ValidationSettings
from assay.usage.validation.validate import Names, validate
from assay.usage.validation.writing import written

MADE_UP = (
    "These conversations are made by a grammar. The figures compare embedders and settings; real "
    "conversations are harder to tell apart."
)


def validate_usage(
    settings: ValidationSettings | None = None,
    *,
    tell: Callable[[str], None] = lambda _line: None,
    workspace: str | Path = ".",
) -> ValidationRecord:
    """Measure maps of conversations whose category is known, and what planted secrets they tell.

    Args:
        settings: what to validate, and with what.
        tell: is told what is done.
    """
    check_packages()
    asked = settings or ValidationSettings()
    place = Workspace.find(Path(workspace))
    known = load_settings(place.settings_file)
    labelled, warnings = _labelled(place, known, asked)
    with ExitStack() as stack:
        embedders = {
            name: _opened(name, known, place.usage_folder / ".vectors", stack)
            for name in asked.embedders or (_best(known),)
        }
        describer = _describer(place, known, asked)
        names = _names(place, known, asked)
        record = validate(labelled, embedders, asked, names, tell, describer)
    return msgspec.structs.replace(record, warnings=(*warnings, *record.warnings))


def _labelled(
    place: Workspace, known: Settings, asked: ValidationSettings
) -> tuple[Labelled, list[str]]:
    """The conversations, and what a reader must know of them."""
    if asked.labelled is not None:
        return read_labelled(asked.labelled), []
    if asked.writer is None:
        return synthetic(asked.conversations, asked.seed), [MADE_UP]
    labelled, left_out = written(place, known, asked.writer, asked.conversations, asked.seed)
    return labelled, [f"{asked.writer} left {left_out:,} of {asked.conversations:,} unwritten."]


def _describer(place: Workspace, known: Settings, asked: ValidationSettings) -> Describer | None:
    if asked.namer is None:
        return None
    controls = within_budget(Controls(), known)
    keep_out_of_git(place.usage_folder)  # the journal quotes the conversations
    return Describer(asked.namer, known, controls, place.usage_folder / ".validate-namer.journal")


def _names(place: Workspace, known: Settings, asked: ValidationSettings) -> Names:
    """The checks of names that people or a judge make."""

    def check(seen: Mapped, texts: list[str]) -> list[NameCheck]:
        groups = named_groups(seen, texts, asked.seed)
        hidden = sum(not each.shown for each in seen.clusters[0])
        found = []
        if asked.names_sheet is not None:
            found.append(by_people(groups, hidden, asked.names_sheet))
        if asked.judge is not None:
            found.append(by_judge(groups, hidden, asked.judge, place, known))
        return found

    return check


def _best(settings: Settings) -> str:
    """The best embedder that is at hand."""
    try:
        open_embedder(DEFAULT, reach(DEFAULT, settings)).close()
    except (NotFoundError, MissingPackageError):
        return WORDS
    return DEFAULT


def _opened(name: str, settings: Settings, folder: Path, stack: ExitStack) -> Embedder | None:
    if name == WORDS:
        return None
    embedder = cached(open_embedder(name, reach(name, settings)), folder)
    stack.callback(embedder.close)
    return embedder
