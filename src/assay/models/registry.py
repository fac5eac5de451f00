"""From a name such as ``openai/gpt-4o`` to a model, by entry points that anybody can add to."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points
from typing import cast

from assay.errors import NotFoundError
from assay.models.base import Model
from assay.models.settings import ModelSettings

GROUP = "assay.models"
"""The entry-point group. Each entry is ``create(model: str, settings: ModelSettings) -> Model``."""


def providers() -> tuple[str, ...]:
    """Names of all installed providers, sorted."""
    return tuple(sorted(entry.name for entry in entry_points(group=GROUP)))


def open_model(name: str, settings: ModelSettings | None = None) -> Model:
    """Make a model ready to answer. Nothing is sent or loaded before the first request.

    Args:
        name: ``provider/model``, split at the first slash; the model's own name may hold more.
        settings: address, key and patience.

    Raises:
        NotFoundError: no such provider, or no such local model.
        AuthenticationError: a key is needed and there is none.
        MissingPackageError: the provider needs a package that is not installed.
    """
    provider, _, model = name.partition("/")
    found = [entry for entry in entry_points(group=GROUP) if entry.name == provider]
    if not found or not model:
        raise NotFoundError(
            f"{name!r} names no model.",
            fix=f"Write provider/model; the providers are {', '.join(providers())}.",
        )
    return _create(found[0], model, settings or ModelSettings())


def _create(entry: EntryPoint, model: str, settings: ModelSettings) -> Model:
    return cast(Model, entry.load()(model, settings))
