"""What a map costs as conversations grow, and how good its groups are beside flat k-means.

``python -m benchmarks.usage_map`` maps 10,000 and 100,000 made-up conversations of 150 words, each
in a process of its own, and prints CPU seconds a stage (a map works in one thread), peak memory and
growth. ``--quality`` compares
the tree of k-means with scikit-learn's flat k-means on the vectors of one import. The local
embedder is used where its weights are at hand; ``--embedder words`` needs none.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from benchmarks.conversations import Topics

from assay.embeddings import Embedder, open_embedder
from assay.records import Message, Transcript
from assay.stats.partition import adjusted_rand
from assay.store.tables import write_rows
from assay.usage.folder import UsageFolder
from assay.usage.mapping.folder import MapFolder
from assay.usage.mapping.groups import how_many
from assay.usage.mapping.kmeans import cluster, similarities, unit
from assay.usage.mapping.make import make_map
from assay.usage.mapping.settings import CLUSTER_SIZE, WORDS, MapSettings

STAGES = ("read", "embed", "cluster", "name", "layout", "write")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--embedder", default=WORDS)
    parser.add_argument("--words", type=int, default=150, help="words in a conversation")
    parser.add_argument("--quality", action="store_true")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(_one(options.one, options.embedder, options.words, options.quality)))
        return
    rows = [_in_its_own_process(size, options) for size in options.sizes]
    heads = " | ".join(f"{stage}, s" for stage in STAGES)
    print(f"| conversations | {heads} | CPU s in all | peak, MB |")
    print("|---|" + "---|" * (len(STAGES) + 2))
    for row in rows:
        told = [f"{row['seconds'][stage]:.1f}" for stage in STAGES]
        total = sum(row["seconds"].values())
        print(f"| {row['size']:,} | {' | '.join(told)} | {total:.1f} | {row['peak']:,.0f} |")
    for small, large in itertools.pairwise(rows):
        times = [sum(row["seconds"].values()) for row in (small, large)]
        power = math.log(times[1] / times[0]) / math.log(large["size"] / small["size"])
        print(f"From {small['size']:,} to {large['size']:,} time grows as n^{power:.2f}.")
    for row in rows:
        print(f"{row['size']:,}: {row['clusters']} groups; {row['good']}")


def _in_its_own_process(size: int, options: argparse.Namespace) -> dict:  # type: ignore[type-arg]
    command = [sys.executable, "-m", "benchmarks.usage_map", "--one", str(size)]
    command += ["--embedder", options.embedder, "--words", str(options.words)]
    command += ["--quality"] if options.quality else []
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def _one(size: int, name: str, words: int, quality: bool) -> dict:  # type: ignore[type-arg]
    topics = Topics(topics=max(20, size // 250), words=words)
    with tempfile.TemporaryDirectory() as folder:
        usage = UsageFolder(Path(folder) / "usage" / "made")
        usage.transcripts_folder.mkdir(parents=True)
        _write_in_a_child(usage, topics, size)
        embedder: Embedder | None = None if name == WORDS else open_embedder(name)
        if embedder is not None:
            embedder.prepare()
        ended: dict[str, float] = {}

        def tell(stage: str, _done: int, _all: int) -> None:
            ended[stage] = time.process_time()

        start = time.process_time()
        record = make_map(usage, MapSettings(embedder=name), embedder, tell)
        end = time.process_time()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        marks = [start, *(ended[stage] for stage in STAGES[:-1]), end]
        seconds = dict(zip(STAGES, np.diff(marks).tolist(), strict=True))
        truth = np.array([topic for topic, _ in topics.texts(size)])
        good = _goodness(MapFolder(usage.path), truth)
        if quality:
            good += "; " + _beside_flat(MapFolder(usage.path), truth, size)
        good += f"; another seed agrees by {record.stability:.2f}"
    return {
        "size": size,
        "seconds": seconds,
        "peak": peak,
        "clusters": record.clusters,
        "good": good,
    }


def _write_in_a_child(usage: UsageFolder, topics: Topics, size: int) -> None:
    """So that making conversations does not count towards the map's memory."""
    child = os.fork()
    if child == 0:
        try:
            for part, start in enumerate(range(0, size, 100_000)):
                rows = _rows(topics, min(100_000, size - start), start)
                write_rows(usage.part(part), Transcript, rows)
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def _rows(topics: Topics, number: int, start: int) -> Iterator[Transcript]:
    for each, (_, text) in enumerate(topics.texts(number, start), start=start):
        yield Transcript(
            transcript_id=f"t{each}",
            messages=(Message("user", text),),
            account_id=f"a{each * 7919 % max(1, number // 2)}",
        )


def _goodness(place: MapFolder, truth: np.ndarray) -> str:  # type: ignore[type-arg]
    inside: dict[str | None, Counter[int]] = defaultdict(Counter)
    for topic, each in zip(truth.tolist(), place.placed(), strict=True):
        inside[each.cluster_id][topic] += 1
    pure = sum(counts.most_common(1)[0][1] for counts in inside.values())
    return f"purity {pure / len(truth):.3f}"


def _beside_flat(place: MapFolder, truth: np.ndarray, size: int) -> str:  # type: ignore[type-arg]
    from sklearn.cluster import KMeans

    path = next(place.work_folder.glob("embed-*/vectors.npy"))
    vectors = np.load(path).astype(np.float32)
    k = how_many(size, CLUSTER_SIZE)
    start = time.process_time()
    tree = cluster(vectors, k, 0)
    middle = time.process_time()
    flat = KMeans(k, n_init=1, random_state=0).fit(vectors)
    end = time.process_time()
    told = []
    for name, labels, middles, seconds in (
        ("tree", tree.labels, tree.middles, middle - start),
        ("flat", flat.labels_, unit(flat.cluster_centers_), end - middle),
    ):
        close = similarities(vectors, labels, middles).mean()
        agrees = adjusted_rand(labels, truth)
        told.append(f"{name}: mean cosine {close:.3f}, Rand {agrees:.3f}, {seconds:.1f} s")
    return "; ".join(told)


if __name__ == "__main__":
    main()
