"""The seam between Assay and whatever answers: one async method, plus close."""

from __future__ import annotations

from typing import Any, Protocol

from assay.records import Reply, Request


class Model(Protocol):
    """Anything that answers requests. Layers of the engine wrap a model and are one.

    Attributes:
        name: ``provider/model``, as the user gave it.
    """

    @property
    def name(self) -> str: ...

    @property
    def details(self) -> dict[str, Any]:
        """What a reader needs to find the same model again; never a secret."""
        ...

    async def generate(self, request: Request) -> Reply:
        """Answer one request.

        Raises:
            ModelError: the one of its kinds that fits best.
        """
        ...

    async def close(self) -> None:
        """Let go of connections and memory. May be called more than once."""
        ...
