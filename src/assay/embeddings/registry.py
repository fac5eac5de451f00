"""From a name such as ``static`` to an embedder, by entry points that anybody can add to."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import cast

from assay.embeddings.base import Embedder
from assay.errors import NotFoundError
from assay.models.settings import ModelSettings

GROUP = "assay.embedders"
"""The entry-point group. Each is ``create(model: str, settings: ModelSettings) -> Embedder``."""

DEFAULT = "static"
"""What embeds where nobody chose."""


def embedders() -> tuple[str, ...]:
    """Names of all installed kinds of embedder, sorted."""
    return tuple(sorted(entry.name for entry in entry_points(group=GROUP)))


def open_embedder(name: str = DEFAULT, settings: ModelSettings | None = None) -> Embedder:
    """An embedder ready for use. Nothing is sent or loaded before it is first asked.

    Args:
        name: ``static``, ``minilm`` or ``openai/<model>``: split at the first slash.
        settings: address, key and patience of an endpoint.

    Raises:
        NotFoundError: there is no such embedder, or its weights are not on this machine.
        AuthenticationError: a key is needed and there is none.
        MissingPackageError: the embedder needs a package that is not installed.
    """
    kind, _, model = name.partition("/")
    found = [entry for entry in entry_points(group=GROUP) if entry.name == kind]
    if not found:
        raise NotFoundError(
            f"{name!r} names no embedder.",
            fix=f"There are {', '.join(embedders())}; an endpoint's is openai/MODEL.",
        )
    return cast(Embedder, found[0].load()(model, settings or ModelSettings()))
