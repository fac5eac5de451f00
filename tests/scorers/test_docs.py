"""What the reference says of scorers is so."""

from __future__ import annotations

import dataclasses
import importlib
import re
from pathlib import Path

import pytest
import yaml
from benchmarks import refusal as benchmark

from assay.scorers import check_scorer_spec, scorer_kinds
from assay.scorers.registry import _entries
from tests.scorers.conformance import broken_promise, transcripts
from tests.scorers.material import data_file

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
TEXT = (REFERENCE / "scorers.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)


def section(kind: str) -> str:
    return TEXT.split(f"\n## {kind}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("kind", scorer_kinds())
def test_every_kind_and_parameter_has_its_row(kind: str) -> None:
    (entry,) = _entries()[kind]
    told = set(re.findall(r"^\| `(\w+)` \|", section(kind), re.MULTILINE))
    assert told == {field.name for field in dataclasses.fields(entry.load())}
    assert "```yaml" in section(kind)
    assert "Unscored:" in section(kind)


@pytest.mark.parametrize("block", [text for language, text in BLOCKS if language == "yaml"])
def test_every_example_is_sound(block: str) -> None:
    for spec in yaml.safe_load(block)["scorers"]:
        assert check_scorer_spec(spec) == []


async def test_the_scorer_of_your_own_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (code,) = [text for language, text in BLOCKS if language == "python"]
    (tmp_path / "brief_of_the_docs.py").write_text(code, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    scorer = importlib.import_module("brief_of_the_docs").Brief(words=3)
    for name, transcript in transcripts():
        score = await scorer.score(transcript)
        assert broken_promise(scorer, transcript, score) is None, name


def test_the_printed_measurement_is_what_the_command_prints(
    capsys: pytest.CaptureFixture[str],
) -> None:
    models = ("gpt4", "mistralinstruct", "llama2new")
    files = [data_file(f"xstest/xstest_v2_completions_{model}.csv") for model in models]
    benchmark.main([str(file) for file in files])
    page = (REFERENCE / "refusal-scorer.md").read_text(encoding="utf-8")
    printed = capsys.readouterr().out.splitlines()
    for line in printed:
        if line.startswith(("|", "Scorer version")):
            assert line in page.splitlines()
