"""What `assay.api` gives of scores of usage: sweep scorers over an import."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from assay.errors import DefinitionError, Problem
from assay.records import Estimate
from assay.runs.blocking import finish
from assay.runs.models import OpenModels
from assay.runs.rescore import read_spec
from assay.runs.run import Controls, within_budget
from assay.runs.settings import Settings, load_settings
from assay.scorers import build_scorer
from assay.store.usage_scores import ScoresFolder
from assay.store.workspace import Workspace
from assay.usage.folder import UsageFolder, existing_import
from assay.usage.score_figures import usage_estimates
from assay.usage.scoring import Selection, score_import


class UsageScores(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep over an import found.

    ``planned`` of its ``conversations`` were asked about; ``selection`` says which.
    ``resumable``: the same command could score what is missing.
    """

    import_name: str
    conversations: int
    planned: int
    selection: str
    resumable: bool
    stopped_because: str | None
    tokens: int
    dollars: float
    estimates: tuple[Estimate, ...]


def score_usage(
    scorers: Sequence[str | dict[str, Any]],
    name: str | None = None,
    *,
    judge: str | None = None,
    limit: int | None = None,
    sample: int | None = None,
    workspace: str | Path = ".",
    controls: Controls | None = None,
) -> UsageScores:
    """Sweep scorers over an import: each conversation ends scored, or unscored with a reason.

    The same call goes on where it was stopped or killed, and scores only what is new after a
    further import.

    Args:
        scorers: kinds, YAML files, or mappings as in an eval.yaml.
        name: the import; the only one where it is None.
        judge: the model that rubric scorers ask; the role ``judge`` of assay.toml where None.
        limit: only the first conversations. They speak for no others.
        sample: only so many conversations, drawn at random; a larger sample holds a smaller one.
    """
    if limit is not None and sample is not None:
        problem = Problem("assay usage score", "--limit and --sample exclude each other.")
        raise DefinitionError([problem])
    place = Workspace.find(Path(workspace))
    settings = load_settings(place.settings_file)
    roles = {role: model for role, model in settings.roles.items() if role != "target"}
    if judge is not None:
        roles["judge"] = judge
    controls = within_budget(controls or Controls(), settings)
    specs = [read_spec(each) if isinstance(each, str) else each for each in scorers]
    folder = existing_import(place, name)
    selection = Selection(limit, sample)
    return finish(_score(place, folder, settings, specs, roles, selection, controls), controls.stop)


async def _score(
    place: Workspace,
    folder: UsageFolder,
    settings: Settings,
    specs: Sequence[str | dict[str, Any]],
    roles: dict[str, str],
    selection: Selection,
    controls: Controls,
) -> UsageScores:
    async with OpenModels(roles, settings) as models:
        named = [build_scorer(spec, models.by_role) for spec in specs]
        _check_names([each.name for each in named])
        models.check_prices(controls.spending)
        with folder.lock():
            chosen = selection.ids(folder)
            unfinished = await score_import(folder, named, specs, chosen, models, controls)
            tables = ScoresFolder(folder.path)
            estimates = [
                estimate
                for each in named
                for estimate in usage_estimates(place.root, folder, tables.table(each.name), chosen)
            ]
    conversations = folder.read().conversations
    meter = controls.progress.meter
    return UsageScores(
        import_name=folder.name,
        conversations=conversations,
        planned=conversations if chosen is None else len(chosen),
        selection=selection.told(conversations),
        resumable=unfinished,
        stopped_because=controls.stop.reason,
        tokens=meter.tokens,
        dollars=meter.cost,
        estimates=tuple(estimates),
    )


def _check_names(names: Sequence[str]) -> None:
    """Scores of one name are one scorer's."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        what = f"several scorers are called {twice[0]!r}." if twice else "no scorer is named."
        raise DefinitionError([Problem("assay usage score", what, "Give each a name of its own.")])
