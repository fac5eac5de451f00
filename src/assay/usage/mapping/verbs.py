"""What `assay.api` gives of maps."""

from __future__ import annotations

from pathlib import Path

from assay.errors import NotFoundError
from assay.records.usage import MapRecord, Profile
from assay.store.workspace import Workspace
from assay.usage.folder import UsageFolder, usage_folder, usage_folders
from assay.usage.mapping.make import Tell, make_map
from assay.usage.mapping.settings import MapSettings


def map_usage(
    name: str | None = None,
    *,
    settings: MapSettings | None = None,
    tell: Tell = lambda _stage, _done, _all: None,
    workspace: str | Path = ".",
) -> MapRecord:
    """Make the map of an import. Stopped or killed, the same call goes on.

    Args:
        name: the import's name; the only one, where it is None.
        settings: how to make it; the defaults of the insight profile where it is None.
        tell: is told the stage and how far it is.
    """
    chosen = settings or MapSettings()
    folder = _folder(Workspace.find(Path(workspace)), name)
    with folder.lock():
        return make_map(folder, chosen, None, tell)


def _folder(place: Workspace, name: str | None) -> UsageFolder:
    if name is not None:
        folder = usage_folder(place, name)
        if not folder.parts():
            raise NotFoundError(
                f"there is no import {name!r}.", where=str(folder.path), fix=_listed(place)
            )
        return folder
    folders = usage_folders(place)
    if len(folders) != 1:
        raise NotFoundError(
            "there are several imports." if folders else "there is no import.",
            where=str(place.root),
            fix=_listed(place),
        )
    return folders[0]


def _listed(place: Workspace) -> str:
    names = [folder.name for folder in usage_folders(place)]
    return f"Name one: {', '.join(names)}." if names else "Make one: assay usage import FILE"
