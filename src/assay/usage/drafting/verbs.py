"""What `assay.api` gives of drafting evals from usage."""

from __future__ import annotations

from pathlib import Path

from assay.errors import DefinitionError, Problem
from assay.runs.blocking import finish
from assay.runs.errand import Errand
from assay.runs.run import Controls, within_budget
from assay.runs.settings import load_settings
from assay.store.looks import record_look
from assay.store.workspace import Workspace
from assay.usage.drafting.draft import Drafted, cluster_of, draft, free_folder
from assay.usage.folder import existing_import, slug
from assay.usage.mapping.folder import MapFolder
from assay.usage.secret import workspace_secret

ROLE = "writer"
"""The role in assay.toml of the model that drafts samples."""


def draft_eval(
    cluster: str,
    name: str | None = None,
    *,
    out: str | Path | None = None,
    n: int = 20,
    model: str | None = None,
    why: str = "",
    workspace: str | Path = ".",
    controls: Controls | None = None,
) -> Drafted:
    """Let a model draft an eval in the spirit of a group of a map, for a person to decide on.

    The model is told the group's name, summary and keywords alone. Drafts that repeat what members
    wrote are left out and counted. Stopped or killed, the same call goes on.

    Args:
        cluster: the group's id, such as ``0.17``, or its name.
        name: the import's name; the only one, where it is None.
        out: the eval's folder; in ``evals/``, named after the group, where it is None.
        n: how many samples to draft.
        model: who drafts; the role ``writer`` of assay.toml where it is None.
        why: the reason, which a map of the safety profile needs.
    """
    place = Workspace.find(Path(workspace))
    usage = existing_import(place, name)
    told = MapFolder(usage.path)
    profile = told.read().profile
    found = cluster_of(told, cluster)
    settings = load_settings(place.settings_file)
    writer = model or settings.roles.get(ROLE)
    if writer is None:
        fix = f'Say --model provider/model, or set [roles] {ROLE} = "provider/model".'
        what = "drafting needs a model, and none is named."
        raise DefinitionError([Problem(str(place.settings_file), what, fix)])
    folder = Path(out) if out else place.evals_folder / slug(f"{usage.name} {found.name}")
    free_folder(folder)
    if profile == "safety":
        record_look(place.root, "drafting an eval", f"{usage.name} {cluster}", why, profile)
    used = within_budget(controls or Controls(), settings)
    used.progress.title = f"drafting with {writer}"

    async def work() -> Drafted:
        job = f"draft {usage.name} {found.cluster_id} {n}"
        async with Errand(usage.path, settings, writer, job, used) as errand:
            return await draft(
                usage,
                found,
                folder,
                errand,
                model=writer,
                secret=workspace_secret(place.root),
                n=n,
            )

    return finish(work(), used.stop)
