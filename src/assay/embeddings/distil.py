"""Distils MiniLM into a table with one vector for each wordpiece, so that a text costs a few sums.

Each wordpiece is put through the model alone, once. What is left is to weight and to reduce them:

- A wordpiece of probability p weighs a / (a + p) (Arora, Liang and Ma 2017: a simple but
  tough-to-beat baseline for sentence embeddings). The tokenizer lists its words by falling
  frequency, so p follows from the rank by Zipf's law.
- The vectors are centred on the mean of running text and turned to its principal axes. Each axis is
  divided by a root of its spread, so that a few loud axes do not drown the rest.

``benchmarks/embeddings.py`` measured the choices; docs/reference/embeddings.md holds the figures.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assay.embeddings.base import Progress, Vectors
from assay.embeddings.minilm import open_session, open_tokenizer, pooled
from assay.models.llama import usable_cores

RECIPE = 1
"""Counts up whenever the same weights would give another table."""

DIMENSIONS = 256

COMMON = 3e-4
"""a in a / (a + p): a wordpiece of this probability weighs a half."""

FLATTEN = 0.25
"""Each axis is divided by its variance to this power."""

_FIRST_WORD = 1996  # the tokenizer's first word, "the"; marks, punctuation and letters come before
_LETTER_RANK = 500  # what those rank as, among the words
_MARKS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[unused")
_AT_ONCE = 256


def distil(weights: Path, tokens: Path, progress: Progress | None = None) -> Vectors:
    """The table: row i is what wordpiece i adds to a text; zero for what is no wordpiece.

    Args:
        weights: MiniLM's ONNX file.
        tokens: its tokenizer.
        progress: told how many wordpieces are done, and how many there are.
    """
    return reduced(*each_alone(weights, tokens, progress))


def each_alone(
    weights: Path, tokens: Path, progress: Progress | None = None
) -> tuple[Vectors, NDArray[np.float64]]:
    """What the model makes of each wordpiece alone, and how probable each is."""
    tokenizer = open_tokenizer(tokens)
    words = [tokenizer.id_to_token(row) for row in range(tokenizer.get_vocab_size())]
    wanted = np.array([not word.startswith(_MARKS) for word in words])
    first, last = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    vectors = _between_marks(weights, len(words), (first, last), progress)
    return vectors, frequencies(wanted)


def frequencies(wanted: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How probable each wordpiece is in running text, by Zipf's law with Mandelbrot's offset."""
    rank = np.maximum(np.arange(len(wanted)) - _FIRST_WORD, 0).astype(float)
    rank[:_FIRST_WORD] = _LETTER_RANK
    expected = np.where(wanted, 1 / (rank + 2.7), 0.0)
    return np.asarray(expected / expected.sum())


def reduced(
    vectors: Vectors,
    probability: NDArray[np.float64],
    common: float = COMMON,
    flatten: float = FLATTEN,
) -> Vectors:
    """Weight, centre, turn and flatten: from the model's vectors to the table."""
    weight = np.where(probability > 0, common / (common + probability), 0.0)
    share = weight * probability
    share /= share.sum()
    centred = vectors - share @ vectors
    spread, axes = np.linalg.eigh((centred * share[:, None]).T @ centred)
    spread, axes = spread[::-1][:DIMENSIONS], axes[:, ::-1][:, :DIMENSIONS]
    # An axis may point either way; the entry that is greatest in size decides.
    axes = axes * np.sign(axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])])
    table = centred @ axes / spread**flatten
    table /= np.sqrt(np.mean(table[probability > 0] ** 2) * DIMENSIONS)  # rows of about length one
    return np.asarray(table * weight[:, None], np.float32)


def _between_marks(
    weights: Path, count: int, marks: tuple[int, int], progress: Progress | None
) -> Vectors:
    """Every wordpiece between the two marks, through the model: one batch on each core."""
    session = open_session(weights)
    first, last = marks

    def run(start: int) -> Any:
        middle = np.arange(start, min(start + _AT_ONCE, count))
        ids = np.stack([np.full_like(middle, first), middle, np.full_like(middle, last)], axis=1)
        return pooled(session, ids)

    found = np.empty((count, 0), np.float32)
    with ThreadPoolExecutor(usable_cores(), "assay-distil") as threads:
        starts = range(0, count, _AT_ONCE)
        for start, batch in zip(starts, threads.map(run, starts), strict=True):
            if not found.shape[1]:
                found = np.empty((count, batch.shape[1]), np.float32)
            found[start : start + len(batch)] = batch
            if progress is not None:
                progress(start + len(batch), count)
    return found
