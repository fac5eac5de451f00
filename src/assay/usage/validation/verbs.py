"""What `assay.api` gives of validations."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from assay.embeddings import DEFAULT, Embedder, cached, open_embedder
from assay.errors import MissingPackageError, NotFoundError
from assay.records import ValidationRecord
from assay.runs.models import reach
from assay.runs.settings import Settings, load_settings
from assay.store.workspace import Workspace
from assay.usage.mapping.settings import WORDS
from assay.usage.validation.grammar import synthetic
from assay.usage.validation.labelled import read_labelled
from assay.usage.validation.settings import ValidationSettings
from assay.usage.validation.validate import validate


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
    asked = settings or ValidationSettings()
    place = Workspace.find(Path(workspace))
    known = load_settings(place.settings_file)
    labelled = (
        synthetic(asked.conversations, asked.seed)
        if asked.labelled is None
        else read_labelled(asked.labelled)
    )
    with ExitStack() as stack:
        embedders = {
            name: _opened(name, known, place.usage_folder / ".vectors", stack)
            for name in asked.embedders or (_best(known),)
        }
        return validate(labelled, embedders, asked, lambda _seen, _texts: [], tell)


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
