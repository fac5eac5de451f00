"""Evals that were retired: who said so, why, what took their place, and the bridge between them.

A retirement is a line of the catalogue's audit trail, which is only ever added to. It keeps one
model's figures on both evals, so that what the old one said can still be read beside the new.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from assay.records import Estimate
from assay.runs.figures import headline
from assay.store.catalogue import Catalogue, exists

WHAT = "retired eval"


class Retired(msgspec.Struct, frozen=True, kw_only=True):
    """An eval that was retired, and the bridge to its successor: one model's figures on both."""

    eval: str
    eval_version: str
    eval_hash: str
    successor: str
    successor_version: str
    successor_hash: str
    by: str
    reason: str
    time: str
    model: str
    old_run: str
    new_run: str
    old: tuple[Estimate, ...]
    new: tuple[Estimate, ...]

    @property
    def words(self) -> str:
        """The retirement and its bridge, in one line."""
        return (
            f"retired on {self.time[:10]} by {self.by} for {self.successor} ({self.reason});"
            f" the bridge is {self.model}: {_said(self.old)} on {self.eval},"
            f" {_said(self.new)} on {self.successor}"
        )


def retirements(root: Path) -> dict[str, Retired]:
    """The workspace's retired evals; of several retirements of one, the latest."""
    if not exists(root):
        return {}
    with Catalogue(root) as catalogue:
        trail = [each for each in catalogue.trail() if each.what == WHAT]
    return {each.subject: msgspec.convert(each.details, Retired) for each in trail}


def record_retirement(root: Path, retired: Retired) -> None:
    """Add a retirement to the audit trail."""
    with Catalogue(root) as catalogue, catalogue.change():
        catalogue.note(WHAT, retired.eval, msgspec.to_builtins(retired))


def _said(estimates: tuple[Estimate, ...]) -> str:
    return ", ".join(
        " ".join(
            (
                each.scorer,
                *each.slice.values(),
                "no figure"
                if each.value is None or each.low is None or each.high is None
                else f"{each.value:.3f} [{each.low:.3f}, {each.high:.3f}]",
            )
        )
        for each in headline(estimates)
    )
