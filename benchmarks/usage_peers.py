"""Measures other open tools' clustering stages on the texts and vectors that ours is measured on.

    python -m venv /tmp/peers && /tmp/peers/bin/pip install kura faiss-cpu
    python -m benchmarks.usage_peers --python /tmp/peers/bin/python

Of kura the k-means and HDBSCAN stages run, as its package has them. The stages around them ask a
model of OpenAI's, so they do not run here, nor does anything they would have changed. OpenClio
is not on the package index (``openclio`` there is a tool for OpenCL), so it does not run at all;
FAISS's spherical k-means, which it calls, stands in for its first stage. Each works in one thread,
so that CPU seconds count work and no waiting.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.usage_validation import SETS, told
from threadpoolctl import threadpool_limits

from assay.embeddings import open_embedder
from assay.usage.mapping.groups import group
from assay.usage.validation.grammar import synthetic
from assay.usage.validation.reconstruct import hits_of, share_of

MOST_HDBSCAN = 20_000  # its time grows with the square
CHILD = """
import json, sys, time
import numpy as np
vectors = np.load(sys.argv[1])
rows = [{"embedding": row, "item": number} for number, row in enumerate(vectors.tolist())]
size = int(sys.argv[3])
start = time.process_time()
if sys.argv[2] == "kura k-means":
    from kura.k_means import KmeansClusteringMethod
    groups = KmeansClusteringMethod(size).cluster(rows)
elif sys.argv[2] == "kura HDBSCAN":
    from kura.hdbscan import HDBSCANClusteringMethod
    groups = HDBSCANClusteringMethod().cluster(rows)
else:
    import faiss
    kmeans = faiss.Kmeans(vectors.shape[1], max(1, len(vectors) // size), spherical=True, seed=0)
    kmeans.train(vectors)
    found = kmeans.index.search(vectors, 1)[1][:, 0]
    groups = {int(each): np.flatnonzero(found == each).tolist() for each in set(found.tolist())}
labels = [-1] * len(vectors)
for number, members in enumerate(groups.values()):
    for member in members:
        labels[member] = number
print(json.dumps({"labels": labels, "seconds": time.process_time() - start}))
"""

Found = tuple[np.ndarray[Any, Any], float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--python", required=True, help="an interpreter that has kura and faiss")
    parser.add_argument("--embedder", default="static")
    parser.add_argument("--sets", nargs="+", default=["synthetic", "mixture", "hatecheck"])
    parser.add_argument("--conversations", type=int, default=6000, help="in the set synthetic")
    options = parser.parse_args()
    embedder = open_embedder(options.embedder)
    print("| texts | stage | a group of | groups | given back | chance | CPU s |")
    print("|---|---|---|---|---|---|---|")
    for name in options.sets:
        texts, labels = known(name, options.conversations)
        vectors = embedder.embed(texts)
        for stage, size, (groups, seconds) in stages(options.python, vectors):
            chance = np.mean(
                [
                    hits_of(groups, np.random.default_rng(seed).permutation(labels)).mean()
                    for seed in range(10)
                ]
            )
            cells = (
                *(f"{name} ({len(texts):,})", stage, str(size or "its own choice")),
                *(f"{groups.max() + 1:,}", told(share_of(hits_of(groups, labels), groups))),
                *(f"{chance:.3f}", f"{seconds:.1f}"),
            )
            print(f"| {' | '.join(cells)} |", flush=True)


def known(name: str, made_up: int) -> tuple[list[str], np.ndarray[Any, Any]]:
    """Texts and their categories as numbers; so many where they are made up."""
    if name == "synthetic":
        rows = synthetic(made_up, 0).rows
        texts = ["\n".join(each.content for each in row.messages) for row in rows]
        labels = [row.label for row in rows]
    else:
        texts, labels = map(list, zip(*((row[0], row[1]) for row in SETS[name]()), strict=True))
    return texts, np.unique(labels, return_inverse=True)[1]


def stages(python: str, vectors: np.ndarray[Any, Any]) -> Iterator[tuple[str, int | None, Found]]:
    """Each tool's groups, at its own size and at ours."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "vectors.npy"
        np.save(file, vectors)
        for size in (10, 100):
            yield "assay", size, ours(vectors, size)
            for stage in ("kura k-means", "FAISS spherical k-means (as OpenClio)"):
                yield stage, size, theirs(python, file, stage, size)
        if len(vectors) <= MOST_HDBSCAN:
            yield "kura HDBSCAN", None, theirs(python, file, "kura HDBSCAN", 0)


def ours(vectors: np.ndarray[Any, Any], size: int) -> Found:
    done: Callable[[int, int], None] = lambda _done, _all: None  # noqa: E731
    with threadpool_limits(1):
        start = time.process_time()
        found = group(vectors, size, 0, done)
        return found.labels, time.process_time() - start


def theirs(python: str, file: Path, stage: str, size: int) -> Found:
    done = subprocess.run(
        [python, "-c", CHILD, str(file), stage, str(size)],
        stdout=subprocess.PIPE,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
    )
    found = json.loads(done.stdout.splitlines()[-1])
    return np.array(found["labels"], dtype=np.int32), found["seconds"]


if __name__ == "__main__":
    main()
