"""What a map of usage costs from the log to the picture, as conversations grow.

``python -m benchmarks.usage --sizes 10000 100000`` makes logs of conversations of 150 words (100 of
them the person's) in several languages, imports them (redacted) and maps them with the fast local
embedder, as the two commands do. It prints CPU and wall seconds by stage, the peak memory of all
processes together (what they share counts once), and how time grows. ``--folder`` says where the
logs and workspaces lie; they are removed after each size unless ``--keep`` is given.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
from benchmarks.conversations import Topics

from assay import api
from assay.embeddings import open_embedder

STAGES = ("import", "read", "embed", "cluster", "name", "layout", "write")
_FUNCTION_WORDS = {  # what tells a language; the topics' words are nobody's
    "en": "the of and to in is it that for you with on as are this be can how what please not",
    "de": "der die und das ist nicht ich ein zu mit wie kann bitte auf eine mir von den wird oder",
    "fr": "le la les et est un une que pour dans je avec comment pas sur vous des mon plus peut",
    "es": "el la los y es un una que para en con como por no mi se puede del quiero cuando",
    "ru": "и в не на что как это я по для мне нужно можно если или так уже мы она",
}
_SHARES = (0.7, 0.08, 0.08, 0.08, 0.06)
_TURNS = (("user", 60), ("assistant", 30), ("user", 40), ("assistant", 20))
_WORDS = sum(count for _, count in _TURNS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--embedder", default="static")
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(_one(options.one, options.folder, options.embedder)))
        return
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f} at the start; embedder {options.embedder}.")
    if options.embedder != "words":
        open_embedder(options.embedder).prepare()
    rows = [_measured(size, options) for size in options.sizes]
    _print(rows)


def _print(rows: list[dict]) -> None:  # type: ignore[type-arg]
    for kind in ("cpu", "wall"):
        print(f"\n| conversations | {' | '.join(f'{stage}' for stage in STAGES)} | all | each |")
        print("|---|" + "---|" * (len(STAGES) + 2))
        for row in rows:
            told = row[kind]
            total = sum(told.values())
            cells = " | ".join(f"{told[stage]:,.1f}" for stage in STAGES)
            each = total / row["size"] * 1e3
            print(f"| {row['size']:,} | {cells} | {total:,.1f} s {kind} | {each:.3f} ms |")
    for row in rows:
        print(f"{row['size']:,}: peak {row['peak'] / 1e6:,.0f} MB; {row['disk'] / 1e6:,.0f} MB on")
        print(f"  the disk for a log of {row['log'] / 1e6:,.0f} MB; groups {row['clusters']}")
    for small, large in itertools.pairwise(rows):
        times = [sum(row["cpu"].values()) for row in (small, large)]
        power = math.log(times[1] / times[0]) / math.log(large["size"] / small["size"])
        print(f"From {small['size']:,} to {large['size']:,} CPU grows as n^{power:.2f}.")


def _measured(size: int, options: argparse.Namespace) -> dict:  # type: ignore[type-arg]
    with tempfile.TemporaryDirectory(dir=options.folder, prefix=f"usage-{size}-") as made:
        place = Path(made)
        make(place / "made.jsonl", size)
        found: dict = {"size": size, "cpu": {}, "wall": {}, "peak": 0}  # type: ignore[type-arg]
        for verb in ("import", "map"):
            told, peak = _watched(verb, place, options.embedder)
            found["cpu"].update(told["cpu"])
            found["wall"].update(told["wall"])
            found["peak"] = max(found["peak"], peak)
            found["clusters"] = told["clusters"]
            print(f"{size:,} {verb}: {told}, peak {peak / 1e6:,.0f} MB", file=sys.stderr)
        files = [each for each in (place / "usage").rglob("*") if each.is_file()]
        found["disk"] = sum(each.stat().st_size for each in files)
        found["log"] = (place / "made.jsonl").stat().st_size
        if options.keep:
            shutil.copytree(place, place.with_name(f"kept-{size}"))
    return found


def make(path: Path, size: int) -> None:
    """Write a log of so many conversations, in a stream."""
    topics = max(20, min(size // 250, 4000))
    languages = np.random.default_rng(5).choice(len(_SHARES), topics, p=_SHARES)
    function = [np.array(words.split()) for words in _FUNCTION_WORDS.values()]
    said = Topics(topics=topics, words=_WORDS)
    with path.open("w", encoding="utf-8") as file:
        for number, (topic, text) in enumerate(said.texts(size)):
            words = text.split(" ")
            common = function[languages[topic]]
            for at in range(number % 3, _WORDS, 3):
                words[at] = common[(number * 7 + at) % len(common)]
            file.write(json.dumps(_row(number, words, size), ensure_ascii=False) + "\n")


def _row(number: int, words: list[str], size: int) -> dict:  # type: ignore[type-arg]
    row = {
        "id": f"chat-{number}",
        "timestamp": 1_772_359_200 + number * 7,
        "user_id": f"user-{number * 7919 % max(1, size // 4)}",
        "ip": f"10.{number % 199}.{number // 199 % 251}.{number * 13 % 241}",
        "model": f"model-{number % 3}",
    }
    return {**row, "messages": list(_messages(number, words))}


def _messages(number: int, words: list[str]) -> Iterator[dict[str, str]]:
    start = 0
    for role, count in _TURNS:
        text = " ".join(words[start : start + count])
        start += count
        if role == "user" and number % 10 == 0:
            text += f" person{number}@example.org"
        yield {"role": role, "content": text}


def _watched(verb: str, place: Path, embedder: str) -> tuple[dict, int]:  # type: ignore[type-arg]
    """Run a verb in a process of its own; what it says, and the most memory of it and its own."""
    command = [sys.executable, "-m", "benchmarks.usage", "--one", verb, "--folder", str(place)]
    process = subprocess.Popen([*command, "--embedder", embedder], stdout=subprocess.PIPE)
    peak = 0
    ended = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not ended.wait(0.5):
            peak = max(peak, _memory(process.pid))

    watcher = threading.Thread(target=watch)
    watcher.start()
    output, _ = process.communicate()
    ended.set()
    watcher.join()
    if process.returncode:
        sys.exit(f"{verb} failed")
    return json.loads(output), peak


def _memory(pid: int) -> int:
    total = 0
    with contextlib.suppress(psutil.Error):  # one has ended meanwhile
        parent = psutil.Process(pid)
        for each in (parent, *parent.children(recursive=True)):
            total += each.memory_full_info().pss
    return total


def _one(verb: str, place: Path, embedder: str) -> dict:  # type: ignore[type-arg]
    marks: dict[str, tuple[float, float]] = {}

    def now() -> tuple[float, float]:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        spent = sum(each.ru_utime + each.ru_stime for each in used)
        for child in psutil.Process().children(recursive=True):  # those that still work
            with contextlib.suppress(psutil.Error):
                times = child.cpu_times()
                spent += times.user + times.system
        return spent, time.perf_counter()

    def tell(stage: str, done: int, all_: int) -> None:
        if done == all_:
            marks[stage] = now()

    start = now()
    if verb == "import":
        api.import_usage([place / "made.jsonl"], name="made", workspace=place)
        order, clusters = ["import"], None
    else:
        settings = api.MapSettings(embedder=embedder)
        clusters = api.map_usage("made", settings=settings, tell=tell, workspace=place).clusters
        order = list(STAGES[1:])
    marks[order[-1]] = now()
    told: dict = {"cpu": {}, "wall": {}, "clusters": clusters}  # type: ignore[type-arg]
    for stage in order:
        told["cpu"][stage] = round(marks[stage][0] - start[0], 2)
        told["wall"][stage] = round(marks[stage][1] - start[1], 2)
        start = marks[stage]
    return told


if __name__ == "__main__":
    main()
