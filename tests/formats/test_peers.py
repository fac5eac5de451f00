"""The peers themselves say whether we speak their formats. They run in processes of their own."""

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from assay.formats import read_eval_log, read_scout, write_eval_log
from assay.records import Transcript
from assay.store.tables import write_rows
from tests.formats.examples import EVAL, RUN, SCORED, TRANSCRIPTS

needs_inspect = pytest.mark.skipif(
    find_spec("inspect_ai") is None, reason="inspect_ai is not installed: pip install assay[peers]"
)
needs_scout = pytest.mark.skipif(
    find_spec("inspect_scout") is None,
    reason="inspect_scout is not installed: pip install assay[peers]",
)


def ask(script: str, folder: Path, *arguments: Path) -> Any:
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "data")}
    done = subprocess.run(
        [sys.executable, str(Path(__file__).parent / script), *map(str, arguments)],
        env={**os.environ, **home},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def inspect(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("inspect")
    write_eval_log(folder / "ours.eval", RUN, EVAL, SCORED)
    return ask("peer_inspect.py", folder, folder / "ours.eval", folder / "logs")


@pytest.fixture(scope="module")
def scout(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("scout")
    (folder / "ours").mkdir()
    write_rows(folder / "ours" / "transcripts.parquet", Transcript, TRANSCRIPTS)
    write_eval_log(folder / "ours.eval", RUN, EVAL, SCORED)
    paths = [folder / name for name in ("ours", "ours.eval", "theirs")]
    return ask("peer_scout.py", folder, *paths), folder / "theirs"


@needs_inspect
def test_inspect_reads_our_log(inspect: Any) -> None:
    log = inspect["ours"]
    assert (log["status"], log["task"], log["model"]) == ("success", EVAL.name, RUN.model)
    assert log["totals"] == [4, 2]
    assert log["results"] == {"refusal": [2, 2, 0.5], "judge": [1, 3, 1.0]}
    assert inspect["sample"] == TRANSCRIPTS[1].reply
    samples = {sample["uuid"]: sample for sample in log["samples"]}
    for transcript, rows in SCORED:
        sample = samples.pop(transcript.transcript_id)
        assert sample["id"] == transcript.task_id
        assert sample["messages"] == [[each.role, each.content] for each in transcript.messages]
        assert sample["tokens"] == (transcript.total_tokens or 0)
        assert sample["error"] == transcript.error
        for row in rows:
            value, reason, answer, explanation = sample["scores"][row.scorer]
            assert row.value == (value if row.unscored is None else None)
            assert (reason, answer) == (row.unscored, row.label)
            assert (explanation or "") == row.explanation
    assert not samples


@needs_inspect
def test_inspects_dataframes_agree_with_us(inspect: Any) -> None:
    [about] = inspect["evals_df"]
    assert about["score_headline_name"] == "refusal"
    assert about["score_refusal_mean"] == 0.5
    samples = {sample["sample_id"]: sample for sample in inspect["samples_df"]}
    for transcript, rows in SCORED:
        sample = samples.pop(transcript.transcript_id)
        assert sample["id"] == transcript.task_id
        assert sample["metadata_policy_area"] == transcript.policy_area
        for row in rows:
            assert sample[f"score_{row.scorer}"] == row.value
    assert not samples
    messages = [
        (message["sample_id"], message["role"], message["content"])
        for message in inspect["messages_df"]
    ]
    expected = [
        (transcript.transcript_id, message.role, message.content)
        for transcript in TRANSCRIPTS
        for message in transcript.messages
    ]
    assert sorted(messages) == sorted(expected)


@needs_inspect
def test_we_read_inspects_log(inspect: Any) -> None:
    theirs = {sample["uuid"]: sample for sample in inspect["theirs"]["samples"]}
    scored = list(read_eval_log(Path(inspect["path"])))
    assert len(scored) == 8
    for transcript, rows in scored:
        sample = theirs.pop(transcript.transcript_id)
        assert (transcript.task_id, transcript.task_repeat) == (sample["id"], sample["epoch"])
        assert transcript.task_set == "tiny"
        assert transcript.model == "mockllm/model"
        values = {row.scorer: (row.value, row.unscored, row.label) for row in rows}
        assert values.keys() == {"exact", "judge", "parts.kind", "parts.true"}
        if sample["id"] == "bad":
            assert "it fails" in (transcript.error or "")
            assert {reason for _, reason, _ in values.values()} == {"model_error"}
            continue
        assert transcript.total_tokens == sample["tokens"] == 6
        label = sample["scores"]["exact"][0]
        assert values["exact"] == ({"C": 1.0, "I": 0.0}[label], None, label)
        assert values["parts.kind"] == (1.0, None, None)
        assert values["parts.true"] == (0.5, None, None)
        if sample["id"] == "2":
            assert values["judge"] == (None, "refusal", None)
            assert "The judge refused." in {row.explanation for row in rows}
        else:
            assert values["judge"] == (0.25, None, "weak")
        if sample["id"] == "talk":
            user, assistant, tool, reply = transcript.messages
            assert user.content == "Look:" + " very" * 100 + " closely\n[image]"
            assert assistant.content == "I shall search."
            [call] = assistant.tool_calls
            assert (call.id, call.function, call.arguments) == ("c1", "search", {"q": "x"})
            assert (tool.content, tool.tool_call_id) == ("Found it.", "c1")
            assert reply.content == "Paris"
        else:
            said = [[message.role, message.content] for message in transcript.messages]
            assert said == sample["messages"]
    assert not theirs


@needs_inspect
def test_means_of_what_we_read_are_inspects(inspect: Any) -> None:
    values: dict[str, list[float]] = {}
    for _, rows in read_eval_log(Path(inspect["path"])):
        for row in rows:
            if row.value is not None:
                values.setdefault(row.scorer, []).append(row.value)
    means = {scorer: sum(each) / len(each) for scorer, each in values.items()}
    theirs = {name: mean for name, (_, _, mean) in inspect["theirs"]["results"].items()}
    assert means["exact"] == pytest.approx(theirs["exact"])
    assert means["judge"] == pytest.approx(theirs["judge"])
    assert means["parts.kind"] == pytest.approx(theirs["kind"])


@needs_scout
def test_scout_reads_and_filters_our_table(scout: Any) -> None:
    found, _ = scout
    assert found["infos"] == [
        [each.transcript_id, each.task_set, each.model, each.total_tokens] for each in TRANSCRIPTS
    ]
    assert found["selected"] == ["t1"]
    assert found["messages"] == {
        each.transcript_id: [[message.role, message.content] for message in each.messages]
        for each in TRANSCRIPTS
    }


@needs_scout
def test_scout_reads_our_log(scout: Any) -> None:
    found, _ = scout
    assert {name: sample for name, sample, _ in found["logged"]} == {
        each.transcript_id: each.task_id for each in TRANSCRIPTS
    }
    scores = {name: score for name, _, score in found["logged"]}
    assert (scores["t1"], scores["t2"]) == (1.0, 0.0)


@needs_scout
def test_we_read_scouts_table(scout: Any) -> None:
    _, folder = scout
    [file] = folder.glob("*.parquet")
    first, second = sorted(read_scout(file), key=lambda each: each.transcript_id)
    assert [(each.role, each.content) for each in first.messages] == [
        ("user", "Hi\nthere"),
        ("assistant", "Hello."),
    ]
    assert (first.source_type, first.task_set, first.score) == ("weave", "support", "C")
    assert (first.success, first.total_tokens, first.task_repeat) == (True, 12, 1)
    assert first.sample_metadata == {"account": "a1", "turns": 2, "tags": '["x","y"]'}
    assert second.score == {"kind": 1}
    assert second.sample_metadata == {"account": "a2"}
