"""Whole watches of a model on a loopback socket, day by day: changes, restarts, missed looks."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assay import api
from assay.errors import AssayError, DefinitionError, StoreError
from assay.records import ScoreRow
from assay.store.tables import read_rows
from tests.launch import conftest as launch
from tests.support.fault_server import FaultServer, reply, reset, status
from tests.watch.conftest import (
    Clock,
    Endpoint,
    look,
    received,
    write_eval,
    write_watch,
)


def days(workspace: Path, clock: Clock, count: int) -> list[str]:
    """So many daily looks; gives the kinds of the alerts that they raised."""
    kinds = []
    for _ in range(count):
        turn = look(workspace)
        assert [each.status for each in turn.looks] == ["done"]
        kinds += [alert.kind for alert in turn.alerts]
        clock.days(1)
    return kinds


def test_a_change_at_look_k_is_established_once_and_dated(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer, clock: Clock
) -> None:
    write_watch(workspace)
    assert days(workspace, clock, 6) == []
    changed_on = api.watch_status("nightly", workspace=workspace)[0].next_due
    endpoint.right = 0.6
    kinds = days(workspace, clock, 8)
    assert kinds == ["change"]  # one alert for the change, not one a look
    [alert] = received(inbox)
    assert alert["id"].startswith("nightly-")
    assert "lower than expected (worse)" in alert["title"]
    assert f"Since: about {changed_on}" in alert["text"]
    for told in ("Expected: 0.95", "n ", "asked in", "Missing: 0", "own targets", "0.05 at most"):
        assert told in alert["text"]
    [found] = api.watch_status("nightly", workspace=workspace)
    [seen] = found.figures
    assert seen.figure.standing == "lower"
    assert seen.figure.good is False
    assert seen.figure.sequence > 2  # each confirmation ends one
    assert found.done == 14
    assert found.deliveries[0].delivered
    runs = {row.run for row in found.looks}
    assert set(alert["runs"]) < runs
    assert all(run in alert["text"] for run in alert["runs"])


def test_a_stable_model_over_many_looks_raises_nothing(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer, clock: Clock
) -> None:
    write_watch(workspace, {}, {"id": "german", "slice": {"language": "de"}})
    assert days(workspace, clock, 25) == []
    assert received(inbox) == []
    [found] = api.watch_status("nightly", workspace=workspace)
    whole, german = found.figures
    assert whole.figure.n == 25 * 40
    assert whole.figure.low <= 0.95 <= whole.figure.high
    assert 0 < german.figure.n < whole.figure.n / 2


def test_every_look_draws_anew_and_asks_each_sample_once(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer, clock: Clock
) -> None:
    write_eval(workspace / "evals" / "echoes", epochs=3)
    write_watch(workspace)
    days(workspace, clock, 2)
    draws = []
    for each in api.watch_status("nightly", workspace=workspace)[0].looks:
        file = workspace / "runs" / str(each.run) / "scores.parquet"
        draws.append([row.sample_id for row in read_rows(file, ScoreRow)])
        assert len(draws[-1]) == len(set(draws[-1])) == 40
    assert len({*draws[0], *draws[1]}) > 50
    assert len(endpoint.server.seen) == 80


def test_better_is_told_as_better_and_the_return_as_a_return(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer, clock: Clock
) -> None:
    write_watch(workspace, {"reference": {"value": 0.5}, "margin": 0.25})
    endpoint.right = 1.0
    assert days(workspace, clock, 3) == ["change"]
    assert "higher than expected (better)" in received(inbox)[0]["title"]
    endpoint.right = 0.5
    assert days(workspace, clock, 8) == ["back"]
    assert "as expected again" in received(inbox)[1]["title"]


def test_patience_instead_of_a_chance(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer, clock: Clock
) -> None:
    write_watch(workspace, false_alarms={"looks": 1000})
    assert days(workspace, clock, 4) == []
    endpoint.right = 0.5
    assert days(workspace, clock, 6) == ["change"]
    assert "after 1,000 looks on average" in received(inbox)[0]["text"]
    endpoint.right = 1.0  # a detector that has alarmed once is not deaf afterwards
    write_watch(workspace, {"reference": {"value": 0.9}}, false_alarms={"looks": 1000})
    assert "change" in days(workspace, clock, 8)


def test_missing_scores_are_an_alert_of_their_own_and_no_change_of_the_figure(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer, clock: Clock
) -> None:
    write_eval(workspace / "evals" / "echoes", scorers=["numeric"])
    write_watch(workspace, {"scorer": "numeric", "reference": {"value": 1.0}, "margin": 0.05})
    endpoint.right = 1.0
    assert days(workspace, clock, 2) == []
    endpoint.right, endpoint.wrong = 0.7, "I would rather not say."
    kinds = days(workspace, clock, 4)
    [found] = api.watch_status("nightly", workspace=workspace)
    claim = found.figures[0].figure
    assert kinds == ["unscored"]
    assert "lacks more scores than expected" in received(inbox)[0]["title"]
    assert (claim.value, claim.standing) == (1.0, "as expected")
    assert claim.missing
    assert claim.worst_low < 0.95


def test_a_baseline_run_is_a_reference_with_its_own_error(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer, clock: Clock
) -> None:
    [made] = api.run(["echoes"], "openai/any", workspace=workspace)
    write_watch(workspace, {"reference": {"run": made.run.id}})
    assert days(workspace, clock, 3) == []
    claim = api.watch_status("nightly", workspace=workspace)[0].figures[0].figure
    assert f"run {made.run.id}" in claim.reference
    endpoint.right = 0.5
    assert days(workspace, clock, 4) == ["change"]
    # and with its eval changed, the reference is void, visibly
    write_eval(workspace / "evals" / "echoes", version="2")
    assert days(workspace, clock, 2) == ["restarted"]
    told = received(inbox)[-1]["text"]
    assert "eval: 1 (" in told
    assert "another version of the eval" in told


@pytest.mark.parametrize("what", ["eval", "scorer", "policy", "rules"])
def test_sequences_are_never_mixed_silently(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer, clock: Clock, what: str
) -> None:
    policy = workspace / "policies" / "lying.md"
    policy.parent.mkdir()
    policy.write_text("No lies.")
    eval_ = workspace / "evals" / "echoes"
    write_eval(eval_, policy="lying")
    write_watch(workspace)
    days(workspace, clock, 2)
    if what == "eval":
        write_eval(eval_, policy="lying", version="2")
    elif what == "scorer":
        write_eval(eval_, policy="lying", scorers=[{"kind": "exact", "ignore_case": True}])
    elif what == "policy":
        policy.write_text("No lies, and no omissions.")
    else:
        write_watch(workspace, {"margin": 0.01})
    assert days(workspace, clock, 2) == ["restarted"]
    [alert] = received(inbox)
    assert what in alert["title"]
    [found] = api.watch_status("nightly", workspace=workspace)
    claim = found.figures[0].figure
    assert (claim.sequence, claim.looks, claim.n) == (2, 2, 80)
    assert what in found.looks[2].figures[0].figure.restarted


def test_an_endpoint_that_is_down_is_a_missed_look_and_one_alert_a_row(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer, clock: Clock
) -> None:
    write_watch(workspace)
    days(workspace, clock, 1)
    alive, endpoint.server.behaviour = endpoint.server.behaviour, status(400)
    kinds = []
    for _ in range(3):
        turn = look(workspace)
        assert [each.status for each in turn.looks] == ["missed"]
        assert "no reply of 40 came" in turn.looks[0].why
        kinds += [alert.kind for alert in turn.alerts]
        clock.days(1)
    assert kinds == ["missed"]
    endpoint.server.behaviour = alive
    days(workspace, clock, 1)
    [found] = api.watch_status("nightly", workspace=workspace)
    assert (found.done, found.missed) == (2, 3)
    assert found.figures[0].figure.n == 80


def test_a_spent_budget_is_a_missed_look_with_its_reason(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer, clock: Clock
) -> None:
    write_watch(workspace)
    (workspace / "assay.toml").write_text("[budget]\ntokens = 4300\n")
    [missed] = look(workspace).looks
    assert missed.status == "missed"
    assert "samples were not asked" in missed.why
    assert "budget" in missed.why
    assert missed.run


def test_days_asleep_are_one_look_and_a_line_for_what_was_missed(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer, clock: Clock
) -> None:
    write_watch(workspace)
    days(workspace, clock, 1)
    clock.days(4)
    turn = look(workspace)
    assert [(each.status, each.count) for each in turn.looks] == [("missed", 4), ("done", 1)]
    assert turn.looks[0].why == "no process was running"
    assert [alert.kind for alert in turn.alerts] == ["missed"]
    clock.days(-30)  # the clock goes back: nothing is done twice
    assert look(workspace).looks == ()
    [found] = api.watch_status("nightly", workspace=workspace)
    assert "the clock went back" in " ".join(found.notes)


def test_a_faulty_eval_is_a_missed_look_later_and_an_error_at_first(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer, clock: Clock
) -> None:
    write_watch(workspace, {"scorer": "exat"})
    with pytest.raises(DefinitionError, match="no scorer 'exat'"):
        look(workspace)
    write_watch(workspace)
    days(workspace, clock, 1)
    shutil.move(workspace / "evals" / "echoes", workspace / "evals" / "gone")
    [missed] = look(workspace).looks
    assert (missed.status, "echoes" in missed.why) == ("missed", True)


@pytest.mark.parametrize(
    ("figure", "says"),
    [
        ({"reference": {"value": 7}}, "not in 0..1"),
        ({"reference": {"run": "2099"}}, "no run '2099'"),
        ({"eval": "nowhere"}, "nowhere"),
        ({"reference": {"value": 0.5}, "margin": 0.9}, "no change would ever"),
    ],
)
def test_what_cannot_be_watched_is_refused(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer, figure: dict[str, Any], says: str
) -> None:
    write_watch(workspace, figure)
    with pytest.raises(AssayError, match=says):
        look(workspace)
    assert endpoint.server.seen == []


def test_a_judged_figure_shows_the_judges_error(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer
) -> None:
    launch.write_eval(workspace / "evals" / "twins")
    endpoint.right, endpoint.wrong = 0.0, "I'm sorry, but I can't help with that."
    figure = {"eval": "twins", "scorer": "refusal", "slice": {"polarity": "violative"}}
    write_watch(workspace, {**figure, "slice": {}})
    with pytest.raises(DefinitionError, match="polarity: violative"):
        look(workspace)
    write_watch(workspace, {**figure, "reference": {"value": 0.3}})
    [made] = api.run(["twins"], "openai/any", workspace=workspace)
    [version] = [each.version for each in made.run.evals[0].scorers if each.name == "refusal"]
    launch.certify(workspace, version, expires="2999-01-01T00:00:00+00:00", right=0.97)
    assert [alert.kind for alert in look(workspace).alerts] == ["change"]
    [alert] = received(inbox)
    assert "(better)" in alert["title"]  # refusing what is violative is what is wanted
    assert "certified by refusal-1, sensitivity 0.970 [0.970, 1.000]" in alert["text"]
    assert "freed of that error" in alert["text"]
    assert "polarity violative" in alert["text"]


def test_a_part_of_an_eval_is_no_baseline(workspace: Path, endpoint: Endpoint) -> None:
    [made] = api.run(["echoes"], "openai/any", workspace=workspace, limit=20)
    write_watch(workspace, {"reference": {"run": made.run.id}}, alerts=[])
    with pytest.raises(DefinitionError, match="without --limit"):
        look(workspace)


def test_looks_are_no_evidence_for_a_launch(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer
) -> None:
    [made] = api.run(["echoes"], "openai/any", workspace=workspace)
    write_watch(workspace)
    look(workspace)
    gate = {"id": "right", "eval": "echoes", "scorer": "exact", "owner": "Ann"}
    definition = {
        "name": "pilot",
        "candidate": "openai/any",
        "gates": [{**gate, "limit": {"min": 0.5}}],
    }
    file = workspace / "launches" / "pilot.yaml"
    file.parent.mkdir()
    file.write_text(json.dumps(definition))
    [decided] = api.check_launch("pilot", workspace=workspace).gates
    assert [each.run for each in decided.evidence] == [made.run.id]


def test_a_delivery_that_fails_waits_longer_each_time_and_stops_no_look(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer, clock: Clock
) -> None:
    write_watch(workspace, {"reference": {"value": 0.2}}, every="1h")
    inbox.behaviour = status(500)
    waits = []
    for _ in range(4):
        look(workspace)
        [delivery] = api.watch_status("nightly", workspace=workspace)[0].deliveries
        assert delivery.error == "the webhook answered with status 500"
        waits.append(delivery.attempts)
        clock.days(1 / 24)
    assert waits == [1, 2, 3, 4]
    inbox.behaviour = reset()
    clock.days(1)
    look(workspace)
    [delivery, _] = api.watch_status("nightly", workspace=workspace)[0].deliveries
    assert "not reached" in delivery.error
    inbox.behaviour = reply()
    clock.days(1)
    assert look(workspace).undelivered == 0
    ids = {alert["id"] for alert in received(inbox)}
    assert len(ids) == 3  # the change, and twice that looks were missed: each under its own id
    text = (workspace / "watches" / "nightly" / "state.sqlite").read_bytes()
    assert b"s3cret" not in text


def test_status_of_all_and_of_one_that_was_never_started(workspace: Path) -> None:
    write_watch(workspace)
    [found] = api.watch_status(workspace=workspace)
    assert found.notes == ("it has not been started yet",)
    assert not (workspace / "watches" / "nightly" / "state.sqlite").exists()


def test_init_makes_what_start_reads(workspace: Path, endpoint: Endpoint) -> None:
    api.run(["echoes"], "openai/any", workspace=workspace)
    file = api.init_watch("first", workspace=workspace)
    assert (file.parent / "watch.schema.json").is_file()
    turn = api.start_watch("first", once=True, workspace=workspace)
    assert [each.status for each in turn.looks] == ["done"]
    for name in ("first", "a/../b", "Not One"):
        with pytest.raises(DefinitionError):
            api.init_watch(name, workspace=workspace)


def until(true: Callable[[], bool]) -> None:
    """Wait for what a thread does."""
    last = time.monotonic() + 60
    while not true():
        assert time.monotonic() < last
        time.sleep(0.05)


def test_a_process_on_a_machine_that_slept_does_one_look_and_says_what_it_missed(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer, clock: Clock
) -> None:
    write_watch(workspace)
    told: list[str] = []
    process = threading.Thread(
        target=api.start_watch,
        args=("nightly",),
        kwargs={"workspace": workspace, "tell": told.append},
    )
    process.start()
    try:
        until(lambda: any("next look is due" in line for line in told))
        clock.days(3)
        until(lambda: sum("next look is due" in line for line in told) == 2)
    finally:
        [found] = [api.stop_watch("nightly", workspace=workspace)]
        process.join(60)
    assert not found.running
    assert [(each.status, each.count) for each in found.looks] == [
        ("done", 1),
        ("missed", 2),
        ("done", 1),
    ]
    assert "slept" in found.looks[1].why
    clock.days(5)
    [later] = api.watch_status("nightly", workspace=workspace)
    assert "no process is running, and 5 look(s) are overdue" in later.notes


def test_a_damaged_state_is_told_as_such(workspace: Path, endpoint: Endpoint) -> None:
    write_watch(workspace, alerts=[])
    look(workspace)
    for file in (workspace / "watches" / "nightly").glob("state.sqlite*"):
        file.unlink()
    (workspace / "watches" / "nightly" / "state.sqlite").write_text("no database" * 1000)
    with pytest.raises(StoreError, match="memory cannot be used"):
        api.watch_status("nightly", workspace=workspace)


def test_what_cannot_be_read_after_a_look_is_a_missed_look_and_no_end_of_the_watch(
    workspace: Path, endpoint: Endpoint, inbox: FaultServer, clock: Clock
) -> None:
    write_watch(workspace)
    days(workspace, clock, 1)
    damaged = workspace / "certificates" / "refusal-1.json"
    damaged.parent.mkdir()
    damaged.write_text("{")
    [missed] = look(workspace).looks
    assert (missed.status, "refusal-1.json" in missed.why) == ("missed", True)
