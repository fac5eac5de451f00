"""Retires an eval: only with a successor, a reason, and a bridge from the one to the other."""

from __future__ import annotations

from assay.errors import AssayError
from assay.health.pool import Pool, Pooled, Runs
from assay.records import now
from assay.runs.figures import figures
from assay.runs.retirement import Retired, record_retirement
from assay.store.workspace import Workspace


def retire(place: Workspace, name: str, successor: str, *, by: str, reason: str) -> Retired:
    """Record in the audit trail that an eval is retired, with one model's figures on both.

    The bridge is the newest model that was run on both evals as they are now.

    Raises:
        NotFoundError: there is no such eval.
        AssayError: no name, no reason, or no model that was run on both.
    """
    if not by.strip() or not reason.strip():
        raise AssayError("a retirement needs a name and a reason.", fix="Give --by and --reason.")
    runs = Runs(place)
    old, new = runs.pool(name), runs.pool(successor)
    if old.name == new.name:
        raise AssayError(f"{old.name} cannot succeed itself.", fix="Name another eval.")
    before, after = _bridge(old, new)
    retired = Retired(
        eval=old.name,
        eval_version=old.version,
        eval_hash=old.hash,
        successor=new.name,
        successor_version=new.version,
        successor_hash=new.hash,
        by=by.strip(),
        reason=reason.strip(),
        time=now(),
        model=before.record.model,
        old_run=before.folder.id,
        new_run=after.folder.id,
        old=tuple(each for each in figures(before.folder) if each.eval == old.name),
        new=tuple(each for each in figures(after.folder) if each.eval == new.name),
    )
    record_retirement(place.root, retired)
    return retired


def _bridge(old: Pool, new: Pool) -> tuple[Pooled, Pooled]:
    after = {each.record.model: each for each in new.runs if each.eval.limit is None}
    for each in old.runs:
        if each.eval.limit is None and each.record.model in after:
            return each, after[each.record.model]
    have = ", ".join(old.models) or "none"
    also = ", ".join(new.models) or "none"
    raise AssayError(
        f"no model was run on the whole of both {old.name} and {new.name} as they are now"
        f" ({old.name}: {have}; {new.name}: {also}), so nothing would bridge the two.",
        where=old.name,
        fix=f"Run one: assay run {old.name} {new.name} --model MODEL",
    )
