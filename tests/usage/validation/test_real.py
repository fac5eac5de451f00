"""On real statements with known topics, by words alone: far above chance."""

from __future__ import annotations

import json
from pathlib import Path

from assay.usage.validation import ValidationSettings, validate_usage
from tests.evals.real_data import data_file

TOPICS = ("interest-in-art", "interest-in-math", "risk-averse", "subscribes-to-Buddhism")


def test_known_topics_come_back_by_words_alone(tmp_path: Path) -> None:
    known = tmp_path / "known.jsonl"
    with known.open("w", encoding="utf-8") as file:
        for topic in TOPICS:
            source = data_file(f"model_written_evals/{topic}.jsonl")
            for line in source.read_text(encoding="utf-8").splitlines()[:200]:
                row = {"text": json.loads(line)["statement"], "label": topic}
                file.write(f"{json.dumps(row)}\n")
    asked = ValidationSettings(embedders=("words",), labelled=known, secrets=0, victims=0)
    record = validate_usage(asked, workspace=tmp_path)
    base = record.results[0].levels[0]
    assert base.share.n == 800
    assert base.share.value > 0.6 > 1.5 * base.shuffled
    assert record.warnings == ("No category is marked as concerning, so nothing is said of those.",)
