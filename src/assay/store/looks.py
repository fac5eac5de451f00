"""Looks in the safety profile: each is written down before anything is shown."""

from __future__ import annotations

from pathlib import Path

import msgspec

from assay.errors import AssayError
from assay.records.usage import Profile
from assay.store.catalogue import LOOKED, Catalogue, exists


class UsageLook(msgspec.Struct, frozen=True):
    """One look: who saw what of whom or what, when, why, in which profile."""

    who: str
    time: str
    what: str
    subject: str
    why: str
    profile: str


def record_look(root: Path, what: str, subject: str, why: str, profile: Profile) -> None:
    """Write a look to the audit trail; call it before showing anything.

    Args:
        root: the workspace's folder.
        what: what is looked at: map, cluster, conversations.
        subject: which: the import's name, with the cluster or account where it is one.
        why: the reason that the person gives. The safety profile needs one.
        profile: the profile of the look.

    Raises:
        AssayError: no reason is given in the safety profile.
        StoreError: it cannot be written; then nothing may be shown.
    """
    if profile == "safety" and not why.strip():
        raise AssayError(
            "a look in the safety profile needs a reason.",
            fix="Give --why; it is kept in the audit trail.",
        )
    details = {"what": what, "why": why.strip(), "profile": profile}
    with Catalogue(root) as catalogue, catalogue.change():
        catalogue.note(LOOKED, subject, details)


def looks(root: Path) -> list[UsageLook]:
    """Every look, oldest first."""
    if not exists(root):
        return []
    with Catalogue(root) as catalogue:
        trail = [entry for entry in catalogue.trail() if entry.what == LOOKED]
    return [
        UsageLook(
            who=entry.who,
            time=entry.time,
            what=str(entry.details.get("what", "")),
            subject=entry.subject,
            why=str(entry.details.get("why", "")),
            profile=str(entry.details.get("profile", "")),
        )
        for entry in trail
    ]
