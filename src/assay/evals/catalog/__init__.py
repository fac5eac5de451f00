"""The evals that come with Assay: one folder each, of the same shape as anybody's own."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from assay.errors import NotFoundError
from assay.evals.definition import FILE

__all__ = ["catalog", "find_eval"]

_HERE = Path(__file__).parent


def catalog() -> dict[str, Path]:
    """The shipped evals: name -> folder, by name."""
    return {file.parent.name: file.parent for file in sorted(_HERE.glob(f"*/{FILE}"))}


def find_eval(name: str | Path, workspace: Path | None = None) -> Path:
    """The folder of an eval.

    Args:
        name: a folder (or its eval.yaml), or a name in the workspace's ``evals/`` or shipped.
        workspace: where ``evals/`` lies.

    Raises:
        NotFoundError: if there is no such eval.
    """
    path = Path(name)
    if path.name == FILE and path.is_file():
        return path.parent
    if (path / FILE).is_file():
        return path
    known = catalog()
    if workspace is not None:
        own = sorted((workspace / "evals").glob(f"*/{FILE}"))
        known |= {file.parent.name: file.parent for file in own}
    if str(name) in known:
        return known[str(name)]
    close = get_close_matches(str(name), known, 1)
    meant = f"Did you mean {close[0]}? " if close else ""
    raise NotFoundError(
        f"there is no eval {str(name)!r}.",
        fix=f"{meant}Give a folder with an {FILE}, or one of: {', '.join(known)}.",
    )
