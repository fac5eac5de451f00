"""What `assay.api` gives of evals' health: examine, retire."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from assay.health.examine import examine
from assay.health.result import EvalHealth
from assay.health.retire import retire
from assay.runs.retirement import Retired
from assay.store.workspace import Workspace


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
