"""The public benchmarks that an eval folder can be made of, with what their cards must say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.evals import benchmarks
from assay.records import Sample


@dataclass(frozen=True)
class Benchmark:
    """A public benchmark: how its file is read, and what its eval says of it.

    ``read`` gives the samples of a file; ``scorers`` stand as in eval.yaml; the texts from
    ``purpose`` on are sections of the card.
    """

    name: str
    title: str
    read: Callable[[Path], list[Sample]]
    solver: str
    scorers: tuple[str | dict[str, Any], ...]
    licence: str
    citation: str
    description: str
    policy: str
    purpose: str
    threat_model: str
    reading: str
    limits: str


_PUBLIC = (
    "Published, so later models may have been trained on it: a good result on a new model is weak "
    "evidence. English only."
)
_ONE_TURN = "Somebody who asks once, plainly, without a jailbreak, tools or earlier turns."
_REFUSAL = (
    "The share of requests that are refused, fully or partly; high is good. The scorer goes by "
    "wording: a reply that complies badly counts as not refused, and its own error stands in the "
    "scorers' documentation. Read some transcripts before a decision hangs on a few points."
)

_ALL = (
    Benchmark(
        name="xstest",
        title="XSTest",
        read=benchmarks.read_xstest,
        solver="generate",
        scorers=("refusal",),
        licence="CC-BY-4.0",
        citation=(
            "Röttger, Kirk, Vidgen, Attanasio, Bianchi, Hovy: XSTest: A Test Suite for Identifying "
            "Exaggerated Safety Behaviours in Large Language Models. NAACL 2024."
        ),
        description="Does the model refuse safe prompts that sound unsafe, and unsafe twins?",
        policy="Answer the safe prompts; refuse the unsafe ones in the same words.",
        purpose=(
            "To see how much a model over-refuses, beside how much it refuses what it should: the "
            "n-th prompt of a safe type and the n-th of its contrast are twins."
        ),
        threat_model=_ONE_TURN,
        reading=(
            "Refusal rate on benign prompts (low is good) beside that on violative ones (high is "
            "good). Full refusals of safe prompts by people's labels, from the paper's data: GPT-4 "
            "6.4%, Llama 2 with its newer system prompt 14.0%, Mistral 0.8%."
        ),
        limits=f"{_PUBLIC} Short prompts; two safe types have no twins of their own.",
    ),
    Benchmark(
        name="strongreject",
        title="StrongREJECT",
        read=benchmarks.read_strongreject,
        solver="generate",
        scorers=("refusal",),
        licence="MIT",
        citation=(
            "Souly, Lu, Bowen, Trinh, Hsieh, Pandey, Abbeel, Svegliato, Emmons, Watkins, Toyer: "
            "A StrongREJECT for Empty Jailbreaks. NeurIPS 2024."
        ),
        description="Does the model refuse StrongREJECT's forbidden prompts?",
        policy="Refuse: each prompt asks for something that widely used models' policies forbid.",
        purpose="To measure refusal of plainly forbidden requests, with or without a jailbreak.",
        threat_model=_ONE_TURN,
        reading=_REFUSAL,
        limits=(
            f"{_PUBLIC} The authors score how specific and convincing a compliant reply is, by a "
            "judge; here only refusal is scored. For theirs, add a rubric scorer."
        ),
    ),
    Benchmark(
        name="harmbench",
        title="HarmBench (text behaviours)",
        read=benchmarks.read_harmbench,
        solver="generate",
        scorers=("refusal",),
        licence="MIT",
        citation=(
            "Mazeika, Phan, Yin, Zou, Wang, Mu, Sakhaee, Li, Basart, Li, Forsyth, Hendrycks: "
            "HarmBench: A Standardized Evaluation Framework for Automated Red Teaming and Robust "
            "Refusal. ICML 2024."
        ),
        description="Does the model refuse HarmBench's behaviours, asked for directly?",
        policy="Refuse: each behaviour is harmful, or reproduces a copyrighted text.",
        purpose="To measure refusal of direct requests: the floor below any automated attack.",
        threat_model=_ONE_TURN,
        reading=_REFUSAL,
        limits=(
            f"{_PUBLIC} The authors judge success by a classifier, and copyright by hashes of the "
            "texts; a reply that does not refuse need not have succeeded. No attacks are made."
        ),
    ),
    Benchmark(
        name="simple-safety-tests",
        title="SimpleSafetyTests",
        read=benchmarks.read_simple_safety_tests,
        solver="generate",
        scorers=("refusal",),
        licence="CC-BY-4.0",
        citation=(
            "Vidgen, Scherrer, Kirk, Qian, Kannappan, Hale, Röttger: SimpleSafetyTests: a Test "
            "Suite for Identifying Critical Safety Risks in Large Language Models. 2023, "
            "arXiv:2311.08370."
        ),
        description="Does the model refuse the 100 critical prompts of SimpleSafetyTests?",
        policy="Refuse, or answer in a safe way: each prompt is of a critical harm.",
        purpose="A quick look for critical weaknesses in five areas of harm.",
        threat_model=_ONE_TURN,
        reading=_REFUSAL,
        limits=(
            f"{_PUBLIC} Small: 20 prompts an area. A supportive reply to somebody in danger that "
            "refuses nothing counts as not refused, though it may be the right one."
        ),
    ),
    Benchmark(
        name="truthfulqa",
        title="TruthfulQA (multiple choice)",
        read=benchmarks.read_truthfulqa,
        solver="choice",
        scorers=("choice",),
        licence="Apache-2.0",
        citation=(
            "Lin, Hilton, Evans: TruthfulQA: Measuring How Models Mimic Human Falsehoods. ACL 2022."
        ),
        description="Does the model choose the true answer where people often believe a false one?",
        policy="Choose what is true.",
        purpose="To see whether a model repeats common misconceptions.",
        threat_model="No adversary: ordinary questions with popular false answers.",
        reading=(
            "The share of questions for which the true answer is taken; high is good. Chance is "
            "one over the number of choices: print it beside the figure."
        ),
        limits=(
            f"{_PUBLIC} Choices are lettered and in an order of our own, so figures differ from "
            "those by likelihood of whole answers (MC1 in the paper). Some answers are disputed."
        ),
    ),
    Benchmark(
        name="model-written-evals",
        title="Model-written evals",
        read=benchmarks.read_model_written,
        solver="choice",
        scorers=({"kind": "choice", "name": "matching", "by": "distribution", "good": "low"},),
        licence="CC-BY-4.0",
        citation=(
            "Perez et al.: Discovering Language Model Behaviors with Model-Written Evaluations. "
            "Findings of ACL 2023."
        ),
        description="How often does the model's answer match the file's behaviour?",
        policy="The behaviour is taken as unwanted; change `good` in eval.yaml where it is not.",
        purpose="To measure a stated persona, belief or inclination of a model.",
        threat_model="No adversary: the model is asked what it would say.",
        reading=(
            "The mean probability of the answer that matches the behaviour. 0.5 says nothing "
            "either way: as many statements match by yes as by no."
        ),
        limits=(
            f"{_PUBLIC} The statements were written by a model and many resemble each other, so "
            "that intervals that take them for independent are too narrow. What a model says of "
            "itself is not what it does."
        ),
    ),
    Benchmark(
        name="bbq",
        title="BBQ",
        read=benchmarks.read_bbq,
        solver="choice",
        scorers=("choice",),
        licence="CC-BY-4.0",
        citation=(
            "Parrish, Chen, Nangia, Padmakumar, Phang, Thompson, Htut, Bowman: BBQ: A Hand-Built "
            "Bias Benchmark for Question Answering. Findings of ACL 2022."
        ),
        description="Does the model answer by the context, or by a stereotype?",
        policy="Answer what the context says, or that it cannot be told from it.",
        purpose="To measure social bias in answers, where the context tells and where it does not.",
        threat_model="No adversary: ordinary questions about people of different groups.",
        reading=(
            "The share of right answers; high is good. Read ambiguous and disambiguated contexts "
            "apart (`metadata: context_condition`): in the former the right answer is always that "
            "it cannot be told. The metadata holds what the paper's bias score needs. Questions "
            "made from one template share a cluster, and intervals count templates."
        ),
        limits=f"{_PUBLIC} About 25 templates a category; groups and stereotypes are American.",
    ),
)

BENCHMARKS = {benchmark.name: benchmark for benchmark in _ALL}
"""The benchmarks by name, as `assay init --from` takes them."""
