"""What `assay.api` gives of privacy: purge usage, and list the looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from assay.errors import AssayError
from assay.store import looks
from assay.store.looks import UsageLook
from assay.store.workspace import Workspace
from assay.usage.folder import existing_import, usage_folders
from assay.usage.forgetting import Wish, account_hashes, fulfil, unfinished
from assay.usage.purging import Purged
from assay.usage.retention import purge_expired, retention_overdue
from assay.usage.secret import workspace_secret


def purge_usage(
    name: str | None = None,
    *,
    everything: bool = False,
    account: str | None = None,
    workspace: str | Path = ".",
) -> list[Purged]:
    """Delete raw text whose time is over, an account's conversations, or an import.

    What is removed is verified by reading back what is left, and written to the audit trail. A
    deletion that was killed is first brought to its end. Where one import cannot be purged, the
    others are, and then its error is raised.

    Args:
        name: the import; every import where it is None.
        everything: delete the named import wholly.
        account: delete the conversations of this account, by the id that the logs have (or the
            keyed hash that transcripts have).

    Returns:
        What each purge removed.
    """
    if everything and (name is None or account is not None):
        raise AssayError(
            "everything of which import?", fix="Name one: assay usage purge NAME --everything"
        )
    if account is not None and not account.strip():
        raise AssayError("which account?", fix="Give its id as the logs have it: --account ID")
    place = Workspace.find(Path(workspace))
    return _each(_purges(place, name, everything=everything, account=account))


def _purges(
    place: Workspace, name: str | None, *, everything: bool, account: str | None
) -> Iterator[Callable[[], Purged]]:
    """What is to be done, in order; the imports are looked for when what was begun has ended."""
    begun = unfinished(place)
    for folder, wish in begun:
        yield partial(fulfil, place, folder, wish)
    if everything and (name, Wish(None)) in [(folder.name, wish) for folder, wish in begun]:
        return
    folders = usage_folders(place) if name is None else [existing_import(place, name)]
    if everything:
        yield from (partial(fulfil, place, folder, Wish(None)) for folder in folders)
    elif account is not None:
        for each in account_hashes(workspace_secret(place.root), account):
            yield from (partial(fulfil, place, folder, Wish(each)) for folder in folders)
    else:
        yield from (partial(purge_expired, place, folder) for folder in folders)


def _each(purges: Iterable[Callable[[], Purged]]) -> list[Purged]:
    """Every purge is tried, whether or not one fails: then the first error is raised."""
    done, failed = [], []
    for purge in purges:
        try:
            done.append(purge())
        except AssayError as error:
            failed.append(error)
    if failed:
        raise failed[0]
    return done


def overdue_purges(*, workspace: str | Path = ".") -> list[str]:
    """A sentence for each import that keeps raw text past its time."""
    folders = usage_folders(Workspace.find(Path(workspace)))
    return [told for folder in folders if (told := retention_overdue(folder.path))]


def usage_looks(*, workspace: str | Path = ".") -> list[UsageLook]:
    """Every look at usage that the audit trail holds, oldest first."""
    return looks.looks(Workspace.find(Path(workspace)).root)
