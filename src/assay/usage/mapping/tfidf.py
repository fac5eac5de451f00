"""Turns conversations into vectors by their words alone, fitted on the import: needs no weights.

Term frequencies, weighted by rarity, in as many dimensions as tell most (TF-IDF and SVD).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.usage.mapping.corpus import Corpus, Done

VERSION = "words-1"
"""Changes whenever the same import may get other vectors."""
DIMENSIONS = 128
_SAMPLE = 20_000  # conversations that the dimensions are fitted on, evenly spaced
_VOCABULARY = 50_000
_LEAST_WEIGHT = 0.01  # of a word that every conversation has
_FEW = 50  # conversations, in which a word that is said once may tell something
_BLOCK = 4096


def embed_words(corpus: Corpus, out: NDArray[Any], seed: int, done: Done) -> None:
    """Fill ``out``, a row a conversation, with vectors of length one; zero without known words."""
    columns, weights = _chosen(corpus)
    rows = np.arange(0, len(corpus), max(1, len(corpus) // _SAMPLE), dtype=np.int64)[:_SAMPLE]
    directions = _directions(_matrix(corpus, rows, columns, weights), out.shape[1], seed)
    for start in range(0, len(corpus), _BLOCK):
        own = np.arange(start, min(start + _BLOCK, len(corpus)), dtype=np.int64)
        found = _matrix(corpus, own, columns, weights) @ directions
        lengths = np.linalg.norm(found, axis=1, keepdims=True)
        out[start : start + len(own)] = found / np.where(lengths > 1e-6, lengths, np.inf)
        done(start + len(own), len(corpus))


def _chosen(corpus: Corpus) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """A column for each word that is used (-1 for the others), and the columns' weights."""
    frequencies = corpus.frequencies
    usable = frequencies >= (2 if len(corpus) > _FEW else 1)
    order = np.argsort(np.where(usable, -frequencies, 1), kind="stable")
    kept = order[: min(_VOCABULARY, int(usable.sum()))]
    columns = np.full(len(frequencies), -1, dtype=np.int64)
    columns[kept] = np.arange(len(kept))
    weights = np.log((1 + len(corpus)) / (1 + frequencies[kept])) + _LEAST_WEIGHT
    return columns, weights.astype(np.float32)


def _matrix(
    corpus: Corpus,
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    weights: NDArray[np.float32],
) -> Any:
    """The weighted terms of some conversations, each row of length one."""
    from scipy.sparse import csr_array, diags_array

    words, of = corpus.words_of(rows)
    column = columns[words]
    known = column >= 0
    ones = np.ones(int(known.sum()), dtype=np.float32)
    counts = csr_array((ones, (of[known], column[known])), shape=(len(rows), len(weights)))
    counts.sum_duplicates()
    counts.data = (1 + np.log(counts.data)) * weights[counts.indices]
    lengths = np.sqrt(counts.multiply(counts).sum(axis=1))
    scale = np.where(lengths > 0, 1 / np.maximum(lengths, 1e-9), 0).astype(np.float32)
    return (diags_array(scale) @ counts).tocsr()


def _directions(sample: Any, dimensions: int, seed: int) -> NDArray[np.float32]:
    """The directions that tell most, as columns; zero columns where there are fewer."""
    from sklearn.utils.extmath import randomized_svd

    found = np.zeros((sample.shape[1], dimensions), dtype=np.float32)
    most = min(dimensions, min(sample.shape) - 1)
    if most < 1:
        found[:, 0] = 1
        return found
    _, _, directions = randomized_svd(sample, most, n_iter=4, random_state=seed)
    found[:, :most] = directions.T
    return found
