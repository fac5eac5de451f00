"""What `assay.api` gives of facets: what conversations are about, in a model's words."""

from __future__ import annotations

from pathlib import Path

import msgspec

from assay.runs.blocking import finish
from assay.runs.models import OpenModels
from assay.runs.run import Controls, within_budget
from assay.runs.settings import load_settings
from assay.store.workspace import Workspace
from assay.usage.facet_sweep import ROLE, FacetSweep
from assay.usage.folder import UsageFolder, existing_import
from assay.usage.names import name_recognisers
from assay.usage.redact import Redactor
from assay.usage.scoring import Selection
from assay.usage.secret import workspace_secret


class FacetsFound(msgspec.Struct, frozen=True, kw_only=True):
    """What a model said of an import: ``described + sum(missing.values()) == planned``.

    ``concern`` counts the described conversations by the model's word, from 1 to 5.
    ``resumable``: the same command could describe what is missing.
    """

    import_name: str
    model: str
    conversations: int
    planned: int
    described: int
    missing: dict[str, int]
    concern: dict[int, int]
    resumable: bool
    stopped_because: str | None
    tokens: int
    dollars: float


def facet_usage(
    model: str,
    name: str | None = None,
    *,
    limit: int | None = None,
    workspace: str | Path = ".",
    controls: Controls | None = None,
) -> FacetsFound:
    """Ask a model of each conversation: what was asked for, the task, the language, the concern.

    The same call goes on where it was stopped or killed. What the model says is redacted again; its
    word on concern is not certified.

    Args:
        model: ``provider/model``.
        name: the import; the only one where it is None.
        limit: only the first conversations.
    """
    place = Workspace.find(Path(workspace))
    settings = load_settings(place.settings_file)
    controls = within_budget(controls or Controls(), settings)
    folder = existing_import(place, name)
    redactor = Redactor(workspace_secret(place.root), name_recognisers())

    async def work() -> FacetsFound:
        async with OpenModels({ROLE: model}, settings) as models:
            models.check_prices(controls.spending)
            with folder.lock():
                return await _facets(folder, models, redactor, limit, controls)

    return finish(work(), controls.stop)


async def _facets(
    folder: UsageFolder,
    models: OpenModels,
    redactor: Redactor,
    limit: int | None,
    controls: Controls,
) -> FacetsFound:
    chosen = Selection(limit).ids(folder)
    conversations = folder.read().conversations
    planned = conversations if chosen is None else len(chosen)
    controls.progress.planned = planned
    sweep = FacetSweep(folder, models, redactor, controls, chosen)
    await sweep.run()
    return FacetsFound(
        import_name=folder.name,
        model=models.by_role[ROLE].name,
        conversations=conversations,
        planned=planned,
        described=sweep.tally.described,
        missing=dict(sorted(sweep.tally.missing.items())),
        concern=dict(sorted(sweep.tally.concern.items())),
        resumable=sweep.tally.resumable,
        stopped_because=controls.stop.reason,
        tokens=controls.progress.meter.tokens,
        dollars=controls.progress.meter.cost,
    )
