"""Kill -9 at any moment, then the same command: nothing finished is lost or asked for twice."""

from __future__ import annotations

import os
import random
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from assay import api
from assay.records import Reply, ScoreRow, Transcript
from assay.store.tables import read_rows
from tests.runs.conftest import MakeEval
from tests.support.fault_server import FaultServer, Seen, reply

ASSAY = [sys.executable, "-m", "assay"]
SAMPLES = 400


def begin(workspace: Path, server: FaultServer, *args: str, **kwargs: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*ASSAY, "run", "echoes", "-m", "openai/any", "--connections", "8", *args],
        cwd=workspace,
        env={**os.environ, "OPENAI_BASE_URL": server.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **kwargs,
    )


def echoed(seen: Seen) -> str:
    return seen.last_message


def results(folder: Path) -> tuple[list[Any], list[Any]]:
    """All rows, without what depends on the run's name and the clock."""
    scores = [
        (row.eval, row.sample_id, row.epoch, row.scorer, row.value, row.unscored, row.explanation)
        for row in read_rows(folder / "scores.parquet", ScoreRow)
    ]
    transcripts = [
        (row.task_set, row.task_id, row.task_repeat, row.messages, row.sample_hash, row.error)
        for row in read_rows(folder / "transcripts.parquet", Transcript)
    ]
    return sorted(scores), sorted(transcripts, key=lambda row: row[:3])


def journalled(workspace: Path) -> set[str]:
    """What the replies in the journal say: with an echo, the samples that are done."""
    found: set[str] = set()
    for file in workspace.glob("runs/*/journal.sqlite"):
        connection = sqlite3.connect(f"file:{file}?mode=ro", uri=True)
        try:
            rows = connection.execute("SELECT reply FROM replies").fetchall()
        except sqlite3.OperationalError:
            rows = []  # killed before the table was made
        found |= {msgspec.json.decode(row[0], type=Reply).text for row in rows}
        connection.close()
    return found


def test_killed_at_twenty_random_moments(workspace: Path, make_eval: MakeEval) -> None:
    make_eval("echoes", SAMPLES)
    chance = random.Random(20)
    asked_again: Counter[str] = Counter()
    with FaultServer(reply(echoed, latency=0.02)) as server:
        for kill in range(20):
            process = begin(workspace, server)
            if kill < 4:  # during start-up
                time.sleep(chance.uniform(0.05, 0.8))
            else:  # somewhere in the midst of it: at most 15 replies further on
                until = len(server.seen) + chance.randint(1, 15)
                while len(server.seen) < until:
                    assert process.poll() is None, process.communicate()
                    time.sleep(0.002)
                time.sleep(chance.uniform(0, 0.04))
            process.kill()
            process.communicate()
            done = journalled(workspace)
            before = Counter(seen.last_message for seen in server.seen)
            asked_again.update({text: before[text] for text in done if text not in asked_again})
        process = begin(workspace, server)
        _, told = process.communicate(timeout=120)
        assert process.returncode == 0, told
        final = Counter(seen.last_message for seen in server.seen)
    assert len(asked_again) > 50
    # What was in the journal at a kill was never asked for after it.
    for text, count in asked_again.items():
        assert final[text] == count, f"{text} was finished, and asked for again"
    # Only what was in flight was: at most 8 requests, and what waited for its commit, a kill.
    assert sum(final.values()) - SAMPLES <= 20 * 16
    [folder] = (workspace / "runs").iterdir()

    undisturbed = workspace.parent / "undisturbed"
    shutil.copytree(workspace / "evals", undisturbed / "evals")
    with FaultServer(reply(echoed)) as server:
        os.environ["OPENAI_BASE_URL"] = server.url
        try:
            [summary] = api.run(["echoes"], "openai/any", workspace=undisturbed)
        finally:
            del os.environ["OPENAI_BASE_URL"]
    assert results(folder) == results(Path(summary.folder))


def test_interrupted_once_finishes_what_is_in_flight(workspace: Path, make_eval: MakeEval) -> None:
    make_eval("echoes", SAMPLES)
    with FaultServer(reply(echoed, latency=0.1)) as server:
        process = begin(workspace, server)
        while len(server.seen) < 30:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)
        asked = len(server.seen)
    assert process.returncode == 3, told
    assert "assay resume" in told
    summary = api.show("latest", workspace=workspace)
    assert summary.run.status == "stopped"
    [estimate] = [each for each in summary.estimates if not each.slice]
    assert estimate.n == asked  # everything that was sent was also scored
    assert estimate.missing == {"not_run": SAMPLES - asked}


def test_interrupted_twice_stops_at_once(workspace: Path, make_eval: MakeEval) -> None:
    make_eval("echoes", SAMPLES)
    with FaultServer(reply(echoed, latency=20)) as server:
        process = begin(workspace, server)
        while not server.seen:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert process.poll() is None  # it waits for what is in flight
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=10)
    assert process.returncode == 130
    assert "the same command goes on" in told


def test_a_full_disk_is_told_and_the_run_goes_on_afterwards(
    workspace: Path, make_eval: MakeEval
) -> None:
    make_eval("echoes", SAMPLES)

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    with FaultServer(reply(echoed, latency=0.005)) as server:
        process = begin(workspace, server, preexec_fn=small_files)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 1, told
        assert "Free some space" in told
        assert "Traceback" not in told
        done = journalled(workspace)
        assert 0 < len(done) < SAMPLES
        before = Counter(seen.last_message for seen in server.seen)
        process = begin(workspace, server)
        _, told = process.communicate(timeout=60)
        assert process.returncode == 0, told
        final = Counter(seen.last_message for seen in server.seen)
    assert all(final[text] == before[text] for text in done)
    assert api.show("latest", workspace=workspace).run.status == "complete"


def test_two_runs_at_once_do_not_disturb_each_other(workspace: Path, make_eval: MakeEval) -> None:
    make_eval("echoes", SAMPLES)
    with FaultServer(reply(echoed, latency=0.02)) as server:
        both = [begin(workspace, server), begin(workspace, server)]
        for process in both:
            _, told = process.communicate(timeout=60)
            assert process.returncode == 0, told
        assert len(server.seen) == 2 * SAMPLES
    folders = sorted((workspace / "runs").iterdir())
    assert len(folders) == 2
    assert results(folders[0]) == results(folders[1])
