"""Shows how far a run is: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assay.api import Controls, Progress

_EVERY_ON_TERMINAL = 0.2
_EVERY_ELSEWHERE = 10.0
_STOPPING = "Stopping: what is in flight is let finish. Ctrl-C again stops at once."


@contextlib.contextmanager
def shown(controls: Controls) -> Iterator[None]:
    """Show a run's progress on stderr while the block runs."""
    over = threading.Event()
    target = _on_terminal if sys.stderr.isatty() else _elsewhere
    thread = threading.Thread(target=target, args=(controls, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextlib.contextmanager
def fetching(name: str) -> Iterator[Callable[[int, int], None]]:
    """Show a download: gives a function to call with bytes done and bytes in all."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"Fetching {name}", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def line(progress: Progress) -> str:
    """For instance ``local/a: 120/400 samples, 3.2/s, 5,210 tokens, 1 min 27 s left``."""
    meter = progress.meter
    parts = [f"{progress.title}: {progress.done:,}/{progress.planned:,} samples"]
    parts.append(f"{progress.rate:.1f}/s")
    if meter.journalled:
        parts.append(f"{meter.journalled:,} from the journal")
    if progress.unscored:
        parts.append(f"{progress.unscored:,} unscored")
    if meter.retries:
        parts.append(f"{meter.retries:,} retries")
    if meter.errors:
        parts.append(f"{meter.errors:,} errors")
    parts.append(f"{meter.tokens:,} tokens")
    if meter.cost:
        parts.append(f"${meter.cost:.4f}")
    left = progress.seconds_left
    if left is not None and progress.done < progress.planned:
        parts.append(f"{_duration(left)} left")
    return ", ".join(parts)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def _elsewhere(controls: Controls, over: threading.Event) -> None:
    while not over.wait(_EVERY_ELSEWHERE):
        if controls.progress.planned:
            print(line(controls.progress), file=sys.stderr, flush=True)
    if controls.progress.planned:
        print(line(controls.progress), file=sys.stderr, flush=True)


def _on_terminal(controls: Controls, over: threading.Event) -> None:
    from rich.console import Console, Group
    from rich.live import Live
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    progress = controls.progress

    def drawn() -> Group:
        row = Table.grid(padding=(0, 1))
        bar = ProgressBar(total=max(progress.planned, 1), completed=progress.done, width=30)
        row.add_row(bar, Text(line(progress)))
        stopping = [Text(_STOPPING)] if controls.stop.reason and not over.is_set() else []
        return Group(row, *stopping)

    with Live(drawn(), console=Console(stderr=True), auto_refresh=False) as live:
        while not over.wait(_EVERY_ON_TERMINAL):
            live.update(drawn(), refresh=True)
        live.update(drawn(), refresh=True)
