import json
import random
import zipfile
from pathlib import Path
from typing import Any

import msgspec
import pytest

from assay.errors import DefinitionError, NotFoundError, StoreError
from assay.formats import eval_log_name, read_eval_log, write_eval_log
from assay.records import Message, ScoreRow, Transcript
from tests.formats.examples import EVAL, RUN, SCORED, TRANSCRIPTS

SPEC = {
    "task": "tiny",
    "model": "mockllm/model",
    "created": "2026-01-02T03:04:05+00:00",
    "eval_id": "E",
    "run_id": "R",
    "packages": {"inspect_ai": "0.3.285"},
    "scorers": [{"name": "exact"}],
}


def log_of(
    path: Path, *samples: dict[str, Any], spec: dict[str, Any] | None = None, **header: Any
) -> Path:
    """A log as Inspect writes it, but for the packing."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for sample in samples:
            name = f"samples/{sample['id']}_epoch_{sample['epoch']}.json"
            archive.writestr(name, json.dumps(sample))
        head = {"version": 2, "status": "success", "eval": {**SPEC, **(spec or {})}, **header}
        archive.writestr("header.json", json.dumps(head))
    return path


def sample(**changes: Any) -> dict[str, Any]:
    return {
        "id": "s1",
        "epoch": 1,
        "uuid": "u1",
        "input": "Hi",
        "target": "Hello",
        "messages": [
            {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Hello", "model": "m"},
        ],
        "scores": {"exact": {"value": "C", "answer": "Hello"}},
        "events": [{"event": "model", "unknown": float("nan")}],
        **changes,
    }


def read(path: Path) -> list[tuple[Transcript, tuple[ScoreRow, ...]]]:
    return list(read_eval_log(path))


def rows_of(path: Path, **changes: Any) -> list[ScoreRow]:
    [(_, rows)] = read(log_of(path, sample(**changes)))
    return list(rows)


def test_a_sample_becomes_a_transcript(tmp_path: Path) -> None:
    path = log_of(
        tmp_path / "a.eval",
        sample(
            id=7,
            target=["Hello", "Hi"],
            choices=["a", "b"],
            metadata={"policy_area": "theft", "polarity": "odd", "n": 3},
            model_usage={"m": {"input_tokens": 3, "output_tokens": 4, "total_tokens": 7}},
            output={"choices": [{"stop_reason": "stop"}], "time": 0.5},
            started_at="2026-01-02T03:04:06+00:00",
            total_time=1.5,
            limit={"type": "token", "limit": 5},
        ),
        spec={"solver": "generate", "model_generate_config": {"seed": 1}},
    )
    [(transcript, _)] = read(path)
    assert transcript == Transcript(
        transcript_id="u1",
        messages=(Message("user", "Hi"), Message("assistant", "Hello")),
        source_type="eval_log",
        source_id="E",
        source_uri=str(path),
        date="2026-01-02T03:04:06+00:00",
        task_set="tiny",
        task_id="7",
        task_repeat=1,
        agent="generate",
        model="mockllm/model",
        model_options={"seed": 1},
        score="C",
        message_count=2,
        total_time=1.5,
        total_tokens=7,
        limit="token",
        run_id="R",
        stop_reason="stop",
        input_tokens=3,
        output_tokens=4,
        latency=0.5,
        target=("Hello", "Hi"),
        choices=("a", "b"),
        policy_area="theft",
        sample_metadata={"polarity": "odd", "n": 3},
    )


@pytest.mark.parametrize(
    ("value", "number", "label"),
    [
        ("C", 1.0, "C"),
        ("I", 0.0, "I"),
        ("P", 0.5, "P"),
        ("N", 0.0, "N"),
        ("Yes", 1.0, "Yes"),
        ("false", 0.0, "false"),
        ("3.5", 3.5, "3.5"),
        (True, 1.0, "told"),
        (0.25, 0.25, "told"),
    ],
)
def test_values_count_as_inspect_counts_them(
    tmp_path: Path, value: object, number: float, label: str
) -> None:
    [row] = rows_of(tmp_path / "a.eval", scores={"exact": {"value": value, "answer": "told"}})
    assert (row.value, row.label, row.unscored) == (number, label, None)
    assert (row.scored_by, row.eval, row.run_id) == ("inspect_ai 0.3.285", "tiny", "R")


@pytest.mark.parametrize(
    ("score", "reason", "explanation"),
    [
        ({"value": float("nan"), "reason": "refusal", "explanation": "No."}, "refusal", "No."),
        ({"value": None, "reason": "grader_failed"}, "grader_failed", ""),
        ({"value": float("nan"), "reason": "odd"}, "scoring_failed", "odd"),
        ({"value": float("inf")}, "scoring_failed", "The log's value is inf"),
        ({"value": "B"}, "scoring_failed", "The log's value is 'B', which is no number."),
    ],
)
def test_what_is_no_number_is_unscored_with_a_reason(
    tmp_path: Path, score: dict[str, Any], reason: str, explanation: str
) -> None:
    [row] = rows_of(tmp_path / "a.eval", scores={"exact": score})
    assert (row.value, row.unscored) == (None, reason)
    assert explanation in row.explanation


def test_objects_and_lists_become_a_row_for_each_part(tmp_path: Path) -> None:
    results = {"scores": [{"name": "kind", "scorer": "judge"}, {"name": "true", "scorer": "judge"}]}
    spec = {"scorers": [{"name": "judge"}]}
    path = log_of(
        tmp_path / "a.eval",
        sample(id="a", scores={"judge": {"value": {"kind": 1, "true": 0}}}),
        sample(id="b", scores={"judge": {"value": {"kind": 0.5}}}),
        sample(id="c", scores={"judge": {"value": float("nan"), "reason": "refusal"}}),
        sample(id="d", scores={}, error={"message": "boom"}),
        sample(id="e", scores={"judge": {"value": [1, "I"]}}),
        spec=spec,
        results=results,
    )
    found = {
        transcript.task_id: {row.scorer: row.value or row.unscored for row in rows}
        for transcript, rows in read(path)
    }
    assert found["a"] == {"judge.kind": 1.0, "judge.true": None}
    assert found["b"] == {"judge.kind": 0.5, "judge.true": "scoring_failed"}
    assert found["c"] == {"judge.kind": "refusal", "judge.true": "refusal"}
    assert found["d"] == {"judge.kind": "model_error", "judge.true": "model_error"}
    assert found["e"]["judge.0"] == 1.0


def test_every_scorer_has_a_row_for_every_sample(tmp_path: Path) -> None:
    path = log_of(
        tmp_path / "a.eval",
        sample(),
        sample(id="s2", scores=None, error={"message": "it broke"}),
        sample(id="s3", scores={}, limit={"type": "time"}),
        sample(id="s4", scores={}),
        spec={
            "scorers": [{"name": "exact"}, {"name": "judge"}],
            "dataset": {"sample_ids": ["s1", "s2", "s3", "s4", 5]},
            "config": {"epochs": 1},
        },
    )
    found = {
        transcript.task_id: [(row.scorer, row.unscored) for row in rows]
        for transcript, rows in read(path)
    }
    assert found == {
        "s1": [("exact", None), ("judge", "scoring_failed")],
        "s2": [("exact", "model_error"), ("judge", "model_error")],
        "s3": [("exact", "no_response"), ("judge", "no_response")],
        "s4": [("exact", "scoring_failed"), ("judge", "scoring_failed")],
        "5": [("exact", "not_run"), ("judge", "not_run")],
    }
    transcripts = {transcript.task_id: transcript for transcript, _ in read(path)}
    assert transcripts["s2"].error == "it broke"
    assert transcripts["5"].messages == ()


def test_a_log_of_an_eval_that_still_runs_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.eval"
    with zipfile.ZipFile(path, "w") as archive:
        spec = {**SPEC, "dataset": {"sample_ids": ["s1", "s2"]}, "config": {"epochs": 2}}
        archive.writestr("_journal/start.json", json.dumps({"version": 2, "eval": spec}))
        archive.writestr("samples/s1_epoch_1.json", json.dumps(sample()))
    found = [
        (transcript.task_id, transcript.task_repeat, rows[0].unscored)
        for transcript, rows in read(path)
    ]
    assert found == [
        ("s1", 1, None),
        ("s1", 2, "not_run"),
        ("s2", 1, "not_run"),
        ("s2", 2, "not_run"),
    ]


def test_attachments_and_half_characters(tmp_path: Path) -> None:
    key = "0" * 32
    path = tmp_path / "a.eval"
    messages = [{"role": "user", "content": f"attachment://{key}"}]
    log_of(path, sample(messages=messages, attachments={key: "long \ud800 text"}))
    [(transcript, _)] = read(path)
    assert transcript.messages == (Message("user", "long \ud800 text"),)


def test_attachments_cannot_unfold_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("assay.formats.inspect_log.MOST_BYTES", 10_000)
    messages = [{"role": "user", "content": "attachment://0"}] * 20
    path = log_of(tmp_path / "a.eval", sample(messages=messages, attachments={"0": "x" * 1000}))
    with pytest.raises(DefinitionError, match="unfold to more text"):
        read(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"messages": [{"role": "pope", "content": ""}]}, "message 1: the role 'pope'"),
        ({"messages": "Hi"}, "messages"),
        ({"epoch": "one"}, "epoch"),
        ({"scores": {"exact": 1}}, "scores"),
        ({"target": {"a": 1}}, "target"),
    ],
)
def test_a_sample_of_another_shape_is_named(
    tmp_path: Path, change: dict[str, Any], message: str
) -> None:
    path = log_of(tmp_path / "a.eval", sample(**change))
    with pytest.raises(DefinitionError, match=message) as caught:
        read(path)
    assert f"a.eval#samples/s1_epoch_{change.get('epoch', 1)}.json" in str(caught.value)


def test_files_that_are_no_logs(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read(tmp_path / "no.eval")
    (tmp_path / "text.eval").write_text("{}")
    with pytest.raises(DefinitionError, match="not a sound archive"):
        read(tmp_path / "text.eval")
    with zipfile.ZipFile(tmp_path / "other.eval", "w") as archive:
        archive.writestr("readme.txt", "hi")
    with pytest.raises(DefinitionError, match=r"no Inspect log: header\.json is missing"):
        read(tmp_path / "other.eval")


def test_json_that_nests_without_end_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.eval", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps({"eval": SPEC}))
        archive.writestr("samples/a_epoch_1.json", '{"input": ' + "[" * 200_000)
    with pytest.raises(DefinitionError, match=r"nests too deeply|Expecting"):
        read(tmp_path / "a.eval")


def test_whatever_is_damaged_is_an_error_of_ours(tmp_path: Path) -> None:
    whole = log_of(tmp_path / "a.eval", sample(), sample(id="s2")).read_bytes()
    dice = random.Random(3)
    for _ in range(200):
        damaged = bytearray(whole)
        for _ in range(3):
            damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        (tmp_path / "b.eval").write_bytes(damaged)
        try:
            assert len(read(tmp_path / "b.eval")) <= 2
        except DefinitionError:
            continue


def test_what_we_write_we_read_again(tmp_path: Path) -> None:
    path = tmp_path / eval_log_name(RUN, EVAL)
    assert path.name == "2026-01-02T03-04-05+00-00_harmful-requests_20260102-harmful.eval"
    write_eval_log(path, RUN, EVAL, SCORED)
    back = read(path)
    assert [rows for _, rows in back] == [rows for _, rows in SCORED]
    kept = set(Transcript.__struct_fields__) - {
        "source_type",
        "source_id",
        "source_uri",
        "score",
        "score_explanation",
        "agent",
        "agent_args",
        "model_options",
        "message_count",
        "date",
        "run_id",
    }
    for (ours, _), (found, _) in zip(SCORED, back, strict=True):
        for name in kept:
            assert getattr(found, name) == getattr(ours, name), name


def test_other_evals_of_the_run_are_passed_over(tmp_path: Path) -> None:
    other = msgspec.structs.replace(TRANSCRIPTS[0], transcript_id="o", task_set="other")
    write_eval_log(tmp_path / "a.eval", RUN, EVAL, [(other, ()), SCORED[0]])
    assert [transcript.transcript_id for transcript, _ in read(tmp_path / "a.eval")] == ["t1"]


def test_an_eval_without_samples_is_a_log(tmp_path: Path) -> None:
    write_eval_log(tmp_path / "a.eval", RUN, EVAL, [])
    assert read(tmp_path / "a.eval") == []


def test_a_log_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    def broken() -> Any:
        yield SCORED[0]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_eval_log(tmp_path / "a.eval", RUN, EVAL, broken())
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(StoreError, match="cannot be written"):
        write_eval_log(tmp_path / "no" / "a.eval", RUN, EVAL, SCORED)
