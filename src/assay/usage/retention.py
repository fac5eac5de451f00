"""How long raw text is kept, and its purge: enforced, then proved by reading back what is left.

Raw text is what people wrote, before redaction. It lies in ``usage/<name>/raw/`` alone, and only
where assay.toml says ``[usage] keep_raw``.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from assay.errors import StoreError
from assay.records import RawRow, now
from assay.runs.settings import UsageSetting, load_settings
from assay.store.dropping import count_rows, drop_rows, remove_file
from assay.store.tables import read_rows
from assay.store.workspace import Workspace
from assay.usage import purging
from assay.usage.folder import UsageFolder
from assay.usage.purging import Purged, name_of, raw_parts

_ALL = "9999"  # later than any time


def retention_overdue(folder: Path) -> str:
    """A sentence where an import keeps raw text past its time; empty where it does not.

    Args:
        folder: ``usage/<name>``.
    """
    about = UsageFolder(folder)
    cutoff = _cutoff(_setting(folder))
    for part in raw_parts(about)[:1]:  # parts and rows lie in the order in which they came
        for row in read_rows(part, RawRow, {"imported"}):
            if row.imported < cutoff:
                return (
                    f"{about.name} keeps raw text of {row.imported[:10]} past its retention: "
                    f"assay usage purge {about.name}"
                )
            break
    return ""


def purge_expired(place: Workspace, folder: UsageFolder) -> Purged:
    """Remove the raw text whose time is over, verify that none is left, and write it down.

    Where the workspace does not keep raw text (any more), all of it goes.

    Raises:
        StoreError: another process works on the import, or something cannot be removed.
    """
    cutoff = _cutoff(_setting(place.root))
    what = "all raw text" if cutoff == _ALL else f"raw text taken in before {cutoff}"
    expired = _before(cutoff)
    with folder.lock():
        purging.refuse_unstored(folder)
        left = purging.leftovers(folder)
        counted = {part: count_rows(part, "imported", expired) for part in raw_parts(folder)}
        due = {part: rows for part, (rows, _) in counted.items() if rows}
        whole = [part for part, rows in due.items() if rows == counted[part][1]]
        hashes = purging.hashes_of(folder, [*left, *due])
        if hashes:
            told = {"what": what, "sha256": hashes}
            purging.write_down(place, purging.BEGUN, folder, told)
        for each in (*left, *whole):
            remove_file(each)
        for part in due.keys() - set(whole):
            drop_rows(part, "imported", expired)
        oldest = purging.oldest_raw(folder)
        if oldest is not None and oldest[0] < cutoff:
            raise StoreError(
                f"raw text of {oldest[0]} is still there after the purge.",
                where=str(oldest[1]),
                fix="Something else writes to this folder: stop it, and purge again.",
            )
        _no_longer_kept(place, folder)
        purged = Purged(
            import_name=folder.name,
            what=what,
            rows={name_of(folder, part): rows for part, rows in due.items()},
            unlinked=tuple(name_of(folder, each) for each in (*left, *whole)),
            sha256=hashes,
            conversations=0,
            oldest_kept=oldest[0] if oldest else None,
            verified="every raw row was read back; none is due",
        )
        return purging.finished(place, folder, purged)


def _cutoff(setting: UsageSetting) -> str:
    """Raw text taken in before this time is to go."""
    if not setting.keep_raw or setting.retention_days is None:
        return _ALL
    moment = datetime.datetime.fromisoformat(now())
    return (moment - datetime.timedelta(days=setting.retention_days)).isoformat()


def _before(cutoff: str) -> Callable[[Any], bool]:
    return lambda imported: imported is None or imported < cutoff


def _setting(folder: Path) -> UsageSetting:
    return load_settings(Workspace.find(folder).settings_file).usage


def _no_longer_kept(place: Workspace, folder: UsageFolder) -> None:
    """The import's record says what is true."""
    record = folder.read()
    setting = _setting(place.root)
    keeps = setting.keep_raw or bool(raw_parts(folder))
    days = setting.retention_days
    if (record.keeps_raw, record.retention_days) != (keeps, days):
        folder.save(msgspec.structs.replace(record, keeps_raw=keeps, retention_days=days))
