"""The scorers' seam: a transcript in, a score out, and a version that says what did it."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any, ClassVar, Protocol

import msgspec

from assay.models.base import Model
from assay.records import Good, Score, Transcript


class Scorer(Protocol):
    """What a scorer is: a frozen dataclass of parameters with one method.

    ``kind`` names the class in an eval.yaml; ``code_version`` is raised by hand whenever the code
    would give any transcript another score; ``good`` says which way values are better; ``bounds``
    are the least and greatest possible value, or None.
    """

    kind: ClassVar[str]
    code_version: ClassVar[str]

    @property
    def good(self) -> Good: ...

    @property
    def bounds(self) -> tuple[float, float] | None: ...

    async def score(self, transcript: Transcript) -> Score:
        """Score one transcript. A scorer that cannot tell returns an unscored score, with why."""
        ...


class NeedsModel(Protocol):
    """A scorer that asks a model has a field ``model`` of its own, which is no parameter."""

    model: Model


def parameters_of(scorer: Any) -> dict[str, Any]:
    """The scorer's parameters as plain values. A model is given by its name."""
    values = {}
    for field in dataclasses.fields(scorer):
        value = getattr(scorer, field.name)
        values[field.name] = value.name if field.name == "model" else value
    return values


def version_of(scorer: Any) -> str:
    """12 hex digits: the hash of the scorer's kind, declared code version and parameters."""
    told = [scorer.kind, scorer.code_version, parameters_of(scorer)]
    return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()[:12]
