"""The check as a whole: all at once, in order, counted where there are many, and quick."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assay.evals import check_eval
from assay.evals.check import MOST_ALIKE
from tests.evals.conftest import MakeEval


def test_all_problems_at_once_in_the_order_of_the_files(make_eval: MakeEval) -> None:
    folder = make_eval(
        "id,input,polarity,pair_id,polarty\n"
        "a,,benign,,\n"
        "b,What for?,violative,p,\n"
        "b,Who is it?,bening,,\n"
        "b,{{ x }},benign,,\n",
        owner="",
        prompt="{{ inptu }}",
        card="# Nothing\n",
    )
    problems = check_eval(folder)
    told = [(Path(p.file).name, p.row, p.column) for p in problems]
    assert told[:8] == [
        ("eval.yaml", None, "owner"),
        ("samples.csv", 2, "input"),
        ("samples.csv", 3, None),
        ("samples.csv", 3, "pair_id"),
        ("samples.csv", 4, "polarity"),
        ("samples.csv", 5, None),
        ("samples.csv", 5, "id"),
        ("samples.csv", None, "polarty"),
    ]
    assert {name for name, _, _ in told[8:]} == {"README.md"}
    assert len(told[8:]) == 8


def test_a_column_that_is_called_metadata_may_be_called_anything(make_eval: MakeEval) -> None:
    rows = "id,input,polarity,metadata:polarty,tone\na,x,benign,y,z\n"
    assert check_eval(make_eval(rows)) == []


def test_many_problems_of_one_kind_are_counted(make_eval: MakeEval) -> None:
    rows = "".join(f"s{n},question {n * n} {n},\n" for n in range(500))
    problems = check_eval(make_eval("id,input,polarity\n" + rows))
    without = [p for p in problems if p.column == "polarity"]
    assert len(without) == MOST_ALIKE + 1
    assert f"{500 - MOST_ALIKE} more rows like the {MOST_ALIKE}" in without[-1].message
    assert without[-1].row is None


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    problems = check_eval(tmp_path / "nothing")
    assert [problem.message for problem in problems] == [
        "there is no eval.yaml here.",
        "the eval has no card.",
    ]


def test_the_card_is_checked_though_the_definition_is_broken(make_eval: MakeEval) -> None:
    problems = check_eval(make_eval(definition="a: b: c", card=None))
    assert [Path(problem.file).name for problem in problems] == ["eval.yaml", "README.md"]


def test_a_card_that_links_out_is_refused(make_eval: MakeEval, tmp_path: Path) -> None:
    folder = make_eval(card=None)
    (tmp_path / "secret.md").write_text("## Purpose\n\nsecret\n")
    (folder / "README.md").symlink_to(tmp_path / "secret.md")
    [problem] = check_eval(folder)
    assert "a link out of the eval's folder" in problem.message


def test_scorers_are_given_as_the_definition_has_them(make_eval: MakeEval) -> None:
    seen: list[dict[str, Any]] = []

    def check_scorer(spec: dict[str, Any]) -> list[str]:
        seen.append(spec)
        return ["it is odd."] if spec["kind"] == "regex" else []

    scorers = ["refusal", {"kind": "regex", "name": "odd", "pattern": "a"}]
    [problem] = check_eval(make_eval(scorers=scorers), check_scorer)
    assert seen == [
        {"kind": "refusal", "name": "refusal"},
        {"kind": "regex", "name": "odd", "pattern": "a"},
    ]
    assert (problem.message, problem.column) == ("it is odd.", "scorers.1 (odd)")


@pytest.mark.parametrize(
    ("target", "sound"),
    [
        ("12", True),
        ("-1,234.5", True),
        ("about 3 km", True),
        ("$1,200", True),
        ("45 %", True),
        ("2e-3", True),
        ("6.02 x 10^23", True),
        ("1 000 000", True),
        ("٣", True),
        ("H2O", False),
        ("three", False),
        ("1/2", False),
        ("3 of 4", False),
    ],
)
def test_which_targets_are_one_number(make_eval: MakeEval, target: str, sound: bool) -> None:
    folder = make_eval(f'id,input,target\na,x,"{target}"\n', scorers=["numeric"])
    assert (check_eval(folder) == []) is sound


def test_choices_may_be_their_own_letters(make_eval: MakeEval) -> None:
    rows = "id,input,choices,target\na,x,A|B,b\nc,What for?,yes|no,no\n"
    assert check_eval(make_eval(rows, solver="choice", scorers=["choice"])) == []


def test_twins_in_one_pair_may_resemble_each_other(make_eval: MakeEval) -> None:
    rows = (
        "id,input,polarity,pair_id,cluster\n"
        "a,How do I open the door of my house?,benign,p,\n"
        "b,How do I open the door of his house?,violative,p,\n"
        "c,How do I open the door of my mouse?,benign,,c\n"
        "d,How do I open the door of his mouse?,benign,,c\n"
    )
    assert [
        p for p in check_eval(make_eval(rows)) if "nearly" in p.message and "row 2" in p.message
    ] == []


def test_ten_thousand_samples_are_checked_in_seconds(make_eval: MakeEval) -> None:
    rows = "".join(
        f"s{n},The {n * 7919} of {n * 104729} in the {n * 1299709} is what?,benign\n"
        for n in range(10_000)
    )
    folder = make_eval("id,input,polarity\n" + rows)
    start = time.process_time()
    assert check_eval(folder) == []
    assert time.process_time() - start < 10


FIELDS = ("id", "input", "target", "choices", "polarity", "pair_id", "cluster")
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
cell = text | st.sampled_from(["benign", "violative", "A|B", "A", '["x"]', "", '{"a": 1}'])


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.sampled_from([*FIELDS, "metadata", "note"]),
        unique=True,
        min_size=1,
    ),
    st.lists(st.lists(cell, min_size=9, max_size=9), max_size=5),
    st.sampled_from([["refusal"], ["exact", "numeric"], ["choice"]]),
    st.sampled_from(["{{ input }}", "{{ note }}{{ target }}", "{% if id %}x{% endif %}"]),
)
def test_no_sheet_crashes_the_check(
    make_eval: MakeEval, header: list[str], rows: list[list[str]], scorers: Any, prompt: str
) -> None:
    lines = [header, *[row[: len(header)] for row in rows]]
    quoted = [",".join('"' + each.replace('"', '""') + '"' for each in line) for line in lines]
    folder = make_eval(
        "\n".join(quoted),
        scorers=scorers,
        prompt=prompt,
        solver="choice" if scorers == ["choice"] else "generate",
    )
    assert all(problem.message for problem in check_eval(folder))
