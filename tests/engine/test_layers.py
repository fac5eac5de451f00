"""Budget, retries and limits, each by what a user would see of it."""

from __future__ import annotations

import asyncio

import pytest

from assay.engine.budget import Budget, Budgeted
from assay.engine.limit import Limited, Limits
from assay.engine.meter import Meter, Price
from assay.engine.retry import Retried
from assay.errors import (
    AuthenticationError,
    BudgetExceededError,
    MalformedReplyError,
    RateLimitError,
    ServerError,
)
from assay.models.patience import Patience
from assay.records import Reply
from tests.engine.fakes import Counting, request

QUICK = Patience(tries=4, first_pause=0.001, longest_pause=0.002)


class TestBudget:
    async def test_stops_before_it_is_overrun(self) -> None:
        meter = Meter()
        model = Budgeted(Counting(), Budget(meter, tokens=100), meter, None)
        for _ in range(4):  # each takes 15 tokens, of 100
            await model.generate(request(max_tokens=5))

        async def until_refused() -> None:
            while True:
                await model.generate(request(max_tokens=5))

        with pytest.raises(BudgetExceededError, match="budget is used up"):
            await until_refused()
        assert meter.tokens <= 100

    async def test_requests_in_flight_together_do_not_overrun_it(self) -> None:
        meter = Meter()
        inner = Counting(latency=0.005)
        model = Budgeted(inner, Budget(meter, tokens=200), meter, None)
        results = await asyncio.gather(
            *(model.generate(request(max_tokens=5)) for _ in range(50)), return_exceptions=True
        )
        assert meter.tokens <= 200
        replies = [result for result in results if isinstance(result, Reply)]
        refused = [result for result in results if isinstance(result, BudgetExceededError)]
        assert len(replies) + len(refused) == 50
        assert len(replies) >= 10  # waiting for others to settle, not refusing at once

    async def test_counts_money_by_the_price(self) -> None:
        meter = Meter()
        model = Budgeted(Counting(), Budget(meter, dollars=1), meter, Price(input=1.0, output=2.0))
        await model.generate(request(max_tokens=5))
        assert meter.cost == pytest.approx((10 * 1.0 + 5 * 2.0) / 1e6)

    async def test_a_failed_request_gives_its_reservation_back(self) -> None:
        meter = Meter()
        answers = [ServerError("down"), Reply("fine", input_tokens=10, output_tokens=5)]
        model = Budgeted(Counting(answers.__getitem__), Budget(meter, tokens=30), meter, None)
        with pytest.raises(ServerError):
            await model.generate(request(max_tokens=5))
        assert (await model.generate(request(max_tokens=5))).text == "fine"


class TestRetry:
    @pytest.mark.parametrize(
        "fault", [ServerError("500"), RateLimitError("429"), MalformedReplyError("{")], ids=str
    )
    async def test_asks_again_after_what_passes(self, fault: Exception) -> None:
        answers = [fault, fault, Reply("at last")]
        meter = Meter()
        reply = await Retried(Counting(answers.__getitem__), QUICK, meter).generate(request())
        assert reply.text == "at last"
        assert meter.retries == 2

    async def test_gives_up_with_the_last_error(self) -> None:
        inner = Counting(lambda number: ServerError(f"try {number}"))
        with pytest.raises(ServerError, match="try 3"):
            await Retried(inner, QUICK, Meter()).generate(request())
        assert len(inner.asked) == QUICK.tries

    async def test_does_not_repeat_what_cannot_succeed(self) -> None:
        inner = Counting(lambda number: AuthenticationError("bad key"))
        with pytest.raises(AuthenticationError):
            await Retried(inner, QUICK, Meter()).generate(request())
        assert len(inner.asked) == 1

    async def test_waits_as_long_as_the_server_asks(self) -> None:
        answers = [RateLimitError("429", retry_after=0.05), Reply("ok")]
        started = asyncio.get_running_loop().time()
        await Retried(Counting(answers.__getitem__), QUICK, Meter()).generate(request())
        assert asyncio.get_running_loop().time() - started >= 0.05


class TestLimit:
    async def test_never_more_at_once_than_the_cap(self) -> None:
        inner = Counting(latency=0.002)
        model = Limited(inner, Limits(connections=7))
        await asyncio.gather(*(model.generate(request(str(n))) for n in range(60)))
        assert inner.most_at_once == 7
        assert len(inner.asked) == 60

    async def test_grows_to_the_cap_while_all_goes_well(self) -> None:
        inner = Counting(latency=0.002)
        model = Limited(inner, Limits(connections=200))
        await asyncio.gather(*(model.generate(request(str(n))) for n in range(1000)))
        assert inner.most_at_once == 200

    async def test_halves_once_for_one_burst_of_complaints_then_recovers(self) -> None:
        inner = Counting(
            lambda number: RateLimitError("429") if number < 40 else Reply("ok"), latency=0.002
        )
        model = Limited(inner, Limits(connections=40))
        await asyncio.gather(
            *(model.generate(request(str(n))) for n in range(40)), return_exceptions=True
        )
        assert model.limit == 20
        for _ in range(10):
            await asyncio.gather(*(model.generate(request(str(n))) for n in range(40)))
        assert model.limit > 30

    async def test_sends_nothing_until_retry_after_is_over(self) -> None:
        inner = Counting(
            lambda number: RateLimitError("429", retry_after=0.05) if number == 0 else Reply("ok")
        )
        model = Limited(inner, Limits())
        loop = asyncio.get_running_loop()
        with pytest.raises(RateLimitError):
            await model.generate(request())
        started = loop.time()
        await model.generate(request())
        assert loop.time() - started >= 0.045

    async def test_keeps_to_requests_per_minute(self) -> None:
        model = Limited(Counting(), Limits(requests_per_minute=60 * 100))
        started = asyncio.get_running_loop().time()
        await asyncio.gather(*(model.generate(request(str(n))) for n in range(130)))
        # A burst of one second's worth (100) goes at once; 30 more take 0.3 s.
        assert 0.25 <= asyncio.get_running_loop().time() - started <= 1.0

    async def test_a_cancelled_waiter_gives_its_place_on(self) -> None:
        inner = Counting(latency=0.01)
        model = Limited(inner, Limits(connections=1))
        first = asyncio.create_task(model.generate(request("1")))
        second = asyncio.create_task(model.generate(request("2")))
        third = asyncio.create_task(model.generate(request("3")))
        await asyncio.sleep(0.001)
        second.cancel()
        await first
        assert (await asyncio.wait_for(third, 1)).text == "yes"
