"""assay.toml: what is wrong with one is told all at once, with how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from assay.errors import DefinitionError
from assay.runs import load_settings


def faults(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "assay.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_settings(file)
    return [str(problem).replace(str(file), "assay.toml") for problem in caught.value.problems]


def test_an_unknown_setting_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    assert faults(tmp_path, "[role]\n[budget]\neuros = 3\n[models.a]\nprice = {in = 1}\n") == [
        "assay.toml, models.a.price.input: field required.",
        "assay.toml, models.a.price.output: field required.",
        "assay.toml, models.a.price.in: there is no such setting. There are: input, output.",
        "assay.toml, budget.euros: there is no such setting. There are: tokens, dollars.",
        "assay.toml, role: there is no such setting. There are: roles, models, budget, usage.",
    ]


def test_a_key_is_sent_to_the_environment_and_not_repeated(tmp_path: Path) -> None:
    [fault] = faults(tmp_path, '[models.a]\napi_key = "sk-123"\n')
    assert "api_key_env" in fault
    assert "sk-123" not in fault


def test_a_wrong_value_is_told_with_its_place(tmp_path: Path) -> None:
    [fault] = faults(tmp_path, '[models.a]\ntimeout = "long"\n')
    assert fault.startswith("assay.toml, models.a.timeout: input should be a valid number")


def test_what_is_no_toml_is_told_as_such(tmp_path: Path) -> None:
    [fault] = faults(tmp_path, "roles = \n")
    assert "is not valid TOML" in fault
