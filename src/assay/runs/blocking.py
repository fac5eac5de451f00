"""Runs asynchronous work to its end from a plain call, so that Ctrl-C loses nothing."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from assay.engine import Stop

Result = TypeVar("Result")


def finish(work: Coroutine[Any, Any, Result], stop: Stop) -> Result:
    """Run to the end. The first Ctrl-C lets what is in flight finish; the second stops at once."""

    async def watched() -> Result:
        task = asyncio.current_task()
        assert task is not None

        def interrupted() -> None:
            if stop.reason is None:
                stop.ask("interrupted; what was in flight has finished")
            else:
                task.cancel()

        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, interrupted)
        return await work

    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            return runner.run(watched())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's, where there is one: it takes a third off the cost of a request."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
