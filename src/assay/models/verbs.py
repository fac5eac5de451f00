"""What `assay.api` gives of local models: which there are, and their weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from assay.models import weights


class LocalModel(msgspec.Struct, frozen=True):
    """A model whose weights the package index has. ``path`` is None until they are here."""

    name: str
    title: str
    megabytes: int
    licence: str
    note: str
    path: str | None


def local_models() -> list[LocalModel]:
    """The local models that Assay knows, and which of them are here."""
    return [
        LocalModel(
            name=each.name,
            title=each.title,
            megabytes=round(each.total_size / 1e6),
            licence=each.licence,
            note=each.note,
            path=str(path) if (path := weights.path_of(each.name)) else None,
        )
        for each in weights.known()
    ]


def add_local_model(name: str, *, progress: Callable[[int, int], None] | None = None) -> Path:
    """Fetch a local model's weights, check them, and say where they are.

    Args:
        name: for instance ``smollm2-135m``.
        progress: called with the bytes that are there and the bytes that there will be.
    """
    return weights.add(name, progress)
