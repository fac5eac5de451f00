"""Other processes that score parts of an import by rules, so that a sweep uses every core.

Each is a plain child that reads tasks from its standard input and ends at once when that is closed:
should this process be killed, none is left behind.
"""

from __future__ import annotations

import asyncio
import os
import queue
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from assay.engine import Stop, work_through
from assay.errors import AssayError, StoreError
from assay.runs.run import Controls
from assay.scorers import build_scorer
from assay.store.usage_scores import ScoreTable, import_owner
from assay.usage.folder import UsageFolder
from assay.usage.score_part import Sheet, score_part, work_of


class ScoreTask(msgspec.Struct, frozen=True):
    """A part to score: the import's folder, the part's file name, scorers, and their tables."""

    folder: str
    part: str
    specs: list[str | dict[str, Any]]
    tables: list[str]


class ScoreAnswer(msgspec.Struct, frozen=True):
    """What became of a part."""

    conversations: int
    unscored: int
    unfinished: bool
    error: str | None = None


_answers = msgspec.json.Decoder(ScoreAnswer)
_tasks = msgspec.json.Decoder(ScoreTask)


async def score_by_crew(
    tasks: Sequence[ScoreTask], size: int, stop: Stop, told: Callable[[ScoreAnswer], None]
) -> None:
    """Do the tasks in ``size`` processes; after a stop, only what was begun.

    Raises:
        AssayError: a part could not be scored, or a process ended early.
    """
    children: list[asyncio.subprocess.Process] = []
    idle: asyncio.Queue[asyncio.subprocess.Process] = asyncio.Queue()

    async def do(task: ScoreTask) -> None:
        child = await idle.get()
        answer = await _ask(child, task)
        if answer.error is not None:
            raise AssayError(answer.error)
        told(answer)
        idle.put_nowait(child)

    try:
        for _ in range(size):
            children.append(await _start())
            idle.put_nowait(children[-1])
        await work_through(iter(tasks), do, width=size, stop=stop)
    finally:
        for child in children:
            if child.returncode is None:
                child.kill()
            await child.wait()


async def _start() -> asyncio.subprocess.Process:
    paths = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "assay.usage.score_crew",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        start_new_session=True,  # Ctrl-C is this process's to hear
    )


async def _ask(child: asyncio.subprocess.Process, task: ScoreTask) -> ScoreAnswer:
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write(msgspec.json.encode(task) + b"\n")
        await child.stdin.drain()
        return _answers.decode(await child.stdout.readline())
    except (OSError, RuntimeError, msgspec.MsgspecError):  # uvloop says RuntimeError
        raise StoreError(
            "a process that scored a part of the import ended early.",
            where=task.part,
            fix="Is there enough memory? The same command goes on.",
        ) from None


def _serve() -> None:
    """What a child does, until its standard input is closed."""
    answers = sys.stdout.buffer
    sys.stdout = sys.stderr  # nothing else may speak there
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def listen() -> None:
        for line in sys.stdin.buffer:
            waiting.put(line)
        os._exit(0)  # whoever gave the tasks is gone: half a part is no part

    threading.Thread(target=listen, daemon=True).start()
    while True:
        task = _tasks.decode(waiting.get())
        try:
            answer = asyncio.run(_do(task))
        except AssayError as error:
            answer = ScoreAnswer(0, 0, False, str(error))
        answers.write(msgspec.json.encode(answer) + b"\n")
        answers.flush()


async def _do(task: ScoreTask) -> ScoreAnswer:
    folder = UsageFolder(Path(task.folder))
    sheets = [
        Sheet(build_scorer(spec), ScoreTable(Path(table)))
        for spec, table in zip(task.specs, task.tables, strict=True)
    ]
    part = folder.transcripts_folder / task.part
    work = work_of(part, sheets, folder.superseded(), None)
    controls = Controls()
    unfinished = False
    if work.due:
        unfinished = await score_part(import_owner(folder.name), part, work, controls, 1)
    return ScoreAnswer(work.done + controls.progress.done, controls.progress.unscored, unfinished)


if __name__ == "__main__":
    _serve()
