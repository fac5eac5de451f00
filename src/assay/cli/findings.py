"""Commands for the mitigations ledger: finding open, mitigate, prove, close, list, show."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from assay.cli.output import note, plain, print_json, print_table
from assay.cli.running import AsJson, Workspace

if TYPE_CHECKING:
    from assay.records import Effect, Finding

finding = typer.Typer(
    help="Findings: who owns them, what was done, and whether it worked.", no_args_is_help=True
)

Id = Annotated[str, typer.Argument(help="The finding's id, as `assay finding list` shows it.")]
By = Annotated[str, typer.Option(help="Who does it.")]
Launch = Annotated[str | None, typer.Option(help="The launch that it stands in the way of.")]
Measure = Annotated[
    str | None,
    typer.Option(help="What tells whether it is mended: EVAL/SCORER/polarity=violative."),
]
BEFORE, AFTER = "A complete run without the mitigation.", "A complete run with it."


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(finding, name="finding")


@finding.command("open")
def open_(
    kind: Annotated[
        Literal["gate", "regression", "sample", "cluster"], typer.Option(help="What it is.")
    ],
    subject: Annotated[
        str,
        typer.Option(
            help="The gate's id; EVAL/SCORER or EVAL/SCORER/language=de; the transcript's id; "
            "the cluster, in any words."
        ),
    ],
    owner: Annotated[str, typer.Option(help="Who answers for it.")],
    summary: Annotated[str, typer.Option(help="What was found, in a sentence.")],
    launch: Launch = None,
    measure: Measure = None,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Begin a finding that somebody owns. While it is open, its launch is no plain go."""
    from assay import api

    found = api.open_finding(
        kind,
        subject,
        owner=owner,
        summary=summary,
        launch=launch,
        measure=measure,
        workspace=workspace,
    )
    _show(found, as_json)


@finding.command("mitigate")
def mitigate(
    id: Id,
    what: Annotated[str, typer.Option(help="What was done.")],
    by: By,
    before: Annotated[str | None, typer.Option(help=BEFORE)] = None,
    after: Annotated[str | None, typer.Option(help=AFTER)] = None,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Say what was done about a finding; with runs before and after it, what that changed."""
    from assay import api

    found = api.mitigate_finding(
        id, what=what, by=by, before=before, after=after, workspace=workspace
    )
    _show(found, as_json)


@finding.command("prove")
def prove(
    id: Id,
    number: Annotated[int, typer.Argument(help="The mitigation's number.")],
    before: Annotated[str, typer.Option(help=BEFORE)],
    after: Annotated[str, typer.Option(help=AFTER)],
    measure: Measure = None,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Add the runs before and after a mitigation, or newer ones: the latest count."""
    from assay import api

    found = api.prove_finding(
        id, number, before=before, after=after, measure=measure, workspace=workspace
    )
    _show(found, as_json)


@finding.command("close")
def close(
    id: Id,
    by: By,
    reason: Annotated[str, typer.Option(help="Why, where the effect does not say enough.")] = "",
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Close a finding: only where a mitigation's interval excludes zero on the better side."""
    from assay import api

    _show(api.close_finding(id, by=by, reason=reason, workspace=workspace), as_json)


@finding.command("list")
def list_(
    launch: Launch = None,
    closed: Annotated[bool, typer.Option("--all", help="The closed ones as well.")] = False,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """The open findings, the newest first."""
    from assay import api

    found = api.list_findings(launch=launch, closed=closed, workspace=workspace)
    if as_json:
        print_json(found)
        return
    print_table(
        ("id", "state", "kind", "subject", "launch", "owner", "opened", "done", "summary"),
        [
            (
                each.id,
                "open" if each.open else "closed",
                each.kind,
                each.subject,
                each.launch or "",
                each.owner,
                each.opened[:10],
                _done(each),
                each.summary,
            )
            for each in found
        ],
    )


@finding.command("show")
def show(id: Id, workspace: Workspace = Path(), as_json: AsJson = False) -> None:
    """One finding, with its mitigations and what they changed."""
    from assay import api

    _show(api.show_finding(id, workspace=workspace), as_json)


def _done(found: Finding) -> str:
    """How far it has come, in a word or two."""
    if not found.mitigations:
        return "nothing"
    count = len(found.mitigations)
    told = "1 mitigation" if count == 1 else f"{count} mitigations"
    return f"{told}, effect shown" if found.shown else told


def _show(found: Finding, as_json: bool) -> None:
    if as_json:
        print_json(found)
        return
    about = f" of launch {found.launch}" if found.launch else ""
    lines = [
        f"{found.id}: {found.kind} {found.subject}{about}, {_state(found)}",
        f"  {found.summary}",
        f"  Owner {found.owner}; opened {found.opened[:10]} by {found.opened_by}.",
        f"  Measured by {found.measure.words if found.measure else 'nothing yet: say --measure'}.",
    ]
    for each in found.mitigations:
        lines.append(f"  {each.number}. {each.what} ({each.by}, {each.time[:10]})")
        lines += [f"     {line}" for line in _effect(each.effect)]
    typer.echo(plain("\n".join(lines)))
    if found.open and found.shown:
        note(f"Its effect is shown. To close it: assay finding close {found.id} --by WHO")


def _state(found: Finding) -> str:
    if found.open:
        return "open"
    why = f": {found.reason}" if found.reason else ""
    return f"closed by {found.closed_by} on {(found.closed or '')[:10]}{why}"


def _effect(effect: Effect | None) -> list[str]:
    if effect is None:
        return ["No run before and after it yet."]
    lines = [
        f"{'Shown' if effect.shown else 'Not shown'}: {effect.words},"
        f" {'higher' if effect.better == 'high' else 'lower'} is better.",
        f"Runs {effect.before_run} and {effect.after_run}. {effect.method}; n {effect.n:,},"
        f" clusters {effect.clusters:,}, missing {_counts(effect.missing)}; scorer"
        f" {effect.standing}.",
    ]
    if effect.warning:
        lines.append(f"{effect.warning[:1].upper()}{effect.warning[1:]}.")
    if effect.needed:
        lines.append(f"Needed: {effect.needed}.")
    if effect.sample is not None:
        sample = effect.sample
        scores = (
            f"{_score(sample.before, sample.before_reason)} before,"
            f" {_score(sample.after, sample.after_reason)} after"
        )
        lines.append(f"The sample itself, {sample.sample_id} ({sample.standing}): {scores}.")
    lines += [f"Differs: {each}" for each in effect.differs]
    return lines


def _score(value: float | None, reason: str) -> str:
    return f"{value:g}" if value is not None else reason or "nothing"


def _counts(missing: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {reason}" for reason, count in missing.items()) or "0"
