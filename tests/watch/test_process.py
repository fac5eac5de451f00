"""The process itself: killed at any moment, asked to stop, alone, and what it prints."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from assay import api
from assay.records import ScoreRow
from assay.store.tables import read_rows
from assay.watch.process import alone, ask_to_stop
from tests.support.fault_server import FaultServer, Seen, reply, status
from tests.watch.conftest import DAY, MORNING, Endpoint, received, write_watch

_AT = """
import sys, time
begun, told = time.time(), float(sys.argv.pop(1))
real = time.time
time.time = lambda: told + real() - begun
from assay.cli import main
main()
"""


def begin(workspace: Path, at: float, *args: str) -> subprocess.Popen[str]:
    """``assay watch ...`` in a process of its own, whose clock says ``at``."""
    return subprocess.Popen(
        [sys.executable, "-c", _AT, str(at), "watch", *args],
        cwd=workspace,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(workspace: Path, at: float, *args: str) -> tuple[int, str, str]:
    process = begin(workspace, at, *args)
    out, err = process.communicate(timeout=120)
    assert "Traceback" not in err, err
    return process.returncode, out, err


def test_killed_at_random_moments_no_look_is_lost_or_done_twice_and_no_alert_is_lost(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer
) -> None:
    """Five days, on each of which the process is killed twice before it may end."""
    # Wrong at once, so that every kind of step happens: look, alert, delivery.
    endpoint.right = 0.3

    endpoint.server.behaviour = reply(endpoint._say, latency=0.02)
    write_watch(workspace)
    (workspace / "assay.toml").write_text('[models."openai/any"]\nconnections = 4\n')
    chance = random.Random(3)
    for day in range(5):
        at = MORNING + day * DAY
        for first in (True, False):
            process = begin(workspace, at, "start", "nightly", "--once")
            # In the midst of the replies, and then somewhere between the last one and the end.
            until = 40 * day + (chance.randint(1, 39) if first else 40)
            while len(endpoint.server.seen) < until and process.poll() is None:
                time.sleep(0.005)
            time.sleep(0.0 if first else chance.uniform(0.0, 0.5))
            process.send_signal(signal.SIGKILL)
            process.communicate()
        code, _, err = finish(workspace, at + 90, "start", "nightly", "--once")
        assert code in (0, 2), err
    [found] = api.watch_status("nightly", workspace=workspace)
    assert [look.status for look in found.looks] == ["done"] * 5
    assert len({look.due for look in found.looks}) == 5
    assert len({look.run for look in found.looks}) == 5
    for look in found.looks:
        file = workspace / "runs" / str(look.run) / "scores.parquet"
        assert len(list(read_rows(file, ScoreRow))) == 40
    assert [alert.kind for alert in found.alerts] == ["change"]
    assert {alert["id"] for alert in received(inbox)} == {found.alerts[0].id}
    assert all(each.delivered for each in found.deliveries)
    # Only what was in flight at a kill may have been asked for again: 4 at a time.
    assert len(endpoint.server.seen) <= 5 * 40 + 10 * 4


def test_killed_between_sending_and_noting_it_the_alert_goes_again_under_its_id(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer
) -> None:
    write_watch(workspace, {"reference": {"value": 0.2}})

    answer = inbox.behaviour
    killed: list[subprocess.Popen[str]] = []

    async def behave(seen: Seen, writer: Any) -> bool:
        killed[0].send_signal(signal.SIGKILL)
        return await answer(seen, writer)

    inbox.behaviour = behave
    killed.append(begin(workspace, MORNING, "start", "nightly", "--once"))
    killed[0].communicate(timeout=120)
    assert killed[0].returncode == -signal.SIGKILL
    [delivery] = api.watch_status("nightly", workspace=workspace)[0].deliveries
    assert (delivery.attempts, delivery.delivered) == (1, None)
    assert "how it ended is not known" in delivery.error

    inbox.behaviour = answer
    finish(workspace, MORNING + 3600, "start", "nightly", "--once")
    first, second = received(inbox)
    assert first["id"] == second["id"] == delivery.alert


def test_a_look_that_died_days_ago_is_missed_and_not_mixed_of_two_times(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer
) -> None:
    write_watch(workspace)
    alive, endpoint.server.behaviour = endpoint.server.behaviour, reply("ok", latency=1.0)
    process = begin(workspace, MORNING, "start", "nightly", "--once")
    while not endpoint.server.seen:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    endpoint.server.behaviour = alive
    code, _, err = finish(workspace, MORNING + 3 * DAY, "start", "nightly", "--once")
    assert code == 3, err
    [found] = api.watch_status("nightly", workspace=workspace)
    told = [(look.status, look.count, look.why) for look in found.looks]
    assert told == [
        ("missed", 1, "the process ended in the midst of it"),
        ("missed", 2, "no process was running"),
        ("done", 1, ""),
    ]


def test_a_running_watch_looks_again_when_it_is_due_and_stops_when_asked(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer
) -> None:
    write_watch(workspace, every="1m")
    edge = MORNING + 60 - 4.0  # four seconds before the next look is due
    process = begin(workspace, edge, "start", "nightly")
    try:
        until = time.monotonic() + 60
        while api.watch_status("nightly", workspace=workspace)[0].done < 2:
            assert time.monotonic() < until
            assert process.poll() is None, process.communicate()
            time.sleep(0.2)
        [found] = api.watch_status("nightly", workspace=workspace)
        assert found.running
        second = finish(workspace, edge, "start", "nightly", "--once")
        assert second[0] == 1
        assert "another process is at this watch" in second[2]
        code, _, err = finish(workspace, edge, "stop", "nightly")
        assert (code, err) == (0, "No process is at nightly.\n")
        _, err = process.communicate(timeout=30)
        assert process.returncode == 0
        assert "The next look is due" in err
    finally:
        process.kill()
        process.wait()
    assert not (workspace / "watches" / "nightly" / "stop").exists()


def test_sigterm_lets_what_is_in_flight_finish_and_the_next_start_goes_on(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer
) -> None:
    write_watch(workspace)
    (workspace / "assay.toml").write_text('[models."openai/any"]\nconnections = 2\n')
    endpoint.server.behaviour = reply(endpoint._say, latency=0.2)
    process = begin(workspace, MORNING, "start", "nightly")
    while len(endpoint.server.seen) < 4:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert "the next start goes on with it" in err
    assert process.returncode == 0
    endpoint.server.behaviour = reply(endpoint._say)
    code, _, err = finish(workspace, MORNING + 60, "start", "nightly", "--once")
    assert code == 0, err
    assert max(Counter(seen.last_message for seen in endpoint.server.seen).values()) == 1
    [found] = api.watch_status("nightly", workspace=workspace)
    assert (found.done, found.missed) == (1, 0)


def test_a_wish_to_stop_is_meant_for_one_process_alone(tmp_path: Path) -> None:
    with alone(tmp_path) as asked:
        told = json.loads((tmp_path / "lock").read_text())
        assert told["pid"] == os.getpid()
        (tmp_path / "stop").write_text("another's token")
        assert not asked()
        assert not ask_to_stop(tmp_path, 0.3)  # this very process does not end
        assert asked()
    assert ask_to_stop(tmp_path, 0.3)
    with alone(tmp_path) as asked:
        assert not asked()


def test_exit_codes_and_what_is_printed(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer
) -> None:
    write_watch(workspace)
    assert finish(workspace, MORNING, "start", "nightly", "--once")[0] == 0
    code, out, err = finish(workspace, MORNING, "start", "nightly", "--once")
    assert (code, out, err) == (0, "", "Nothing is due.\n")
    endpoint.right = 0.0
    endpoint.wrong = "\x1b[2J\r\nSubject: evil"
    code, out, err = finish(workspace, MORNING + DAY, "start", "nightly", "--once", "--json")
    assert code == 2, err
    turn = json.loads(out)
    assert turn["alerts"][0]["kind"] == "change"
    alive, endpoint.server.behaviour = endpoint.server.behaviour, status(401)
    code, _, err = finish(workspace, MORNING + 2 * DAY, "start", "nightly", "--once")
    assert code == 3
    assert "was missed" in err
    endpoint.server.behaviour = alive
    code, out, err = finish(workspace, MORNING + 2 * DAY, "status", "nightly")
    assert code == 0
    assert "missed: " in err
    assert "0.05 at most" in err
    assert "lower since" in out
    assert "\x1b" not in out + err
    found = json.loads(finish(workspace, MORNING + 2 * DAY, "status", "--json")[1])
    assert found[0]["figures"][0]["figure"]["standing"] == "lower"
    everything = json.dumps(received(inbox)) + out + err
    assert "evil" not in everything  # no text of the model's goes anywhere


def test_a_missing_secret_is_told_before_anything_is_asked(
    workspace: Path, endpoint: Endpoint
) -> None:
    write_watch(workspace)
    code, _, err = finish(workspace, MORNING, "start", "nightly", "--once")
    assert code == 1
    assert "WATCH_HOOK is not set" in err
    assert endpoint.server.seen == []
