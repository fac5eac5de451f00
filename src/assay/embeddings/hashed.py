"""``hashed``: the seam's public fake. Words as random directions: no weights, no package, no sense.

Texts that share words are near each other, and nothing else is known of them: synonyms are as far
apart as any two words. It serves to try things out, and where weights cannot be had.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.embeddings.base import Keep, Progress, Vectors, normalised, well_formed
from assay.errors import NotFoundError
from assay.models.settings import ModelSettings

DIMENSIONS = 256

_LONGEST = 200_000  # characters that are read of a text
_WORD = re.compile(r"\w{3,40}")


def create(model: str, settings: ModelSettings) -> Hashed:
    """The entry point.

    Raises:
        NotFoundError: a model was named.
    """
    if model:
        raise NotFoundError(f"'hashed/{model}' names no embedder.", fix="Write hashed.")
    return Hashed()


class Hashed:
    """Each distinct word of three letters or more points somewhere, always to the same place."""

    name = "hashed"
    version = "1"
    dimensions = DIMENSIONS
    worth_caching = False

    @property
    def details(self) -> dict[str, Any]:
        return {"embedder": self.name, "dimensions": DIMENSIONS}

    def prepare(self, progress: Progress | None = None) -> None:
        """There is nothing to prepare."""

    def embed(self, texts: Sequence[str], keep: Keep | None = None) -> Vectors:
        found = np.zeros((len(texts), DIMENSIONS), np.float32)
        for row, text in enumerate(texts):
            for word in sorted(set(_WORD.findall(well_formed(text, _LONGEST).lower()))):
                found[row] += _direction(word)
        normalised(found)
        if keep is not None:
            keep(range(len(texts)), found)
        return found

    def close(self) -> None:
        """There is nothing to let go of."""


@lru_cache(maxsize=50_000)
def _direction(word: str) -> NDArray[np.int8]:
    bits = np.frombuffer(hashlib.blake2b(word.encode(), digest_size=32).digest(), np.uint8)
    return np.unpackbits(bits).astype(np.int8) * np.int8(2) - np.int8(1)
