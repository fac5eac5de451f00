"""What `assay.api` gives of evals: list them, check them, begin a new one."""

from __future__ import annotations

from pathlib import Path

from assay import evals as eval_room
from assay.errors import Problem
from assay.scorers import check_scorer_spec
from assay.store.workspace import Workspace


def list_evals(*, workspace: str | Path = ".") -> dict[str, Path]:
    """Evals by name: the workspace's own, then the shipped ones."""
    folder = Workspace.find(Path(workspace)).evals_folder
    own = {file.parent.name: file.parent for file in sorted(folder.glob("*/eval.yaml"))}
    return {**eval_room.catalog(), **own}


def check(folder: str | Path, *, workspace: str | Path = ".") -> list[Problem]:
    """Every problem of an eval, at once.

    Args:
        folder: the eval's folder, or its name.
    """
    found = eval_room.find_eval(str(folder), Workspace.find(Path(workspace)).root)
    return eval_room.check_eval(found, check_scorer_spec)


def init(
    folder: str | Path,
    *,
    start: str | None = None,
    source: str | None = None,
    sha256: str | None = None,
) -> Path:
    """Make a new eval folder.

    Args:
        folder: what to make; its name is the eval's. With a benchmark and no source, the
            benchmark's file: the folder is then ``evals/<benchmark>``.
        start: nothing for a small example; a shipped eval's name or a folder for a copy of it; a
            file of samples; or the name of a public benchmark.
        source: the benchmark's file, or its URL; without a benchmark, a file of samples.
        sha256: what the download must hash to; a URL needs it.
    """
    target = Path(folder)
    if source is None and start in eval_room.BENCHMARKS:
        source, target = str(folder), Path("evals") / start
    if source is not None and start is not None:
        return eval_room.init_from(start, source, target, sha256=sha256)
    start = start or source
    shipped = eval_room.catalog()
    return eval_room.init_eval(target, like=shipped.get(start, start) if start else None)
