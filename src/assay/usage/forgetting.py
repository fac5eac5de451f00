"""Deletes an account's conversations from an import, or the import, as when somebody asks for it.

A note of what is to go is written first, into the import's folder: a kill leaves it there, and the
next purge of any kind goes on from it. What is looked up by (the conversations' account) goes last.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Collection
from pathlib import Path

import msgspec

from assay.errors import AssayError, StoreError
from assay.records import Transcript
from assay.store.catalogue import Catalogue, exists
from assay.store.dropping import columns_of, count_rows, drop_rows, remove_file
from assay.store.files import write_whole
from assay.store.tables import read_rows
from assay.store.usage_scores import import_owner
from assay.store.workspace import Workspace
from assay.usage import purging
from assay.usage.folder import UsageFolder
from assay.usage.ingest import Retention, opened, save_record
from assay.usage.mapping.folder import MapFolder
from assay.usage.purging import Purged, name_of, raw_parts
from assay.usage.secret import keyed
from assay.usage.state import Pending

_NOTE = "purge.json"
_ID = "transcript_id"
_HASH = re.compile(r"[0-9a-f]{20}")


class Wish(msgspec.Struct, frozen=True):
    """What is to go: an account, by its keyed hash, or everything where it is None."""

    account: str | None


def account_hashes(secret: bytes, account: str) -> tuple[str, ...]:
    """What transcripts may hold of an account: its keyed hash.

    What looks like such a hash is taken for one too. It may as well be an id that the logs have.
    """
    told = keyed(secret, "account", account)
    return (told, account) if _HASH.fullmatch(account) else (told,)


def unfinished(place: Workspace) -> list[tuple[UsageFolder, Wish]]:
    """The imports in which a deletion was begun and did not come to its end."""
    found = []
    for file in sorted((place.root / "usage").glob(f"*/{_NOTE}")):
        try:
            wish = msgspec.json.decode(file.read_bytes(), type=Wish)
        except msgspec.MsgspecError as error:
            raise StoreError(
                f"this note of a purge is damaged ({error}).", where=str(file)
            ) from None
        found.append((UsageFolder(file.parent), wish))
    return found


def fulfil(place: Workspace, folder: UsageFolder, wish: Wish) -> Purged:
    """Delete what is wished to go, verify it, and write it down.

    Raises:
        StoreError: another process works on the import, or something cannot be removed.
    """
    with folder.lock():
        if wish.account is None:
            return _delete_all(place, folder)
        purging.refuse_unstored(folder)
        return _delete_account(place, folder, wish.account)


def _begin(place: Workspace, folder: UsageFolder, wish: Wish, files: Collection[Path]) -> None:
    write_whole(folder.path / _NOTE, msgspec.json.encode(wish))
    what = "everything" if wish.account is None else f"account {wish.account}"
    told = {"what": what, "sha256": purging.hashes_of(folder, files)}
    purging.write_down(place, purging.BEGUN, folder, told)


def _delete_all(place: Workspace, folder: UsageFolder) -> Purged:
    """The whole folder; the import's record first, so that nobody reads half an import."""
    files = [each for each in _files(folder) if each.name not in ("lock", _NOTE)]
    hashes = purging.hashes_of(folder, files)
    conversations = 0
    with contextlib.suppress(AssayError):  # a damaged record must not keep anything
        conversations = folder.read().conversations
    _begin(place, folder, Wish(None), files)
    _blank_notes(place, folder, None)
    for each in (folder.record_file, *files):
        remove_file(each)
    for below in sorted(
        (each for each in folder.path.rglob("*") if _is_folder(each)), reverse=True
    ):
        below.rmdir()
    left = [each for each in _files(folder) if each.name not in ("lock", _NOTE)]
    if left:
        raise StoreError(
            "something is still there after the purge.",
            where=str(left[0]),
            fix="Something else writes to this folder: stop it, and purge again.",
        )
    purged = Purged(
        import_name=folder.name,
        what="everything",
        rows={},
        unlinked=tuple(name_of(folder, each) for each in files),
        sha256=hashes,
        conversations=conversations,
        oldest_kept=None,
        verified="the folder was looked through; nothing is left",
    )
    purging.finished(place, folder, purged)
    remove_file(folder.path / _NOTE)
    (folder.path / "lock").unlink(missing_ok=True)
    folder.path.rmdir()
    return purged


def _delete_account(place: Workspace, folder: UsageFolder, account: str) -> Purged:
    ids = {
        row.transcript_id
        for part in folder.parts()
        for row in read_rows(part, Transcript, {"transcript_id", "account_id"})
        if row.account_id == account
    }
    begun = (folder.path / _NOTE).exists()
    computed = _computed(folder) if ids or begun else []
    gone = [*purging.leftovers(folder), *computed]
    due = {table: rows for table in _tables(folder, gone) if (rows := _due(table, ids))}
    hashes = purging.hashes_of(folder, [*gone, *due])
    if hashes:
        _begin(place, folder, Wish(account), [*gone, *due])
    for each in gone:
        remove_file(each)
    for table in (each for each in due if each.parent != folder.transcripts_folder):
        drop_rows(table, _ID, ids.__contains__)
    if ids:
        _blank_notes(place, folder, ids)
        _set_aside(folder, ids)
    for part in folder.parts():  # last: they tell which conversations are the account's
        drop_rows(part, "account_id", {account}.__contains__)
    if ids or begun:
        _emptied(folder)
        _recount(folder)
    _verify(folder, account, ids)
    oldest = purging.oldest_raw(folder)
    purged = Purged(
        import_name=folder.name,
        what=f"account {account}",
        rows={name_of(folder, table): rows for table, rows in due.items()},
        unlinked=tuple(name_of(folder, each) for each in gone),
        sha256=hashes,
        conversations=len(ids),
        oldest_kept=oldest[0] if oldest else None,
        verified="every table was read back; none holds a row of the account",
    )
    purging.finished(place, folder, purged)
    remove_file(folder.path / _NOTE)
    return purged


def _files(folder: UsageFolder) -> list[Path]:
    return sorted(each for each in folder.path.rglob("*") if not _is_folder(each))


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _tables(folder: UsageFolder, gone: Collection[Path] = ()) -> list[Path]:
    """Every table of the import whose rows belong to conversations: raw text, scores, maps.

    Args:
        gone: files that go as a whole, so that it matters not what is in them.
    """
    files = sorted(set(folder.path.rglob("*.parquet")) - set(gone))
    return [each for each in files if _ID in columns_of(each)]


def _due(table: Path, ids: Collection[str]) -> int:
    return count_rows(table, _ID, ids.__contains__)[0] if ids else 0


def _computed(folder: UsageFolder) -> list[Path]:
    """What was computed from the texts and may hold some of them: it can be computed again."""
    kept = {folder.state_file.name + end for end in ("", "-wal", "-shm")}
    databases = (each for each in folder.path.rglob("*.sqlite*") if each.name not in kept)
    return sorted({*databases, *folder.path.rglob("*.npy"), *_mapped(folder)})


def _mapped(folder: UsageFolder) -> list[Path]:
    """What of a map may tell of the account, and all of it where it is not private.

    A private map's counts and keywords would be much the same without any one principal.
    """
    map_ = folder.path / "map"
    files = [each for each in map_.rglob("*") if not _is_folder(each)]
    with contextlib.suppress(AssayError):
        if MapFolder(folder.path).read().epsilon is not None:
            return [each for each in files if each.parent != map_ or each.suffix == ".html"]
    return files


def _emptied(folder: UsageFolder) -> None:
    """A part of raw text that holds nothing any more goes."""
    for part in raw_parts(folder):
        if count_rows(part, "transcript_id", lambda _: False)[1] == 0:
            remove_file(part)


def _blank_notes(place: Workspace, folder: UsageFolder, ids: Collection[str] | None) -> None:
    """What raters noted of the conversations may quote them."""
    if exists(place.root):
        with Catalogue(place.root) as catalogue, catalogue.change():
            catalogue.blank_notes(import_owner(folder.name), ids)


def _set_aside(folder: UsageFolder, ids: Collection[str]) -> None:
    """The import counts these conversations no more, as it does not those that are superseded.

    The keyed hashes by which duplicates are known stay, so that the same log does not bring back
    what was deleted.
    """
    with opened(folder) as state:
        state.commit(Pending(superseded=set(ids)), None)


def _recount(folder: UsageFolder) -> None:
    """The totals are those of what is left; what was read and redacted stays as it was."""
    languages = Counter[str]()
    accounts = 0
    for part in folder.parts():
        for row in read_rows(part, Transcript, {_ID, "language", "account_id"}):
            languages[row.language or "und"] += 1
            accounts += row.account_id is not None
    with opened(folder) as state:
        counted = {"languages": languages, "conversations": {"with_account": accounts}}
        state.recount(counted)
        record = folder.read()
        kept = Retention(record.keeps_raw, record.retention_days)
        save_record(folder, state, record.status, kept)


def _verify(folder: UsageFolder, account: str, ids: Collection[str]) -> None:
    for part in folder.parts():
        if count_rows(part, "account_id", {account}.__contains__)[0]:
            raise _still(part)
    for table in _tables(folder):
        if _due(table, ids):
            raise _still(table)


def _still(table: Path) -> StoreError:
    return StoreError(
        "rows of the account are still there after the purge.",
        where=str(table),
        fix="Something else writes to this folder: stop it, and purge again.",
    )
