"""Works through a plan of any length with a fixed crew, taking items only when there are hands."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable, Iterator
from typing import TypeVar

Item = TypeVar("Item")


class Stop:
    """Asks a pool to end early. ``reason`` is told to the user."""

    def __init__(self) -> None:
        self.reason: str | None = None

    def ask(self, reason: str) -> None:
        """Let what is in flight finish, and take nothing more."""
        self.reason = self.reason or reason


async def work_through(
    items: Iterator[Item],
    work: Callable[[Item], Awaitable[None]],
    *,
    width: int,
    stop: Stop,
) -> None:
    """Call ``work`` on every item, at most ``width`` at a time, in order of starting.

    The first error that ``work`` or ``items`` raises ends the pool: what is in flight finishes,
    then the error is raised. Cancelling the pool cancels what is in flight. Memory does not grow
    with the number of items, and items not taken stay in ``items``.
    """
    failures: list[Exception] = []

    async def worker() -> None:
        try:
            while not failures and stop.reason is None:
                item = next(items, _END)
                if item is _END:
                    return
                await work(item)  # type: ignore[arg-type]
        except Exception as error:
            failures.append(error)

    with _rare_collections():
        async with asyncio.TaskGroup() as crew:
            for _ in range(width):
                crew.create_task(worker())
    if failures:
        raise failures[0]


@contextlib.contextmanager
def _rare_collections() -> Iterator[None]:
    """Let Python look for cyclic garbage less often.

    What is in flight is many objects and no cycles. At Python's own pace the search for cycles,
    every 700 objects, takes a sixth of a run's time; at this one next to nothing.
    """
    before = gc.get_threshold()
    gc.set_threshold(_NEW_OBJECTS, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


_NEW_OBJECTS = 50_000  # a few megabytes
_END = object()
