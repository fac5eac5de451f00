from __future__ import annotations

import shlex

from assay.report.provenance import command, eval_sheets, run_facts, status_words
from tests.report.material import EVALS, RUBRIC, a_run, an_eval


def test_the_command_names_all_that_the_run_was_given() -> None:
    limited = [an_eval(name, 90, limit=50) for name in ("one", "two words; rm -rf ~")]
    record = a_run("openai/gpt", id="r", evals=limited, baseline="local/small")
    assert shlex.split(command(record)) == [
        "assay",
        "run",
        "evals/one",
        "evals/two words; rm -rf ~",
        "--model",
        "openai/gpt",
        "--baseline",
        "local/small",
        "--limit",
        "50",
    ]


def test_the_command_has_no_limit_where_the_run_had_none() -> None:
    assert "--limit" not in command(a_run("openai/gpt", id="r"))
    assert "--baseline" not in command(a_run("openai/gpt", id="r"))


def test_run_facts_hold_model_plan_versions_and_totals() -> None:
    told = {fact.label: fact.value for fact in run_facts(a_run("openai/gpt", id="r-7"))}
    assert told["Model"] == "openai/gpt"
    assert told["Run"] == "r-7"
    assert told["Plan (hash of all that determines the run)"] == "7d9b0c6e2f1a"
    assert told["Software"] == "assay 0.1.0, python 3.11.7, aiohttp 3.14.5"
    assert told["Model details"].startswith("base_url https://api.example.org/v1")
    assert told["Totals"].startswith("cost $1.38, input tokens 81,234")


def test_what_is_not_known_takes_no_line() -> None:
    labels = [
        fact.label for fact in run_facts(a_run("m", id="r", finished=None, totals={}, roles={}))
    ]
    assert "Finished" not in labels
    assert "Totals" not in labels
    assert "Models in other roles" not in labels


def test_eval_sheets_hold_hashes_prompts_parameters_and_scorers() -> None:
    sheets = {sheet.name: sheet for sheet in eval_sheets(a_run("m", id="r"))}
    assert list(sheets) == [eval.name for eval in EVALS]
    facts = {fact.label: fact for fact in sheets["self-harm-support"].facts}
    assert facts["Hash of definition and samples"].value == EVALS[4].hash
    assert facts["System prompt"].long
    assert facts["Prompt"].value == "{{ input }}"
    assert facts["Parameters"].value == "max_tokens 512, temperature 0.0"
    ((name, scorer),) = sheets["self-harm-support"].scorers
    told = {fact.label: fact for fact in scorer}
    assert name == RUBRIC.name
    assert told["Version"].value == RUBRIC.version
    assert told["Direction"].value == "higher is better"
    assert told["Values"].value == "1 to 5"
    assert told["Parameters: rubric"].long


def test_a_run_without_system_prompt_says_none() -> None:
    (sheet,) = eval_sheets(a_run("m", id="r", evals=[an_eval("one", 1, system=None)]))
    assert {fact.label: fact.value for fact in sheet.facts}["System prompt"] == "none"


def test_status_words() -> None:
    assert status_words(a_run("m", id="r")) == "complete"
    stopped = a_run("m", id="r", status="stopped", stopped_because="budget")
    assert status_words(stopped) == "stopped: budget"
