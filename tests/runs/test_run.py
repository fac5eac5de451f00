"""A run as a user sees it: every planned sample has its row, whatever happens on the way."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from assay import api
from assay.engine import Patience
from assay.errors import AuthenticationError, DefinitionError
from assay.records import ScoreRow, Transcript
from assay.store.tables import read_rows
from tests.runs.conftest import MakeEval
from tests.support.fault_server import (
    Behaviour,
    FaultServer,
    Seen,
    body,
    chosen,
    drip,
    echo_headers,
    hang,
    huge,
    redirect,
    reply,
    reset,
    reset_midway,
    status,
)

QUICK = Patience(tries=3, first_pause=0.001, longest_pause=0.002, longest_retry_after=0.01)


def controls(**kwargs: object) -> api.Controls:
    return api.Controls(patience=QUICK, **kwargs)  # type: ignore[arg-type]


def echoed(seen: Seen) -> str:
    return seen.last_message


def score_rows(summary: api.Summary) -> list[ScoreRow]:
    return list(read_rows(Path(summary.folder) / "scores.parquet", ScoreRow))


def transcripts(summary: api.Summary) -> list[Transcript]:
    return list(read_rows(Path(summary.folder) / "transcripts.parquet", Transcript))


def test_every_planned_sample_and_epoch_has_one_row_a_scorer(
    workspace: Path, make_eval: MakeEval
) -> None:
    make_eval("echoes", 7, scorers=["exact", {"kind": "includes", "any_of": ["3"]}], epochs=2)
    [summary] = api.run(["echoes"], "scripted/echo", workspace=workspace)
    rows = score_rows(summary)
    keys = Counter((row.sample_id, row.epoch, row.scorer) for row in rows)
    assert len(keys) == 7 * 2 * 2
    assert set(keys.values()) == {1}
    assert len(transcripts(summary)) == 14
    assert summary.run.status == "complete"
    assert not summary.resumable
    exact = {each.scorer: each for each in summary.estimates if not each.slice}["exact"]
    assert (exact.value, exact.n, exact.planned, exact.clusters) == (1.0, 14, 14, 7)


def test_a_run_says_what_it_would_take_to_make_it_again(
    workspace: Path, make_eval: MakeEval
) -> None:
    make_eval("echoes", 3, prompt="Please: {{ input }}", parameters={"temperature": 0})
    [summary] = api.run(["echoes"], "scripted/echo", workspace=workspace)
    [told] = summary.run.evals
    assert told.prompt == "Please: {{ input }}"
    assert told.parameters["temperature"] == 0
    assert len(told.hash) == 64
    assert told.scorers[0].version
    assert summary.run.versions["assay"]
    [transcript, *_] = transcripts(summary)
    assert transcript.run_id == summary.run.id
    assert transcript.messages[0].content.startswith("Please: Say")


FAULTS: dict[str, Behaviour] = {
    "429": status(429),
    "429 with Retry-After": status(429, retry_after="1"),
    "500": status(500),
    "503": status(503),
    "reset": reset(),
    "reset in the middle": reset_midway(),
    "hang": hang(),
    "a byte a second": drip(1.0),
    "truncated": body(b'{"choices": [{"mess', content_type="application/json"),
    "invalid JSON": body(b"{]"),
    "wrong content type": body(b"<html>hello</html>", content_type="text/html"),
    "empty choices": body(b'{"choices": []}'),
    "NaN": body(b'{"choices": NaN}'),
    "200 MB": huge(200),
    "redirect to another host": redirect("http://127.0.0.2:9/v1/chat/completions"),
    "400": status(400),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_ends_in_an_unscored_row_and_the_rest_is_scored(
    workspace: Path, make_eval: MakeEval, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    make_eval("echoes", 6)
    (workspace / "assay.toml").write_text('[models."openai/any"]\ntimeout = 1\n')
    behaviour = chosen(
        lambda seen: FAULTS[fault] if seen.last_message == "Say 3." else reply(echoed)
    )
    with FaultServer(behaviour) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        [summary] = api.run(["echoes"], "openai/any", workspace=workspace, controls=controls())
    rows = {row.sample_id: row for row in score_rows(summary)}
    assert len(rows) == 6
    assert rows["s3"].unscored == "model_error"
    assert rows["s3"].value is None
    assert all(row.value == 1 for name, row in rows.items() if name != "s3")
    [estimate] = [each for each in summary.estimates if not each.slice]
    assert estimate.missing == {"model_error": 1}
    assert (estimate.n, estimate.planned) == (5, 6)
    assert (estimate.worst, estimate.best) == (pytest.approx(5 / 6), 1.0)
    assert summary.resumable


def test_a_fault_that_passes_leaves_no_trace_in_the_figures(
    workspace: Path, make_eval: MakeEval, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_eval("echoes", 20)
    asked: Counter[str] = Counter()

    def choose(seen: Seen) -> Behaviour:
        asked[seen.last_message] += 1
        faults = [status(503), reset(), body(b"{]"), reply(echoed)]
        return faults[asked[seen.last_message] % 2 * 3 if asked[seen.last_message] > 1 else 0]

    with FaultServer(chosen(choose)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        held = controls()
        [summary] = api.run(["echoes"], "openai/any", workspace=workspace, controls=held)
    assert summary.run.totals["retries"] >= 20
    [estimate] = [each for each in summary.estimates if not each.slice]
    assert estimate.n + sum(estimate.missing.values()) == 20


def test_resuming_asks_only_for_what_failed(
    workspace: Path, make_eval: MakeEval, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_eval("echoes", 10)
    broken = [True]
    behaviour = chosen(
        lambda seen: status(500) if broken and seen.last_message == "Say 3." else reply(echoed)
    )
    with FaultServer(behaviour) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        [first] = api.run(["echoes"], "openai/any", workspace=workspace, controls=controls())
        assert first.resumable
        broken.clear()
        before = len(server.seen)
        after = api.resume(first.run.id, workspace=workspace, controls=controls())
        assert len(server.seen) == before + 1
    assert not after.resumable
    assert {row.value for row in score_rows(after)} == {1.0}


def test_a_refused_key_stops_the_run_at_once_and_is_told_nowhere(
    workspace: Path, make_eval: MakeEval, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_eval("echoes", 500)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    with FaultServer(echo_headers(401)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        with pytest.raises(AuthenticationError) as caught:
            api.run(["echoes"], "openai/any", workspace=workspace, controls=controls())
        assert len(server.seen) < 200
    assert "sk-very-secret" not in str(caught.value)
    written = b"".join(path.read_bytes() for path in workspace.rglob("*") if path.is_file())
    assert b"sk-very-secret" not in written


def test_a_budget_stops_cleanly_and_the_rest_is_not_run(
    workspace: Path, make_eval: MakeEval, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_eval("echoes", 50, parameters={"max_tokens": 3})
    with FaultServer(reply(echoed)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        held = controls(spending=api.Spending(tokens=200))
        [summary] = api.run(["echoes"], "openai/any", workspace=workspace, controls=held)
        done = len(server.seen)
        assert 5 <= done <= 20  # each takes 10 tokens
        assert held.progress.meter.tokens <= 200
        assert summary.run.status == "stopped"
        [estimate] = [each for each in summary.estimates if not each.slice]
        assert estimate.missing == {"not_run": 50 - done}
        assert estimate.planned == 50
        again = api.run(["echoes"], "openai/any", workspace=workspace, controls=controls())
        assert len(server.seen) == 50
    assert again[0].run.id == summary.run.id
    assert again[0].run.status == "complete"


def test_the_budget_of_assay_toml_holds_where_the_command_names_none(
    workspace: Path, make_eval: MakeEval, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_eval("echoes", 50, parameters={"max_tokens": 3})
    (workspace / "assay.toml").write_text(
        "[budget]\ndollars = 0.001\n"
        '[models."openai/any"]\nprice = { input = 10.0, output = 20.0 }\n'
    )
    with FaultServer(reply(echoed)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        [summary] = api.run(["echoes"], "openai/any", workspace=workspace)
    assert summary.run.status == "stopped"
    # Each reply costs 7 x $10 + 3 x $20 for a million tokens: $0.00013.
    assert summary.run.totals["dollars"] <= 0.001
    assert summary.run.totals["dollars"] == pytest.approx(len(server.seen) * 0.00013)
    with pytest.raises(DefinitionError, match="has no price"):
        api.run(["echoes"], "openai/other", workspace=workspace)


def test_two_samples_of_one_id_are_refused_before_anything_is_asked(
    workspace: Path, make_eval: MakeEval
) -> None:
    make_eval("twice", [{"id": "a", "input": "x", "target": "x"}] * 2)
    with pytest.raises(DefinitionError, match="'a'"):
        api.run(["twice"], "scripted/echo", workspace=workspace)
    assert not (workspace / "runs").exists()


def test_a_changed_eval_cannot_be_resumed(
    workspace: Path, make_eval: MakeEval, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_eval("echoes", 5)
    with FaultServer(status(500)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        [summary] = api.run(["echoes"], "openai/any", workspace=workspace, controls=controls())
        with (folder / "samples.jsonl").open("a") as file:
            file.write('{"id": "new", "input": "x", "target": "x"}\n')
        with pytest.raises(DefinitionError, match="no longer what it was"):
            api.resume(summary.run.id, workspace=workspace, controls=controls())


def test_a_finished_run_is_not_taken_up_again(workspace: Path, make_eval: MakeEval) -> None:
    make_eval("echoes", 2)
    [one] = api.run(["echoes"], "scripted/echo", workspace=workspace)
    [two] = api.run(["echoes"], "scripted/echo", workspace=workspace)
    assert one.run.id != two.run.id
    assert one.run.plan == two.run.plan


def test_a_baseline_is_run_on_the_same_samples(workspace: Path, make_eval: MakeEval) -> None:
    make_eval("echoes", 4)
    candidate, baseline = api.run(
        ["echoes"], "scripted/echo", baseline="scripted/refuse", workspace=workspace
    )
    assert candidate.run.baseline == baseline.run.id
    assert [each.value for each in candidate.estimates if not each.slice] == [1.0]
    assert [each.value for each in baseline.estimates if not each.slice] == [0.0]


def test_memory_of_completion_is_used(workspace: Path, make_eval: MakeEval) -> None:
    """Identical samples in one run are asked once, unless epochs tell them apart."""
    rows = [{"id": f"s{n}", "input": "the same", "target": "x"} for n in range(8)]
    make_eval("same", rows)
    with FaultServer(reply("x", latency=0.01)) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_BASE_URL", server.url)
        [summary] = api.run(["same"], "openai/any", workspace=workspace)
        assert len(server.seen) == 1
    assert len(score_rows(summary)) == 8


def test_resuming_a_complete_run_asks_for_nothing_and_keeps_what_was_added(
    workspace: Path, make_eval: MakeEval, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_eval("echoes", 3)
    with FaultServer(reply(echoed)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        api.run(["echoes"], "openai/any", workspace=workspace)
        before = api.rescore("latest", ["refusal"], workspace=workspace)
        after = api.resume("latest", workspace=workspace)
        assert len(server.seen) == 3
    assert after == before
