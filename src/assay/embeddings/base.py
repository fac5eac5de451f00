"""The seam between Assay and whatever turns texts into vectors: one method, plus close."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
"""One row a text, each of length one, or zero where the text holds nothing that is known."""

Progress = Callable[[int, int], None]
"""Called with how much is done and how much there is."""

Keep = Callable[[Sequence[int], Vectors], None]
"""Called with the places of some texts and their vectors, as soon as those are there."""


class Embedder(Protocol):
    """Anything that turns texts into vectors. A cache wraps an embedder and is one.

    Attributes:
        name: as the user gave it: ``static``, ``minilm``, ``openai/<model>``.
        version: changes whenever the same text may get another vector.
        dimensions: numbers in a vector. An endpoint may have to be asked for it, once.
        worth_caching: whether making a vector costs more than keeping it on the disk.
    """

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def dimensions(self) -> int: ...

    @property
    def worth_caching(self) -> bool: ...

    @property
    def details(self) -> dict[str, Any]:
        """What a reader needs to find the same embedder again; never a secret."""
        ...

    def prepare(self, progress: Progress | None = None) -> None:
        """Load, or make on first use, what :meth:`embed` needs; it does so itself otherwise.

        Raises:
            NotFoundError: weights are missing.
            MissingPackageError: a package is missing.
        """
        ...

    def embed(self, texts: Sequence[str], keep: Keep | None = None) -> Vectors:
        """A vector for each text, in order; see :data:`Vectors`. Any text will do, however hostile.

        Args:
            texts: what to embed.
            keep: told of parts as they are done, so that a failure later on does not lose them.

        Raises:
            ModelError: an endpoint failed; the one of its kinds that fits best.
        """
        ...

    def close(self) -> None:
        """Let go of memory and connections. May be called more than once."""
        ...


def blank_rows(vectors: Vectors) -> NDArray[np.bool_]:
    """Which rows are zero: their texts held nothing that the embedder knows."""
    return np.asarray(~vectors.any(axis=1))


def normalised(vectors: Vectors) -> Vectors:
    """The rows, each of length one; zero rows stay zero. The array itself is changed."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    vectors /= np.where(lengths > 0, lengths, 1)[:, None]
    return vectors


def well_formed(text: str, limit: int) -> str:
    """At most ``limit`` characters of a text, with lone surrogates replaced: UTF-8 has none."""
    text = text[:limit]
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    return text
