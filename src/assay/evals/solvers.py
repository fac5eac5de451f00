"""Solvers: how a sample becomes a transcript."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from assay.errors import DefinitionError, Problem
from assay.evals.dataset import sample_hash
from assay.evals.definition import FILE, EvalDefinition
from assay.evals.prompts import PromptTemplate, variables_of
from assay.models.base import Model
from assay.models.choice import choice_distribution
from assay.records import Message, Parameters, Reply, Request, Sample, Transcript, now

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""What choices are called; a sample has at most as many."""

CHOICE_REQUEST = "Answer with the letter only."
"""The last line of a choice sample's prompt."""


class Solver(Protocol):
    """How a sample becomes a transcript.

    Attributes:
        name: ``generate``, ``choice`` or ``conversation``.
    """

    @property
    def name(self) -> str: ...

    async def solve(
        self, sample: Sample, model: Model, epoch: int, transcript_id: str
    ) -> Transcript:
        """Ask a model about a sample.

        Args:
            sample: what to ask.
            model: whom to ask.
            epoch: which asking of this sample it is, from 1.
            transcript_id: the name of the transcript.

        Raises:
            ModelError: where the model gave no usable reply.
            DefinitionError: where the prompt does not fit the sample.
        """
        ...


def build_solver(definition: EvalDefinition) -> Solver:
    """The solver of an eval, with its templates compiled.

    Raises:
        DefinitionError: if a template is none.
    """
    asking = _Asking(definition)
    if definition.solver.kind == "choice":
        return ChoiceSolver(asking)
    if definition.solver.kind == "conversation":
        return ConversationSolver(asking, definition.solver.turns)
    return GenerateSolver(asking)


class GenerateSolver:
    """System message and prompt, one reply."""

    name = "generate"

    def __init__(self, asking: _Asking) -> None:
        self._asking = asking

    async def solve(
        self, sample: Sample, model: Model, epoch: int, transcript_id: str
    ) -> Transcript:
        """Ask once."""
        messages = self._asking.messages(sample)
        reply = await model.generate(Request(messages, self._asking.parameters, epoch))
        return self._asking.transcript(
            sample, model, epoch, transcript_id, (*messages, _said(reply)), (reply,)
        )


class ConversationSolver:
    """System message, then each turn in order with a reply after it.

    The prompt of the eval is not used: the turns take its place. The conversation ends early where
    the provider's filter cuts a reply off, or the model calls a tool.
    """

    name = "conversation"

    def __init__(self, asking: _Asking, turns: tuple[str, ...]) -> None:
        self._asking = asking
        self._turns = [asking.template(turn, f"solver.turns.{i}") for i, turn in enumerate(turns)]

    async def solve(
        self, sample: Sample, model: Model, epoch: int, transcript_id: str
    ) -> Transcript:
        """Ask turn by turn."""
        asking = self._asking
        before, text = _split(sample, asking.file)
        variables = variables_of(sample, text)
        messages = [*asking.system(variables), *before]
        replies: list[Reply] = []
        for turn in self._turns:
            messages.append(Message("user", turn.render(variables)))
            reply = await model.generate(Request(tuple(messages), asking.parameters, epoch))
            messages.append(_said(reply))
            replies.append(reply)
            if reply.tool_calls or reply.stop_reason == "content_filter":
                break
        return asking.transcript(
            sample, model, epoch, transcript_id, tuple(messages), tuple(replies)
        )


class ChoiceSolver:
    """Prompt, lettered choices, and the probability of each letter as the answer.

    The assistant's message is the most probable letter.
    """

    name = "choice"

    def __init__(self, asking: _Asking) -> None:
        self._asking = asking

    async def solve(
        self, sample: Sample, model: Model, epoch: int, transcript_id: str
    ) -> Transcript:
        """Ask for the distribution over the letters, once."""
        asking = self._asking
        letters = tuple(LETTERS[: len(sample.choices)])
        messages = asking.messages(sample, _lettered(sample, asking.file))
        request = Request(messages, asking.parameters, epoch)
        found = await choice_distribution(model, request, letters)
        said: tuple[Message, ...] = ()
        if found.best is not None:
            said = (Message("assistant", found.best),)
        elif found.replies:
            said = (_said(found.replies[0]),)
        return asking.transcript(
            sample,
            model,
            epoch,
            transcript_id,
            messages + said,
            found.replies,
            choice_distribution=found.probabilities,
            choice_method=found.method,
        )


class _Asking:
    """What all solvers share: the templates and parameters, and how a transcript is filled."""

    def __init__(self, definition: EvalDefinition) -> None:
        self.file = str(definition.folder / FILE)
        self.parameters: Parameters = definition.parameters
        self._eval = definition.name
        self._solver = definition.solver.kind
        turns = definition.solver.turns
        self._settings: dict[str, Any] | None = {"turns": list(turns)} if turns else None
        self._options: dict[str, Any] = msgspec.to_builtins(definition.parameters)
        self._prompt = self.template(definition.prompt, "prompt")
        self._system = self.template(definition.system, "system") if definition.system else None

    def template(self, source: str, field: str) -> PromptTemplate:
        """A template of the eval, compiled."""
        return PromptTemplate(source, file=self.file, field=field)

    def system(self, variables: dict[str, Any]) -> tuple[Message, ...]:
        """The system message, if the eval has one."""
        if self._system is None:
            return ()
        return (Message("system", self._system.render(variables)),)

    def messages(self, sample: Sample, ending: str = "") -> tuple[Message, ...]:
        """System message, the conversation so far if the sample is one, and the prompt."""
        if self._prompt.is_input and self._system is None and type(sample.input) is str:
            return (Message("user", sample.input + ending),)
        before, text = _split(sample, self.file)
        variables = variables_of(sample, text)
        prompt = self._prompt.render(variables) + ending
        return (*self.system(variables), *before, Message("user", prompt))

    def transcript(
        self,
        sample: Sample,
        model: Model,
        epoch: int,
        transcript_id: str,
        messages: tuple[Message, ...],
        replies: tuple[Reply, ...],
        choice_distribution: dict[str, float] | None = None,
        choice_method: str | None = None,
    ) -> Transcript:
        """The transcript of one solved sample; the run fills in what only it knows."""
        read = sum([reply.input_tokens for reply in replies])
        written = sum([reply.output_tokens for reply in replies])
        latency = sum([reply.latency for reply in replies])
        return Transcript(
            transcript_id=transcript_id,
            messages=messages,
            source_type="assay_run",
            date=now(),
            task_set=self._eval,
            task_id=sample.id,
            task_repeat=epoch,
            agent=self._solver,
            agent_args=self._settings,
            model=model.name,
            model_options=self._options or None,
            message_count=len(messages),
            total_time=latency,
            total_tokens=read + written,
            cluster=sample.cluster,
            sample_hash=sample_hash(sample),
            stop_reason=replies[-1].stop_reason if replies else None,
            input_tokens=read,
            output_tokens=written,
            latency=latency,
            target=sample.target,
            choices=sample.choices,
            choice_distribution=choice_distribution,
            choice_method=choice_method,
            pair_id=sample.pair_id,
            polarity=sample.polarity,
            policy_area=sample.policy_area,
            language=sample.language,
            sample_metadata=sample.metadata or None,
        )


def _said(reply: Reply) -> Message:
    return Message("assistant", reply.text, reply.tool_calls)


def _split(sample: Sample, file: str) -> tuple[tuple[Message, ...], str]:
    """The conversation before the last message, and that message's text."""
    if isinstance(sample.input, str):
        return (), sample.input
    if not sample.input or sample.input[-1].role != "user":
        raise _unfit(file, sample, "the conversation does not end with the user's message", "input")
    return sample.input[:-1], sample.input[-1].content


def _lettered(sample: Sample, file: str) -> str:
    """The choices as the end of a prompt."""
    if not 2 <= len(sample.choices) <= len(LETTERS):
        told = f"{len(sample.choices)} choices, not 2 to {len(LETTERS)}"
        raise _unfit(file, sample, f"it has {told}", "choices")
    lines = [f"{letter}. {text}" for letter, text in zip(LETTERS, sample.choices, strict=False)]
    return "\n\n" + "\n".join(lines) + "\n\n" + CHOICE_REQUEST


def _unfit(file: str, sample: Sample, what: str, column: str) -> DefinitionError:
    remedy = "`assay check` tells every such row."
    return DefinitionError([Problem(file, f"sample {sample.id!r}: {what}.", remedy, column=column)])
