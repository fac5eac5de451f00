"""Commands for launches: launch init, launch check, launch report, launch sign."""

from __future__ import annotations

import datetime
import enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.output import DONE, FOUND, UNFINISHED, note, print_json, print_table
from assay.cli.running import AsJson, Workspace

if TYPE_CHECKING:
    from assay.api import LaunchCheck


class Format(enum.Enum):
    """The kinds of files that a report can be."""

    html = "html"
    md = "md"


launch = typer.Typer(help="Launches: their gates, and whether they pass.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The launch's name: launches/NAME.yaml.")]


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(launch, name="launch")


@launch.command("init")
def init(name: Name, workspace: Workspace = Path()) -> None:
    """Begin a launch: a file of gates for the newest run's evals, to be edited."""
    from assay import api

    made = api.init_launch(name, workspace=workspace)
    note(f"Made {made}. Set its limits and owners, then: assay launch check {name}")


@launch.command("check")
def check(
    name: Name,
    junit: Annotated[Path | None, typer.Option(help="Write JUnit XML to this file.")] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="Add a summary, as GitHub shows it, to this file.")
    ] = None,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Decide every gate. Exits 0 where all pass, 2 where one fails, 3 where evidence is lacking."""
    from assay import api

    found = api.check_launch(name, junit=junit, markdown=markdown, workspace=workspace)
    if as_json:
        print_json(found)
    else:
        _print(found)
    raise typer.Exit(_code(found))


@launch.command("report")
def report(
    name: Name,
    out: Annotated[
        Path | None, typer.Option(help="The file to write; launches/NAME.html or .md if not given.")
    ] = None,
    format: Annotated[
        Format, typer.Option(help="A page for a browser, or Markdown.")
    ] = Format.html,
    workspace: Workspace = Path(),
) -> None:
    """Check a launch and write its report: the decision first, then the evidence in chapters.

    The page is one file that needs no network; the browser prints it as PDF.
    """
    from assay import api

    made = api.report_launch(name, out=out, format=format.value, workspace=workspace)
    note(f"Report: {made}")


@launch.command("sign")
def sign(
    name: Name,
    by: Annotated[str, typer.Option(help="Who signs.")],
    role: Annotated[str, typer.Option(help="In what role.")],
    conditions: Annotated[
        list[str] | None, typer.Option(help="What the signer asks for besides; may be repeated.")
    ] = None,
    expires: Annotated[
        datetime.datetime | None,
        typer.Option(formats=["%Y-%m-%d"], help="The last day on which it holds: 2027-01-31."),
    ] = None,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Sign a launch that is no no-go. Any later change of its evidence voids the sign-off."""
    from assay import api

    found = api.sign_launch(
        name,
        by=by,
        role=role,
        conditions=conditions or (),
        expires=expires.date() if expires else None,
        workspace=workspace,
    )
    if as_json:
        print_json(found)
    else:
        _print(found)


def _code(found: LaunchCheck) -> int:
    """Waived gates do not count: a named person has answered for them."""
    verdicts = {gate.verdict for gate in found.gates if gate.waiver is None}
    if "fail" in verdicts:
        return FOUND
    return UNFINISHED if "inconclusive" in verdicts else DONE


def _print(found: LaunchCheck) -> None:
    print_table(
        ("gate", "verdict", "requirement", "figure", "bounds", "n/planned", "clusters", "scorer"),
        [
            (
                gate.id,
                f"{gate.verdict} (waived)" if gate.waiver else gate.verdict,
                gate.requirement,
                gate.figure,
                gate.bounds,
                f"{gate.n:,}/{gate.planned:,}",
                f"{gate.clusters:,}",
                f"{gate.scorer}, {gate.standing}" if gate.standing else gate.scorer,
            )
            for gate in found.gates
        ],
        right=("n/planned", "clusters"),
    )
    for gate in found.gates:
        if gate.verdict != "pass":
            note(f"{gate.id}: {gate.verdict}. {gate.reason}")
            if gate.needed:
                note(f"  To settle it: {gate.needed}.")
            for remark in gate.conditions:
                note(f"  {remark}")
    if found.conditions:
        note("Conditions:")
        for condition in found.conditions:
            note(f"  {condition}")
    for signature in found.signatures:
        note(f"Sign-off {signature.words}")
    note(f"Launch {found.launch} of {found.candidate}: {found.verdict}. {found.reason}")
