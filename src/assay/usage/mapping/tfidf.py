"""Turns texts into vectors by their words alone, fitted on the import itself: needs no weights."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.usage.mapping.words import pieces

DIMENSIONS = 128
SAMPLE = 20_000
"""Texts that it is fitted on, evenly spaced through the import."""
_VOCABULARY = 50_000


class WordsEmbedder:
    """Term frequencies, weighted by rarity, in as many dimensions as tell most (TF-IDF and SVD)."""

    name = "words"

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._fitted: Any = None
        self.dimensions = DIMENSIONS

    def fit(self, texts: Sequence[str]) -> None:
        """Learn which words are rare, and which go together."""
        from sklearn.decomposition import TruncatedSVD
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import make_pipeline
        from threadpoolctl import threadpool_limits

        counter = TfidfVectorizer(
            analyzer=_analyse,
            min_df=2 if len(texts) > 50 else 1,
            max_df=0.3 if len(texts) > 50 else 1.0,
            max_features=_VOCABULARY,
            sublinear_tf=True,
            dtype=np.float32,
        )
        weights = counter.fit_transform(texts)
        self.dimensions = max(1, min(DIMENSIONS, min(weights.shape) - 1))
        reducer = TruncatedSVD(self.dimensions, n_iter=4, random_state=self._seed)
        with threadpool_limits(1):
            reducer.fit(weights)
        self._fitted = make_pipeline(counter, reducer)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """A vector of length one for each text; zero where it has no known word."""
        found = np.asarray(self._fitted.transform(texts), dtype=np.float32)
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        return found / np.where(lengths > 1e-6, lengths, np.inf)

    @property
    def version(self) -> str:
        """Changes with what it was fitted on only through the import, which its user hashes."""
        return hashlib.sha256(f"words 1 {DIMENSIONS} {_VOCABULARY} {SAMPLE}".encode()).hexdigest()[:12]

    def close(self) -> None:
        """Let go of what was fitted."""
        self._fitted = None


def _analyse(text: str) -> list[str]:
    return [piece for piece in pieces(text) if piece]
