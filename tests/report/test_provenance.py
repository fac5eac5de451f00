from __future__ import annotations

import shlex

from assay.report.provenance import command, eval_sheets, run_facts, samples_words, status_words
from tests.report.material import EVALS, RUBRIC, a_run, an_eval


def test_the_command_names_all_that_the_run_was_given() -> None:
    evals = [an_eval(name, 50, limit=50, epochs=3) for name in ("one", "two words; rm -rf ~")]
    theirs = a_run("local/small", id="r-1")
    ours = a_run("openai/gpt", id="r-2", evals=evals, baseline="r-1")
    assert shlex.split(command(ours, theirs)) == [
        *("assay", "run", "one", "two words; rm -rf ~"),
        *("--model", "openai/gpt"),
        *("--baseline", "local/small"),
        *("--judge", "anthropic/claude-judge-4"),
        *("--limit", "50"),
        *("--epochs", "3"),
        *("--max-tokens", "512"),
    ]


def test_the_command_names_no_option_that_the_evals_do_not_share() -> None:
    evals = [an_eval("one", 5, epochs=1), an_eval("two", 5, epochs=2, limit=5, parameters={})]
    told = command(a_run("openai/gpt", id="r", evals=evals, roles={"target": "openai/gpt"}))
    assert told == "assay run one two --model openai/gpt"


def test_a_baseline_of_another_day_is_not_in_the_command() -> None:
    assert "--baseline" not in command(a_run("m", id="r"), a_run("other", id="another"))


def test_an_imported_run_has_no_command() -> None:
    assert command(a_run("m", id="r", evals=[an_eval("one", 5, path="")])) == ""
    assert command(a_run("m", id="r", evals=[])) == ""


def test_a_limit_and_several_epochs_are_told() -> None:
    assert samples_words(an_eval("one", 1240)) == "1,240 samples"
    assert (
        samples_words(an_eval("one", 50, limit=50, epochs=3))
        == "only the first 50 samples, each 3 times"
    )
    assert samples_words(an_eval("one", 40, limit=50)) == "40 samples"


def test_run_facts_hold_model_plan_versions_and_totals() -> None:
    told = {fact.label: fact.value for fact in run_facts(a_run("openai/gpt", id="r-7"))}
    assert told["Model"] == "openai/gpt"
    assert told["Run"] == "r-7"
    assert told["Plan (hash of all that determines the run)"] == "7d9b0c6e2f1a"
    assert told["Software"] == "assay 0.1.0, python 3.11.7, aiohttp 3.14.5"
    assert told["Model details"].startswith("base_url https://api.example.org/v1")
    assert told["Totals"].startswith("dollars 1.38, input tokens 81,234")


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
