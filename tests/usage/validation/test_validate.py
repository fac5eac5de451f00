"""A validation from end to end: files in, figures out, and what people and models say of names."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from assay.errors import DefinitionError
from assay.records import ValidationRecord
from assay.runs.trust_verbs import certify
from assay.usage.mapping.naming import said_in
from assay.usage.validation import ValidationSettings, validate_usage
from assay.usage.validation.grammar import synthetic
from assay.usage.validation.labelled import read_labelled
from assay.usage.validation.naming_checks import WRITTEN

NO_LEAKS = {"embedders": ("words",), "secrets": 0, "victims": 0}


def labelled_file(path: Path, number: int = 300) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(["text", "label", "concerning", "language"])
        for row in synthetic(number, 5).rows:
            words = " ".join(message.content for message in row.messages)
            danger = "yes" if row.concerning else "no"
            sheet.writerow([words, row.label, danger, row.language])
    return path


def fill(sheet: Path, label: Callable[[int, dict[str, str]], str]) -> int:
    """Label every row of a sheet of names, as people would; how many rows there are."""
    with sheet.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for number, row in enumerate(rows):
        row["label"] = label(number, row)
    with sheet.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return len(rows)


def names(record: ValidationRecord) -> dict[str, object]:
    return {each.how: each for each in record.results[0].names}


def typed(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assay", "usage", "validate", *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_tells_all_of_it(tmp_path: Path) -> None:
    asked = ["--embedder", "words", "--conversations", "300", "--secrets", "5", "--victims", "1"]
    done = typed(tmp_path, *asked)
    assert done.returncode == 0, done.stderr
    for words in ("given back", "chance", "true names", "a secret of one person", "epsilon 4"):
        assert words in done.stdout
    assert "made by a grammar" in done.stderr
    assert not any(tmp_path.rglob("*.parquet"))


def test_every_embedder_and_setting_is_measured_on_a_file(tmp_path: Path) -> None:
    file = labelled_file(tmp_path / "known.csv")
    record = validate_usage(
        ValidationSettings(embedders=("words", "hashed"), labelled=file, secrets=0, victims=0),
        workspace=tmp_path,
    )
    assert [(each.embedder, each.setting) for each in record.results] == [
        (name, setting)
        for name in ("words", "hashed")
        for setting in ("insight", "insight, minima 5 and 2", "epsilon 4", "safety")
    ]
    assert record.conversations == 300
    for each in record.results:
        assert each.shown + sum(each.hidden.values()) == 300
        assert set(each.languages) == {"en", "de", "fr", "es"}
        assert each.concerning is not None
        assert each.levels[0].share.n == 300
        assert not each.leaks
    assert set(names(record)) == {"keywords"}
    assert {each.how for each in record.results[4].names} == {"keywords", "embedding"}


def test_people_say_which_names_are_true(tmp_path: Path) -> None:
    sheet = tmp_path / "names.csv"
    asked = ValidationSettings(**NO_LEAKS, conversations=400, names_sheet=sheet)
    first = names(validate_usage(asked, workspace=tmp_path))["people"]
    assert first.measured is None  # type: ignore[attr-defined]
    assert first.missing[WRITTEN] == first.planned  # type: ignore[attr-defined]
    labels = ("yes", "yes", "no", "cannot tell", "")
    rows = fill(sheet, lambda number, _row: labels[number % 5])
    second = names(validate_usage(asked, workspace=tmp_path))["people"]
    assert 0 < second.measured.value < 1  # type: ignore[attr-defined]
    assert second.planned == first.planned < rows  # type: ignore[attr-defined]
    counted = second.measured.n + sum(second.missing.values())  # type: ignore[attr-defined]
    assert counted == second.planned  # type: ignore[attr-defined]
    other = ValidationSettings(**{**NO_LEAKS, "seed": 1}, conversations=400, names_sheet=sheet)
    with pytest.raises(DefinitionError, match="not one of this validation's"):
        validate_usage(other, workspace=tmp_path)


def test_planted_wrong_names_tell_who_reads_from_who_says_yes_to_all(tmp_path: Path) -> None:
    sheet = tmp_path / "names.csv"
    asked = ValidationSettings(**NO_LEAKS, conversations=400, names_sheet=sheet)
    validate_usage(asked, workspace=tmp_path)

    def reads(_number: int, row: dict[str, str]) -> str:
        said = [word in row["input"] for word in re.findall(r"\w+", said_in(row["reply"]))]
        return "yes" if sum(said) > len(said) / 2 else "no"

    fill(sheet, reads)
    read = names(validate_usage(asked, workspace=tmp_path))["people"]
    fill(sheet, lambda _number, _row: "yes")
    unread = names(validate_usage(asked, workspace=tmp_path))["people"]
    assert read.caught.value > 0.8  # type: ignore[attr-defined]
    assert read.measured.value > 0.8  # type: ignore[attr-defined]
    assert unread.measured.value == 1  # type: ignore[attr-defined]
    assert unread.caught.value == 0  # type: ignore[attr-defined]
    assert unread.caught.n == read.caught.n > 4  # type: ignore[attr-defined]


def test_what_a_killed_validation_left_of_the_texts_is_swept_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "t"))
    program = (
        "import os, signal; from assay.usage.validation import *; "
        "validate_usage(ValidationSettings(embedders=('words',), conversations=300), "
        "tell=lambda line: 'planted' in line and os.kill(os.getpid(), signal.SIGKILL))"
    )
    (tmp_path / "t").mkdir()
    there = {**os.environ, "TMPDIR": str(tmp_path / "t")}
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=there, check=False)
    assert list((tmp_path / "t").rglob("*.parquet"))
    validate_usage(ValidationSettings(**NO_LEAKS, conversations=300), workspace=tmp_path)
    assert not list((tmp_path / "t").rglob("*.parquet"))


def test_a_judge_without_a_certificate_says_so_and_what_it_cannot_say_is_missing(
    tmp_path: Path,
) -> None:
    script = tmp_path / "judge.jsonl"
    verdict = json.dumps({"explanation": "fits", "label": "yes", "citations": []})
    script.write_text(json.dumps({"input": "", "reply": verdict}) + "\n")
    asked = ValidationSettings(**NO_LEAKS, conversations=300, judge=f"scripted/{script}")
    found = names(validate_usage(asked, workspace=tmp_path))["judge"]
    assert (found.standing, found.certificate) == ("uncertified", None)  # type: ignore[attr-defined]
    assert found.measured.value == 1  # type: ignore[attr-defined]
    assert (found.corrected, found.caught.value) == (None, 0)  # type: ignore[attr-defined]
    asked = ValidationSettings(**NO_LEAKS, conversations=300, judge="scripted/refuse")
    found = names(validate_usage(asked, workspace=tmp_path))["judge"]
    assert found.measured is None  # type: ignore[attr-defined]
    assert found.missing["refusal"] == found.planned  # type: ignore[attr-defined]


def test_the_same_sheet_certifies_the_judge_and_frees_its_figure_of_its_error(
    tmp_path: Path,
) -> None:
    """The judge says yes to all, and the sheet no to half: its yes means nothing."""
    sheet, script = tmp_path / "names.csv", tmp_path / "judge.jsonl"
    verdict = json.dumps({"explanation": "fits", "label": "yes", "citations": []})
    script.write_text(json.dumps({"input": "", "reply": verdict}) + "\n")
    judge = f"scripted/{script}"
    asked = ValidationSettings(**NO_LEAKS, conversations=800, names_sheet=sheet, judge=judge)
    validate_usage(asked, workspace=tmp_path)
    fill(sheet, lambda number, _row: ("yes", "no")[number % 2])
    made = certify(str(tmp_path / "names.judge.yaml"), sheet, judge=judge, workspace=tmp_path)
    judged = names(validate_usage(asked, workspace=tmp_path))["judge"]
    assert (judged.standing, judged.certificate) == ("certified", made.id)  # type: ignore[attr-defined]
    assert (made.sensitivity.value, made.specificity.value) == (1, 0)  # type: ignore[union-attr]
    assert judged.measured.value == 1  # type: ignore[attr-defined]
    assert judged.corrected.low < 0.1  # type: ignore[attr-defined]
    assert "no better than chance" in judged.corrected.warning  # type: ignore[attr-defined]


def test_a_model_may_write_the_conversations(tmp_path: Path) -> None:
    asked = ValidationSettings(**NO_LEAKS, conversations=300, writer="scripted/echo")
    record = validate_usage(asked, workspace=tmp_path)
    assert record.conversations == 300
    assert record.labelled.startswith("written by scripted/echo")
    asked = ValidationSettings(**NO_LEAKS, conversations=300, writer="scripted/refuse")
    with pytest.raises(Exception, match="wrote 0 of 300"):
        validate_usage(asked, workspace=tmp_path)


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ({"text": "hello", "label": ""}, "row 2.*no label"),
        ({"text": " ", "label": "a"}, "row 2.*nobody says"),
        ({"text": "hello", "label": "a", "concerning": "perhaps"}, "row 2.*concerning"),
        ({"text": "hello", "label": "a", "concerning": "yes"}, "row 2.*in one row and not"),
    ],
)
def test_a_faulty_row_is_named(tmp_path: Path, row: dict[str, str], match: str) -> None:
    file = tmp_path / "known.jsonl"
    file.write_text(f"{json.dumps({'text': 'hi', 'label': 'a'})}\n{json.dumps(row)}\n")
    with pytest.raises(DefinitionError, match=match):
        read_labelled(file)


def test_conversations_may_be_messages_and_have_accounts(tmp_path: Path) -> None:
    file = tmp_path / "known.jsonl"
    said = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes?"}]
    rows = [
        {"messages": said, "label": "a", "account": "ann"},
        {"messages": json.dumps(said), "label": "b"},
    ]
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    known = read_labelled(file).rows
    assert [len(row.messages) for row in known] == [2, 2]
    assert [row.account for row in known] == ["ann", None]


def test_settings_that_measure_nothing_are_refused() -> None:
    with pytest.raises(DefinitionError, match="made up"):
        ValidationSettings(conversations=3)
    with pytest.raises(DefinitionError, match="exclude"):
        ValidationSettings(labelled=Path("x.csv"), writer="scripted/echo")
    with pytest.raises(DefinitionError, match="twice"):
        ValidationSettings(embedders=("words", "words"))


def test_the_record_survives_json(tmp_path: Path) -> None:
    asked = ValidationSettings(**NO_LEAKS, conversations=300)
    record = validate_usage(asked, workspace=tmp_path)
    assert msgspec.json.decode(msgspec.json.encode(record), type=ValidationRecord) == record
