"""The command line: a face over ``assay.api``, which is imported only when a command is used."""

from __future__ import annotations

import sys

import typer

from assay.cli import (
    authoring,
    comparing,
    exploring,
    findings,
    health,
    labelling,
    launching,
    looking,
    mapping,
    running,
    usage,
    usage_privacy,
    usage_scoring,
    validating,
    watching,
)
from assay.cli.output import FAILED, STOPPED, fail
from assay.errors import AssayError
from assay.version import __version__

app = typer.Typer(
    name="assay",
    help="Safety evaluations with figures that hide nothing.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for room in (
    running,
    looking,
    comparing,
    authoring,
    labelling,
    launching,
    findings,
    health,
    watching,
    usage,
    mapping,
    exploring,
    usage_scoring,
    usage_privacy,
    validating,
):
    room.register(app)


@app.callback(invoke_without_command=True)
def _root(
    version: bool = typer.Option(False, "--version", help="Print the version and stop."),
) -> None:
    if version:
        typer.echo(f"assay {__version__}")
        raise typer.Exit


def main() -> None:
    """Run a command; turn errors into one clear message and an exit code."""
    try:
        code = app(standalone_mode=False)
    except typer.TyperException as error:  # a wrong option or argument
        error.message = error.message.replace("Value error, ", "")  # pydantic's words
        error.show()  # type: ignore[attr-defined]
        code = FAILED
    except (typer.Abort, KeyboardInterrupt):
        code = STOPPED
    except AssayError as error:
        fail(str(error))
        code = FAILED
    except BrokenPipeError:
        code = FAILED
    if code == STOPPED:
        fail("stopped at once. What was finished is kept: the same command goes on.")
    sys.exit(code)
