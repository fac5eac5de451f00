"""On real labelled statements: what is about the same thing lies near each other."""

from __future__ import annotations

import json

import numpy as np

from assay.embeddings import Embedder
from assay.embeddings.hashed import Hashed
from assay.embeddings.minilm import MiniLM
from assay.embeddings.static import Static
from tests.evals.real_data import data_file

TOPICS = ("interest-in-math", "interest-in-music", "interest-in-sports", "subscribes-to-Buddhism")
SHOWN, ASKED = 16, 60


def accuracy(embedder: Embedder) -> float:
    """How often the nearest mean of 16 statements is that of a statement's own topic."""
    means, asked = [], []
    for topic in TOPICS:
        lines = data_file(f"model_written_evals/{topic}.jsonl").read_text().splitlines()
        vectors = embedder.embed([json.loads(line)["statement"] for line in lines[: SHOWN + ASKED]])
        means.append(vectors[:SHOWN].mean(axis=0))
        asked.append(vectors[SHOWN:])
    found = (np.concatenate(asked) @ np.array(means).T).argmax(axis=1)
    return float(np.mean(found == np.repeat(np.arange(len(TOPICS)), ASKED)))


def test_topics_are_told_apart_by_more_than_shared_words(static: Static, minilm: MiniLM) -> None:
    assert accuracy(minilm) > accuracy(static) > accuracy(Hashed())
    assert accuracy(static) > 0.93
