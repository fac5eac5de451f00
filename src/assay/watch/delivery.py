"""Delivers alerts until they have got through, beside the looks and never in their way."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from assay.engine import Stop
from assay.watch.channels import UndeliveredError, send
from assay.watch.definition import WatchDefinition
from assay.watch.state import State

FIRST_PAUSE = 60.0
"""Seconds after the first failed attempt; each further pause is twice as long."""
LONGEST_PAUSE = 6 * 3600.0

_IDLE = 2.0


def deliver_due(folder: Path, definition: WatchDefinition, stop: Stop) -> int:
    """Try once whatever is due; gives how many deliveries are still open.

    An attempt is noted before it is made. Where a process dies between the two, nobody knows
    whether the alert got through, and it is sent again, with the same id: at least once.
    """
    channels = {channel.name: channel for channel in definition.alerts}
    state = State(folder)
    try:
        for id, name, attempts in state.to_deliver(time.time(), LONGEST_PAUSE):
            if stop.reason is not None:
                break
            pause = min(FIRST_PAUSE * 2.0 ** min(attempts, 30), LONGEST_PAUSE)
            state.try_delivery(id, name, time.time() + pause)
            error = ""
            channel = channels.get(name)
            if channel is None:
                error = "the watch's file no longer names this way out"
            else:
                try:
                    send(state.alert(id), channel)
                except UndeliveredError as failure:
                    error = str(failure)
            state.end_delivery(id, name, now=time.time(), error=error)
        return sum(each.delivered is None for each in state.deliveries())
    finally:
        state.close()


async def deliver_forever(folder: Path, definition: WatchDefinition, stop: Stop) -> None:
    """Deliver in a thread of its own until the watch ends."""
    while stop.reason is None:
        await asyncio.to_thread(deliver_due, folder, definition, stop)
        await asyncio.sleep(_IDLE)
