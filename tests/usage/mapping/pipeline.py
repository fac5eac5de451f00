"""The whole pipeline in a process of its own, which kills itself as soon as it has come so far.

``python -m tests.usage.mapping.pipeline LOG FOLDER MOMENT...`` runs it once for each moment, each
in a folder of its own. A moment is a number of steps on the disk (files opened, named and removed
below the folder); 0 is never reached. It prints each run's steps, or ``killed``.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import sklearn.manifold  # noqa: F401  (loaded once, before the runs are forked)

from assay.embeddings import open_embedder
from assay.usage.folder import UsageFolder
from assay.usage.ingest import ingest
from assay.usage.mapping.hands import Alone
from assay.usage.mapping.make import make_map
from assay.usage.mapping.settings import MapSettings

_STEPS = ("open", "os.rename", "os.remove", "os.mkdir", "sqlite3.connect")


def run(log: Path, folder: Path) -> None:
    """Import, embed, cluster, name, lay out."""
    usage = UsageFolder(folder / "usage" / "made")
    ingest(usage, b"k" * 32, [log], part_rows=120, children=0)
    embedder = open_embedder("hashed")
    settings = MapSettings(embedder="hashed", min_principals=3, min_conversations=5)
    make_map(usage, settings, embedder, hands=Alone(), by_name=True)


def _steps_below(folder: Path, moment: int) -> list[int]:
    counted = [0]
    below = os.fsencode(folder)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        path = arguments[0] if event in _STEPS else None
        if isinstance(path, str | bytes | os.PathLike) and os.fsencode(path).startswith(below):
            counted[0] += 1
            if counted[0] == moment:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    return counted


def _forked(log: Path, folder: Path, moment: int) -> None:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            counted = _steps_below(folder, moment)
            run(log, folder)
            print(counted[0], flush=True)
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        print("killed", flush=True)
    elif status:
        raise SystemExit("the pipeline failed")


def main() -> None:
    log, folder, *moments = sys.argv[1:]
    for number, moment in enumerate(moments):
        place = Path(folder) / str(number)
        place.mkdir(parents=True, exist_ok=True)
        _forked(Path(log), place, int(moment))


if __name__ == "__main__":
    main()
