"""The watch as a process: looks when they are due, one process a watch, stopped by asking it to.

It is a plain process in the foreground. Nothing is kept in its memory that is not on disk first, so
kill -9 at any moment and the same command is what it is prepared for.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from assay.engine import Stop
from assay.errors import AssayError
from assay.records import now
from assay.store.files import held, is_held, write_whole
from assay.watch import alerts
from assay.watch.channels import header
from assay.watch.definition import WatchDefinition
from assay.watch.delivery import deliver_due, deliver_forever
from assay.watch.figures import AGAIN, Sequences
from assay.watch.looking import POLL, Looker, MissedError, run_of
from assay.watch.result import Alert, Look, SeenFigure, WatchTurn
from assay.watch.schedule import Due, due, next_due, written
from assay.watch.state import State

Tell = Callable[[str], None]

_ABSENT = "no process was running"
_BUSY = "the look before was still going on"
_ASLEEP = "the machine slept, or its clock was set forward"


class Process:
    """One process at one watch.

    Args:
        folder: ``watches/<name>``, whose lock this process holds.
        looker: does the looks.
        stop: asked by a signal, or by ``assay watch stop``.
        tell: is given a line for whatever happens.
    """

    def __init__(self, folder: Path, looker: Looker, stop: Stop, tell: Tell) -> None:
        self._folder, self._looker, self._stop, self._tell = folder, looker, stop, tell
        self._definition: WatchDefinition = looker.definition
        self._state = State(folder)
        self._free_since = -1.0  # when the last look of this process ended
        self._first = True
        self._known = {each.id for each in self._state.alerts()}
        begun = self._state.begun()
        newest = self._state.newest()
        self._before = begun.number - 1 if begun else (newest.number if newest else 0)

    async def once(self) -> WatchTurn:
        """Do what is due, try to deliver what is to be delivered, and end."""
        await self._catch_up()
        open_ = await asyncio.to_thread(deliver_due, self._folder, self._definition, self._stop)
        return self._turn(open_)

    async def forever(self, asked: Callable[[], bool]) -> WatchTurn:
        """Look and deliver until somebody asks it to stop.

        Args:
            asked: whether somebody did, besides signals.
        """
        listening = asyncio.create_task(self._listen(asked))
        delivering = asyncio.create_task(
            deliver_forever(self._folder, self._definition, self._stop)
        )
        try:
            shown = None
            while self._stop.reason is None:
                await self._catch_up()
                coming = next_due(time.time(), self._definition.seconds, self._state.last_due())
                if coming != shown and self._stop.reason is None:
                    self._tell(f"The next look is due {written(coming)}.")
                    shown = coming
                while self._stop.reason is None and time.time() < coming:
                    if delivering.done():
                        delivering.result()  # the disk refuses: an error that must be seen
                    await asyncio.sleep(POLL)
        finally:
            listening.cancel()
            self._stop.ask("ended")
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.gather(listening, delivering, return_exceptions=True)
        return self._turn(sum(each.delivered is None for each in self._state.deliveries()))

    def close(self) -> None:
        """Let go of the state."""
        self._state.close()

    def _turn(self, undelivered: int) -> WatchTurn:
        looks = [each for each in self._state.looks() if each.number > self._before]
        new = [each for each in self._state.alerts() if each.id not in self._known]
        return WatchTurn(
            looks=tuple(each for each in looks if each.status != "begun"),
            alerts=tuple(new),
            undelivered=undelivered,
        )

    async def _listen(self, asked: Callable[[], bool]) -> None:
        while not asked():  # noqa: ASYNC110  # it is a file that tells
            await asyncio.sleep(POLL)
        self._stop.ask("`assay watch stop` asked for it")

    async def _catch_up(self) -> None:
        """Bring a look to its end that another process began, then do the one that is due."""
        every = self._definition.seconds
        begun = self._state.begun()
        if begun is not None:
            current = int(time.time() // every) * every
            if written(current) == begun.due or run_of(self._looker.place, begun.draw):
                await self._look(begun.number, begun.due, begun.draw)
            else:
                self._miss(begun.number, begun.due, "the process ended in the midst of it", None)
            if self._stop.reason is not None:
                return
        found = due(time.time(), every, self._state.last_due())
        if found is None:
            return
        draw = f"watch {self._definition.name} {written(found.look)}"
        with self._state.change():
            self._note_missed(found)
            number = self._state.begin(found.look, draw, time.time())
        await self._look(number, written(found.look), draw)

    def _note_missed(self, found: Due) -> None:
        """Inside a change: the looks that did not happen before this one, and an alert of them."""
        if found.first_missed is None or found.last_missed is None:
            return
        why = _ABSENT
        if not self._first:
            why = _BUSY if found.first_missed < self._free_since else _ASLEEP
        first, last = written(found.first_missed), written(found.last_missed)
        self._alert_missed(first, last, found.missed, why)
        self._state.miss(found.first_missed, found.last_missed, found.missed, why)
        self._tell(f"Missed {found.missed:,} look(s), due {first} to {last}: {why}.")

    async def _look(self, number: int, due: str, draw: str) -> None:
        self._tell(f"Look {number}, due {due}, begins.")
        self._first = False
        try:
            folder = await self._looker.run(draw)
            if folder is None:
                self._tell(f"Look {number} was stopped; the next start goes on with it.")
                return
            looks = [each for each in self._state.looks() if each.number < number]
            figures = self._looker.see(folder, due, looks)
        except MissedError as missed:
            self._miss(number, due, str(missed), missed.run)
            return
        except AssayError as error:  # a certificate that is damaged, for instance
            self._miss(number, due, header(str(error), 500), None)
            return
        finally:
            self._free_since = time.time()
        raised = self._raised(figures, looks, folder.id)
        with self._state.change():
            self._state.end(number, time.time(), run=folder.id, figures=figures)
            for each in raised:
                self._raise(each)
        for seen in figures:
            self._tell(f"  {_words(seen)}")

    def _raised(self, figures: tuple[SeenFigure, ...], looks: list[Look], run: str) -> list[Alert]:
        sequences = Sequences(self._definition, looks)
        found = []
        for seen in figures:
            for claim, unscored in ((seen.figure, False), (seen.unscored, True)):
                if claim.changed:
                    runs = [*sequences.runs(claim, unscored=unscored), run]
                    found.append(alerts.of_change(self._definition, seen, claim, now(), runs))
            if seen.figure.restarted not in ("", AGAIN):
                found.append(alerts.of_restart(self._definition, seen, seen.figure, now(), run))
        return found

    def _miss(self, number: int, due: str, why: str, run: str | None) -> None:
        with self._state.change():
            self._alert_missed(due, due, 1, why, before=number)
            self._state.end(number, time.time(), run=run, missed=why)
        self._tell(f"Look {number}, due {due}, was missed: {why}")

    def _alert_missed(
        self, first: str, last: str, count: int, why: str, before: int | None = None
    ) -> None:
        """One alert a row of missed looks: the first tells of it."""
        ended = [each for each in self._state.looks(2) if before is None or each.number < before]
        if ended and ended[-1].status == "missed":
            return
        self._raise(alerts.of_missed(self._definition, first, last, count, why, now()))

    def _raise(self, alert: Alert) -> None:
        channels = dict.fromkeys(channel.name for channel in self._definition.alerts)
        self._state.raise_alert(alert, list(channels), time.time())
        self._tell(f"Alert: {alert.title}")


def _words(seen: SeenFigure) -> str:
    claim = seen.figure
    value = "nothing scored" if claim.value is None else f"{claim.value:.4g}"
    return (
        f"{seen.id}: {value} [{claim.low:.4g}, {claim.high:.4g}] in {claim.looks:,} look(s),"
        f" n {claim.n:,} of {claim.planned:,}, expected {claim.reference}: {claim.standing}"
    )


# One process a watch, and how it is asked to stop


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[Callable[[], bool]]:
    """Hold the watch for this process; gives whether somebody has asked this very process to stop.

    The lock file holds a token that no other process has. To stop a watch is to write that token
    into a file: no signal is sent, since a process id may by then be another's.

    Raises:
        StoreError: another process is at this watch.
    """
    with held(folder / "lock", "another process is at this watch.") as handle:
        token = secrets.token_hex(8)
        told = json.dumps({"token": token, "pid": os.getpid(), "since": now()})
        os.ftruncate(handle, 0)
        os.pwrite(handle, told.encode(), 0)
        wish = folder / "stop"

        def asked() -> bool:
            try:
                return wish.read_text(encoding="utf-8") == token
            except OSError:
                return False

        try:
            yield asked
        finally:
            os.ftruncate(handle, 0)
            if asked():
                wish.unlink(missing_ok=True)


def is_running(folder: Path) -> bool:
    """Whether a process is at the watch."""
    return is_held(folder / "lock")


def ask_to_stop(folder: Path, patience: float) -> bool:
    """Ask the process at the watch to end, and wait; gives whether none is there any more."""
    until = time.monotonic() + patience
    while is_running(folder):
        token = _token(folder)
        if token:
            write_whole(folder / "stop", token)
        if time.monotonic() >= until:
            return False
        time.sleep(0.2)
    return True


def _token(folder: Path) -> str:
    try:
        return str(json.loads((folder / "lock").read_text(encoding="utf-8"))["token"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""  # it has only just begun, or is ending
