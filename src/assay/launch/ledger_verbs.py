"""What `assay.api` gives of the mitigations ledger: open, mitigate, prove, close, list."""

from __future__ import annotations

from pathlib import Path

from assay.errors import AssayError
from assay.launch import ledger
from assay.launch.definition import load_launch
from assay.launch.subjects import subject_of
from assay.records import Finding, FindingKind
from assay.store.workspace import Workspace


def open_finding(
    kind: FindingKind,
    subject: str,
    *,
    owner: str,
    summary: str,
    launch: str | None = None,
    measure: str | None = None,
    workspace: str | Path = ".",
) -> Finding:
    """Begin a finding that somebody owns. While it is open, its launch is no plain go.

    Args:
        kind: ``gate``, ``regression``, ``sample`` or ``cluster``.
        subject: the gate's id; ``eval/scorer`` or ``eval/scorer/column=value``; the transcript's
            id, or the beginning of it; the cluster, in any words.
        owner: who answers for it.
        summary: what was found, in a sentence.
        launch: the launch that it stands in the way of. A gate's must be named.
        measure: what tells whether a sample or a cluster is mended, as ``eval/scorer`` with its
            slice; needed for a sample that several scorers score.
    """
    place = Workspace.find(Path(workspace))
    found = subject_of(place, kind, subject, launch, measure)
    name = None if launch is None else load_launch(launch, place.root).name
    return ledger.opened(place, kind, found, launch=name, owner=owner, summary=summary)


def mitigate_finding(
    id: str,
    *,
    what: str,
    by: str,
    before: str | None = None,
    after: str | None = None,
    workspace: str | Path = ".",
) -> Finding:
    """Say what was done about a finding, with a run before it and one after it if they are there.

    Args:
        id: the finding's.
        what: what was done.
        by: who did it.
        before: a complete run without it: its id, the beginning of it, or ``latest``.
        after: a complete run with it.
    """
    if (before is None) != (after is None):
        raise AssayError("an effect takes two runs.", fix="Give --before and --after, or neither.")
    runs = None if before is None or after is None else (before, after)
    return ledger.mitigated(Workspace.find(Path(workspace)), id, what, by, runs)


def prove_finding(
    id: str,
    number: int,
    *,
    before: str,
    after: str,
    measure: str | None = None,
    workspace: str | Path = ".",
) -> Finding:
    """Add the runs before and after a mitigation, or newer ones: the latest count.

    Args:
        id: the finding's.
        number: the mitigation's, from 1.
        before: a complete run without it: its id, the beginning of it, or ``latest``.
        after: a complete run with it.
        measure: ``eval/scorer`` with its slice, for a cluster that was opened without one.
    """
    return ledger.proved(Workspace.find(Path(workspace)), id, number, (before, after), measure)


def close_finding(id: str, *, by: str, reason: str = "", workspace: str | Path = ".") -> Finding:
    """Close a finding. Demands a mitigation whose effect's interval excludes zero for the better.

    Args:
        id: the finding's.
        by: who closes it.
        reason: why, where the effect does not say enough.
    """
    return ledger.closed(Workspace.find(Path(workspace)), id, by, reason)


def list_findings(
    *, launch: str | None = None, closed: bool = False, workspace: str | Path = "."
) -> list[Finding]:
    """The open findings, the newest first.

    Args:
        launch: of that launch alone.
        closed: the closed ones as well, after them.
    """
    found = ledger.findings_of(Workspace.find(Path(workspace)), launch)
    return [each for each in found if each.open or closed]


def show_finding(id: str, *, workspace: str | Path = ".") -> Finding:
    """One finding, with its mitigations and their effects.

    Args:
        id: the finding's.
    """
    return ledger.finding_of(Workspace.find(Path(workspace)), id)
