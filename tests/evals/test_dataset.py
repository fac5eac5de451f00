"""Samples: every column that people already have, faults by row, counts and hashes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.errors import DefinitionError, Problem
from assay.evals import content_hash, count_samples, iter_samples, load_eval, sample_hash
from assay.records import Message, Sample
from tests.evals.conftest import MakeEval

Read = Callable[..., list[Sample]]


@pytest.fixture
def read(make_eval: MakeEval) -> Read:
    """The samples of a csv text, or of rows written as jsonl."""

    def samples(rows: str | list[Any], **fields: Any) -> list[Sample]:
        if isinstance(rows, list):
            rows = "\n".join(json.dumps(row) for row in rows)
            fields = {"samples": "samples.jsonl", **fields}
        definition = load_eval(make_eval(rows, **fields))
        found = list(iter_samples(definition))
        assert count_samples(definition) == len(found)
        return found

    return samples


def faults_of(folder: Path) -> list[tuple[int | None, str | None, str]]:
    told: list[Problem] = []
    list(iter_samples(load_eval(folder), told.append))
    assert all(problem.remedy for problem in told)
    return [(p.row, p.column, p.message) for p in told]


def test_every_column_of_ours(read: Read) -> None:
    [sample] = read(
        "id,input,target,choices,cluster,pair_id,polarity,policy_area,language,metadata:tone,source\n"
        "a1, Hello? ,B|the second,one | two,c1,p1,Violative,fraud,en,calm,mail\n"
    )
    assert sample == Sample(
        id="a1",
        input=" Hello? ",
        target=("B", "the second"),
        choices=("one", "two"),
        cluster="c1",
        pair_id="p1",
        polarity="violative",
        policy_area="fraud",
        language="en",
        metadata={"tone": "calm", "source": "mail"},
    )


def test_blank_cells_are_no_values(read: Read) -> None:
    [sample] = read("id,input,target,cluster,pair_id,polarity,note\na,x,,,, ,\n")
    assert sample == Sample(id="a", input="x", metadata={"note": ""})


def test_column_names_in_capitals(read: Read) -> None:
    [sample] = read("ID, Input ,TARGET\n7,x,y\n")
    assert (sample.id, sample.input, sample.target) == ("7", "x", ("y",))


@pytest.mark.parametrize(
    ("cell", "targets"),
    [
        ("Paris", ("Paris",)),
        ("Paris | Lutetia|", ("Paris", "Lutetia")),
        ('["a | b", 3, "c"]', ("a | b", "3", "c")),
        ("[not json] | x", ("[not json]", "x")),
        ("[1", ("[1",)),
    ],
)
def test_several_targets_in_one_cell(read: Read, cell: str, targets: tuple[str, ...]) -> None:
    quoted = cell.replace('"', '""')
    assert read(f'input,target\nx,"{quoted}"\n')[0].target == targets


def test_jsonl_has_lists_and_does_not_split(read: Read) -> None:
    [one, two] = read([{"input": "x", "target": "a|b"}, {"input": "x", "target": ["a", 2, 3.0]}])
    assert one.target == ("a|b",)
    assert two.target == ("a", "2", "3")


def test_inspects_columns_with_a_chat_and_metadata(read: Read) -> None:
    [sample] = read(
        [
            {
                "id": 7,
                "input": [
                    {"role": "system", "content": "Be kind."},
                    {"role": "user", "content": [{"type": "text", "text": "Hi"}], "id": "m1"},
                ],
                "target": "A",
                "choices": ["x", "y"],
                "metadata": {"level": 3, "tags": ["a"]},
            }
        ]
    )
    assert sample.id == "7"
    assert sample.input == (Message("system", "Be kind."), Message("user", "Hi"))
    assert sample.metadata == {"level": 3, "tags": ["a"]}


def test_a_chat_with_tool_calls(read: Read) -> None:
    call = {"id": "c", "function": "look", "arguments": {"q": 1}, "type": "function"}
    [sample] = read(
        [
            {
                "input": [
                    {"role": "user", "content": "?"},
                    {"role": "assistant", "content": "", "tool_calls": [call]},
                    {"role": "tool", "content": "!", "tool_call_id": "c"},
                    {"role": "user", "content": "And?"},
                ]
            }
        ]
    )
    assert isinstance(sample.input, tuple)
    assert sample.input[1].tool_calls[0].arguments == {"q": 1}


def test_text_that_looks_like_a_chat_stays_text_in_a_sheet(read: Read) -> None:
    [sample] = read('input\n"[{""role"": ""user"", ""content"": ""x""}]"\n')
    assert sample.input == '[{"role": "user", "content": "x"}]'


def test_promptfoos_sheet(read: Read) -> None:
    [one, two, three] = read(
        "question,__expected,__description,__metadata:level,__metadata:tags[]\n"
        "What is 1+1?,equals: 2,easy,1,\n"
        'Capital of France?,Paris,,2,"geo, europe"\n'
        'Which river?,"icontains-any: Seine, Loire",,3,x\n',
        scorers=["exact", "includes"],
    )
    assert (one.input, one.target) == ("What is 1+1?", ("2",))
    assert one.metadata == {
        "question": "What is 1+1?",
        "description": "easy",
        "level": "1",
        "tags": [],
    }
    assert (two.target, two.metadata["tags"]) == (("Paris",), ["geo", "europe"])
    assert three.target == ("Seine", "Loire")


def test_promptfoos_sheet_with_several_variables(read: Read) -> None:
    [sample] = read("city,year,__expected\nRome,1960,x\n", scorers=["exact"])
    assert sample.input == "city: Rome\nyear: 1960"
    assert sample.metadata == {"city": "Rome", "year": "1960"}


def test_promptfoos_tests_as_jsonl(read: Read) -> None:
    [sample] = read(
        [
            {
                "description": "d",
                "vars": {"question": "Why?"},
                "assert": [{"type": "contains", "value": "because"}],
            }
        ],
        scorers=["includes"],
    )
    assert (sample.input, sample.target) == ("Why?", ("because",))
    assert sample.metadata == {"question": "Why?", "description": "d"}


def test_deepevals_columns(read: Read) -> None:
    [sample] = read(
        "input,actual_output,expected_output,context,additional_metadata\n"
        'x,old,a|b,c1|c2,"{""k"": 1}"\n'
    )
    assert sample.target == ("a|b",)
    assert sample.metadata == {"actual_output": "old", "context": "c1|c2", "k": 1}


def test_ailuminates_columns(read: Read) -> None:
    [sample] = read(
        "Release_prompt_id,Prompt_text,Hazard,Persona,Locale,Prompt_hash\n"
        "r1,How?,vcr,unskilled,fr_FR,abc\n"
    )
    assert sample == Sample(
        id="r1",
        input="How?",
        policy_area="vcr",
        language="fr_FR",
        metadata={"Persona": "unskilled", "Prompt_hash": "abc"},
    )


def test_our_own_column_wins_over_a_foreign_one(read: Read) -> None:
    [sample] = read("input,target,expected_output,Hazard,policy_area\nx,a,b,h,area\n")
    assert sample.target == ("a",)
    assert sample.policy_area == "area"
    assert sample.metadata == {"expected_output": "b", "Hazard": "h"}


def test_a_row_without_an_id_is_called_after_its_number(read: Read) -> None:
    assert [s.id for s in read("input\nx\n\ny\n")] == ["row-000002", "row-000004"]
    assert [s.id for s in read("id,input\nmine,x\n,y\n")] == ["mine", "row-000003"]
    assert [s.id for s in read([{"input": "x"}])] == ["row-000001"]


@pytest.mark.parametrize(
    ("rows", "faults"),
    [
        ("id,text\na,x\nb,y\n", [(2, None, "there is no column input.")]),
        ("input,Input\nx,y\n", [(2, "Input", "two columns mean input: input, Input.")]),
        (
            "id,input\na,\nb,  \n",
            [(2, "input", "the input is empty."), (3, "input", "the input is empty.")],
        ),
        ("input,polarity\nx,bening\n", [(2, "polarity", "'bening' is no polarity.")]),
        ("input,metadata\nx,[1]\n", [(2, "metadata", "this is no JSON object.")]),
        (
            "q,__expected1,__expected2\nx,a,b\n",
            [
                (
                    2,
                    "__expected2",
                    "several expectations must all hold, but any one target suffices.",
                )
            ],
        ),
        (
            "q,__expected,__prefix\nx,a,Dear\n",
            [(2, "__prefix", "this column of promptfoo's has no meaning here.")],
        ),
        (
            "q,__expected\nx,llm-rubric: is kind\n",
            [(2, "__expected", "'llm-rubric:' is no target.")],
        ),
        ("input,choices\nx,a||b\n", [(2, "choices", "one of the choices is empty.")]),
        (
            ",polarity\n,violet\n,\n",
            [
                (1, None, "column 1 has no name and is left out."),
                (2, None, "there is no column input."),
            ],
        ),
    ],
)
def test_faults_are_told_by_row(
    make_eval: MakeEval, rows: str, faults: list[tuple[int, str | None, str]]
) -> None:
    assert faults_of(make_eval(rows)) == faults


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        ({"input": {"a": 1}}, "input", "this must be text or a number."),
        ({"input": True}, "input", "this must be text or a number."),
        ({"input": []}, "input", "the input is empty."),
        ({"input": None}, "input", "the input is empty."),
        ({"input": ["x"]}, "input", "this is no list of chat messages"),
        ({"input": [{"role": "boss", "content": "x"}]}, "input", "this is no list of chat"),
        ({"input": [{"role": "user"}]}, "input", "this is no list of chat messages"),
        (
            {"input": [{"role": "user", "content": [{"type": "image"}]}]},
            "input",
            "a message holds something that is not text.",
        ),
        ({"input": "x", "id": ["a"]}, "id", "this must be text or a number."),
        ({"input": "x", "target": {"a": 1}}, "target", "this must be text or a number."),
        ({"input": "x", "choices": [["a"]]}, "choices", "this must be text or a number."),
        ({"input": "x", "choices": ["a", "", "c"]}, "choices", "one of the choices is empty."),
        ({"input": "x", "choices": ["a", None]}, "choices", "one of the choices is empty."),
        ({"input": "x", "metadata": "nothing"}, "metadata", "this is no JSON object."),
        ({"input": "x", "polarity": 3}, "polarity", "'3' is no polarity."),
    ],
)
def test_faulty_json_values(
    make_eval: MakeEval, row: dict[str, Any], column: str, message: str
) -> None:
    folder = make_eval(json.dumps(row), samples="samples.jsonl")
    [(number, at, told)] = faults_of(folder)
    assert (number, at) == (1, column)
    assert told.startswith(message)
    with pytest.raises(DefinitionError, match=r"samples\.jsonl"):
        list(iter_samples(load_eval(folder)))


def test_all_faults_of_a_row_are_told_together(make_eval: MakeEval) -> None:
    folder = make_eval("input,polarity,metadata\n,grey,zzz\n")
    assert [column for _, column, _ in faults_of(folder)] == ["input", "polarity", "metadata"]


def test_samples_are_read_lazily(make_eval: MakeEval) -> None:
    folder = make_eval("input\nx\ny\nz,too many\n")
    samples = iter_samples(load_eval(folder))
    assert [next(samples).input, next(samples).input] == ["x", "y"]
    with pytest.raises(DefinitionError, match="row 4"):
        next(samples)


def test_the_hash_of_a_sample_covers_all_but_its_id() -> None:
    sample = Sample(id="a", input="x", target=("t",), metadata={"b": 1, "a": 2})
    same = Sample(id="b", input="x", target=("t",), metadata={"a": 2, "b": 1})
    assert sample_hash(sample) == sample_hash(same)
    assert len(sample_hash(sample)) == 16
    changed = [
        Sample(id="a", input="y", target=("t",), metadata={"a": 2, "b": 1}),
        Sample(id="a", input="x", target=("u",), metadata={"a": 2, "b": 1}),
        Sample(id="a", input="x", target=("t",), metadata={"a": 2}),
        Sample(id="a", input="x", target=("t",), metadata={"a": 2, "b": 1}, polarity="benign"),
        Sample(id="a", input="x", target=("t",), metadata={"a": 2, "b": 1}, cluster="c"),
        Sample(id="a", input="x", choices=("t",), metadata={"a": 2, "b": 1}),
    ]
    hashes = {sample_hash(each) for each in [sample, *changed]}
    assert len(hashes) == len(changed) + 1


def test_the_content_hash_covers_definition_samples_and_rubric(make_eval: MakeEval) -> None:
    folder = make_eval()
    first = content_hash(load_eval(folder))
    (folder / "README.md").write_text("Another card.")
    (folder / "notes.txt").write_text("A note.")
    assert content_hash(load_eval(folder)) == first
    (folder / "rubric.yaml").write_text("a: 1")
    second = content_hash(load_eval(folder))
    (folder / "samples.csv").write_text("id,input,polarity\na,Bye?,benign\n")
    third = content_hash(load_eval(folder))
    (folder / "eval.yaml").write_text((folder / "eval.yaml").read_text() + "epochs: 2\n")
    fourth = content_hash(load_eval(folder))
    assert len({first, second, third, fourth}) == 4


KEYS = "input Input id target choices polarity metadata vars assert hazard q metadata:y"
keys = st.sampled_from(
    [*KEYS.split(), "__expected", "__expected1", "__prefix", "__metadata:x[]", ""]
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.just("benign"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "value", "q"]), inner, max_size=3
        )
    ),
    max_leaves=5,
)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.dictionaries(keys, values, max_size=5), min_size=1, max_size=4))
def test_no_row_crashes_the_reader(make_eval: MakeEval, rows: list[dict[str, Any]]) -> None:
    text = "\n".join(json.dumps(row) for row in rows)
    definition = load_eval(make_eval(text, samples="samples.jsonl", scorers=["exact", "includes"]))
    told: list[Problem] = []
    found = list(iter_samples(definition, told.append))
    assert len(found) <= len(rows)
    assert len(found) == len(rows) or told
    for sample in found:
        assert sample.id
        assert sample.input
        assert len(sample_hash(sample)) == 16
