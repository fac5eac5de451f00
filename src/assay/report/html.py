"""Writes the report's file: the page from its template, sealed against scripts and the network."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from markupsafe import Markup

from assay.errors import StoreError
from assay.report import plots
from assay.report.findings import findings
from assay.report.model import Row, RunView, Tables, Twin
from assay.report.provenance import (
    command,
    eval_sheets,
    run_facts,
    samples_words,
    status_words,
)
from assay.report.samples import MAX_TRANSCRIPTS, Samples, choose
from assay.report.text import REASONS, visible

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"


def write_report(
    path: Path, candidate: RunView, baseline: RunView | None = None, *, title: str | None = None
) -> None:
    """Write one HTML file that shows a run, or a candidate's run beside its baseline's.

    The file needs no network and no other file. It is complete or absent: it takes its name only
    when it is whole. The same runs give the same bytes. On paper it leaves the samples out, since
    what may upset a reader cannot be blurred there.

    Raises:
        StoreError: the file cannot be written.
    """
    parts = render(candidate, baseline, title=title)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.writelines(parts)
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise StoreError(
            f"The report cannot be written: {error.strerror or error}.",
            where=str(path),
            fix="Check that the folder exists, may be written to, and has room.",
        ) from error


def render(
    candidate: RunView, baseline: RunView | None = None, *, title: str | None = None
) -> Iterator[str]:
    """The page, in pieces."""
    tables = Tables(candidate, baseline)
    overall = tables.overall()
    style = Markup(_asset("report.css"))
    script = Markup(_asset("report.js"))
    views = [view for view in (candidate, baseline) if view]
    samples = choose(candidate, baseline)
    template = _environment().get_template("report.html.j2")
    return template.generate(
        title=title or _title(views),
        policy=_policy(style, script),
        style=style,
        script=script,
        generator=f"Assay {version('assay')}",
        runs=list(zip(("Candidate", "Baseline"), views, strict=False)),
        paired=baseline is not None,
        confidences=sorted({f"{e.confidence:.0%}" for view in views for e in view.estimates}),
        findings=findings(candidate, baseline, overall),
        overall=overall,
        twins=tables.twins(),
        sections=tables.sections(),
        samples=samples,
        max_transcripts=MAX_TRANSCRIPTS,
        sample_data=_embedded(samples, [view.record.model for view in views]),
        reasons=REASONS,
        commands=_commands(views),
        samples_words=samples_words,
        eval_sheets=eval_sheets,
        run_facts=run_facts,
        status_words=status_words,
        row_plot=row_plot,
        twin_plot=twin_plot,
        axis=plots.axis,
        marker=plots.marker,
    )


def row_plot(name: str, row: Row, paired: bool) -> Markup:
    """The plot in a row of figures: a lane for each run."""
    lanes = [plots.Lane("Candidate", "disc", row.candidate.estimate if row.candidate else None)]
    if paired:
        theirs = row.baseline.estimate if row.baseline else None
        lanes.append(plots.Lane("Baseline", "diamond", theirs))
    about = ", ".join(filter(None, (row.eval, row.scorer, row.name, row.requests, row.direction)))
    return plots.interval_plot(name, about, lanes, row.scale)


def twin_plot(name: str, twin: Twin) -> Markup:
    """The plot in a row of twins: a lane for each polarity."""
    sides = (("Violative", "square", twin.violative), ("Benign", "ring", twin.benign))
    lanes = [plots.Lane(n, shape, f.estimate if f else None) for n, shape, f in sides]  # type: ignore[arg-type]
    about = f"{twin.eval}, {twin.scorer}, {twin.run} {twin.model}"
    return plots.interval_plot(name, about, lanes, twin.scale)


def _title(views: list[RunView]) -> str:
    return " against ".join(view.record.model for view in views)


def _commands(views: list[RunView]) -> list[str]:
    """The command that makes each run again."""
    records = [view.record for view in views]
    return [command(record, records[1] if len(records) > 1 else None) for record in records]


def _embedded(samples: Samples, models: list[str]) -> Iterator[Markup]:
    """The samples as JSON that cannot end the script element that holds it."""
    names = msgspec.json.encode([visible(model) for model in models])
    yield _inert(b'{"models":' + names + b',"samples":[')
    for i, entry in enumerate(samples.entries):
        yield _inert(b",\n" + entry if i else entry)
    yield Markup("]}")


def _inert(json: bytes) -> Markup:
    text = json.decode()
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def _policy(style: str, script: str) -> str:
    """The content security policy: this page's own style and script, and nothing else at all."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types 'none'",
        )
    )


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _asset(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )


def _shown(value: Any) -> Any:
    """Every value that a template prints: foreign text gets its hidden characters shown."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
