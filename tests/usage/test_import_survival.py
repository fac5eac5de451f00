"""Kill -9 at any moment, then the same command: the same rows, each once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pyarrow.parquet as pq

from assay.usage.folder import UsageFolder
from tests.formats import usage_examples as ex
from tests.usage.logs import chat, write

_IMPORT = """
import sys
from pathlib import Path
from assay.usage.folder import UsageFolder
from assay.usage.ingest import Retention, ingest
from assay.usage import sources
from assay.usage.sources import files_of
sources._TASK_ROWS = 10
ingest(
    UsageFolder(Path(sys.argv[1])), b"k" * 32, files_of([sys.argv[2]]),
    part_rows=20, children=int(sys.argv[3]), retention=Retention(True, 30),
)
"""


def begin(place: Path, logs: Path, children: int = 0) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _IMPORT, str(place), str(logs), str(children)])


def rows(place: Path) -> list[dict[str, object]]:
    return [row for part in UsageFolder(place).parts() for row in pq.read_table(part).to_pylist()]


def test_killed_at_twenty_random_moments(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    write(logs / "a.jsonl", [chat(number, 1 + number % 2) for number in range(900)])
    (logs / "a.jsonl").open("a").write('{"broken\n')
    write(logs / "b.jsonl", [chat(number % 600) for number in range(750, 1_350)])
    write(logs / "c.jsonl", [chat(number, 3) for number in range(0, 900, 5)])
    spans = [ex.export(ex.span(ex.PRESENT, number=n), ex.span({})) for n in range(100)]
    write(logs / "d.jsonl", spans)
    whole = tmp_path / "whole"
    started = time.monotonic()
    assert begin(whole, logs).wait() == 0
    took = time.monotonic() - started

    chance = random.Random(20)
    place = tmp_path / "killed"
    seen = set[int]()
    for kill in range(20):
        process = begin(place, logs, children=2 * (kill % 5 == 4))
        before = len(UsageFolder(place).parts())
        limit = time.monotonic() + took
        while kill >= 4 and time.monotonic() < limit and process.poll() is None:
            if len(UsageFolder(place).parts()) > before:  # it has come further
                break
            time.sleep(0.002)
        time.sleep(chance.uniform(0, 0.03 if kill >= 4 else took / 4))
        process.kill()
        process.wait()
        seen.add(len(UsageFolder(place).parts()))
    assert begin(place, logs).wait() == 0
    assert len(seen) > 5
    assert rows(place) == rows(whole)
    one, other = UsageFolder(place).read(), UsageFolder(whole).read()
    assert one.sources == other.sources
    assert (one.redacted, one.languages, one.superseded) == (
        other.redacted,
        other.languages,
        other.superseded,
    )
    assert one.status == "complete"
    left, right = (UsageFolder(each).rejected_file for each in (place, whole))
    assert pq.read_table(left).to_pylist() == pq.read_table(right).to_pylist()
    raw = [
        pq.read_table(part)["transcript_id"].to_pylist()
        for part in (
            UsageFolder(place).raw_part(number) for number in range(len(UsageFolder(place).parts()))
        )
    ]
    stored = [
        pq.read_table(part)["transcript_id"].to_pylist() for part in UsageFolder(place).parts()
    ]
    assert raw == stored
    assert not list(place.rglob("*.part"))


def test_no_process_is_left_behind(tmp_path: Path) -> None:
    logs = write(tmp_path / "a.jsonl", [chat(number) for number in range(20_000)])
    process = begin(tmp_path / "place", logs, children=2)
    children: list[psutil.Process] = []
    while len(children) < 2:
        assert process.poll() is None
        children = psutil.Process(process.pid).children()
        time.sleep(0.01)
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(children, timeout=20)
    assert not alive


def test_a_child_that_is_killed_ends_it_and_the_same_command_goes_on(tmp_path: Path) -> None:
    logs = write(tmp_path / "a.jsonl", [chat(number) for number in range(5_000)])
    place = tmp_path / "place"
    process = begin(place, logs, children=2)
    while not UsageFolder(place).parts():
        assert process.poll() is None
        time.sleep(0.01)
    psutil.Process(process.pid).children()[0].kill()
    assert process.wait(timeout=60) != 0
    assert begin(place, logs).wait() == 0
    assert UsageFolder(place).read().conversations == len(rows(place)) == 5_000


def test_interrupting_it_keeps_what_was_finished(tmp_path: Path) -> None:
    logs = write(tmp_path / "a.jsonl", [chat(number) for number in range(40_000)])
    command = [sys.executable, "-m", "assay", "usage", "import", str(logs), "--name", "a"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    place = tmp_path / "usage" / "a"
    while not (place / "transcripts").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "the same command goes on" in told
    assert UsageFolder(place).read().status == "running"
    assert not list(place.rglob("*.part"))
