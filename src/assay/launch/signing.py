"""Sign-offs: named people's word on a launch, bound to the evidence that they saw.

A sign-off is a line of the catalogue's audit trail, which is only ever added to. It holds the
hashes of all that the verdict rested on, so that any later change voids it where everybody sees it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

import msgspec

from assay.errors import AssayError
from assay.launch.result import LaunchCheck, Signature
from assay.store.catalogue import Catalogue, Entry, exists
from assay.store.workspace import Workspace

_WHAT = "signed launch"


class SignOff(msgspec.Struct, frozen=True):
    """What was signed, as the trail holds it.

    ``seen`` are the check's own conditions, ``conditions`` the signer's; ``gates`` maps each gate
    to its verdict, ``runs`` each run of the evidence to its files' hashes.
    """

    by: str
    role: str
    conditions: tuple[str, ...]
    expires: str | None
    verdict: str
    seen: tuple[str, ...]
    gates: dict[str, str]
    runs: dict[str, dict[str, str]]
    definition_sha256: str
    evidence_sha256: str


def sign(
    place: Workspace,
    check: LaunchCheck,
    *,
    by: str,
    role: str,
    conditions: tuple[str, ...],
    expires: datetime.date | None,
) -> None:
    """Add a sign-off to the audit trail.

    Raises:
        AssayError: the launch is a no-go, or the name, the role or the expiry is none.
    """
    if not by.strip() or not role.strip():
        raise AssayError("a sign-off needs a name and a role.", fix="Give --by and --role.")
    if check.verdict == "no-go":
        raise AssayError(
            f"launch {check.launch} is a no-go, which nobody can sign. {check.reason}",
            fix="Mend the model, bring the evidence, or waive the gate by name in the launch.",
        )
    if expires is not None and expires.isoformat() < check.checked[:10]:
        raise AssayError(f"{expires} has passed.", fix="Give --expires a day to come.")
    signed = SignOff(
        by=by,
        role=role,
        conditions=conditions,
        expires=expires.isoformat() if expires else None,
        verdict=check.verdict,
        seen=check.conditions,
        gates={gate.id: gate.verdict for gate in check.gates},
        runs=_runs(check),
        definition_sha256=check.definition_sha256,
        evidence_sha256=check.evidence_sha256,
    )
    with Catalogue(place.root) as catalogue, catalogue.change():
        catalogue.note(_WHAT, check.launch, msgspec.to_builtins(signed))


def with_signatures(place: Workspace, check: LaunchCheck) -> LaunchCheck:
    """The check with every sign-off of the launch, oldest first, and whether each still holds."""
    if not exists(place.root):
        return check
    with Catalogue(place.root) as catalogue:
        trail = [each for each in catalogue.trail() if each.what == _WHAT]
    found = []
    for entry in trail:
        if entry.subject == check.launch:
            signed = msgspec.convert(entry.details, SignOff)
            changes = tuple(_changes(signed, check))
            lapsed = signed.expires is not None and signed.expires < check.checked[:10]
            found.append(
                Signature(
                    by=signed.by,
                    role=signed.role,
                    account=entry.who,
                    signed=entry.time,
                    conditions=signed.conditions,
                    expires=signed.expires,
                    verdict=signed.verdict,
                    evidence_sha256=signed.evidence_sha256,
                    standing="void" if changes else "expired" if lapsed else "holds",
                    changes=changes,
                )
            )
    return msgspec.structs.replace(check, signatures=tuple(found))


def last_signed(place: Workspace, launch: str) -> tuple[Entry, SignOff] | None:
    """The newest sign-off of any other launch; None where there is none."""
    if not exists(place.root):
        return None
    with Catalogue(place.root) as catalogue:
        trail = [each for each in catalogue.trail() if each.what == _WHAT]
    others = [each for each in trail if each.subject != launch]
    return (others[-1], msgspec.convert(others[-1].details, SignOff)) if others else None


def _changes(signed: SignOff, check: LaunchCheck) -> Iterator[str]:
    """What is no longer as the signer saw it."""
    if signed.definition_sha256 != check.definition_sha256:
        yield "the launch's file has changed"
    now = _runs(check)
    for run, files in signed.runs.items():
        if run not in now:
            yield f"run {run} is no longer the evidence"
            continue
        for name in sorted({*files, *now[run]}):
            if files.get(name) != now[run].get(name):
                have = "have" if name.startswith("labels") else "has"
                yield f"{name} of run {run} {have} changed"
    for run in now:
        if run not in signed.runs:
            yield f"run {run} is new evidence"
    same = signed.definition_sha256 == check.definition_sha256 and signed.runs == now
    if same and signed.evidence_sha256 != check.evidence_sha256:
        yield "a scorer's certificate has changed"
    if signed.verdict != check.verdict:
        yield f"the verdict was {signed.verdict}, and is {check.verdict}"
    for gate in check.gates:
        before = signed.gates.get(gate.id)
        if before is not None and before != gate.verdict:
            yield f"gate {gate.id} was {before}, and is {gate.verdict}"
    for condition in check.conditions:
        if condition not in signed.seen:
            yield f"a condition is new: {condition}"


def _runs(check: LaunchCheck) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for gate in check.gates:
        for proof in gate.evidence:
            found.setdefault(proof.run, {}).update(proof.sha256)
    return found
