"""What `assay.api` gives of evals' health: examine, probe, propose, accept, retire."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assay.errors import AssayError, DefinitionError, NotFoundError, Problem
from assay.evals import EvalDefinition, catalog
from assay.health.accept import Accepted, accept
from assay.health.examine import examine
from assay.health.pool import Pool, Runs
from assay.health.probe import probe
from assay.health.propose import Proposals, propose
from assay.health.result import EvalHealth, Probe
from assay.health.retire import retire
from assay.runs.blocking import finish
from assay.runs.retirement import Retired
from assay.runs.run import Controls, within_budget
from assay.runs.settings import load_settings
from assay.store.workspace import Workspace

ROLE = "writer"
"""The role in assay.toml of the model that drafts samples."""


def eval_health(
    evals: Sequence[str] = (),
    *,
    items: bool = False,
    checklist: bool = False,
    workspace: str | Path = ".",
) -> list[EvalHealth]:
    """What evals can still tell, by all stored runs of them as they are now; a verdict for each.

    Args:
        evals: names or folders; all of the workspace's where there are none.
        items: whether to list the items that are worth a look.
        checklist: whether to fill the checklist.
    """
    return examine(Workspace.find(Path(workspace)), evals, items=items, check=checklist)


def probe_eval(
    name: str,
    model: str,
    *,
    n: int = 100,
    workspace: str | Path = ".",
    controls: Controls | None = None,
) -> Probe:
    """Give a model the first halves of an eval's samples: how much of the second does it write?

    The result is kept, and :func:`eval_health` tells it. The same call again goes on.

    Args:
        name: the eval's name or folder.
        model: ``provider/model``.
        n: how many samples, drawn at random.
    """
    place = Workspace.find(Path(workspace))
    settings = load_settings(place.settings_file)
    controls = within_budget(controls or Controls(), settings)
    work = probe(place, settings, Runs(place).pool(name), model, controls, n=n)
    return finish(work, controls.stop)


def propose_samples(
    name: str,
    model: str | None = None,
    *,
    n: int = 20,
    workspace: str | Path = ".",
    controls: Controls | None = None,
) -> Proposals:
    """Let a model draft variants of the items that are worth a look, for a person to decide on.

    Args:
        name: the eval's name or folder.
        model: who drafts; the role ``writer`` of assay.toml where it is None.
        n: how many items, at most.
    """
    place = Workspace.find(Path(workspace))
    settings = load_settings(place.settings_file)
    writer = model or settings.roles.get(ROLE)
    if writer is None:
        fix = f'Say --model provider/model, or set [roles] {ROLE} = "provider/model".'
        raise DefinitionError([Problem(str(place.settings_file), "no model is named.", fix)])
    controls = within_budget(controls or Controls(), settings)
    definition = _definition(Runs(place).pool(name))
    [health] = examine(place, [name], items=True)
    work = propose(place, settings, health, definition, writer, controls, n=n)
    return finish(work, controls.stop)


def accept_samples(name: str, file: str | Path, *, workspace: str | Path = ".") -> Accepted:
    """Take in the decisions on drafts: what was accepted becomes samples, and the version rises.

    Args:
        name: the eval's name or folder.
        file: the sheet of proposals, each row decided: accept, edit or refuse.
    """
    pool = Runs(Workspace.find(Path(workspace))).pool(name)
    return accept(_definition(pool), Path(file))


def retire_eval(
    name: str, *, successor: str, by: str, reason: str, workspace: str | Path = "."
) -> Retired:
    """Retire an eval for another. One model must have been run on both: the bridge between them.

    Args:
        name: the eval that is retired.
        successor: the eval that takes its place.
        by: who decides.
        reason: why.
    """
    return retire(Workspace.find(Path(workspace)), name, successor, by=by, reason=reason)


def _definition(pool: Pool) -> EvalDefinition:
    if pool.definition is None:
        raise NotFoundError(
            f"the folder of {pool.name} is not at hand. {pool.fault}".strip(),
            fix="Put it into the workspace's evals folder.",
        )
    if pool.definition.folder.resolve() in {each.resolve() for each in catalog().values()}:
        raise AssayError(
            f"{pool.name} comes with Assay, so it is not yours to change.",
            fix=f"Work on a copy: assay init evals/my-{pool.name} --from {pool.name}",
        )
    return pool.definition
