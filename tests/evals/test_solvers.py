"""Solvers: what they ask, and what their transcripts say."""

from __future__ import annotations

import time
from typing import Any

import pytest

from assay.errors import DefinitionError, ServerError
from assay.evals import Solver, build_solver, iter_samples, load_eval, sample_hash
from assay.models.base import Model
from assay.records import Message, Reply, Request, Sample, ToolCall
from tests.evals.conftest import MakeEval


class Echo:
    """A model that answers from a list, and remembers what it was asked."""

    def __init__(self, *replies: Reply) -> None:
        self.replies = list(replies)
        self.asked: list[Request] = []

    @property
    def name(self) -> str:
        return "fake/echo"

    @property
    def details(self) -> dict[str, Any]:
        return {}

    async def generate(self, request: Request) -> Reply:
        self.asked.append(request)
        if self.replies:
            return self.replies.pop(0)
        return Reply(f"reply {len(self.asked)}", input_tokens=10, output_tokens=5, latency=0.5)

    async def close(self) -> None:
        pass


def solver_of(make_eval: MakeEval, **fields: Any) -> Solver:
    return build_solver(load_eval(make_eval(**fields)))


def said(model: Echo, number: int = 0) -> list[tuple[str, str]]:
    return [(message.role, message.content) for message in model.asked[number].messages]


async def test_one_turn(make_eval: MakeEval) -> None:
    solver = solver_of(
        make_eval,
        prompt="Q: {{ input }}",
        system="Speak {{ tone }}.",
        parameters={"max_tokens": 9, "temperature": 0},
    )
    sample = Sample(
        id="a",
        input="Why {{ tone }}?",
        target=("t",),
        cluster="c",
        pair_id="p",
        polarity="benign",
        policy_area="area",
        language="en",
        metadata={"tone": "softly"},
    )
    model = Echo()
    transcript = await solver.solve(sample, model, 3, "t-1")
    assert said(model) == [("system", "Speak softly."), ("user", "Q: Why {{ tone }}?")]
    assert model.asked[0].epoch == 3
    assert model.asked[0].parameters.max_tokens == 9
    assert transcript.transcript_id == "t-1"
    assert transcript.messages == (*model.asked[0].messages, Message("assistant", "reply 1"))
    assert transcript.reply == "reply 1"
    told = {
        "source_type": "assay_run",
        "task_set": "an-eval",
        "task_id": "a",
        "task_repeat": 3,
        "agent": "generate",
        "agent_args": None,
        "model": "fake/echo",
        "model_options": {"max_tokens": 9, "temperature": 0.0},
        "message_count": 3,
        "total_tokens": 15,
        "input_tokens": 10,
        "output_tokens": 5,
        "latency": 0.5,
        "stop_reason": "stop",
        "cluster": "c",
        "pair_id": "p",
        "polarity": "benign",
        "policy_area": "area",
        "language": "en",
        "target": ("t",),
        "sample_metadata": {"tone": "softly"},
        "sample_hash": sample_hash(sample),
        "error": None,
    }
    assert {name: getattr(transcript, name) for name in told} == told


async def test_the_plain_prompt_asks_the_input_as_it_is(make_eval: MakeEval) -> None:
    model = Echo()
    transcript = await solver_of(make_eval).solve(Sample(id="a", input=" x\n"), model, 1, "t")
    assert said(model) == [("user", " x\n")]
    assert transcript.model_options is None
    assert transcript.sample_metadata is None


async def test_a_chat_as_input_keeps_its_past(make_eval: MakeEval) -> None:
    past = (Message("user", "Hi"), Message("assistant", "Hello"), Message("user", "Why?"))
    model = Echo()
    solver = solver_of(make_eval, prompt="{{ input }} Be brief.", system="S")
    await solver.solve(Sample(id="a", input=past), model, 1, "t")
    assert said(model) == [
        ("system", "S"),
        ("user", "Hi"),
        ("assistant", "Hello"),
        ("user", "Why? Be brief."),
    ]
    await solver_of(make_eval).solve(Sample(id="a", input=past), model, 1, "t")
    assert model.asked[1].messages == past


async def test_a_chat_must_end_with_the_user(make_eval: MakeEval) -> None:
    sample = Sample(id="a", input=(Message("user", "Hi"), Message("assistant", "Hello")))
    with pytest.raises(DefinitionError, match="does not end with the user's message"):
        await solver_of(make_eval).solve(sample, Echo(), 1, "t")


async def test_a_conversation(make_eval: MakeEval) -> None:
    turns = ["{{ input }}", "And {{ tone }}?", "Thanks."]
    solver = solver_of(make_eval, system="S", solver={"kind": "conversation", "turns": turns})
    model = Echo()
    sample = Sample(id="a", input="One", metadata={"tone": "soft"})
    transcript = await solver.solve(sample, model, 2, "t")
    assert [len(request.messages) for request in model.asked] == [2, 4, 6]
    assert all(request.epoch == 2 for request in model.asked)
    assert [(m.role, m.content) for m in transcript.messages] == [
        ("system", "S"),
        ("user", "One"),
        ("assistant", "reply 1"),
        ("user", "And soft?"),
        ("assistant", "reply 2"),
        ("user", "Thanks."),
        ("assistant", "reply 3"),
    ]
    assert (transcript.input_tokens, transcript.output_tokens) == (30, 15)
    assert transcript.latency == 1.5
    assert transcript.agent == "conversation"
    assert transcript.agent_args == {"turns": turns}


@pytest.mark.parametrize(
    "reply",
    [
        Reply("", stop_reason="content_filter"),
        Reply("", stop_reason="tool_calls", tool_calls=(ToolCall("1", "look", {}),)),
    ],
)
async def test_a_conversation_ends_where_no_user_could_go_on(
    make_eval: MakeEval, reply: Reply
) -> None:
    solver = solver_of(make_eval, solver={"kind": "conversation", "turns": ["a", "b"]})
    model = Echo(reply)
    transcript = await solver.solve(Sample(id="a", input="x"), model, 1, "t")
    assert len(model.asked) == 1
    assert transcript.stop_reason == reply.stop_reason
    assert transcript.messages[-1] == Message("assistant", "", reply.tool_calls)


async def test_a_choice_by_log_probabilities(make_eval: MakeEval) -> None:
    solver = solver_of(make_eval, solver="choice", scorers=["choice"], prompt="Q: {{ input }}")
    model = Echo(Reply("B", logprobs={"B": -0.1, " A": -2.5, "The": -5.0}, input_tokens=4))
    sample = Sample(id="a", input="Which?", choices=("red", "blue"), target=("blue",))
    transcript = await solver.solve(sample, model, 1, "t")
    assert said(model) == [("user", "Q: Which?\n\nA. red\nB. blue\n\nAnswer with the letter only.")]
    assert transcript.reply == "B"
    assert transcript.choice_method == "logprobs"
    assert transcript.choice_distribution is not None
    assert set(transcript.choice_distribution) == {"A", "B"}
    assert sum(transcript.choice_distribution.values()) == pytest.approx(1)
    assert transcript.choices == ("red", "blue")


async def test_a_choice_by_sampling(make_eval: MakeEval) -> None:
    solver = solver_of(make_eval, solver="choice", scorers=["choice"])
    model = Echo(*[Reply("A", input_tokens=1, output_tokens=1)] * 12, *[Reply("B")] * 4)
    sample = Sample(id="a", input="Which?", choices=("red", "blue"))
    transcript = await solver.solve(sample, model, 1, "t")
    assert transcript.choice_method == "sampling"
    assert transcript.choice_distribution == {"A": 0.75, "B": 0.25}
    assert transcript.reply == "A"
    assert transcript.total_tokens == 24


async def test_a_choice_that_the_model_does_not_take(make_eval: MakeEval) -> None:
    solver = solver_of(make_eval, solver="choice", scorers=["choice"])
    model = Echo(*[Reply("I would rather not.")] * 20)
    sample = Sample(id="a", input="Which?", choices=("red", "blue"))
    transcript = await solver.solve(sample, model, 1, "t")
    assert transcript.choice_distribution is None
    assert transcript.reply == "I would rather not."


@pytest.mark.parametrize("choices", [(), ("one",), tuple(map(str, range(27)))])
async def test_a_choice_needs_choices(make_eval: MakeEval, choices: tuple[str, ...]) -> None:
    solver = solver_of(make_eval, solver="choice", scorers=["choice"])
    with pytest.raises(DefinitionError, match="choices, not 2 to 26"):
        await solver.solve(Sample(id="a", input="x", choices=choices), Echo(), 1, "t")


async def test_a_models_error_passes_through(make_eval: MakeEval) -> None:
    class Broken(Echo):
        async def generate(self, request: Request) -> Reply:
            raise ServerError("down")

    with pytest.raises(ServerError):
        await solver_of(make_eval).solve(Sample(id="a", input="x"), Broken(), 1, "t")


@pytest.mark.parametrize(
    "fields",
    [
        {"prompt": "{{ input"},
        {"system": "{{ 2 * 2 }}"},
        {"solver": {"kind": "conversation", "turns": ["{{ x() }}"]}},
    ],
)
def test_a_template_that_is_none_is_told_at_once(make_eval: MakeEval, fields: Any) -> None:
    with pytest.raises(DefinitionError, match=r"eval\.yaml"):
        solver_of(make_eval, **fields)


async def test_solving_costs_little_beside_the_model(make_eval: MakeEval) -> None:
    rows = "id,input,polarity\n" + "".join(f"s{n},Question {n}?,benign\n" for n in range(4_000))
    definition = load_eval(make_eval(rows))
    solver, samples = build_solver(definition), list(iter_samples(definition))
    reply = Reply("fine", input_tokens=1, output_tokens=1)

    class Instant(Echo):
        async def generate(self, request: Request) -> Reply:
            return reply

    model: Model = Instant()
    costs = []
    for _ in range(3):
        start = time.process_time()
        for sample in samples:
            await solver.solve(sample, model, 1, "t")
        costs.append((time.process_time() - start) / len(samples))
    assert min(costs) < 40e-6  # about 7 microseconds on a quiet machine
