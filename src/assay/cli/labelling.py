"""Commands for what people say of replies, and what that says of scorers: labels, certify."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from assay.cli.output import note, print_json, print_table
from assay.cli.progress import shown
from assay.cli.running import AsJson, Dollars, Judge, Tokens, Workspace

if TYPE_CHECKING:
    from assay.records import Certificate, Measured

Columns = Annotated[
    list[str] | None,
    typer.Option(
        "--column",
        help="What a column tells, as reply=NAME: input, reply, label, rater, cluster, "
        "policy_area, language.",
    ),
]
Positive = Annotated[
    str,
    typer.Option(
        help="Labels, with commas between, that say what the scorer's greatest value says."
    ),
]

labels = typer.Typer(help="Sheets for people to label, and taking them back.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.add_typer(labels, name="labels")
    app.command("certify")(certify)
    app.command("certificates")(certificates)


@labels.command("sample")
def sample(
    run: Annotated[
        str, typer.Argument(help="The run's id, its beginning, or latest; or usage:NAME.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The sheet to write: .xlsx or .csv.")],
    n: Annotated[int, typer.Option("--n", min=1, help="How many replies.")] = 100,
    strategy: Annotated[
        Literal["random", "stratified", "uncertain"],
        typer.Option(
            help="stratified: as many flagged as passed; uncertain: more of what is less sure."
        ),
    ] = "random",
    scorer: Annotated[str | None, typer.Option(help="Whose question people answer.")] = None,
    raters: Annotated[int, typer.Option(min=1, max=100, help="One sheet for each.")] = 1,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Draw replies of a run for people to label, without the scorer's verdicts."""
    from assay import api

    made = api.sample_labels(
        run,
        out,
        n=n,
        strategy=strategy,
        scorer=scorer,
        raters=raters,
        workspace=workspace,
    )
    if as_json:
        print_json(made)
        return
    for file in made.files:
        typer.echo(file)
    drawn = ", ".join(
        f"{taken:,} of {size:,} {name}" for name, (size, taken) in made.draw.strata.items()
    )
    note(f"{made.draw.id}: {drawn}. Filled, take it back: assay labels import {made.files[0]}")


@labels.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="A filled sheet, or another file of labels.")],
    rater: Annotated[
        str | None, typer.Option(help="Who labelled, if the file does not say.")
    ] = None,
    run: Annotated[
        str | None, typer.Option(help="The run, or usage:NAME, where the file has no draw.")
    ] = None,
    scorer: Annotated[
        str | None, typer.Option(help="Whose question the labels answer, where there is no draw.")
    ] = None,
    positive: Positive = "",
    column: Columns = None,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Take labels in: all of a file or nothing. The same file again adds nothing."""
    from assay import api

    taken = api.import_labels(
        file,
        rater=rater,
        run=run,
        scorer=scorer,
        positive=_listed(positive),
        columns=_columns(column),
        workspace=workspace,
    )
    if as_json:
        print_json(taken)
        return
    if not taken.added and not taken.known:
        note(f"No label stands in any of {taken.blank:,} rows: fill the column label, then again.")
        return
    note(
        f"{taken.added:,} labels are new, {taken.known:,} were known, {taken.blank:,} rows are "
        f"blank; by {', '.join(taken.raters)}, of {', '.join(taken.runs)}."
    )


def certify(
    scorer: Annotated[
        str, typer.Argument(help="A kind of scorer, or a YAML file of one; or a run's, by name.")
    ],
    labelled: Annotated[
        str,
        typer.Option(
            "--labels", "-l", help="A file of labelled replies, a run's id, or usage:NAME."
        ),
    ],
    positive: Positive = "",
    column: Columns = None,
    judge: Judge = None,
    expires: Annotated[int, typer.Option(min=1, help="Days for which it holds.")] = 180,
    max_tokens_spent: Tokens = None,
    max_dollars: Dollars = None,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Measure a scorer against what people labelled, and keep the certificate."""
    from assay import api

    controls = api.Controls(spending=api.Spending(max_tokens_spent, max_dollars))
    with shown(controls):
        record = api.certify(
            scorer,
            labelled,
            positive=_listed(positive),
            columns=_columns(column),
            judge=judge,
            expires=expires,
            workspace=workspace,
            controls=controls,
        )
    if as_json:
        print_json(record)
    else:
        _print(record)


def certificates(workspace: Workspace = Path(), as_json: AsJson = False) -> None:
    """The workspace's certificates, newest first."""
    from assay import api

    found = api.certificates(workspace=workspace)
    if as_json:
        print_json(found)
        return
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    print_table(
        ("certificate", "labels", "replies", "sensitivity", "specificity", "standing", "expires"),
        [
            (
                each.id,
                each.labels,
                f"{each.replies:,}",
                _told(each.sensitivity),
                _told(each.specificity),
                each.standing(now),
                each.expires[:10],
            )
            for each in found
        ],
        right=("replies",),
    )


def _print(record: Certificate) -> None:
    rows: list[tuple[str, int, Measured | None]] = [
        ("sensitivity", record.positives, record.sensitivity),
        ("  with the unscored counted as wrong", record.positives, record.worst_sensitivity),
        ("specificity", record.negatives, record.specificity),
        ("  with the unscored counted as wrong", record.negatives, record.worst_specificity),
        ("precision", 0, record.precision),
        ("agreement with people", 0, record.agreement),
        ("  kappa", 0, record.kappa),
        ("  AC1", 0, record.ac1),
        ("people among themselves (alpha)", 0, record.rater_alpha),
        ("verdicts that flip when asked again", 0, record.flips),
    ]
    for part in record.slices:
        name = ", ".join(part.slice.values())
        rows.append((f"sensitivity, {name}", part.positives, part.sensitivity))
        rows.append((f"specificity, {name}", part.negatives, part.specificity))
    if not record.unscored:
        rows = [row for row in rows if "unscored" not in row[0]]
    print_table(
        ("measure", "of", "value and 95% interval", "a constant guesser", "clusters", "method"),
        [
            (
                name,
                f"{of:,}" if of else "",
                _told(each),
                _guess(name, record),
                each.clusters,
                each.method,
            )
            for name, of, each in rows
            if each is not None
        ],
        right=("of", "clusters"),
    )
    unscored = ", ".join(f"{reason} {count}" for reason, count in record.unscored.items())
    note(
        f"{record.replies:,} labelled replies in {record.labels} (labels {record.labels_hash}), "
        f"{record.raters} rater(s). Left out: {record.unlabelled} that nobody could tell, "
        f"{record.contested} contested. Unscored: {unscored or 'none'}."
    )
    for warning in record.warnings:
        note(warning)
    note(f"Certificate {record.id}, until {record.expires[:10]}.")


def _guess(name: str, record: Certificate) -> str:
    """What always giving people's commonest verdict would reach."""
    guesses = {
        "agreement with people": record.constant,
        "  kappa": 0.0,
        "  AC1": record.constant_ac1,
    }
    value = guesses.get(name)
    return "" if value is None else f"{value:.3f}"


def _told(each: Measured | None) -> str:
    if each is None:
        return "-"
    low = "" if each.low is None else f"{each.low:.3f}"
    high = "" if each.high is None else f"{each.high:.3f}"
    return f"{each.value:.3f} [{low}, {high}]"


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",") if each.strip()]


def _columns(given: list[str] | None) -> dict[str, str]:
    columns = {}
    for each in given or []:
        role, sign, name = each.partition("=")
        if not sign:
            raise typer.BadParameter(f"{each!r}: write what it tells and its name, as reply=NAME.")
        columns[role.strip()] = name.strip()
    return columns
