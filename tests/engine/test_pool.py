"""The pool takes what it can work on, no more, and ends cleanly."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from assay.engine.pool import Stop, work_through


async def test_works_on_everything_and_at_most_width_at_once() -> None:
    seen: list[int] = []
    at_once = most = 0

    async def work(item: int) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.001)
        at_once -= 1
        seen.append(item)

    await work_through(iter(range(100)), work, width=8, stop=Stop())
    assert sorted(seen) == list(range(100))
    assert most == 8


async def test_takes_items_lazily() -> None:
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(10**9):
            taken += 1
            yield number

    stop = Stop()

    async def work(item: int) -> None:
        await asyncio.sleep(0)
        if item == 50:
            stop.ask("enough")

    await work_through(items(), work, width=4, stop=stop)
    assert taken < 70


async def test_stop_lets_what_is_in_flight_finish_and_leaves_the_rest() -> None:
    items = iter(range(100))
    stop, finished = Stop(), []

    async def work(item: int) -> None:
        if item == 10:
            stop.ask("enough")
        await asyncio.sleep(0.002)
        finished.append(item)

    await work_through(items, work, width=4, stop=stop)
    assert sorted([*finished, *items]) == list(range(100))
    assert 10 in finished


async def test_the_first_error_ends_it_after_what_is_in_flight() -> None:
    finished = []

    async def work(item: int) -> None:
        if item == 3:
            raise ValueError("item 3")
        await asyncio.sleep(0.002)
        finished.append(item)

    with pytest.raises(ValueError, match="item 3"):
        await work_through(iter(range(1000)), work, width=4, stop=Stop())
    assert set(finished) == {0, 1, 2}


async def test_an_error_in_the_plan_itself_is_raised() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise RuntimeError("row 2 is broken")

    async def work(item: int) -> None:
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="row 2"):
        await work_through(items(), work, width=3, stop=Stop())


async def test_cancelling_cancels_what_is_in_flight() -> None:
    cancelled = 0

    async def work(item: int) -> None:
        nonlocal cancelled
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled += 1
            raise

    pool = asyncio.create_task(work_through(iter(range(9)), work, width=5, stop=Stop()))
    await asyncio.sleep(0.01)
    pool.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pool
    assert cancelled == 5
