"""Run on its own: opens our log with inspect_ai, and has inspect_ai write one. Prints JSON."""

import json
import sys

from inspect_ai import Task, eval
from inspect_ai.analysis import evals_df, messages_df, samples_df
from inspect_ai.dataset import Sample
from inspect_ai.log import EvalLog, read_eval_log, read_eval_log_sample
from inspect_ai.model import (
    ChatMessageAssistant,
    ChatMessageTool,
    ChatMessageUser,
    ContentImage,
    ContentReasoning,
    ContentText,
    ModelOutput,
    ModelUsage,
    get_model,
)
from inspect_ai.scorer import Score, Scorer, Target, exact, mean, scorer
from inspect_ai.solver import Generate, Solver, TaskState, generate, solver
from inspect_ai.tool import ToolCall


@scorer(metrics=[mean()])
def judge() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        if "Berlin" in state.input_text:
            return Score.unscored(reason="refusal", explanation="The judge refused.")
        return Score(value=0.25, answer="weak", explanation="Because.")

    return score


@scorer(metrics={"kind": [mean()], "true": [mean()]})
def parts() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        return Score(value={"kind": 1, "true": 0.5})

    return score


@solver
def fails() -> Solver:
    async def solve(state: TaskState, generate: Generate) -> TaskState:
        if "fail" in state.input_text:
            raise ValueError("it fails")
        return state

    return solve


def answer(*_: object) -> ModelOutput:
    output = ModelOutput.from_content("mockllm/model", "Paris")
    output.usage = ModelUsage(input_tokens=5, output_tokens=1, total_tokens=6)
    return output


def write_log(folder: str) -> EvalLog:
    conversation = [
        ChatMessageUser(
            content=[
                ContentText(text="Look:" + " very" * 100 + " closely"),
                ContentImage(image="data:image/png;base64,iVBORw0KGgo="),
            ]
        ),
        ChatMessageAssistant(
            content=[ContentReasoning(reasoning="hm"), ContentText(text="I shall search.")],
            tool_calls=[ToolCall(id="c1", function="search", arguments={"q": "x"})],
        ),
        ChatMessageTool(content="Found it.", tool_call_id="c1", function="search"),
    ]
    task = Task(
        name="tiny",
        dataset=[
            Sample(id="fr", input="Capital of France?", target="Paris", metadata={"area": "geo"}),
            Sample(id=2, input="Capital of Berlin?", target=["Berlin", "none"]),
            Sample(id="bad", input="fail", target="x"),
            Sample(id="talk", input=conversation, target="x"),
        ],
        solver=[fails(), generate()],
        scorer=[exact(), judge(), parts()],
        epochs=2,
    )
    model = get_model("mockllm/model", custom_outputs=answer)
    return eval(task, model=model, log_dir=folder, fail_on_error=False, display="none")[0]


def plain(log: EvalLog) -> dict[str, object]:
    """What a test compares."""
    assert log.results is not None
    return {
        "status": log.status,
        "task": log.eval.task,
        "model": log.eval.model,
        "totals": [log.results.total_samples, log.results.completed_samples],
        "results": {
            score.name: [score.scored_samples, score.unscored_samples, score.metrics["mean"].value]
            for score in log.results.scores
        },
        "samples": [
            {
                "uuid": sample.uuid,
                "id": str(sample.id),
                "epoch": sample.epoch,
                "messages": [[message.role, message.text] for message in sample.messages],
                "scores": {
                    name: [score.value, score.reason, score.answer, score.explanation]
                    for name, score in (sample.scores or {}).items()
                },
                "tokens": sum(usage.total_tokens for usage in sample.model_usage.values()),
                "error": sample.error and sample.error.message,
            }
            for sample in log.samples or []
        ],
    }


ours, folder = sys.argv[1:]
written = write_log(folder)
samples = samples_df(ours)
messages = messages_df(ours)
found = {
    "ours": plain(read_eval_log(ours)),
    "sample": read_eval_log_sample(ours, id="s/2", epoch=1).output.completion,
    "evals_df": json.loads(evals_df(ours).to_json(orient="records")),
    "samples_df": json.loads(samples.to_json(orient="records")),
    "messages_df": json.loads(messages.to_json(orient="records")),
    "theirs": plain(read_eval_log(written.location)),
    "path": written.location,
}
print("\n" + json.dumps(found))
