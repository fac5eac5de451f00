"""Where evals are found: the user's own, and those that come with Assay."""

from __future__ import annotations

import shutil
from pathlib import Path

from assay.errors import DefinitionError, NotFoundError, Problem
from assay.evals.definition import FILE

_SHIPPED = Path(__file__).parent / "catalog"


def catalog() -> dict[str, Path]:
    """The evals that come with Assay: their folders by name, sorted."""
    return {file.parent.name: file.parent for file in sorted(_SHIPPED.glob(f"*/{FILE}"))}


def find_eval(name: str, workspace: Path) -> Path:
    """The folder of an eval.

    Args:
        name: a folder; or the name of an eval in the workspace, or of one that comes with Assay.
        workspace: the folder that holds ``evals/``.

    Raises:
        NotFoundError: there is none; says which there are.
    """
    own = {file.parent.name: file.parent for file in sorted(workspace.glob(f"evals/*/{FILE}"))}
    for folder in (Path(name), own.get(name), catalog().get(name)):
        if folder is not None and (folder / FILE).is_file():
            return folder
    known = ", ".join(sorted({*own, *catalog()}))
    raise NotFoundError(f"there is no eval {name!r}.", fix=f"There are {known}; or give a folder.")


def copy_eval(name: str, folder: Path) -> Path:
    """Copy an eval that comes with Assay, to be edited. It takes the new folder's name.

    Raises:
        NotFoundError: no eval of that name comes with Assay.
        DefinitionError: the folder is there and not empty.
    """
    source = catalog().get(name)
    if source is None:
        raise NotFoundError(
            f"no eval {name!r} comes with Assay.", fix=f"There are {', '.join(catalog())}."
        )
    if folder.exists() and any(folder.iterdir()):
        raise DefinitionError(
            [Problem(str(folder), "is there and not empty.", "Name a new folder.")]
        )
    shutil.copytree(source, folder, dirs_exist_ok=True)
    definition = folder / FILE
    text = definition.read_text(encoding="utf-8")
    definition.write_text(text.replace(f"name: {name}\n", f"name: {folder.resolve().name}\n", 1))
    return folder
