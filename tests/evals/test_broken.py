"""Broken evals and data files: each is told by the check, in these words, at this place."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from assay.errors import Problem
from assay.evals import check_eval
from assay.evals.card import outline
from assay.scorers import check_scorer_spec
from tests.evals.conftest import CARD, MakeEval

HEAD = "id,input,polarity\n"
CHOICE = {"solver": "choice", "scorers": ["choice"]}
CHOICES = "id,input,choices,target\n"
DEFINITION = """\
name: an-eval
version: "1.0"
description: One sentence.
policy: A policy.
owner: Somebody
samples: samples.csv
scorers: [refusal]
"""


@dataclass(frozen=True)
class Broken:
    """What is broken, and what is told of it."""

    message: str
    file: str = "samples.csv"
    row: int | None = None
    column: str | None = None
    remedy: str = ""
    severity: str = "error"
    rows: str | bytes = HEAD + "a,Hello?,benign\n"
    fields: dict[str, Any] = field(default_factory=dict)
    definition: str | None = None
    card: str | None = CARD
    others: int = 0


BROKEN = {
    # eval.yaml
    "no YAML": Broken(
        "a value holds a colon.", "eval.yaml", 1, definition="name: a: b\n", remedy="quotes"
    ),
    "a tab": Broken(
        "the line is indented with a tab.", "eval.yaml", 2, definition="scorers:\n\t- refusal\n"
    ),
    "a bare template": Broken(
        "a value begins with {{.", "eval.yaml", 8, definition=DEFINITION + "prompt: {{ input }}\n"
    ),
    "a list": Broken("the file holds no fields.", "eval.yaml", 1, definition="- a\n"),
    "an empty definition": Broken("the file holds no fields.", "eval.yaml", 1, definition=""),
    "a field twice": Broken(
        "'epochs' stands twice.",
        "eval.yaml",
        9,
        "epochs",
        definition=DEFINITION + "epochs: 1\nepochs: 2\n",
    ),
    "a Python object": Broken(
        "a tag (!...) is not allowed.",
        "eval.yaml",
        8,
        definition=DEFINITION + "prompt: !!python/name:os.system\n",
    ),
    "an unknown field": Broken(
        "there is no such field.",
        "eval.yaml",
        8,
        "scorer",
        "Did you mean scorers?",
        definition=DEFINITION + "scorer: refusal\n",
    ),
    "a missing field": Broken(
        "this field is missing.",
        "eval.yaml",
        column="samples",
        row=1,
        definition=DEFINITION.replace("samples: samples.csv\n", ""),
    ),
    "a bad name": Broken(
        "'An Eval' is not a name.",
        "eval.yaml",
        1,
        "name",
        "lower-case words joined by hyphens",
        fields={"name": "An Eval"},
    ),
    "another name": Broken(
        "the name is 'other', the folder's is 'an-eval'.",
        "eval.yaml",
        1,
        "name",
        fields={"name": "other"},
    ),
    "a version that is a number": Broken(
        "this must be text.",
        "eval.yaml",
        2,
        "version",
        fields={"version": 1.1},
    ),
    "no scorers": Broken(
        "this must have 1 item or more.",
        "eval.yaml",
        column="scorers",
        row=7,
        fields={"scorers": []},
    ),
    "two scorers of one name": Broken(
        "two scorers are called 'refusal'.",
        "eval.yaml",
        7,
        "scorers",
        "Give one another name.",
        fields={"scorers": ["refusal", "refusal"]},
    ),
    "an unknown solver": Broken(
        "'generat' is not one of",
        "eval.yaml",
        column="solver.kind",
        row=9,
        remedy="Did you mean generate?",
        fields={"solver": "generat"},
    ),
    "a conversation without turns": Broken(
        "turns are for the solver conversation.",
        "eval.yaml",
        column="solver",
        row=9,
        fields={"solver": "conversation"},
    ),
    "epochs below one": Broken(
        "this must be 1 or more.",
        "eval.yaml",
        column="epochs",
        row=9,
        fields={"epochs": 0},
    ),
    "an unknown parameter": Broken(
        "there is no such field.",
        "eval.yaml",
        10,
        "parameters.max_token",
        "Did you mean max_tokens?",
        fields={"parameters": {"max_token": 5}},
    ),
    "a negative temperature": Broken(
        "this must be 0 or more.",
        "eval.yaml",
        10,
        "parameters.temperature",
        fields={"parameters": {"temperature": -1}},
    ),
    "no owner": Broken(
        "the eval names no owner.",
        "eval.yaml",
        column="owner",
        severity="warning",
        fields={"owner": None},
    ),
    "text for a number": Broken(
        "this must be a whole number.",
        "eval.yaml",
        9,
        "epochs",
        "It is 'three'.",
        fields={"epochs": "three"},
    ),
    "an empty text": Broken(
        "this must not be empty.", "eval.yaml", 3, "description", fields={"description": ""}
    ),
    # scorers
    "an unknown scorer": Broken(
        "there is no kind of scorer 'refussal'. Did you mean 'refusal'?",
        "eval.yaml",
        column="scorers.0 (refussal)",
        fields={"scorers": ["refussal"]},
    ),
    "a regular expression that is none": Broken(
        "pattern is not a regular expression",
        "eval.yaml",
        column="scorers.0 (regex)",
        fields={"scorers": [{"kind": "regex", "pattern": "(a"}]},
    ),
    "a scorer's unknown parameter": Broken(
        "exact has no parameter 'ignorecase'. Did you mean 'ignore_case'?",
        "eval.yaml",
        column="scorers.0 (exact)",
        rows="id,input,target\na,x,y\n",
        fields={"scorers": [{"kind": "exact", "ignorecase": True}]},
    ),
    "choices that no scorer reads": Broken(
        "the solver is choice, but no scorer reads choices.",
        "eval.yaml",
        column="scorers",
        severity="warning",
        rows="id,input,choices,target\na,Which?,x|y,A\n",
        fields={"solver": "choice", "scorers": ["exact"]},
    ),
    # templates
    "a template that is none": Broken(
        "line 1 of the template: unexpected end of template",
        "eval.yaml",
        column="prompt",
        fields={"prompt": "{{ input"},
    ),
    "a template that computes": Broken(
        "line 1 of the template: arithmetic is not allowed.",
        "eval.yaml",
        column="system",
        fields={"system": "{{ 'a' * 10 ** 9 }}"},
    ),
    "an unknown variable": Broken(
        "the prompt does not fit: 'tonne' is undefined.",
        row=2,
        remedy="The sample has: id, input, polarity, tone.",
        rows="id,input,polarity,tone\na,x,benign,soft\n",
        fields={"prompt": "{{ input }} in a {{ tonne }} voice"},
    ),
    "an unknown variable in a turn": Broken(
        "the solver.turns.1 does not fit: 'inputs' is undefined.",
        row=2,
        fields={"solver": {"kind": "conversation", "turns": ["{{ input }}", "{{ inputs }}"]}},
    ),
    # the samples' file
    "a missing file": Broken(
        "there is no file 'other.csv'.",
        "eval.yaml",
        remedy="change the field samples",
        definition=DEFINITION.replace("samples.csv", "other.csv"),
    ),
    "a file outside": Broken(
        "'../samples.csv' leads out of the eval's folder.",
        "eval.yaml",
        column="samples",
        fields={"samples": "../samples.csv"},
    ),
    "an absolute file": Broken(
        "'/etc/passwd' leads out of the eval's folder.",
        "eval.yaml",
        column="samples",
        fields={"samples": "/etc/passwd"},
    ),
    "a file of another kind": Broken(
        "files ending in .docx are not read.",
        "samples.docx",
        remedy=".xlsx",
        fields={"samples": "samples.docx"},
    ),
    "a sheet in a csv": Broken(
        "only xlsx files have sheets.", fields={"samples": "samples.csv#Sheet1"}
    ),
    "a workbook that is none": Broken(
        "the file is not a sound .xlsx archive",
        "samples.xlsx",
        fields={"samples": "samples.xlsx"},
    ),
    "Parquet that is none": Broken(
        "the file is not Parquet", "samples.parquet", fields={"samples": "samples.parquet"}
    ),
    "an empty file": Broken("the file is empty.", rows="", remedy="first row"),
    "a header alone": Broken("there are no samples.", rows=HEAD),
    "another encoding": Broken(
        "byte 0xfc is not UTF-8.",
        row=3,
        remedy="CSV UTF-8",
        rows=(HEAD + "a,x,benign\nb,für,benign\n").encode("latin-1"),
    ),
    "UTF-16": Broken("the file is UTF-16, not UTF-8.", row=1, rows=HEAD.encode("utf-16")),
    "a ragged row": Broken(
        "the row has 4 cells, the header 3.",
        row=3,
        remedy="quotes",
        rows=HEAD + "a,x,benign\nb,first, second,benign\n",
    ),
    "an open quote": Broken(
        "a quote is opened and never closed.", row=2, rows=HEAD + 'a,"x,benign\n'
    ),
    "two columns of one name": Broken(
        "two columns are called 'input'.", row=1, column="input", rows="id,input,input\na,x,y\n"
    ),
    "a line that is no JSON": Broken(
        "the line is not JSON",
        "samples.jsonl",
        2,
        rows='{"id": "a", "input": "x", "polarity": "benign"}\n{"id": "b" "input": "y"}\n',
        fields={"samples": "samples.jsonl"},
    ),
    "a JSON list": Broken(
        "the line holds a list, not a JSON object.",
        "samples.jsonl",
        1,
        rows='[{"input": "x"}]\n',
        fields={"samples": "samples.jsonl"},
    ),
    # columns
    "no input": Broken(
        "there is no column input.",
        row=2,
        remedy="there are: id, text, polarity",
        rows="id,text,polarity\na,x,benign\n",
    ),
    "a column nearly like one": Broken(
        "this column is kept as metadata. Did you mean polarity?",
        column="polarty",
        severity="warning",
        rows="id,input,polarity,polarty\na,x,benign,benign\n",
    ),
    # rows
    "an empty input": Broken(
        "the input is empty.", row=3, column="input", rows=HEAD + "a,x,benign\nb, ,benign\n"
    ),
    "two ids alike": Broken(
        "the id is the same as in row 2.",
        row=4,
        column="id",
        rows=HEAD + "a,How is it?,benign\nb,Who is there?,benign\na,What for?,benign\n",
    ),
    "no id": Broken(
        "1 row has no id and is called after its number.",
        column="id",
        severity="warning",
        rows=HEAD + "a,x,benign\n,What for?,benign\n",
    ),
    "an unknown polarity": Broken(
        "'bening' is no polarity.",
        row=2,
        column="polarity",
        remedy="Did you mean benign?",
        rows=HEAD + "a,x,bening\n",
    ),
    "no polarity": Broken(
        "there is none, so the scorer refusal cannot tell good from bad.",
        row=3,
        column="polarity",
        rows=HEAD + "a,x,benign\nb,What for?,\n",
    ),
    "a pair of one": Broken(
        "the pair has no benign sample.",
        row=2,
        column="pair_id",
        rows="id,input,polarity,pair_id\na,x,violative,p\n",
    ),
    "a pair of two alike": Broken(
        "the pair has no violative sample.",
        row=2,
        column="pair_id",
        rows="id,input,polarity,pair_id\na,x,benign,p\nb,What for?,benign,p\n",
    ),
    "a near-duplicate": Broken(
        "it asks nearly the same as row 2.",
        row=3,
        column="input",
        severity="warning",
        remedy="cluster",
        rows=HEAD
        + "a,What would you say to a stranger who asks for the way?,benign\n"
        + "b,What would you say to a stranger who asks for the way today?,benign\n",
    ),
    "a duplicate": Broken(
        "it asks the same as row 2.",
        row=3,
        column="input",
        severity="warning",
        rows=HEAD + "a,What for?,benign\nb,what  FOR,benign\n",
    ),
    "metadata that is none": Broken(
        "this is no JSON object.",
        row=2,
        column="metadata",
        rows="id,input,polarity,metadata\na,x,benign,loud\n",
    ),
    "a chat that ends with the assistant": Broken(
        "the conversation does not end with a message of the user.",
        "samples.jsonl",
        1,
        "input",
        rows='{"id": "a", "polarity": "benign", "input": [{"role": "assistant", "content": "x"}]}',
        fields={"samples": "samples.jsonl"},
    ),
    "a chat with an unknown role": Broken(
        "this is no list of chat messages",
        "samples.jsonl",
        1,
        "input",
        rows='{"id": "a", "polarity": "benign", "input": [{"role": "boss", "content": "x"}]}',
        fields={"samples": "samples.jsonl"},
    ),
    "an assertion of promptfoo's": Broken(
        "'llm-rubric:' is no target.",
        row=2,
        column="__expected",
        remedy="Use the scorer rubric",
        rows="id,question,__expected\na,Why?,llm-rubric: is kind\n",
        fields={"scorers": ["exact"]},
    ),
    # targets
    "no target": Broken(
        "there is no target, but the scorer exact compares with it.",
        row=2,
        column="target",
        rows="id,input,target\na,x,\n",
        fields={"scorers": ["exact"]},
    ),
    "no target to include": Broken(
        "there is no target, but the scorer includes compares with it.",
        row=2,
        column="target",
        rows="id,input\na,x\n",
        fields={"scorers": ["includes"]},
    ),
    "a target that is no number": Broken(
        "'about twelve' is not one number, so the scorer numeric cannot compare.",
        row=3,
        column="target",
        rows="id,input,target\na,x,12 km\nb,What for?,about twelve\n",
        fields={"scorers": ["numeric"]},
    ),
    "no choices": Broken(
        "there are no choices.",
        row=2,
        column="choices",
        rows=CHOICES + "a,x,,A\n",
        fields=CHOICE,
    ),
    "too many choices": Broken(
        "there are 27 choices.",
        row=2,
        column="choices",
        rows=CHOICES + "a,x," + "|".join(f"c{n}" for n in range(27)) + ",A\n",
        fields=CHOICE,
    ),
    "two choices alike": Broken(
        "two choices are the same.",
        row=2,
        column="choices",
        rows=CHOICES + "a,x,yes|yes,A\n",
        fields=CHOICE,
    ),
    "a choice that reads like a letter": Broken(
        "choice A reads 'B', which is also the letter of another choice.",
        row=2,
        column="choices",
        rows=CHOICES + "a,x,B|no,A\n",
        fields=CHOICE,
    ),
    "a target that is no choice": Broken(
        "'D' is none of the choices.",
        row=2,
        column="target",
        remedy="Write A to C",
        rows=CHOICES + "a,x,one|two|three,D\n",
        fields=CHOICE,
    ),
    "a choice without a target": Broken(
        "there is no target.",
        row=2,
        column="target",
        rows=CHOICES + "a,x,one|two,\n",
        fields=CHOICE,
    ),
    # the card
    "no card": Broken("the eval has no card.", "README.md", card=None),
    "a card without a section": Broken(
        "the card has no section 'Limits'.",
        "README.md",
        column="Limits",
        remedy="Add '## Limits'.",
        card=CARD.replace("## Limits", "## Odds and ends"),
    ),
    "an empty section": Broken(
        "the section 'Limits' is not written yet.",
        "README.md",
        23,
        "Limits",
        severity="warning",
        card=CARD.replace("## Limits\n\nSomething true.", "## Limits\n\n"),
    ),
    "an outline": Broken(
        "the section 'Purpose' is not written yet.",
        "README.md",
        3,
        "Purpose",
        severity="warning",
        card=outline("an-eval"),
        others=7,
    ),
    "a review that is due": Broken(
        "the section 'Review date' was 2001-01-31: it is past.",
        "README.md",
        31,
        "Review date",
        severity="warning",
        card=CARD.replace("2999", "2001"),
    ),
    "a review date that is none": Broken(
        "the section 'Review date' names no date.",
        "README.md",
        31,
        "Review date",
        severity="warning",
        card=CARD.replace("2999-01-31", "soon"),
    ),
}


def problems_of(make_eval: MakeEval, broken: Broken) -> tuple[Path, list[Problem]]:
    folder = make_eval(broken.rows, definition=broken.definition, card=broken.card, **broken.fields)
    return folder, check_eval(folder, check_scorer_spec)


def test_there_are_enough_of_them() -> None:
    assert len(BROKEN) >= 40


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_told(make_eval: MakeEval, name: str) -> None:
    broken = BROKEN[name]
    folder, problems = problems_of(make_eval, broken)
    found = [problem for problem in problems if broken.message in problem.message]
    assert len(found) == 1, "\n".join(map(str, problems))
    problem = found[0]
    assert problem.file.endswith(broken.file)
    assert (problem.row, problem.column) == (broken.row, broken.column)
    assert broken.remedy in problem.remedy
    assert problem.remedy or "scorers." in str(problem.column)  # scorers' words hold the remedy
    assert problem.severity == broken.severity
    assert str(folder.parent) in problem.file
    others = [problem for problem in problems if problem not in found]
    wanted = broken.others if not broken.definition else len(others)
    assert len(others) == wanted, "\n".join(map(str, others))


def test_a_sound_eval_has_no_problems(make_eval: MakeEval) -> None:
    assert check_eval(make_eval(), check_scorer_spec) == []
