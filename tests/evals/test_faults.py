"""Faults of a definition are told in the file's words, each once, with line, place and remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from assay.evals.faults import problems_of
from assay.evals.yaml_file import read_yaml


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    share: Annotated[float, Field(gt=0, lt=1)] = Field(0.5, description="Between 0 and 1.")
    kind: Literal["small", "large"] = Field(description="How large it is.")


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: str = Field(description="What it is called.")
    inner: Inner | None = None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{}", "row 1, name: this field is missing. What it is called."),
        ("name: 3", 'row 1, name: this must be text. Put it in quotes: "3".'),
        ("name: a\nnmae: b", "row 2, nmae: there is no such field. Did you mean name? The fields"),
        (
            "name: a\ninner: {kind: larg}",
            "'larg' is not one of 'small' or 'large'. Did you mean la",
        ),
        ("name: a\ninner:\n  sare: 1\n  kind: small", "row 3, inner.sare: there is no such field."),
        ("name: a\ninner:\n  sare: 1\n  kind: small", "The fields are: share, kind."),
        ("name: a\ninner: {share: 0.1}", "inner.kind: this field is missing. How large it is."),
        ("name: a\ninner: {share: 1.0, kind: small}", "this must be less than 1. It is 1.0."),
        ("name: a\ninner: {share: x, kind: small}", "this must be a number. It is 'x'."),
    ],
)
def test_a_fault_says_where_and_how_to_mend_it(tmp_path: Path, text: str, told: str) -> None:
    assert told in " ".join(map(str, found(tmp_path, text)))


def test_a_place_is_told_once_and_long_values_are_cut(tmp_path: Path) -> None:
    problems = found(tmp_path, f"name: a\ninner: {{share: {'x' * 500}, kind: {'y' * 500}}}")
    assert [problem.column for problem in problems] == ["inner.share", "inner.kind"]
    assert all(len(str(problem)) < 300 for problem in problems)


def found(tmp_path: Path, text: str) -> list[Any]:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    written = read_yaml(file)
    with pytest.raises(ValidationError) as caught:
        Outer.model_validate(written.data)
    return problems_of(written, caught.value, lambda place: Inner if len(place) > 1 else Outer)
