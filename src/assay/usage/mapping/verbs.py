"""What `assay.api` gives of maps."""

from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path

from assay.embeddings import DEFAULT, Cached, Embedder, cached, open_embedder
from assay.errors import AssayError, MissingPackageError, NotFoundError
from assay.records import MapRecord
from assay.runs import Controls
from assay.runs.models import reach
from assay.runs.run import within_budget
from assay.runs.settings import load_settings
from assay.store.looks import record_look
from assay.store.workspace import Workspace
from assay.usage.faceted import FacetedFolder
from assay.usage.folder import UsageFolder, existing_import
from assay.usage.mapping.describing import Describer
from assay.usage.mapping.folder import MapFolder
from assay.usage.mapping.hands import Alone, Children, Hands
from assay.usage.mapping.make import Tell, make_map
from assay.usage.mapping.on_ray import OnRay
from assay.usage.mapping.settings import (
    INSIGHT_CONVERSATIONS,
    INSIGHT_PRINCIPALS,
    WORDS,
    MapSettings,
)


def map_usage(
    name: str | None = None,
    *,
    settings: MapSettings | None = None,
    why: str = "",
    tell: Tell = lambda _stage, _done, _all: None,
    controls: Controls | None = None,
    on: str | None = None,
    workspace: str | Path = ".",
) -> MapRecord:
    """Make the map of an import. Stopped or killed, the same call goes on.

    Args:
        name: the import's name; the only one, where it is None.
        settings: how to make it; the defaults of the insight profile where it is None.
        why: the reason for a map of the safety profile, or of minima below those of the insight
            profile; it is kept in the audit trail.
        tell: is told the stage and how far it is.
        controls: spending limits of the model that names groups, if any.
        on: where to work: ``ray://HOST:PORT`` or ``HOST:PORT`` of a Ray cluster, ``ray`` for one
            that is started on this machine; None for this machine's own processes.

    Raises:
        AssayError: such a map has no reason, or the import is empty, or whether accounts are known
            is not as the settings say.
    """
    check_packages()
    chosen = settings or MapSettings()
    place = Workspace.find(Path(workspace))
    folder = existing_import(place, name)
    if chosen.lowered and not why.strip():
        raise AssayError(
            f"minima below {INSIGHT_CONVERSATIONS} conversations and {INSIGHT_PRINCIPALS} linked "
            "people show groups of few people, and need a reason.",
            fix="Give --why; it is kept in the audit trail. Or leave the minima as they are.",
        )
    if chosen.profile == "safety" or chosen.lowered:
        record_look(place.root, "map", folder.name, why, chosen.profile)
    describer = _describer(place, folder, chosen.namer, controls or Controls())
    embedder = _embedder(place, folder, chosen.embedder)
    hands: Hands = Alone()
    try:
        hands = _hands(folder, on)
        with folder.lock():
            known = dataclasses.replace(chosen, embedder=embedder.name if embedder else WORDS)
            return make_map(
                FacetedFolder(folder.path) if chosen.text == "facets" else folder,
                known,
                embedder,
                tell,
                describer=describer,
                fallback=chosen.embedder is None,
                hands=hands,
                by_name=embedder is not None and _anywhere(embedder, on),
            )
    finally:
        hands.close()
        if embedder is not None:
            embedder.close()


def _hands(folder: UsageFolder, on: str | None) -> Hands:
    if on is not None:
        return OnRay(on)
    return Children() if len(folder.parts()) > 1 else Alone()


def _anywhere(embedder: Embedder, on: str | None) -> bool:
    """Whether other processes may open it by name: an endpoint is asked from here alone.

    A cache is of use on this machine only; elsewhere the same vectors are made anew.
    """
    return "/" not in embedder.name and (on is not None or not isinstance(embedder, Cached))


def _describer(
    place: Workspace, folder: UsageFolder, model: str | None, controls: Controls
) -> Describer | None:
    if model is None:
        return None
    settings = load_settings(place.settings_file)
    used = within_budget(controls, settings)
    describer = Describer(model, settings, used, MapFolder(folder.path).journal_file)
    describer.check()
    return describer


def _embedder(place: Workspace, folder: UsageFolder, name: str | None) -> Embedder | None:
    """What turns texts into vectors; None for the words of the import itself."""
    if name == WORDS:
        return None
    try:
        opened = open_embedder(
            name or DEFAULT, reach(name or DEFAULT, load_settings(place.settings_file))
        )
    except (NotFoundError, MissingPackageError):
        if name is not None:
            raise
        return None
    return cached(opened, MapFolder(folder.path).vectors_folder)


def check_packages() -> None:
    """Make sure that maps can be made here.

    Raises:
        MissingPackageError: a package is not installed.
    """
    if importlib.util.find_spec("sklearn") is None:
        raise MissingPackageError(
            "maps need the package scikit-learn.", fix="pip install 'assay[usage]'"
        )
