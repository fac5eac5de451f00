"""How a model spreads its answer over given options: by log-probabilities if it gives them."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from dataclasses import dataclass
from typing import Literal

import msgspec

from assay.errors import RequestRejectedError
from assay.models.base import Model
from assay.records import Reply, Request

MOST_ALTERNATIVES = 20
"""How many alternatives of the first token are asked for; providers give no more."""

_SHORT = 8  # tokens that a reply may have where the request sets no limit
_WRAPPING = " \t\r\n\"'`*_#()[]{}<>.,:;!\u201c\u201d\u2018\u2019"  # may stand around an option


@dataclass(frozen=True)
class ChoiceDistribution:
    """A model's answer to a choice, as probabilities.

    Attributes:
        options: what could be chosen, in order.
        probabilities: option -> probability, summing to 1 over the options; None where nothing of
            what the model said, or might have said, is an option.
        method: ``logprobs`` (the first token's alternatives) or ``sampling``.
        n: how many replies it rests on.
        mass: the share, 0 to 1, of all that the model said (or might have said first) that fell on
            an option. Low mass means that it answered something else.
        replies: the replies, as they came.
    """

    options: tuple[str, ...]
    probabilities: dict[str, float] | None
    method: Literal["logprobs", "sampling"]
    n: int
    mass: float
    replies: tuple[Reply, ...]

    @property
    def best(self) -> str | None:
        """The most probable option, the first of equals; None where there are no probabilities."""
        if self.probabilities is None:
            return None
        return max(self.options, key=self.probabilities.__getitem__)


async def choice_distribution(
    model: Model, request: Request, options: tuple[str, ...], samples: int = 16
) -> ChoiceDistribution:
    """Ask a question whose answer is one of the options, and spread the answer over them.

    One reply with log-probabilities settles it. Else ``samples`` replies are drawn at temperature 1
    and counted. Each reply is a request of its own epoch, so an interrupted call goes on where the
    journal ends.

    Args:
        model: what is asked; only its ``generate`` is used.
        request: the question, with the options named in it.
        options: what may be chosen, for instance ``("A", "B", "C")``; no two alike.
        samples: how many replies to draw where there are no log-probabilities, 1 or more.

    Raises:
        ModelError: a reply could not be had.
    """
    first = await _first(model, _draw(request, 0, samples, MOST_ALTERNATIVES))
    if first is not None and first.logprobs:
        weights = _by_token(first.logprobs, options)
        return _spread(options, weights, "logprobs", 1.0, (first,))
    drawn = [] if first is None else [first]
    requests = [_draw(request, i, samples, 0) for i in range(len(drawn), samples)]
    drawn += await _together(model, requests)
    said = (option_in(reply.text, options) for reply in drawn)
    counts = Counter(option for option in said if option is not None)
    return _spread(options, counts, "sampling", float(len(drawn)), tuple(drawn))


async def _first(model: Model, request: Request) -> Reply | None:
    try:
        return await model.generate(request)
    except RequestRejectedError:  # some models take no request for log-probabilities
        return None


async def _together(model: Model, requests: list[Request]) -> list[Reply]:
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(model.generate(request)) for request in requests]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return [task.result() for task in tasks]


def _draw(request: Request, index: int, samples: int, alternatives: int) -> Request:
    """The index-th drawing of a request: epochs of its own, at temperature 1."""
    asked = request.parameters
    parameters = msgspec.structs.replace(
        asked,
        temperature=1.0,
        top_logprobs=alternatives,
        max_tokens=_SHORT if asked.max_tokens is None else asked.max_tokens,
    )
    epoch = (request.epoch - 1) * samples + index + 1
    return msgspec.structs.replace(request, parameters=parameters, epoch=epoch)


def _by_token(logprobs: dict[str, float], options: tuple[str, ...]) -> dict[str, float]:
    weights: dict[str, float] = {}
    for token, logprob in logprobs.items():
        option = option_of_token(token, options)
        if option is not None:
            weights[option] = weights.get(option, 0.0) + math.exp(logprob)
    return weights


def _spread(
    options: tuple[str, ...],
    weights: dict[str, float] | Counter[str],
    method: Literal["logprobs", "sampling"],
    whole: float,
    replies: tuple[Reply, ...],
) -> ChoiceDistribution:
    total = float(sum(weights.values()))
    shares = {each: weights.get(each, 0.0) / total for each in options} if total else None
    mass = min(total / whole, 1.0)
    return ChoiceDistribution(options, shares, method, len(replies), mass, replies)


def option_of_token(token: str, options: tuple[str, ...]) -> str | None:
    """The option that a first token says or begins: `` A``, ``A)``, ``(A`` and ``**A`` all say A.

    A longer option is also meant by its beginning of two letters or more, if no other begins so.
    """
    bare = token.strip(_WRAPPING)
    exact = _same(bare, options)
    if exact is not None or len(bare) < 2:
        return exact
    begun = [each for each in options if each.casefold().startswith(bare.casefold())]
    return begun[0] if len(begun) == 1 else None


def option_in(text: str, options: tuple[str, ...]) -> str | None:
    """The option that a reply gives: alone, or at its start (``Answer: B``, ``B) because ...``).

    A single letter at the start counts only where it cannot be a word (``A cat sat`` says nothing).
    """
    told = text.strip().strip("*_\"'`")
    for lead in ("the correct answer is", "the answer is", "correct answer:", "answer:"):
        if told.casefold().startswith(lead):
            told = told[len(lead) :]
            break
    told = told.lstrip(_WRAPPING)
    exact = _same(told.rstrip(_WRAPPING), options)
    if exact is not None:
        return exact
    for option in sorted(options, key=len, reverse=True):
        if _begins(told, option):
            return option
    return None


def _same(bare: str, options: tuple[str, ...]) -> str | None:
    if bare in options:
        return bare
    alike = [each for each in options if len(each) > 1 and each.casefold() == bare.casefold()]
    return alike[0] if alike else None


def _begins(told: str, option: str) -> bool:
    rest = told[len(option) :]
    if len(option) == 1:
        return told.startswith(option) and rest[:1] in (*")].:,;*\"'\n", "")
    return told.casefold().startswith(option.casefold()) and not rest[:1].isalnum()
