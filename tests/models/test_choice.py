from __future__ import annotations

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.errors import RateLimitError, RequestRejectedError
from assay.models import Scripted, choice_distribution
from assay.models.choice import option_in, option_of_token
from assay.records import Message, Parameters, Reply, Request

ABC = ("A", "B", "C")
QUESTION = Request((Message("user", "A, B or C?"),))


def logprobs(**probabilities: float) -> Reply:
    return Reply("x", logprobs={token: math.log(p) for token, p in probabilities.items()})


async def test_token_variants_are_merged_and_the_rest_is_missing_mass() -> None:
    told = {"A": 0.3, " A": 0.2, "(A": 0.1, "B": 0.2, "The": 0.15, "a": 0.05}
    model = Scripted([Reply("A", logprobs={t: math.log(p) for t, p in told.items()})])
    answer = await choice_distribution(model, QUESTION, ABC)
    assert answer.probabilities == pytest.approx({"A": 0.75, "B": 0.25, "C": 0.0})
    assert answer.mass == pytest.approx(0.8)
    assert (answer.method, answer.n, answer.best, model.calls) == ("logprobs", 1, "A", 1)


async def test_without_logprobs_it_draws_at_temperature_one() -> None:
    model = Scripted(["A", "B) because", "Answer: A.", "I will not say."])
    answer = await choice_distribution(model, QUESTION, ABC, samples=8)
    assert answer.probabilities == pytest.approx({"A": 2 / 3, "B": 1 / 3, "C": 0.0})
    assert (answer.method, answer.n, answer.mass) == ("sampling", 8, 3 / 8)
    assert len(answer.replies) == model.calls == 8
    assert all(request.parameters.temperature == 1 for request in model.requests)
    assert sorted(request.epoch for request in model.requests) == list(range(1, 9))


async def test_epochs_of_different_askings_never_meet() -> None:
    model = Scripted(["A"])
    for epoch in (1, 2, 3):
        asked = Request(QUESTION.messages, Parameters(temperature=0), epoch)
        await choice_distribution(model, asked, ABC, samples=4)
    epochs = [request.epoch for request in model.requests]
    assert sorted(epochs) == list(range(1, 13))


async def test_where_nothing_is_an_option_there_are_no_probabilities() -> None:
    answer = await choice_distribution(Scripted([logprobs(The=0.9, I=0.1)]), QUESTION, ABC)
    assert (answer.probabilities, answer.best, answer.mass) == (None, None, 0.0)
    answer = await choice_distribution(Scripted(["I'd rather not."]), QUESTION, ABC, samples=3)
    assert (answer.probabilities, answer.best, answer.mass) == (None, None, 0.0)


async def test_a_model_that_takes_no_logprobs_is_drawn_from() -> None:
    def script(request: Request) -> str | RequestRejectedError:
        asked = request.parameters.top_logprobs
        return RequestRejectedError("logprobs are not supported") if asked else "C"

    answer = await choice_distribution(Scripted(script), QUESTION, ABC, samples=4)
    assert (answer.probabilities, answer.n) == ({"A": 0.0, "B": 0.0, "C": 1.0}, 4)


async def test_an_error_comes_out_as_itself_and_ends_the_others() -> None:
    def script(request: Request) -> str | RateLimitError:
        return RateLimitError("wait", retry_after=2) if request.epoch == 3 else "A"

    with pytest.raises(RateLimitError):
        await choice_distribution(Scripted(script, latency=0.01), QUESTION, ABC)
    assert len(asyncio.all_tasks()) == 1


@pytest.mark.parametrize(
    ("token", "option"),
    [
        ("A", "A"),
        (" A", "A"),
        ("A)", "A"),
        ("(A", "A"),
        ("**A", "A"),
        ("A.\n", "A"),
        ("\u201cA", "A"),
        ("As", None),
        ("a", None),
        ("D", None),
        ("", None),
        (" ", None),
        ("AB", None),
    ],
)
def test_tokens_of_letters(token: str, option: str | None) -> None:
    assert option_of_token(token, ABC) == option


@pytest.mark.parametrize(
    ("token", "option"),
    [
        ("yes", "Yes"),
        (" YES", "Yes"),
        ("Str", "Strongly agree"),
        ("Agree", "Agree"),
        ("S", None),
        ("No", "No"),
        ("Not", "Not sure"),
        ("no", "No"),
    ],
)
def test_tokens_of_words(token: str, option: str | None) -> None:
    assert option_of_token(token, ("Yes", "No", "Not sure", "Strongly agree", "Agree")) == option


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("A", "A"),
        (" **B**. ", "B"),
        ("B) because", "B"),
        ("B: because", "B"),
        ("(C) it is", "C"),
        ("C\nbecause", "C"),
        ("The answer is B.", "B"),
        ("Answer: (A)", "A"),
        ("A cat sat on the mat", None),
        ("As an AI", None),
        ("B or C", None),
        ("I cannot answer", None),
        ("", None),
        ("D", None),
    ],
)
def test_replies_of_letters(text: str, option: str | None) -> None:
    assert option_in(text, ABC) == option


@pytest.mark.parametrize(
    ("text", "option"),
    [
        ("yes, it is", "Yes"),
        ("No.", "No"),
        ("Not sure", "Not sure"),
        ("Nothing", None),
        ("yesterday", None),
    ],
)
def test_replies_of_words(text: str, option: str | None) -> None:
    assert option_in(text, ("Yes", "No", "Not sure")) == option


@given(st.text(max_size=40), st.lists(st.text(min_size=1, max_size=5), min_size=1, unique=True))
def test_any_text_gives_an_option_or_none(text: str, options: list[str]) -> None:
    for found in (option_in(text, tuple(options)), option_of_token(text, tuple(options))):
        assert found is None or found in options


@given(st.dictionaries(st.text(max_size=4), st.floats(-50, 0), max_size=20))
def test_probabilities_sum_to_one_or_are_none(told: dict[str, float]) -> None:
    model = Scripted([Reply("x", logprobs=told or None)])
    answer = asyncio.run(choice_distribution(model, QUESTION, ABC, samples=2))
    if answer.probabilities is None:
        assert answer.mass == 0
    else:
        assert sum(answer.probabilities.values()) == pytest.approx(1)
        assert 0 < answer.mass <= 1
