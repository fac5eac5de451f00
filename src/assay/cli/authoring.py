"""Commands for those who write evals: evals, init, check, models."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from assay.cli.output import DONE, FOUND, near, note, plain, print_json, print_table
from assay.cli.progress import fetching
from assay.cli.running import AsJson, Workspace

models = typer.Typer(help="Local models: what is known, and fetching one.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add this module's commands."""
    app.command("evals")(evals)
    app.command("init")(init)
    app.command("check")(check)
    app.add_typer(models, name="models")


def evals(workspace: Workspace = Path(), as_json: AsJson = False) -> None:
    """The evals at hand: your own, and those that come with Assay."""
    from assay import api

    found = api.list_evals(workspace=workspace)
    if as_json:
        print_json({name: str(path) for name, path in found.items()})
    else:
        print_table(("eval", "folder"), found.items())


def init(
    folder: Annotated[Path, typer.Argument(help="The eval's folder, for instance evals/my-eval.")],
    source: Annotated[
        str | None,
        typer.Argument(
            help="A file of samples; with --from, a benchmark's file or URL (with --sha256)."
        ),
    ] = None,
    from_: Annotated[
        str | None,
        typer.Option("--from", help="A shipped eval to copy, or a public benchmark (of its FILE)."),
    ] = None,
    sha256: Annotated[str | None, typer.Option(help="What the download must hash to.")] = None,
) -> None:
    """Make a new eval folder: an example to edit, a copy of an eval, or a public benchmark."""
    from assay import api

    made = api.init(folder, start=from_, source=source, sha256=sha256)
    note(f"Made {made}. Edit it, then: assay check {made}")


def check(
    folder: Annotated[str, typer.Argument(help="An eval's folder or name.")],
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Find every problem of an eval at once, with file, row, column and remedy."""
    from assay import api

    problems = api.check(folder, workspace=workspace)
    if as_json:
        print_json(problems)
    else:
        for problem in problems:
            typer.echo(plain(near(f"{problem.severity}: {problem}")))
    errors = sum(problem.severity == "error" for problem in problems)
    note(f"{_counted(errors, 'error')}, {_counted(len(problems) - errors, 'warning')}.")
    raise typer.Exit(FOUND if errors else DONE)


def _counted(number: int, word: str) -> str:
    return f"{number:,} {word}{'' if number == 1 else 's'}"


@models.command("list")
def models_list(as_json: AsJson = False) -> None:
    """Local models that install from the package index."""
    from assay import api

    known = api.local_models()
    if as_json:
        print_json(known)
        return
    print_table(
        ("name", "here", "megabytes", "licence", "what it is"),
        [
            (each.name, "yes" if each.path else "no", each.megabytes, each.licence, each.title)
            for each in known
        ],
    )


@models.command("add")
def models_add(name: Annotated[str, typer.Argument(help="For instance smollm2-135m.")]) -> None:
    """Fetch a local model's weights and check them."""
    from assay import api

    with fetching(name) as progress:
        path = api.add_local_model(name, progress=progress)
    typer.echo(path)
