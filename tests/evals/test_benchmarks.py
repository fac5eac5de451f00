"""Public benchmarks: their real files give evals with all their rows, sound and fairly ordered."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from assay.errors import DefinitionError, Problem
from assay.evals import BENCHMARKS, check_eval, count_samples, init_from, iter_samples, load_eval
from assay.evals.benchmarks import interleaved, read_truthfulqa
from assay.records import Sample
from assay.scorers import check_scorer_spec
from tests.evals.real_data import data_file

REAL = [
    ("xstest", "xstest/xstest_prompts.csv", 450),
    ("strongreject", "strongreject/strongreject_dataset.csv", 313),
    ("strongreject", "strongreject/strongreject_small_dataset.csv", 60),
    ("harmbench", "harmbench/harmbench_behaviors_text_all.csv", 400),
    ("simple-safety-tests", "simple_safety_tests/simple_safety_tests.csv", 100),
    ("truthfulqa", "truthfulqa/TruthfulQA.csv", 790),
    ("truthfulqa", "truthfulqa/mc_task.json", 790),
    ("model-written-evals", "model_written_evals/no-shut-down.jsonl", 1_000),
    ("model-written-evals", "model_written_evals/politically-liberal.jsonl", 1_000),
    ("bbq", "bbq/Age.jsonl", 3_680),
    ("bbq", "bbq/Religion.jsonl", 1_200),
]


def made(tmp_path: Path, benchmark: str, file: str) -> tuple[Path, list[Sample]]:
    folder = init_from(benchmark, str(data_file(file)), tmp_path / "bench")
    return folder, list(iter_samples(load_eval(folder)))


@pytest.mark.parametrize(("benchmark", "file", "rows"), REAL)
def test_real_files_give_sound_evals(tmp_path: Path, benchmark: str, file: str, rows: int) -> None:
    folder, samples = made(tmp_path, benchmark, file)
    assert len(samples) == rows
    assert count_samples(load_eval(folder)) == rows
    assert len({sample.id for sample in samples}) == rows
    problems = check_eval(folder, check_scorer_spec)
    assert [str(problem) for problem in problems if problem.severity == "error"] == []
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert BENCHMARKS[benchmark].licence in card
    assert BENCHMARKS[benchmark].citation in card
    assert f"{rows:,} samples" in card


def test_the_first_rows_of_xstest_are_twins_of_many_areas(tmp_path: Path) -> None:
    _, samples = made(tmp_path, "xstest", "xstest/xstest_prompts.csv")
    polarities = Counter(sample.polarity for sample in samples)
    assert polarities == {"benign": 250, "violative": 200}
    pairs: dict[str, list[Sample]] = {}
    for sample in samples:
        if sample.pair_id:
            pairs.setdefault(sample.pair_id, []).append(sample)
    assert len(pairs) == 200
    for twins in pairs.values():
        assert {sample.polarity for sample in twins} == {"benign", "violative"}
        assert len({sample.policy_area for sample in twins}) == 1
        assert len({sample.cluster for sample in twins}) == 1
    same_focus = [t[0].metadata.get("focus") == t[1].metadata.get("focus") for t in pairs.values()]
    assert sum(same_focus) >= 195  # the words that make them twins
    first = samples[:16]
    assert len({sample.policy_area for sample in first}) == 8
    assert Counter(sample.polarity for sample in first) == {"benign": 8, "violative": 8}


def test_strongreject_and_its_small_set_are_all_violative(tmp_path: Path) -> None:
    _, samples = made(tmp_path, "strongreject", "strongreject/strongreject_small_dataset.csv")
    assert {sample.polarity for sample in samples} == {"violative"}
    areas = Counter(sample.policy_area for sample in samples)
    assert set(areas.values()) == {10}
    assert Counter(sample.policy_area for sample in samples[:6]) == dict.fromkeys(areas, 1)


def test_harmbench_puts_contexts_first_and_clusters_them(tmp_path: Path) -> None:
    _, samples = made(tmp_path, "harmbench", "harmbench/harmbench_behaviors_text_all.csv")
    contextual = [s for s in samples if s.metadata["FunctionalCategory"] == "contextual"]
    assert len(contextual) == 100
    assert all("\n\n---\n\n" in str(sample.input) for sample in contextual)
    assert all(sample.cluster for sample in contextual)
    clusters = {sample.cluster for sample in contextual}
    assert 1 < len(clusters) < 100
    others = [sample for sample in samples if sample not in contextual]
    assert not any(sample.cluster for sample in others)


@pytest.mark.parametrize("file", ["truthfulqa/mc_task.json", "truthfulqa/TruthfulQA.csv"])
def test_truthfulqas_right_answer_may_stand_anywhere(tmp_path: Path, file: str) -> None:
    _, samples = made(tmp_path, "truthfulqa", file)
    places = Counter(sample.choices.index(sample.target[0]) for sample in samples)
    chance = sum(1 / len(sample.choices) for sample in samples)
    assert abs(places[0] - chance) < 4 * chance**0.5  # no more often first than by chance
    again = read_truthfulqa(data_file(file))
    assert [sample.choices for sample in again] == [sample.choices for sample in samples]


def test_model_written_evals_keep_the_behaviour_as_target(tmp_path: Path) -> None:
    _, samples = made(tmp_path, "model-written-evals", "model_written_evals/no-shut-down.jsonl")
    rows = [
        json.loads(line)
        for line in data_file("model_written_evals/no-shut-down.jsonl").read_text().splitlines()
    ]
    wanted = {row["question"]: row["answer_matching_behavior"].strip() for row in rows}
    assert all(sample.target == (wanted[str(sample.input)],) for sample in samples)
    assert {frozenset(sample.choices) for sample in samples} == {frozenset({"Yes", "No"})}
    assert 400 < sum(sample.choices[0] == "Yes" for sample in samples) < 600
    assert not any(sample.cluster for sample in samples)


def test_bbq_clusters_by_template_and_keeps_what_the_bias_score_needs(tmp_path: Path) -> None:
    _, samples = made(tmp_path, "bbq", "bbq/Religion.jsonl")
    assert len({sample.cluster for sample in samples}) == 25
    for sample in samples:
        letter = "ABC".index(sample.target[0])
        groups, context = sample.metadata["groups"], sample.metadata["context_condition"]
        assert (groups[letter] == "unknown") == (context == "ambig")
        assert sample.metadata["question_polarity"] in ("neg", "nonneg")
        assert sample.metadata["stereotyped_groups"]
    conditions = Counter(sample.metadata["context_condition"] for sample in samples[:100])
    assert min(conditions.values()) > 30


@pytest.mark.parametrize("benchmark", BENCHMARKS)
@pytest.mark.parametrize(
    "content",
    ["", "a,b\n1,2\n", '{"question": "x"}\n', "[]", '[{"question": "x"}]', "[1]", "\x00\xff"],
)
def test_another_file_is_told_to_be_another(tmp_path: Path, benchmark: str, content: str) -> None:
    for suffix in (".csv", ".jsonl", ".json"):
        file = tmp_path / f"data{suffix}"
        file.write_text(content, encoding="latin-1")
        with pytest.raises(DefinitionError) as caught:
            init_from(benchmark, str(file), tmp_path / "bench")
        assert all(isinstance(problem, Problem) for problem in caught.value.problems)
        assert not (tmp_path / "bench").exists()


def test_a_label_beyond_the_answers_is_refused(tmp_path: Path) -> None:
    row: dict[str, Any] = {
        "example_id": 1,
        "question_index": "1",
        "context": "c",
        "question": "q",
        "category": "Age",
        "label": 3,
        "ans0": "x",
        "ans1": "y",
        "ans2": "z",
    }
    file = tmp_path / "Age.jsonl"
    file.write_text(json.dumps(row))
    with pytest.raises(DefinitionError, match="row 1: a row has no three answers"):
        init_from("bbq", str(file), tmp_path / "bench")
    del row["category"]
    file.write_text(json.dumps({**row, "label": 0}))
    with pytest.raises(DefinitionError, match="row 1: the row has no category"):
        init_from("bbq", str(file), tmp_path / "bench")


def test_areas_take_turns_and_twins_stay_together() -> None:
    samples = [
        Sample(id=f"{area}{n}{side}", input="x", policy_area=area, pair_id=f"{area}{n}")
        for area in "ab"
        for n in (1, 2)
        for side in "vb"
    ]
    turned = interleaved(samples, lambda s: s.policy_area, lambda s: s.pair_id)
    assert [s.id for s in turned] == ["a1v", "a1b", "b1v", "b1b", "a2v", "a2b", "b2v", "b2b"]
