"""The onion's common skin: a layer wraps a model and is one."""

from __future__ import annotations

from typing import Any

from assay.models.base import Model
from assay.records import Reply, Request


class Layer:
    """Passes everything on; a layer overrides ``generate``."""

    def __init__(self, inner: Model) -> None:
        self.inner = inner

    @property
    def name(self) -> str:
        return self.inner.name

    @property
    def details(self) -> dict[str, Any]:
        return self.inner.details

    async def generate(self, request: Request) -> Reply:
        return await self.inner.generate(request)

    async def close(self) -> None:
        await self.inner.close()
