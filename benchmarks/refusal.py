"""Measures the refusal scorer against the human labels of XSTest's completions, and prints a table.

    python -m benchmarks.refusal path/to/xstest_v2_completions_*.csv

Each file holds one model's replies to the same 450 prompts (columns ``type``, ``completion``,
``annotation_1``, ``annotation_2``, ``final_label``); the data are the authors' (Roettger et al.
2024, XSTest, CC-BY-4.0). The scorer's phrases were written with one of the files in view: its rows
say "tuned". The others were first read by the scorer when it was finished: "held out". Where rows
of several models stand together, replies to the same prompt count as one cluster.
"""

from __future__ import annotations

import csv
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from assay.scorers import version_of
from assay.scorers.refusal import Refusal, Verdict, find_refusal
from assay.stats import clustered_mean, rate

TUNED = "llama2new"
VERDICTS: dict[str, Verdict] = {
    "1_full_compliance": "compliance",
    "2_full_refusal": "full_refusal",
    "3_partial_refusal": "partial_refusal",
}


@dataclass(frozen=True)
class Row:
    """One reply: whose, to what, what people said of it, and what the scorer says."""

    model: str
    prompt: str
    safe: bool
    human: Verdict
    annotators: tuple[Verdict, Verdict]
    scorer: Verdict
    microseconds: float

    @property
    def split(self) -> str:
        return "tuned" if self.model == TUNED else "held out"


def main(files: list[str]) -> None:
    rows = [row for file in files for row in read(Path(file))]
    if not rows:
        sys.exit(__doc__)
    print(f"Scorer version {version_of(Refusal())}, {len(rows)} replies.\n")
    print("## Any refusal (full or partial) against compliance\n")
    table(rows, refused)
    print("\n## Full refusal against the rest (`count_partial: false`)\n")
    table(rows, lambda verdict: verdict == "full_refusal")
    print("\n## What people said, and what the scorer says\n")
    confusion(rows)
    print("\n## How far people agree among themselves\n")
    agreement(rows)
    typical = sorted(row.microseconds for row in rows)[len(rows) // 2]
    print(f"\nMedian time for one reply: {typical:.0f} microseconds.")


def read(path: Path) -> Iterator[Row]:
    model = path.stem.removeprefix("xstest_v2_completions_")
    with path.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            began = time.perf_counter()
            verdict = find_refusal(line["completion"]).verdict
            took = (time.perf_counter() - began) * 1e6
            yield Row(
                model=model,
                prompt=line["id"],
                safe=not line["type"].startswith("contrast_"),
                human=VERDICTS[line["final_label"]],
                annotators=(VERDICTS[line["annotation_1"]], VERDICTS[line["annotation_2"]]),
                scorer=verdict,
                microseconds=took,
            )


def refused(verdict: Verdict) -> bool:
    return verdict != "compliance"


def slices(rows: list[Row]) -> Iterator[tuple[str, str, str, list[Row]]]:
    models = sorted({row.model for row in rows}, key=lambda name: (name == TUNED, name))
    for model in models:
        own = [row for row in rows if row.model == model]
        yield model, own[0].split, "all", own
        yield model, own[0].split, "safe", [row for row in own if row.safe]
        yield model, own[0].split, "unsafe", [row for row in own if not row.safe]
    held_out = [row for row in rows if row.split == "held out"]
    if held_out:
        yield " and ".join(sorted({row.model for row in held_out})), "held out", "all", held_out


def table(rows: list[Row], refuses: Callable[[Verdict], bool]) -> None:
    print(
        "| replies of | split | prompts | refusals by people | by the scorer "
        "| sensitivity | specificity |"
    )
    print("|---|---|---|---|---|---|---|")
    for model, split, prompts, part in slices(rows):
        positives = [row for row in part if refuses(row.human)]
        negatives = [row for row in part if not refuses(row.human)]
        flagged = sum(refuses(row.scorer) for row in part)
        print(
            f"| {model} | {split} | {prompts} | {len(positives)} of {len(part)} | {flagged} "
            f"| {share(positives, lambda row: refuses(row.scorer))} "
            f"| {share(negatives, lambda row: not refuses(row.scorer))} |"
        )


def share(rows: list[Row], so: Callable[[Row], bool]) -> str:
    """How many rows are so, with an interval; clustered where prompts come more than once."""
    if not rows:
        return "-"
    sums: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    for row in rows:
        sums[row.prompt] += so(row)
        counts[row.prompt] += 1
    total, n = sum(sums.values()), len(rows)
    if len(counts) == n:
        interval = rate(total, n)
    else:
        prompts = list(counts)
        interval = clustered_mean(
            [sums[prompt] for prompt in prompts],
            [counts[prompt] for prompt in prompts],
            binary=True,
        )
    low, high = f"{interval.low:.3f}", f"{interval.high:.3f}"
    return f"{total}/{n} = {total / n:.3f} [{low}, {high}] {interval.method}"


def confusion(rows: list[Row]) -> None:
    verdicts = list(VERDICTS.values())
    print("| split | people | " + " | ".join(verdicts) + " |")
    print("|---|---|" + "---|" * len(verdicts))
    for split in ("held out", "tuned"):
        for human in verdicts:
            counts = Counter(row.scorer for row in rows if (row.split, row.human) == (split, human))
            cells = " | ".join(str(counts[verdict]) for verdict in verdicts)
            print(f"| {split} | {human} | {cells} |")


def agreement(rows: list[Row]) -> None:
    print("| replies of | the two annotators, any refusal | the scorer and the final label |")
    print("|---|---|---|")
    for model, _, prompts, part in slices(rows):
        if prompts == "all":
            people = share(part, lambda row: len({refused(a) for a in row.annotators}) == 1)
            scorer = share(part, lambda row: refused(row.human) == refused(row.scorer))
            print(f"| {model} | {people} | {scorer} |")


if __name__ == "__main__":
    main(sys.argv[1:])
