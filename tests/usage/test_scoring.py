"""Scorers swept over an import: every conversation one row, and the same score as in a run."""

from __future__ import annotations

import csv
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

import pytest

from assay import api
from assay.errors import AssayError, DefinitionError, NotFoundError, StoreError
from assay.records import ScoreRow, Transcript
from assay.store.tables import read_rows, write_rows
from assay.store.usage_scores import ScoresFolder
from assay.usage import scoring
from tests.support.fault_server import (
    FaultServer,
    Seen,
    body,
    chosen,
    completion,
    reply,
    status,
)
from tests.usage.logs import folder, take, write

REFUSED = "I'm sorry, but I can't help with that."
RUBRIC = {"kind": "rubric", "name": "fine", "rubric": "Fine?", "labels": {"fine": 1, "not": 0}}
VERDICT = '{"explanation": "short", "label": "fine", "citations": []}'


def chats(numbers: range, **more: Any) -> list[dict[str, Any]]:
    """Conversations of ten accounts, of which every fourth is refused."""
    return [
        {
            "id": f"c{number}",
            "user_id": f"u{number % 10}",
            "timestamp": 1_772_359_200 + 86_400 * number,
            "messages": [
                {"role": "user", "content": f"Please explain how gardens grow, part {number}."},
                {"role": "assistant", "content": "Well, with water." if number % 4 else REFUSED},
            ],
            **more,
        }
        for number in numbers
    ]


def rows(workspace: Path, scorer: str, name: str = "logs") -> list[ScoreRow]:
    table = ScoresFolder(folder(workspace, name).path).table(scorer)
    return [row for part in table.parts() for row in read_rows(part, ScoreRow)]


def said(row: ScoreRow) -> tuple[Any, ...]:
    """What a scorer says in a row, and nothing of where and when."""
    names = (
        "scorer", "scorer_version", "value", "label", "unscored", "explanation", "citations",
        "raw", "tokens", "scored_by",
    )  # fmt: skip
    return tuple(getattr(row, name) for name in names)


def overall(found: api.UsageScores) -> Any:
    return next(each for each in found.estimates if not each.slice)


def test_every_conversation_is_one_row_and_accounts_are_clusters(tmp_path: Path) -> None:
    take(tmp_path, write(tmp_path / "logs.jsonl", chats(range(40))))
    found = api.score_usage(["refusal"], workspace=tmp_path)
    stored = {each.transcript_id for each in folder(tmp_path).transcripts()}
    assert Counter(row.transcript_id for row in rows(tmp_path, "refusal")) == Counter(stored)
    figure = overall(found)
    assert (figure.value, figure.n, figure.planned, figure.clusters) == (0.25, 40, 40, 10)
    assert figure.low < 0.25 < figure.high
    assert (figure.missing, figure.standing, figure.warning) == ({}, "uncertified", "")
    months = {
        each.slice["month"]: each.planned for each in found.estimates if "month" in each.slice
    }
    assert sum(months.values()) == 40
    assert len(months) == 2
    assert not found.resumable


def test_unknown_accounts_count_as_their_own_and_a_warning_says_so(tmp_path: Path) -> None:
    rows_ = [{k: v for k, v in each.items() if k != "user_id"} for each in chats(range(8))]
    take(tmp_path, write(tmp_path / "logs.jsonl", rows_ + chats(range(8, 16))))
    figure = overall(api.score_usage(["refusal"], workspace=tmp_path))
    assert figure.clusters == 8 + 8
    assert "8 of 16 conversations have no known account" in figure.warning


def test_the_score_is_that_of_a_run_and_of_scoring_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same transcripts, as a run holds them and as an import does, byte for byte."""
    rubric = tmp_path / "rubric.yaml"
    rubric.write_text(json.dumps(RUBRIC))
    evals = tmp_path / "evals" / "echoes"
    evals.mkdir(parents=True)
    asked = [
        "I cannot help with that.",
        "A garden grows.",
        "Non posso aiutarti.",
        "No.",
        "\u202eab",
    ]
    sheet = [{"id": f"s{n}", "input": text, "polarity": "benign"} for n, text in enumerate(asked)]
    lines = [json.dumps(row) for row in sheet]
    (evals / "samples.jsonl").write_text("\n".join(lines))
    (evals / "eval.yaml").write_text(
        json.dumps(
            {
                "name": "echoes", "version": "1", "description": "A test.",
                "samples": "samples.jsonl", "scorers": ["refusal", RUBRIC],
            }
        )
    )  # fmt: skip

    def judged(seen: Seen) -> str:
        label = "fine" if "garden" in seen.last_message else "odd"
        quoted = "A garden grows." if "garden" in seen.last_message else "nothing like it"
        return json.dumps({"explanation": "so", "label": label, "citations": [quoted]})

    with FaultServer(reply(judged)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        [run] = api.run(["echoes"], "scripted/echo", judge="openai/judge", workspace=tmp_path)
        ran = {(r.transcript_id, r.scorer): said(r) for r in _run_rows(run)}
        assert len({value[2] for value in ran.values()}) == 3  # a value, another, none
        api.rescore("latest", ["refusal", str(rubric)], judge="openai/judge", workspace=tmp_path)
        assert {(r.transcript_id, r.scorer): said(r) for r in _run_rows(run)} == ran
        _as_import(tmp_path, Path(run.folder))
        api.score_usage(["refusal", str(rubric)], "logs", judge="openai/judge", workspace=tmp_path)
    there = [*rows(tmp_path, "refusal"), *rows(tmp_path, "fine")]
    assert {(row.transcript_id, row.scorer): said(row) for row in there} == ran


def _run_rows(run: api.Summary) -> list[ScoreRow]:
    return list(read_rows(Path(run.folder) / "scores.parquet", ScoreRow))


def _as_import(workspace: Path, run: Path) -> None:
    """An import whose transcripts are a run's."""
    take(workspace, write(workspace / "logs.jsonl", chats(range(1))))
    part = folder(workspace).part(0)
    write_rows(part, Transcript, list(read_rows(run / "transcripts.parquet", Transcript)))


def test_only_new_conversations_are_scored_after_a_further_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(tmp_path, write(tmp_path / "a.jsonl", chats(range(5))))
    with FaultServer(reply(VERDICT)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        first = api.score_usage([RUBRIC], judge="openai/judge", workspace=tmp_path)
        assert (len(server.seen), overall(first).n) == (5, 5)
        assert not ScoresFolder(folder(tmp_path).path).journal_file.exists()
        take(tmp_path, write(tmp_path / "b.jsonl", chats(range(3, 9))))
        again = api.score_usage([RUBRIC], judge="openai/judge", workspace=tmp_path)
        assert len(server.seen) == 9
        assert (overall(again).n, overall(again).planned) == (9, 9)
        api.score_usage([RUBRIC], judge="openai/judge", workspace=tmp_path)
        assert len(server.seen) == 9


def test_a_new_version_takes_the_old_ones_place_and_other_scorers_stay(tmp_path: Path) -> None:
    take(tmp_path, write(tmp_path / "logs.jsonl", chats(range(8))))
    spec = {"kind": "includes", "any_of": ["water"]}
    api.score_usage([spec, "refusal"], workspace=tmp_path)
    before = rows(tmp_path, "refusal")
    api.score_usage([{**spec, "any_of": ["sorry"]}], workspace=tmp_path)
    assert [row.value for row in rows(tmp_path, "includes")].count(1) == 2
    assert rows(tmp_path, "refusal") == before
    _, found = api.sql(
        "select scorer, count(*), count(distinct scorer_version) from usage_scores "
        "where import = 'logs' group by scorer order by scorer",
        why="a drill",
        workspace=tmp_path,
    )
    assert found == [("includes", 8, 1), ("refusal", 8, 1)]


def test_a_judge_that_fails_midway_is_told_and_asked_again_for_what_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(tmp_path, write(tmp_path / "logs.jsonl", chats(range(12))))
    broken = [True]
    behaviour = chosen(
        lambda seen: status(400) if broken and len(server.seen) > 5 else reply(VERDICT)
    )
    with FaultServer(behaviour) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        first = api.score_usage([RUBRIC], judge="openai/judge", workspace=tmp_path)
        figure = overall(first)
        failed = figure.missing["grader_failed"]
        assert figure.planned == 12 == figure.n + failed
        assert failed
        assert (figure.worst, figure.best) == (figure.n / 12, 1.0)
        assert first.resumable
        broken.clear()
        before = len(server.seen)
        second = api.score_usage([RUBRIC], judge="openai/judge", workspace=tmp_path)
        assert len(server.seen) == before + failed
    assert (overall(second).n, overall(second).missing, second.resumable) == (12, {}, False)


def test_a_budget_stops_the_sweep_and_the_rest_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(tmp_path, write(tmp_path / "logs.jsonl", chats(range(12))))
    usage = {"prompt_tokens": 400, "completion_tokens": 100, "total_tokens": 500}
    dear = json.dumps({**json.loads(completion(VERDICT)), "usage": usage}).encode()
    with FaultServer(body(dear)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        controls = api.Controls(spending=api.Spending(tokens=4_000))
        found = api.score_usage(
            [RUBRIC], judge="openai/judge", workspace=tmp_path, controls=controls
        )
        asked = len(server.seen)
        figure = overall(found)
        assert 0 < asked < 12
        assert (figure.n, figure.missing) == (asked, {"not_run": 12 - asked})
        assert "budget" in (found.stopped_because or "")
        assert len(rows(tmp_path, "fine")) == 12
        found = api.score_usage([RUBRIC], judge="openai/judge", workspace=tmp_path)
        assert len(server.seen) == 12
        assert overall(found).n == 12


def test_samples_are_random_nested_and_say_what_they_are(tmp_path: Path) -> None:
    take(tmp_path, write(tmp_path / "logs.jsonl", chats(range(200))))
    small = api.score_usage(["refusal"], sample=20, workspace=tmp_path)
    ids = {row.transcript_id for row in rows(tmp_path, "refusal")}
    assert (overall(small).planned, small.selection) == (20, "20 of 200, drawn at random")
    larger = api.score_usage(["refusal"], sample=50, workspace=tmp_path)
    assert ids < {row.transcript_id for row in rows(tmp_path, "refusal")}
    assert overall(larger).n == 50
    first = api.score_usage(["refusal"], limit=30, workspace=tmp_path)
    assert (overall(first).n, "speak for no others" in first.selection) == (30, True)
    with pytest.raises(AssayError, match="exclude each other"):
        api.score_usage(["refusal"], limit=1, sample=1, workspace=tmp_path)


def test_other_processes_give_the_same_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(tmp_path, write(tmp_path / "a.jsonl", chats(range(60))))
    take(tmp_path, write(tmp_path / "b.jsonl", chats(range(50, 110))))
    api.score_usage([{"kind": "refusal", "name": "here"}], workspace=tmp_path)
    monkeypatch.setattr(scoring, "_ALONE", 10)
    found = api.score_usage([{"kind": "refusal", "name": "crew"}], workspace=tmp_path)
    assert overall(found).n == 110

    def told(name: str) -> list[Any]:
        return [(row.transcript_id, row.cluster, said(row)[2:]) for row in rows(tmp_path, name)]

    assert told("crew") == told("here")


def test_a_stop_leaves_what_no_process_began_as_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(tmp_path, write(tmp_path / "a.jsonl", chats(range(30))))
    monkeypatch.setattr(scoring, "_ALONE", 10)
    controls = api.Controls()
    controls.stop.ask("enough")
    found = api.score_usage(["refusal"], workspace=tmp_path, controls=controls)
    assert overall(found).missing == {"not_run": 30}
    assert (found.stopped_because, found.resumable) == ("enough", True)
    assert len(rows(tmp_path, "refusal")) == 30
    assert overall(api.score_usage(["refusal"], workspace=tmp_path)).n == 30


def test_a_process_that_dies_is_told_and_the_same_command_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(tmp_path, write(tmp_path / "a.jsonl", chats(range(30))))
    monkeypatch.setattr(scoring, "_ALONE", 10)
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/bin/false")
        with pytest.raises(StoreError, match="ended early"):
            api.score_usage(["refusal"], workspace=tmp_path)
    assert overall(api.score_usage(["refusal"], workspace=tmp_path)).n == 30


def test_a_superseded_conversation_is_counted_no_more(tmp_path: Path) -> None:
    [short] = chats(range(1))
    take(tmp_path, write(tmp_path / "a.jsonl", [short, *chats(range(1, 4))]))
    api.score_usage(["refusal"], workspace=tmp_path)
    more = [*short["messages"], {"role": "user", "content": "And then?"}]
    longer = {**short, "messages": [*more, {"role": "assistant", "content": "They wilt."}]}
    take(tmp_path, write(tmp_path / "b.jsonl", [longer]))
    assert folder(tmp_path).read().superseded == 1
    figure = overall(api.score_usage(["refusal"], workspace=tmp_path))
    assert (figure.n, figure.planned, figure.value) == (4, 4, 0.0)
    _, [[count]] = api.sql("select count(*) from usage_scores", why="a drill", workspace=tmp_path)
    assert count == 4


def test_a_certificate_speaks_for_usage_too(tmp_path: Path) -> None:
    take(tmp_path, write(tmp_path / "logs.jsonl", chats(range(80))))
    labelled = [
        {"reply": reply_, "label": label, "input": f"Ask {n}"}
        for n in range(40)
        for reply_, label in ((REFUSED, "yes"), ("With water.", "no"))
    ]
    file = write(tmp_path / "labels.jsonl", labelled)
    made = api.certify("refusal", file, positive=["yes"], workspace=tmp_path)
    figure = overall(api.score_usage(["refusal"], workspace=tmp_path))
    assert (figure.standing, figure.certificate) == ("certified", made.id)
    assert figure.corrected.low <= 0.25 <= figure.corrected.high


def test_people_label_a_random_part_of_an_import(tmp_path: Path) -> None:
    for number in range(2):
        log = write(tmp_path / f"{number}.jsonl", chats(range(number * 60, number * 60 + 60)))
        take(tmp_path, log)
    spec = {"kind": "includes", "any_of": ["sorry"], "name": "sorry"}
    api.score_usage([spec, "refusal"], workspace=tmp_path)
    sheet = tmp_path / "sheet.csv"
    made = api.sample_labels("usage:logs", sheet, n=40, scorer="refusal", workspace=tmp_path)
    (look,) = api.usage_looks(workspace=tmp_path)
    assert (look.subject, look.what, look.profile) == ("logs", "a sheet to label", "safety")
    assert made.draw.id in look.why
    assert made.draw.strata == {"all": (120, 40)}
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        drawn = list(csv.DictReader(file))
    asked = {each["input"] for each in drawn}
    said = {each.messages[0].content for each in folder(tmp_path).transcripts()}
    assert len(asked & said) == 40
    for each in drawn:
        each["label"] = "yes" if REFUSED in each["reply"] else "no"
    filled = tmp_path / "filled.csv"
    with filled.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(drawn[0]))
        writer.writeheader()
        writer.writerows(drawn)
    assert api.import_labels(filled, rater="ann", workspace=tmp_path).runs == ("usage:logs",)
    figure = overall(api.score_usage(["refusal"], workspace=tmp_path))
    assert figure.audited.n == 40
    assert figure.audited.low <= 0.25 <= figure.audited.high
    made_ = api.certify("refusal", "usage:logs", workspace=tmp_path)
    assert (made_.run, made_.replies, made_.labels) == ("usage:logs", 40, "usage:logs")
    assert api.score_usage(["refusal"], workspace=tmp_path).estimates[0].certificate == made_.id
    take(tmp_path, write(tmp_path / "more.jsonl", chats(range(120, 150))))
    later = overall(api.score_usage(["refusal"], workspace=tmp_path))
    assert "from 120 of the 150" in later.audited.warning
    with pytest.raises(NotFoundError, match="assay usage score other"):
        api.sample_labels("usage:other", sheet, workspace=tmp_path)


def test_labels_without_a_draw_are_found_in_an_import(tmp_path: Path) -> None:
    take(tmp_path, write(tmp_path / "logs.jsonl", chats(range(30))))
    api.score_usage(["refusal"], workspace=tmp_path)
    known = list(folder(tmp_path).transcripts())
    rows = [
        {"transcript_id": each.transcript_id, "label": "yes" if each.reply == REFUSED else "no"}
        for each in known
    ]
    file = write(tmp_path / "labels.jsonl", rows)
    taken = api.import_labels(file, rater="ann", run="usage:logs", workspace=tmp_path)
    assert (taken.added, taken.runs) == (30, ("usage:logs",))
    assert api.certify("refusal", "usage:logs", workspace=tmp_path).replies == 30
    by_words = [
        {"input": each.messages[0].content, "reply": each.reply, "label": "no"}
        for each in known[:3]
    ]
    file = write(tmp_path / "words.jsonl", by_words)
    assert api.import_labels(file, rater="bob", run="usage:logs", workspace=tmp_path).added == 3
    file = write(tmp_path / "other.jsonl", [{**rows[0], "transcript_id": "nobody"}])
    with pytest.raises(DefinitionError, match=r"other\.jsonl.*nobody"):
        api.import_labels(file, rater="ann", run="usage:logs", workspace=tmp_path)


def test_an_import_that_is_not_there_says_what_there_is(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="assay usage import"):
        api.score_usage(["refusal"], workspace=tmp_path)
    for name in ("one", "two"):
        take(tmp_path, write(tmp_path / f"{name}.jsonl", chats(range(2))), name=name)
    with pytest.raises(NotFoundError, match="one, two"):
        api.score_usage(["refusal"], workspace=tmp_path)


def begin(workspace: Path, server: FaultServer, **more: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "assay", "usage", "score", "-s", "fine.yaml"]
    return subprocess.Popen(
        [*command, "--judge", "openai/judge"],
        cwd=workspace,
        env={**os.environ, "OPENAI_BASE_URL": server.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **more,
    )


def test_killed_at_random_moments_nothing_is_paid_for_twice(tmp_path: Path) -> None:
    (tmp_path / "fine.yaml").write_text(json.dumps(RUBRIC))
    (tmp_path / "assay.toml").write_text('[models."openai/judge"]\nconnections = 8\n')
    for number in range(3):
        log = chats(range(number * 60, number * 60 + 60))
        take(tmp_path, write(tmp_path / f"{number}.jsonl", log))
    chance = random.Random(7)
    kills = 6
    with FaultServer(reply(VERDICT, latency=0.02)) as server:
        for _ in range(kills):
            process = begin(tmp_path, server)
            until = len(server.seen) + chance.randint(5, 25)
            while len(server.seen) < until:
                assert process.poll() is None, process.communicate()
                time.sleep(0.002)
            time.sleep(chance.uniform(0, 0.05))
            process.kill()
            process.communicate()
        process = begin(tmp_path, server)
        shown, told = process.communicate(timeout=120)
        assert process.returncode == 0, told
        counts = Counter(seen.last_message for seen in server.seen)
    assert len(counts) == 180
    # Only what was in flight was asked for again: 8 requests, and what waited for its commit.
    assert sum(counts.values()) - 180 <= kills * 16
    found = rows(tmp_path, "fine")
    assert Counter(row.transcript_id for row in found) == Counter(
        each.transcript_id for each in folder(tmp_path).transcripts()
    )
    assert {row.value for row in found} == {1.0}
    assert "180/180" in shown


def test_interrupted_once_finishes_what_is_in_flight(tmp_path: Path) -> None:
    (tmp_path / "fine.yaml").write_text(json.dumps(RUBRIC))
    take(tmp_path, write(tmp_path / "a.jsonl", chats(range(400))))
    with FaultServer(reply(VERDICT, latency=0.5)) as server:
        process = begin(tmp_path, server)
        while len(server.seen) < 30:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
        asked = len(server.seen)
    assert process.returncode == 3, told
    assert "The same command goes on" in told
    scored = [row for row in rows(tmp_path, "fine") if row.unscored is None]
    assert len(scored) == asked < 400
    assert len(rows(tmp_path, "fine")) == 400


def test_a_purged_account_leaves_no_score(tmp_path: Path) -> None:
    take(tmp_path, write(tmp_path / "logs.jsonl", chats(range(20))))
    api.score_usage(["refusal"], workspace=tmp_path)
    api.purge_usage("logs", account="u3", workspace=tmp_path)
    assert len(rows(tmp_path, "refusal")) == 18
    figure = overall(api.score_usage(["refusal"], workspace=tmp_path))
    assert (figure.n, figure.planned, figure.clusters) == (18, 18, 9)
