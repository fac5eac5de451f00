"""``minilm``: all-MiniLM-L6-v2 on this machine, 384 numbers a text, better and far slower.

Each text goes through the model alone, one on each core. Nothing is padded, a vector depends on
nothing but its text, and at a conversation's length it is faster: in batches of 32, texts of 256
wordpieces took two and a half times as long.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from assay.embeddings.base import Keep, Progress, Vectors, normalised, well_formed
from assay.errors import MissingPackageError, NotFoundError
from assay.models.llama import usable_cores
from assay.models.settings import ModelSettings
from assay.models.weight_table import Weights, weights_named
from assay.models.weights import path_of, place_of

WEIGHTS = "minilm-l6"
DIMENSIONS = 384
LONGEST = 256
"""Wordpieces that are read of a text, its two marks included: what the model was published with."""

_AT_ONCE = 64  # texts after which a cache is told
_MOST_CHARACTERS = 20_000  # no 256 wordpieces of prose take more


def create(model: str, settings: ModelSettings) -> MiniLM:
    """The entry point.

    Raises:
        NotFoundError: the weights are not here, or a model was named.
        MissingPackageError: onnxruntime or tokenizers is not installed.
    """
    if model:
        raise NotFoundError(f"'minilm/{model}' names no embedder.", fix="Write minilm.")
    return MiniLM()


class MiniLM:
    """The model, loaded when it is first needed.

    Args:
        threads: texts at once; None means one a core.

    Raises:
        NotFoundError: the weights are not on this machine.
        MissingPackageError: onnxruntime or tokenizers is not installed.
    """

    name = "minilm"
    dimensions = DIMENSIONS
    worth_caching = True

    def __init__(self, threads: int | None = None) -> None:
        self._paths = model_files()
        load_runtime()
        load_tokenizers()
        self._threads = threads or usable_cores()
        self._loading = threading.Lock()
        self._nothing: set[int] = set()
        self._loaded: tuple[Any, Any, ThreadPoolExecutor] | None = None

    @cached_property
    def version(self) -> str:
        """The weights' hash and how many wordpieces are read."""
        return f"{weights_named(WEIGHTS).sha256[:16]}-{LONGEST}"

    @property
    def details(self) -> dict[str, Any]:
        """The weights' hash and the runtime's version."""
        return {
            "embedder": self.name,
            "sha256": weights_named(WEIGHTS).sha256,
            "runtime": f"onnxruntime {load_runtime().__version__}",
            "dimensions": DIMENSIONS,
        }

    def prepare(self, progress: Progress | None = None) -> None:
        """Load the weights."""
        self._load()

    def embed(self, texts: Sequence[str], keep: Keep | None = None) -> Vectors:
        """A vector for each text: its first 256 wordpieces, the mean of what they became."""
        found = np.empty((len(texts), DIMENSIONS), np.float32)
        for start in range(0, len(texts), _AT_ONCE):
            some = texts[start : start + _AT_ONCE]
            rows = range(start, start + len(some))
            found[start : rows.stop] = self._embed(some)
            if keep is not None:
                keep(rows, found[start : rows.stop])
        return found

    def _embed(self, texts: Sequence[str]) -> Vectors:
        session, tokenizer, threads = self._load()
        encoded = tokenizer.encode_batch_fast([well_formed(t, _MOST_CHARACTERS) for t in texts])
        found = np.zeros((len(texts), DIMENSIONS), np.float32)

        def run(row: int) -> None:
            ids = encoded[row].ids
            if set(ids) - self._nothing:  # else the text holds nothing to embed
                found[row] = pooled(session, np.array([ids], np.int64))[0]

        list(threads.map(run, range(len(texts))))
        return normalised(found)

    def close(self) -> None:
        loaded, self._loaded = self._loaded, None
        if loaded is not None:
            loaded[2].shutdown()

    def _load(self) -> tuple[Any, Any, ThreadPoolExecutor]:
        with self._loading:
            if self._loaded is None:
                weights, tokens = self._paths
                tokenizer = open_tokenizer(tokens)
                tokenizer.enable_truncation(LONGEST)
                marks = ("[CLS]", "[SEP]", "[UNK]")
                self._nothing = {tokenizer.token_to_id(mark) for mark in marks}
                threads = ThreadPoolExecutor(self._threads, "assay-minilm")
                self._loaded = (open_session(weights), tokenizer, threads)
            return self._loaded


def pooled(session: Any, ids: np.ndarray[Any, Any]) -> Vectors:
    """What the model makes of sequences of one length: the mean over each, not yet normalised."""
    given = {
        "input_ids": ids,
        "attention_mask": np.ones_like(ids),
        "token_type_ids": np.zeros_like(ids),
    }
    (states,) = session.run(None, given)
    return np.asarray(states.mean(axis=1), np.float32)


def model_files() -> tuple[Path, Path]:
    """The ONNX file and the tokenizer's.

    Raises:
        NotFoundError: they are not on this machine.
    """
    weights: Weights = weights_named(WEIGHTS)
    path = path_of(WEIGHTS)
    if path is None:
        raise NotFoundError(
            "the weights that embed texts are not on this machine.",
            fix=f"Fetch them with: assay models add {WEIGHTS}",
        )
    return path, place_of(weights.also[0])


def open_session(weights: Path, threads: int = 1) -> Any:
    """The weights, ready to run; memory is given back after each run."""
    runtime = load_runtime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.log_severity_level = 4  # nothing on stderr
    return runtime.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])


def open_tokenizer(tokens: Path) -> Any:
    """The tokenizer, which neither cuts nor pads."""
    tokenizer = load_tokenizers().Tokenizer.from_file(str(tokens))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def load_runtime() -> Any:
    """The package ``onnxruntime``.

    Raises:
        MissingPackageError: it is not installed.
    """
    try:
        import onnxruntime
    except ImportError:
        raise _missing("onnxruntime") from None
    return onnxruntime


def load_tokenizers() -> Any:
    """The package ``tokenizers``.

    Raises:
        MissingPackageError: it is not installed.
    """
    try:
        import tokenizers
    except ImportError:
        raise _missing("tokenizers") from None
    return tokenizers


def _missing(package: str) -> MissingPackageError:
    return MissingPackageError(
        f"embedding texts on this machine needs the package {package}.",
        fix="pip install 'assay[usage]'",
    )
