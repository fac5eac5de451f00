"""New eval folders: they run and check as they are, and nothing is overwritten."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from assay.errors import DefinitionError, NotFoundError
from assay.evals import (
    catalog,
    check_eval,
    count_samples,
    eval_schema,
    init_eval,
    init_from,
    iter_samples,
    load_eval,
)
from assay.scorers import check_scorer_spec
from tests.evals.conftest import MakeEval


def errors_of(folder: Path) -> list[str]:
    return [str(p) for p in check_eval(folder, check_scorer_spec) if p.severity == "error"]


def test_the_example_runs_as_it_is(tmp_path: Path) -> None:
    folder = init_eval(tmp_path / "evals" / "my-eval")
    definition = load_eval(folder)
    assert definition.name == "my-eval"
    assert errors_of(folder) == []
    polarities = [sample.polarity for sample in iter_samples(definition)]
    assert polarities.count("benign") == polarities.count("violative") >= 2


def test_the_header_names_a_schema_that_is_there(tmp_path: Path) -> None:
    folder = init_eval(tmp_path / "my-eval")
    first = (folder / "eval.yaml").read_text().splitlines()[0]
    name = first.removeprefix("# yaml-language-server: $schema=")
    assert json.loads((folder / name).read_text()) == eval_schema()


@pytest.mark.parametrize("name", ["My eval", "a_b", "A", "-a", "a--b"])
def test_a_folder_needs_a_name_for_an_eval(tmp_path: Path, name: str) -> None:
    with pytest.raises(DefinitionError, match="is no name for an eval"):
        init_eval(tmp_path / name)
    assert not (tmp_path / name).exists()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = init_eval(tmp_path / "my-eval")
    (folder / "README.md").write_text("mine")
    with pytest.raises(DefinitionError, match="there is something here already"):
        init_eval(folder)
    assert (folder / "README.md").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    assert init_eval(tmp_path / "empty").is_dir()


@pytest.mark.parametrize("name", catalog())
def test_a_shipped_eval_copied_under_another_name(tmp_path: Path, name: str) -> None:
    source = catalog()[name]
    folder = init_eval(tmp_path / "mine", like=source)
    assert load_eval(folder).name == "mine"
    assert list(iter_samples(load_eval(folder))) == list(iter_samples(load_eval(source)))
    assert (folder / "README.md").read_text() == (source / "README.md").read_text()
    assert errors_of(folder) == []
    again = init_eval(tmp_path / "again", like=folder)
    assert (again / "eval.yaml").read_text().count("yaml-language-server") == 1


def test_links_out_of_an_eval_are_not_copied(make_eval: MakeEval, tmp_path: Path) -> None:
    folder = make_eval()
    (tmp_path / "secret").write_text("secret")
    (folder / "notes.txt").symlink_to(tmp_path / "secret")
    copied = init_eval(tmp_path / "copy", like=folder)
    assert not (copied / "notes.txt").exists()


@pytest.mark.parametrize(
    ("rows", "solver", "scorer"),
    [
        ("input,polarity\nx,benign\n", "generate", "refusal"),
        ("input,target\nx,y\n", "generate", "includes"),
        ("question,__expected\nx,y\n", "generate", "includes"),
        ("input,choices,target\nx,a|b,A\n", "choice", "choice"),
    ],
)
def test_an_eval_around_a_sheet(tmp_path: Path, rows: str, solver: str, scorer: str) -> None:
    sheet = tmp_path / "mine.csv"
    sheet.write_text(rows)
    folder = init_eval(tmp_path / "my-eval", like=sheet)
    definition = load_eval(folder)
    assert (definition.solver.kind, definition.scorers[0].kind) == (solver, scorer)
    assert count_samples(definition) == 1
    assert errors_of(folder) == []


def test_neither_an_eval_nor_a_sheet(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="neither an eval's folder nor a sheet"):
        init_eval(tmp_path / "my-eval", like=tmp_path / "nothing.csv")
    assert not (tmp_path / "my-eval").exists()
    (tmp_path / "folder").mkdir()
    with pytest.raises(NotFoundError, match=r"there is no eval\.yaml here"):
        init_eval(tmp_path / "my-eval", like=tmp_path / "folder")
    assert not (tmp_path / "my-eval").exists()


def test_a_benchmark_without_its_file(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="XSTest does not come with Assay: give its file"):
        init_eval(tmp_path / "my-eval", like="xstest")
    assert not (tmp_path / "my-eval").exists()


def test_an_unknown_benchmark(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"Did you mean xstest\?"):
        init_from("xtest", "x.csv", tmp_path / "my-eval")


def test_hostile_text_of_a_benchmark_stays_what_it_is(tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    hostile = "=cmd|' /C calc'!A0 {{ 7*7 }} \"quoted\""
    quoted = hostile.replace('"', '""')
    file.write_text(f'id,harm_area,counter,category,prompts_final\ns1,"a: b",1,c,"{quoted}"\n')
    folder = init_from("simple-safety-tests", str(file), tmp_path / "bench")
    [sample] = iter_samples(load_eval(folder))
    assert sample.input == hostile
    assert yaml.safe_load((folder / "eval.yaml").read_text())["name"] == "bench"
