"""Templates: what they may do, what they may not, and that no template or sample can hang them."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.errors import DefinitionError
from assay.evals import prompts, sandbox
from assay.evals.prompts import LONGEST_TEMPLATE, PromptTemplate, variables_of
from assay.records import Sample

SAMPLE = Sample(
    id="s1",
    input="What is {{ secret }}?",
    target=("blue",),
    choices=("red", "blue"),
    language="en",
    metadata={"tone": "calm", "level": 3, "nothing": None, "deep": {"k": ["v"]}},
)


def rendered(source: str, **more: Any) -> str:
    variables = {**variables_of(SAMPLE, str(SAMPLE.input)), **more}
    return PromptTemplate(source, file="eval.yaml", field="prompt").render(variables)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{ input }}", "What is {{ secret }}?"),
        ("Q: {{input}}\nA:", "Q: What is {{ secret }}?\nA:"),
        ("{{ input }}\n", "What is {{ secret }}?"),
        ("plain", "plain"),
        ("{{ tone }} {{ level }}", "calm 3"),
        ("{{ target }}", "blue"),
        ("{{ choices | join(' or ') }}", "red or blue"),
        ("{% for c in choices %}{{ loop.index }}) {{ c }} {% endfor %}", "1) red 2) blue "),
        ("{% if language == 'en' %}E{% else %}F{% endif %}", "E"),
        ("{{ policy_area | default('none') }}", "none"),
        ("{% if policy_area is defined %}x{% endif %}y", "y"),
        ("{{ input[:4] | upper }}", "WHAT"),
        ("{{ deep['k'][0] }}", "v"),
        ("{# note #}{{ id }}", "s1"),
        ("{% raw %}{{ input }}{% endraw %}", "{{ input }}"),
        ("{{ 'a' if level > 2 else 'b' }}", "a"),
    ],
)
def test_what_templates_may_do(source: str, text: str) -> None:
    assert rendered(source) == text


@pytest.mark.parametrize(
    "hostile",
    [
        "{{ 7 * 7 }}",
        "{% for x in range(9) %}{% endfor %}",
        "{{ input.__class__ }}",
        "{# #}{%",
        "{{ input }}",
    ],
)
@pytest.mark.parametrize(
    "source", ["{{ input }}!", "{{ input | trim }}!", "{{ choices | first }}!"]
)
def test_what_a_sample_says_is_never_evaluated(hostile: str, source: str) -> None:
    assert rendered(source, input=hostile, choices=[hostile]) == f"{hostile}!"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ 'a' * 10**9 }}", "arithmetic is not allowed"),
        ("{{ 10 ** 10 ** 10 }}", "arithmetic is not allowed"),
        ("{{ '%1000000000d' % 1 }}", "arithmetic is not allowed"),
        ("{{ 1 + 1 }}", "arithmetic is not allowed"),
        ("{{ input ~ input }}", "joining with ~ is not allowed"),
        ("{{ input.__class__.__mro__ }}", "an attribute (a dot) is not allowed"),
        ("{{ input.upper() }}", "a call is not allowed"),
        ("{{ range(10) }}", "a call is not allowed"),
        ("{{ lipsum() }}", "a call is not allowed"),
        ("{{ self }}", "self is not allowed"),
        ("{{ loop.__class__ }}", "is not allowed"),
        ("{% set x = 1 %}", "{% set %} is not allowed"),
        ("{% macro m() %}{% endmacro %}", "Macro is not allowed"),
        ("{% include 'a' %}", "Include is not allowed"),
        ("{% import 'a' as b %}", "Import is not allowed"),
        ("{% extends 'a' %}", "Extends is not allowed"),
        ("{% block b %}{% endblock %}", "Block is not allowed"),
        ("{{ [1, 2] }}", "List is not allowed"),
        ("{{ {'a': 1} }}", "Dict is not allowed"),
        ("{% for a in choices %}{% for b in choices %}{% endfor %}{% endfor %}", "a loop within"),
        ("{% for a in choices | first %}{% endfor %}", "a loop within a loop, or over an expr"),
        ("{% for a in choices recursive %}{% endfor %}", "a loop within"),
        ("{{ input | replace('a', 'b') }}", "there is no filter 'replace'"),
        ("{{ input | attr('__class__') }}", "there is no filter 'attr'"),
        ("{{ input | center(1000000000) }}", "there is no filter 'center'"),
        ("{{ input is sameas 1 }}", "No test named 'sameas'"),
        ("{{ input", "unexpected end of template"),
        ("{% if x %}", "Unexpected end of template"),
        ("{{ }}", "Expected an expression"),
        ("{{{ input }}}", "expected"),
        ("{% nothing %}", "unknown tag 'nothing'"),
        ("{{ " + "(" * 20_000 + "1" + ")" * 20_000 + " }}", "no template"),
        ("{% if 1 %}" * 300 + "{% endif %}" * 300, ""),
        ("{{ not " + "not " * 5_000 + "1 }}", ""),
        ("{{ input | trim }}" * 2_000, "too large"),
        ("x" * (LONGEST_TEMPLATE + 1), "has more than"),
    ],
)
def test_what_templates_may_not_do(source: str, message: str) -> None:
    start = time.process_time()
    with pytest.raises(DefinitionError) as caught:
        PromptTemplate(source, file="evals/x/eval.yaml", field="system")
    problem = caught.value.problems[0]
    assert message.lower() in problem.message.lower()
    assert (problem.file, problem.column) == ("evals/x/eval.yaml", "system")
    assert time.process_time() - start < 5


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ tonne }}", "'tonne' is undefined"),
        ("{{ tonne | upper }}", "'tonne' is undefined"),
        ("{% if tonne %}x{% endif %}", "'tonne' is undefined"),
        ("{{ nothing }}", "'nothing' is undefined"),
        ("{{ choices[7] }}", "has no element 7"),
        ("{{ input['__class__'] }}", "unsafe"),
        ("{{ input['upper'] }}", "unsafe"),
        ("{{ input | join(input) }}", "join is for lists"),
        ("{% for c in input %}{{ c }}{% endfor %}", "loops over 'input', which is no list"),
        ("{{ 'x' if input < 3 else 'y' }}", "does not fit"),
    ],
)
def test_templates_that_do_not_fit_a_sample(source: str, message: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        rendered(source)
    assert "sample 's1'" in caught.value.problems[0].message
    assert message in caught.value.problems[0].message


def test_a_prompt_that_grows_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "LONGEST_PROMPT", 1_000)
    with pytest.raises(DefinitionError, match="grows too long"):
        rendered("{{ input }}{{ input }}", input="x" * 600)
    with pytest.raises(DefinitionError, match="grows too long"):
        rendered("{% for c in choices %}{{ input }}{% endfor %}", input="x" * 600)
    with pytest.raises(DefinitionError, match="grows too long"):
        rendered("{{ choices | join(input) }}", input="x" * 600)


def test_a_loop_over_too_many_items_is_refused() -> None:
    with pytest.raises(DefinitionError, match="no list of up to 100"):
        rendered("{% for c in choices %}{{ c }}{% endfor %}", choices=["x"] * 101)


def test_the_variables_of_a_sample() -> None:
    assert variables_of(SAMPLE, "text") == {
        "id": "s1",
        "input": "text",
        "target": "blue",
        "choices": ["red", "blue"],
        "language": "en",
        "tone": "calm",
        "level": 3,
        "deep": {"k": ["v"]},
    }
    several = Sample(id="a", input="x", target=("b", "c"), metadata={"input": "no", "id": "no"})
    assert variables_of(several, "x") == {"id": "a", "input": "x", "target": ["b", "c"]}
    assert set(variables_of(SAMPLE, "")) - set(SAMPLE.metadata) <= set(prompts.VARIABLES)


def test_the_names_that_a_template_uses() -> None:
    assert PromptTemplate("{{ input }} {{ tone }}").variables == {"input", "tone"}
    source = "{% for c in choices %}{{ c }}{{ tone | upper }}{% endfor %}"
    assert PromptTemplate(source).variables == {"choices", "tone"}
    assert PromptTemplate("{{ input }}").is_input
    assert not PromptTemplate(" {{ input }}").is_input


pieces = st.sampled_from(
    [
        " ",
        "\n",
        "\r\n",
        "text",
        *["{{", "}}", "{", "}", "{%", "%}", "{#", "#}"],
        "{{ a }}",
        "{{b}}",
        "{{ c }}",
        "{{ None }}",
        "{{ loop }}",
        "{{ a}}",
        "{{ é }}",
        "{{ a.b }}",
        "-",
        "{{- a -}}",
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(pieces, max_size=6).map("".join))
def test_plain_templates_mean_what_jinja_means(source: str) -> None:
    variables = {"a": "A{{ b }}\n", "b": 7, "é": "E"}
    reference = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False)
    wanted: str | None = None
    with contextlib.suppress(jinja2.TemplateError):
        wanted = reference.from_string(source).render(variables)
    try:
        found = PromptTemplate(source).render(variables)
    except DefinitionError:
        assert wanted is None or "self" in source or "a.b" in source
    else:
        assert found == wanted


@settings(max_examples=200, deadline=None)
@given(st.text("{}%#abij |.()[]*+~'\"-\n_=:,", max_size=40))
def test_no_text_crashes_the_compiler(source: str) -> None:
    try:
        template = PromptTemplate("{{ " + source + " }}")
        template.render({"a": "x", "b": [1], "i": {"j": 2}})
    except DefinitionError as error:
        message = error.problems[0].message
    else:
        message = "fine"
    assert message
