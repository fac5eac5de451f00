"""eval.yaml: what it may say, what is told where it is wrong, and the schema that editors read."""

from __future__ import annotations

import json
import time
from pathlib import Path

import msgspec
import pytest

import assay.evals
from assay.errors import DefinitionError, NotFoundError
from assay.evals import catalog, eval_schema, load_eval
from assay.evals.definition import SCHEMA, ParameterFields, file_in
from assay.records import Parameters
from tests.evals.conftest import FIELDS, MakeEval


def test_a_definition_with_every_field(make_eval: MakeEval) -> None:
    definition = load_eval(
        make_eval(
            prompt="Q: {{ input }}",
            system="Be brief.",
            solver={"kind": "conversation", "turns": ["{{ input }}", "And then?"]},
            scorers=[
                "refusal",
                {"kind": "regex", "name": "helps", "pattern": "988", "good": "low"},
            ],
            epochs=3,
            parameters={"max_tokens": 256, "temperature": 0, "stop": ["\n\n"]},
        )
    )
    assert definition.name == "an-eval"
    assert definition.solver.kind == "conversation"
    assert definition.solver.turns == ("{{ input }}", "And then?")
    assert [(s.kind, s.name, s.parameters) for s in definition.scorers] == [
        ("refusal", "refusal", {}),
        ("regex", "helps", {"pattern": "988", "good": "low"}),
    ]
    assert definition.epochs == 3
    assert definition.parameters == Parameters(max_tokens=256, temperature=0.0, stop=("\n\n",))
    assert definition.samples_path == definition.folder / "samples.csv"


def test_what_is_left_out_has_its_default(make_eval: MakeEval) -> None:
    definition = load_eval(make_eval())
    assert definition.prompt == "{{ input }}"
    assert definition.system is None
    assert (definition.solver.kind, definition.solver.turns) == ("generate", ())
    assert definition.epochs == 1
    assert definition.parameters == Parameters()


def test_the_chapter_is_one_of_the_launch_reports_or_left_out(make_eval: MakeEval) -> None:
    assert load_eval(make_eval()).chapter is None
    assert load_eval(make_eval(chapter="wellbeing")).chapter == "wellbeing"
    with pytest.raises(DefinitionError, match="is not one of"):
        load_eval(make_eval(chapter="welbeing"))


def test_every_shipped_eval_says_its_chapter() -> None:
    chapters = {name: load_eval(folder).chapter for name, folder in catalog().items()}
    assert None not in chapters.values()
    assert chapters["election-integrity"] == "elections"


def test_a_sheet_of_a_workbook(make_eval: MakeEval) -> None:
    assert load_eval(make_eval()).sheet is None
    definition = load_eval(make_eval(samples="book.xlsx#My sheet"))
    assert (definition.samples_path.name, definition.sheet) == ("book.xlsx", "My sheet")


def test_parameters_are_those_of_a_request() -> None:
    assert set(ParameterFields.model_fields) == set(Parameters.__struct_fields__)
    defaults = msgspec.convert(ParameterFields().model_dump(), Parameters)
    assert defaults == Parameters()


def test_every_fault_is_told_at_once_with_its_line(make_eval: MakeEval) -> None:
    folder = make_eval(
        definition="""\
name: an-eval
version: 1.0
promt: x
samples: samples.csv
solver: chioce
scorers: [refusal]
parameters:
  max_tokens: many
  temprature: 1
""",
    )
    with pytest.raises(DefinitionError) as caught:
        load_eval(folder)
    told = {(p.row, p.column): (p.message, p.remedy) for p in caught.value.problems}
    assert set(told) == {
        (2, "version"),
        (1, "description"),
        (3, "promt"),
        (5, "solver.kind"),
        (8, "parameters.max_tokens"),
        (9, "parameters.temprature"),
    }
    assert "Did you mean prompt?" in told[3, "promt"][1]
    assert "Did you mean temperature?" in told[9, "parameters.temprature"][1]
    assert told[5, "solver.kind"][1] == "Did you mean choice?"
    assert told[2, "version"] == ("this must be text.", 'Put it in quotes: "1.0".')
    assert all(problem.file.endswith("eval.yaml") for problem in caught.value.problems)


def test_a_missing_folder_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="assay init"):
        load_eval(tmp_path / "nothing")


def test_the_name_is_the_folders(make_eval: MakeEval) -> None:
    folder = make_eval(name="another")
    with pytest.raises(DefinitionError, match="the name is 'another', the folder's is 'an-eval'"):
        load_eval(folder)


@pytest.mark.parametrize("name", ["../x.csv", "/etc/passwd", "a/../../x.csv", "C:x", "..\\x.csv"])
def test_files_outside_the_folder_are_refused(make_eval: MakeEval, name: str) -> None:
    definition = load_eval(make_eval(samples=name))
    with pytest.raises(DefinitionError, match="leads out of the eval's folder"):
        _ = definition.samples_path


def test_links_out_of_the_folder_are_refused(make_eval: MakeEval, tmp_path: Path) -> None:
    folder = make_eval()
    (tmp_path / "secret.csv").write_text("id,input\n")
    (folder / "samples.csv").unlink()
    (folder / "samples.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(DefinitionError, match="a link out of the eval's folder"):
        _ = load_eval(folder).samples_path
    (tmp_path / "elsewhere.yaml").write_text((folder / "eval.yaml").read_text())
    (folder / "eval.yaml").unlink()
    (folder / "eval.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    with pytest.raises(DefinitionError, match="a link out of the eval's folder"):
        load_eval(folder)


def test_a_link_within_the_folder_and_a_linked_folder_are_fine(
    make_eval: MakeEval, tmp_path: Path
) -> None:
    folder = make_eval()
    (folder / "real.csv").write_text("id,input\n")
    (folder / "samples.csv").unlink()
    (folder / "samples.csv").symlink_to("real.csv")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "an-eval").symlink_to(folder)
    assert load_eval(tmp_path / "linked" / "an-eval").samples_path.is_file()
    with pytest.raises(NotFoundError):
        file_in(folder, "missing.csv", field="samples")


def test_the_shipped_schema_is_in_step() -> None:
    file = Path(assay.evals.__file__).parent / SCHEMA
    assert json.loads(file.read_text(encoding="utf-8")) == eval_schema()


def test_the_schema_names_every_field_and_what_it_means() -> None:
    schema = eval_schema()
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == {"name", "version", "description", "samples", "scorers"}
    assert all(field["description"] for field in schema["properties"].values())
    assert set(FIELDS) <= set(schema["properties"])


def test_loading_is_fast(make_eval: MakeEval) -> None:
    folder = make_eval()
    load_eval(folder)
    start = time.process_time()
    for _ in range(10):
        load_eval(folder)
    assert (time.process_time() - start) / 10 < 0.03
