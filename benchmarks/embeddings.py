"""Measures the embedders on labelled texts, and how fast they are; prints the tables of the docs.

    python -m benchmarks.embeddings quality     every embedder on every set of labelled texts
    python -m benchmarks.embeddings recipe      the static table's recipe, on half of the topics
    python -m benchmarks.embeddings speed       texts a second on one core, and memory

The labelled texts are public sets that are not shipped; they are looked for in ``../shared/data``
or ``$ASSAY_TEST_DATA``, and a set that is missing is named and left out. It needs scikit-learn.
"""

from __future__ import annotations

import csv
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from assay.embeddings import Vectors, open_embedder
from assay.embeddings.base import normalised
from assay.embeddings.distil import each_alone, reduced
from assay.embeddings.minilm import model_files, open_tokenizer

DATA = Path(os.environ.get("ASSAY_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")
SEEDS = range(5)
SHOTS = 16
TF_IDF = "TF-IDF + SVD, 256"

Embed = Callable[[list[str]], Vectors]


@dataclass(frozen=True)
class Labelled:
    """Texts and what each is about."""

    name: str
    texts: list[str]
    labels: list[str]


def main(arguments: list[str]) -> None:
    commands = {"quality": quality, "recipe": recipe, "speed": speed, "one": one}
    if not arguments or arguments[0] not in commands:
        sys.exit(__doc__)
    commands[arguments[0]](*arguments[1:])


# The texts.


def statements(topics: slice) -> Labelled:
    """Model-written statements, 200 of each topic: nine words each."""
    files = sorted((DATA / "model_written_evals").glob("*.jsonl"))
    texts, labels = [], []
    for file in files[topics]:
        for line in file.read_text(encoding="utf-8").splitlines()[:200]:
            texts.append(json.loads(line)["statement"])
            labels.append(file.stem)
    return Labelled("topics of model-written statements", texts, labels)


def mixed(single: Labelled) -> Labelled:
    """As long as a conversation: four statements of the topic among eight of any topic."""
    draw = random.Random(1)
    texts, labels = [], []
    for topic in dict.fromkeys(single.labels):
        own = [t for t, label in zip(single.texts, single.labels, strict=True) if label == topic]
        for _ in range(40):
            parts = draw.sample(own, 4) + draw.sample(single.texts, 8)
            draw.shuffle(parts)
            texts.append(" ".join(parts))
            labels.append(topic)
    return Labelled("the same, 4 statements among 8 others", texts, labels)


def from_csv(name: str, file: str, text: str, label: str) -> Labelled:
    with (DATA / file).open(encoding="utf-8", newline="") as opened:
        rows = [row for row in csv.DictReader(opened) if row[label]]
    return Labelled(name, [row[text] for row in rows], [row[label] for row in rows])


def sets() -> Iterator[Labelled]:
    cases = "hatecheck/test_suite_cases.csv"
    for make in (
        lambda: statements(slice(1, None, 2)),
        lambda: mixed(statements(slice(1, None, 2))),
        lambda: from_csv("HateCheck targets", cases, "test_case", "target_ident"),
        lambda: from_csv("HateCheck functionality", cases, "test_case", "functionality"),
        lambda: from_csv(
            "HarmBench categories",
            "harmbench/harmbench_behaviors_text_all.csv",
            "Behavior",
            "SemanticCategory",
        ),
        lambda: from_csv(
            "StrongREJECT categories",
            "strongreject/strongreject_dataset.csv",
            "meli_query",
            "category",
        ),
    ):
        try:
            found = make()
        except OSError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        if found.texts:
            yield found
        else:
            print(f"left out: there is nothing of {found.name} in {DATA}", file=sys.stderr)


# How well.


@dataclass(frozen=True)
class Quality:
    """Agreement of k-means with the labels (k as many as there are), and few-shot AUC."""

    rand: list[float]
    mutual: list[float]
    purity: list[float]
    auc: list[float]

    def __str__(self) -> str:
        spread = f"{np.mean(self.rand):.2f} ± {np.std(self.rand, ddof=1):.2f}"
        return f"{spread}, {np.mean(self.mutual):.2f}, {np.mean(self.purity):.2f}, " + (
            f"{np.mean(self.auc):.3f}"
        )


def measured(vectors: Vectors, labels: list[str]) -> Quality:
    from sklearn.cluster import KMeans
    from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

    kinds, true = np.unique(labels, return_inverse=True)
    found = Quality([], [], [], [])
    for seed in SEEDS:
        clusters = KMeans(len(kinds), n_init=1, random_state=seed).fit_predict(vectors)
        found.rand.append(adjusted_rand_score(true, clusters))
        found.mutual.append(normalized_mutual_info_score(true, clusters))
        table = np.zeros((len(kinds), len(kinds)), int)
        np.add.at(table, (clusters, true), 1)
        found.purity.append(table.max(axis=1).sum() / len(true))
        found.auc.append(few_shot(vectors, true, seed))
    return found


def few_shot(vectors: Vectors, true: NDArray[np.intp], seed: int) -> float:
    """Mean over labels: AUC of a logistic regression on 16 texts of each (or half of them)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    draw = np.random.default_rng(seed)
    shown: list[int] = []
    for kind in range(true.max() + 1):
        own = draw.permutation(np.flatnonzero(true == kind))
        shown += own[: min(SHOTS, len(own) // 2)].tolist()
    rest = np.setdiff1d(np.arange(len(true)), shown)
    model = LogisticRegression(C=10, max_iter=500).fit(vectors[shown], true[shown])
    scores = model.predict_proba(vectors[rest])
    each = [roc_auc_score(true[rest] == kind, scores[:, kind]) for kind in model.classes_]
    return float(np.mean(each))


def tf_idf(texts: list[str]) -> Vectors:
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    counts = TfidfVectorizer(sublinear_tf=True, stop_words="english", min_df=2).fit_transform(texts)
    reducer = TruncatedSVD(min(256, counts.shape[1] - 1), random_state=0)
    return normalised(reducer.fit_transform(counts).astype(np.float32))


def contestants() -> dict[str, Embed]:
    static, minilm, hashed = map(open_embedder, ("static", "minilm", "hashed"))
    return {
        "static, 256": static.embed,
        "static, its first 128": lambda texts: normalised(static.embed(texts)[:, :128].copy()),
        "minilm, 384": minilm.embed,
        TF_IDF: tf_idf,
        "hashed, 256": hashed.embed,
    }


def quality() -> None:
    found, compared = list(sets()), contestants()
    print("Each cell: adjusted Rand ± its standard deviation over 5 seeds, NMI, purity; AUC\n")
    print("| labelled texts | " + " | ".join(compared) + " |")
    print("|---|" + "---|" * len(compared))
    for each in found:
        size = f"{len(each.texts):,} texts, {len(set(each.labels))} labels"
        row = [f"{each.name} ({size})"]
        for embed in compared.values():
            row.append(str(measured(embed(each.texts), each.labels)))
        print("| " + " | ".join(row) + " |", flush=True)


def recipe() -> None:
    """On the topics that ``quality`` does not use."""
    vectors, probability = each_alone(*model_files())
    tokenizer = open_tokenizer(model_files()[1])
    single = statements(slice(0, None, 2))
    found = [single, mixed(single)]
    print("| a | flatten | dimensions | " + " | ".join(each.name for each in found) + " |")
    print("|---|---|---|" + "---|" * len(found))
    for common, flatten, dimensions in (
        (1e3, 0.0, 256),
        *((common, 0.25, 256) for common in (1e-4, 3e-4, 1e-3)),
        *((3e-4, flatten, 256) for flatten in (0.0, 0.5)),
        (3e-4, 0.25, 128),
    ):
        table = reduced(vectors, probability, common, flatten)[:, :dimensions]
        cells = [str(measured(summed(tokenizer, table, each.texts), each.labels)) for each in found]
        print(
            f"| {common:g} | {flatten:g} | {dimensions} | " + " | ".join(cells) + " |", flush=True
        )


def summed(tokenizer, table: Vectors, texts: list[str]) -> Vectors:  # type: ignore[no-untyped-def]
    encoded = tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    ends = np.cumsum([0, *(len(each.ids) for each in encoded)])
    columns = np.concatenate([np.array(each.ids, np.int32) for each in encoded])
    counts = csr_matrix(
        (np.ones(len(columns), np.float32), columns, ends), (len(texts), len(table))
    )
    return normalised(np.ascontiguousarray(counts @ table))


# How fast.


def conversations(count: int, words: int = 150) -> Iterator[list[str]]:
    """Made-up texts, 5,000 at a time: words as common as words are, some of them rare names."""
    tokenizer = open_tokenizer(model_files()[1])
    known = [tokenizer.id_to_token(row) for row in range(1996, 25_000)]
    plain = [word for word in known if not word.startswith("##")]
    draw = np.random.default_rng(0)
    for first in range(0, count, 5000):
        ranks = draw.zipf(1.3, (min(5000, count - first), words)) - 1
        yield [
            " ".join(plain[rank] if rank < len(plain) else f"name{rank % 10**6}," for rank in row)
            for row in ranks.tolist()
        ]


def speed() -> None:
    print("| embedder | texts of 150 words a second, one core | peak memory, MB | on disk, MB |")
    print("|---|---|---|---|")
    folder = model_files()[0].parent
    open_embedder("static").prepare()
    disk = {
        "static": [folder / "static-256.npy", folder / "minilm-l6.tokenizer.json"],
        "minilm": list(model_files()),
    }
    for name, count in (("nothing", 0), ("static", 100_000), ("minilm", 150), ("hashed", 20_000)):
        command = [sys.executable, "-m", "benchmarks.embeddings", "one", name, str(count)]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        rate, memory = json.loads(told)
        size = sum(file.stat().st_size for file in disk.get(name, [])) / 1e6
        print(f"| {name} | {rate:,.0f} | {memory:,.0f} | {size:.0f} |", flush=True)


def one(name: str, count: str) -> None:
    """In a process of its own, on one core: CPU time is what counts, since others may be busy."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    rate = 0.0
    if name != "nothing":
        embedder = open_embedder(name)
        embedder.embed(["Load everything."])
        took = 0.0
        for texts in conversations(int(count)):
            start = time.process_time()
            embedder.embed(texts)
            took += time.process_time() - start
        rate = int(count) / took
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps([rate, memory]))


if __name__ == "__main__":
    main(sys.argv[1:])
