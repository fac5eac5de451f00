"""Texts in, vectors out: embedders behind one seam, and a cache by content."""

from assay.embeddings.base import Embedder, Vectors, blank_rows
from assay.embeddings.cache import Cached, cached
from assay.embeddings.registry import DEFAULT, embedders, open_embedder

__all__ = [
    "DEFAULT",
    "Cached",
    "Embedder",
    "Vectors",
    "blank_rows",
    "cached",
    "embedders",
    "open_embedder",
]
