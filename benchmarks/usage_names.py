"""Writes what certifies a judge of names, and what it then judges, from public texts.

    python -m benchmarks.usage_names FOLDER

``pairs.csv``: groups of one category each, with the name that words alone give it beside the other
categories, labelled yes, and with the name of another category, labelled no. Nobody labelled them:
the categories are known. ``judged.csv``: other texts, for ``assay usage validate --labelled``. The
sets are looked for as ``benchmarks.usage_validation`` does.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from benchmarks.usage_validation import DATA, Rows, hatecheck, mixture

from assay.embeddings import open_embedder
from assay.records import Message
from assay.usage.mapping.corpus import Corpus, read_corpus
from assay.usage.mapping.groups import Grouped
from assay.usage.mapping.kmeans import middles_of
from assay.usage.mapping.names import name_groups
from assay.usage.validation.labelled import Known, Labelled, bare_import, transcripts_of

CATEGORIES, TEXTS, SAMPLED = 20, 200, 12
JUDGED = 2500
_SHIFT = 13  # the wrong name is of the category so many places before: none that is like it
_LEAST = 10  # people behind a word of a name


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    rows = apart()
    write(folder / "pairs.csv", ("input", "reply", "label", "cluster"), pairs(rows))
    write(folder / "judged.csv", ("text", "label", "concerning"), mixture()[:JUDGED])


def apart() -> Rows:
    """Statements and texts of HateCheck that ``judged.csv`` does not hold, by category."""
    rows: Rows = []
    for file in sorted((DATA / "model_written_evals").glob("*.jsonl")):
        lines = file.read_text(encoding="utf-8").splitlines()[250 : 250 + TEXTS]
        rows += [(json.loads(line)["statement"], file.stem, "no") for line in lines]
    judged = {text for text, _, _ in mixture()}
    others = [row for row in hatecheck() if row[0] not in judged]
    for kind in sorted({label for _, label, _ in others})[:6]:
        rows += [row for row in others if row[1] == kind][:TEXTS]
    return rows


def pairs(rows: Rows) -> list[tuple[str, str, str, str]]:
    """A sample of each category with its own name, and another sample with a wrong one."""
    categories = sorted({label for _, label, _ in rows})
    labels = np.array([categories.index(label) for _, label, _ in rows], dtype=np.int32)
    names = named(rows, labels, len(categories))
    random = np.random.default_rng(7)
    found = []
    for number, category in enumerate(categories[:CATEGORIES]):
        own = np.flatnonzero(labels == number)
        for label, name in (("yes", names[number]), ("no", names[number - _SHIFT])):
            some = np.sort(random.choice(own, SAMPLED, replace=False)).tolist()
            said = [f"{n}. {' '.join(rows[row][0].split())[:400]}" for n, row in enumerate(some, 1)]
            found.append(("\n".join(said), name, label, category))
    return found


def named(rows: Rows, labels: Any, count: int) -> list[str]:
    """Each category's name, as a map names a group."""
    known = [Known((Message("user", text),), label) for text, label, _ in rows]
    with tempfile.TemporaryDirectory() as folder:
        usage = bare_import(Path(folder) / "usage", transcripts_of(Labelled("pairs", known)))
        read_corpus(usage, usage.path, lambda _done, _all: None)
        corpus = Corpus(usage.path)
        vectors = open_embedder("static").embed([text for text, _, _ in rows])
        middles = middles_of(vectors, labels, count)
        grouped = Grouped(labels, middles, np.zeros(count, dtype=bool), levels=[])
        whose = np.asarray(corpus.principals)
        return [
            each.name
            for each in name_groups(corpus, grouped, whose, _LEAST, lambda _done, _all: None)[0]
        ]


def write(path: Path, head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(head)
        sheet.writerows(rows)


if __name__ == "__main__":
    main()
