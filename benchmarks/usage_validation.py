"""Validates maps on real texts of known category; prints the table of the docs.

    python -m benchmarks.usage_validation [--embedder E ...] [--sets NAME ...] [--write FOLDER]

The texts are public sets that are not shipped; they are looked for in ``../shared/data`` or
``$ASSAY_TEST_DATA``, and a set that is missing is named and left out. ``--write`` leaves the files
there, for ``assay usage validate --labelled``.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from assay.records import Measured, ValidationRecord
from assay.usage.validation import ValidationSettings, validate_usage

DATA = Path(os.environ.get("ASSAY_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")

Rows = list[tuple[str, str, str]]
"""Text, category, and yes where it is concerning."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--embedder", nargs="+", default=["words", "static", "minilm"])
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = options.write or Path(folder)
        heads = "texts | embedder | setting | groups | given back | chance | constant | most | "
        heads += "concerning | misplaced | names by words | by vectors | reseed"
        print(f"| {heads} |\n|{'---|' * 13}")
        for name, file in files(place, options.sets):
            if not options.write:
                asked = ValidationSettings(
                    embedders=options.embedder, labelled=file, secrets=0, victims=0
                )
                for line in table(name, validate_usage(asked, workspace=folder)):
                    print(line, flush=True)


def files(place: Path, names: Iterable[str]) -> Iterator[tuple[str, Path]]:
    """A csv file of each set whose data is there."""
    place.mkdir(parents=True, exist_ok=True)
    for name in names:
        try:
            rows = SETS[name]()
        except OSError as error:
            print(f"left out: {error}", file=sys.stderr)
            continue
        file = place / f"{name}.csv"
        with file.open("w", encoding="utf-8", newline="") as opened:
            sheet = csv.writer(opened)
            sheet.writerow(["text", "label", "concerning"])
            sheet.writerows(rows)
        yield name, file


def table(name: str, record: ValidationRecord) -> Iterator[str]:
    """A line for each embedder and setting; settings that change nothing are left out."""
    for each in record.results:
        base = each.levels[0]
        names = {check.how: told(check.measured) for check in each.names}
        if each.setting in ("insight", "epsilon 4"):
            cells = (
                *(f"{name} ({each.conversations:,}; {record.categories})", each.embedder),
                *(each.setting, f"{base.groups:,}", told(base.share), f"{base.shuffled:.3f}"),
                *(f"{base.constant:.3f}", f"{base.most:.3f}", told(each.concerning)),
                "-" if each.misplaced is None else f"{each.misplaced.value:.3f}",
                *(names.get("keywords", "-"), names.get("embedding", "-")),
                "-" if each.stability is None else f"{each.stability:.2f}",
            )
            yield f"| {' | '.join(cells)} |"


def told(measured: Measured | None) -> str:
    if measured is None or measured.low is None or measured.high is None:
        return "-" if measured is None else f"{measured.value:.3f}"
    return f"{measured.value:.3f} [{measured.low:.3f}, {measured.high:.3f}]"


# The texts.


def topics(each: int = 250) -> Rows:
    """Model-written statements about one of 24 things."""
    rows = []
    for file in sorted((DATA / "model_written_evals").glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines()[:each]:
            rows.append((json.loads(line)["statement"], file.stem, "no"))
    if not rows:
        raise FileNotFoundError(f"there are no statements in {DATA}")
    return shuffled(rows)


def hatecheck() -> Rows:
    """What HateCheck says of seven groups of people; all of its texts, hateful or not."""
    return shuffled(
        (row["test_case"], row["target_ident"], "yes")
        for row in read("hatecheck/test_suite_cases.csv")
        if row["target_ident"]
    )


def harmbench() -> Rows:
    return shuffled(
        (row["Behavior"], row["SemanticCategory"], "yes")
        for row in read("harmbench/harmbench_behaviors_text_all.csv")
    )


def strongreject() -> Rows:
    return shuffled(
        (row["meli_query"], row["category"], "yes")
        for row in read("strongreject/strongreject_dataset.csv")
    )


def mixture() -> Rows:
    """Concerning texts among four times as many ordinary ones."""
    named = ((set_.__name__, set_()) for set_ in (harmbench, strongreject, hatecheck))
    own = [(text, f"{name}: {label}", "yes") for name, rows in named for text, label, _ in rows]
    few = [row for row in own if row[1].startswith("hatecheck")][:500]
    own = [row for row in own if not row[1].startswith("hatecheck")] + few
    return shuffled([*topics(200), *own])


def read(file: str) -> list[dict[str, str]]:
    with (DATA / file).open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def shuffled(rows: Iterable[tuple[str, str, str]]) -> Rows:
    found = list(rows)
    random.Random(1).shuffle(found)
    return found


SETS: dict[str, Callable[[], Rows]] = {
    each.__name__: each for each in (topics, hatecheck, harmbench, strongreject, mixture)
}


if __name__ == "__main__":
    main()
