"""The workspace's certificates, and which of them speaks for a scorer in a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from assay.errors import StoreError
from assay.records import Certificate, Standing
from assay.store.catalogue import Catalogue
from assay.store.files import write_whole

FOLDER = "certificates"

BY_DEFINITION = ("choice", "exact", "numeric")
"""Kinds of scorer that compare a reply with a target that the eval itself gives."""


def read_certificates(root: Path) -> list[Certificate]:
    """The workspace's certificates, newest first: the files in its folder.

    Deleting a file withdraws its certificate; the catalogue remembers that there was one.

    Raises:
        StoreError: a file in the folder is damaged.
    """
    found = []
    for path in (root / FOLDER).glob("*.json"):
        try:
            found.append(msgspec.json.decode(path.read_bytes(), type=Certificate))
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise StoreError(
                f"this is not a certificate ({error}).",
                where=str(path),
                fix="Restore the file, or delete it and certify again.",
            ) from error
    return sorted(found, key=lambda record: (record.made, record.id), reverse=True)


def certificate_for(
    found: Sequence[Certificate], version: str, run_id: str, time: str
) -> Certificate | None:
    """The certificate that speaks for a scorer version in a run; None where there is none.

    One that still holds goes before an expired one, then one made on this very run's labels, then
    the newest.
    """
    own = [record for record in found if record.version == version]
    return max(
        own,
        key=lambda each: (_ORDER[each.standing(time)], each.run == run_id, each.made),
        default=None,
    )


_ORDER: dict[Standing, int] = {"expired": 0, "uncertified": 0, "half certified": 1, "certified": 2}


def keep_certificate(root: Path, record: Certificate) -> None:
    """Into the catalogue, and as a file of its own that git can hold."""
    text = msgspec.json.format(msgspec.json.encode(record), indent=2) + b"\n"
    with Catalogue(root) as catalogue, catalogue.change():
        catalogue.add_certificate(record)
        catalogue.note(
            "certified", record.id, {"labels": record.labels, "labels_hash": record.labels_hash}
        )
    write_whole(root / FOLDER / f"{record.id}.json", text)
