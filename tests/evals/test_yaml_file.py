"""YAML: safe, with lines, and in words that an analyst understands."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.errors import DefinitionError, NotFoundError
from assay.evals.yaml_file import LARGEST_FILE, read_yaml


def test_every_place_has_its_line(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: 1\nb:\n  - x\n  - c: 2\n    d: |\n      text\n      more\ne: {f: 3}\n")
    found = read_yaml(file)
    assert found.data == {"a": 1, "b": ["x", {"c": 2, "d": "text\nmore\n"}], "e": {"f": 3}}
    assert found.line_of(("b", 1, "d")) == 5
    assert found.line_of(("e", "f")) == 8
    assert found.line_of(("b", 1, "unknown")) == 4
    assert found.line_of(("unknown",)) == 1


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb: x: y\n", 2, "a value holds a colon."),
        ("a:\n\t- x\n", 2, "the line is indented with a tab."),
        ("a: 1\na: 2\n", 2, "'a' stands twice."),
        ("b:\n  a: 1\n  a: 2\n", 3, "'a' stands twice."),
        ("a: !!python/object:os.system x\n", 1, "a tag (!...) is not allowed."),
        ("a: [1, 2\nb: 3\n", 2, "this is not YAML:"),
        ("- a\n- b\n", 1, "the file holds no fields."),
        ("", 1, "the file holds no fields."),
        ("just text", 1, "the file holds no fields."),
        ("? [a, b]\n: 1\n", 1, "a field's name must be text."),
        ("a: 1\n---\nb: 2\n", 2, "this is not YAML:"),
        ("a: *nothing\n", 1, "this is not YAML:"),
        ("a: 'text\n", 2, "this is not YAML:"),
        ("a: @x\n", 1, "a value begins with '@'."),
        ("a: {{ input }}\n", 1, "a value begins with {{."),
        ("b: 1\na: {{ input }} more\n", 2, "a value begins with {{."),
        ("a: \x07\n", None, "this is not YAML:"),
        ("a: 1\nb: [{c: 2027-01-31, d: 2027-02-31}]\n", 2, "the YAML cannot be read (day"),
    ],
)
def test_broken_yaml(tmp_path: Path, text: str, line: int | None, message: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    with pytest.raises(DefinitionError) as caught:
        read_yaml(file)
    problem = caught.value.problems[0]
    assert problem.message.startswith(message)
    assert problem.row == line


def test_a_bomb_of_aliases_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    file = tmp_path / "a.yaml"
    file.write_text("\n".join(lines))
    with pytest.raises(DefinitionError, match="too many or too deep values"):
        read_yaml(file)


def test_an_alias_that_holds_itself_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: &a [*a]\n")
    with pytest.raises(DefinitionError):
        read_yaml(file)


@pytest.mark.parametrize("text", ["a: " + "[" * 50_000, "a: " + "{b: " * 50_000])
def test_deep_nesting_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "a.yaml"
    file.write_text(text)
    with pytest.raises(DefinitionError):
        read_yaml(file)


def test_large_foreign_and_missing_files(tmp_path: Path) -> None:
    file = tmp_path / "a.yaml"
    file.write_text("a: " + "x" * LARGEST_FILE)
    with pytest.raises(DefinitionError, match="larger than"):
        read_yaml(file)
    file.write_bytes(b"a: 1\nb: \xfc\n")
    with pytest.raises(DefinitionError, match="not UTF-8") as caught:
        read_yaml(file)
    assert caught.value.problems[0].row == 2
    with pytest.raises(NotFoundError):
        read_yaml(tmp_path / "b.yaml")


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=60) | st.text("ab:-[]{}&*!|>'\"#%@` \n\t1.~?,", max_size=60))
def test_no_text_crashes_the_reader(tmp_path: Path, text: str | bytes) -> None:
    file = tmp_path / "a.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    try:
        found = read_yaml(file)
    except DefinitionError as error:
        told = error.problems[0].message
    else:
        assert isinstance(found.data, dict)
        return
    assert told
