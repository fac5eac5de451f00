"""What `assay.api` gives of launches: begin one, check it, sign it."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

from assay.errors import StoreError
from assay.launch import summary
from assay.launch.check import gather_and_decide
from assay.launch.definition import load_launch
from assay.launch.result import LaunchCheck
from assay.launch.signing import sign, with_signatures
from assay.launch.template import write_launch
from assay.store.files import write_whole
from assay.store.workspace import Workspace


def init_launch(name: str, *, workspace: str | Path = ".") -> Path:
    """Write launches/<name>.yaml: gates for the newest run's evals, to be edited.

    Args:
        name: the launch's name.
    """
    return write_launch(Workspace.find(Path(workspace)), name)


def check_launch(
    name: str,
    *,
    junit: str | Path | None = None,
    markdown: str | Path | None = None,
    workspace: str | Path = ".",
) -> LaunchCheck:
    """Decide every gate of a launch by the runs at hand, and judge the launch: go or no-go.

    Args:
        name: the launch's name, or the path of its file.
        junit: a file to write as JUnit XML, a test case a gate.
        markdown: a file to add a summary to, as GitHub shows it.
    """
    place = Workspace.find(Path(workspace))
    found = _checked(place, name)
    if junit is not None:
        write_whole(Path(junit), summary.junit(found))
    if markdown is not None:
        _append(Path(markdown), summary.markdown(found))
    return found


def sign_launch(
    name: str,
    *,
    by: str,
    role: str,
    conditions: Sequence[str] = (),
    expires: datetime.date | None = None,
    workspace: str | Path = ".",
) -> LaunchCheck:
    """Check a launch and sign it, bound to the evidence as it is now. A no-go cannot be signed.

    Args:
        name: the launch's name, or the path of its file.
        by: who signs.
        role: in what role.
        conditions: what the signer asks for besides.
        expires: the last day on which the sign-off holds; None until the evidence changes.

    Returns:
        The check with every sign-off of the launch, this one last.
    """
    place = Workspace.find(Path(workspace))
    found = _checked(place, name)
    sign(place, found, by=by, role=role, conditions=tuple(conditions), expires=expires)
    return with_signatures(place, found)


def _checked(place: Workspace, name: str) -> LaunchCheck:
    return with_signatures(place, gather_and_decide(place, load_launch(name, place.root)))


def _append(file: Path, text: str) -> None:
    """A job's summary may already hold what other steps wrote."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as opened:
            opened.write(text)
    except OSError as error:
        raise StoreError(
            f"could not be written ({error.strerror}).",
            where=str(file),
            fix="Free some space or mend the permissions, then try again.",
        ) from error
