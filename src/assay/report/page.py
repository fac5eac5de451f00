"""What every page shares: one file from a template, sealed against scripts and the network."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from markupsafe import Markup

from assay.errors import StoreError
from assay.report import plots
from assay.report.samples import Samples
from assay.report.text import visible

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).parent / "templates"
_HTML = b'name="generator" content="Assay '
"""What a page of ours has near its beginning."""
_MARKDOWN = b"## Launch "
"""With what a page of ours in Markdown begins."""


def generator() -> str:
    """What made a report."""
    return f"Assay {version('assay')}"


def render_page(
    template: str, styles: Sequence[str] = (), *, script: str = "report.js", **context: Any
) -> Iterator[str]:
    """A page, in pieces.

    Args:
        template: its name; it extends ``base.html.j2``.
        styles: style sheets besides the one that all pages have.
        script: the script that brings it to life.
        context: what the template says. ``sample_data`` is the samples' JSON, in pieces.
    """
    style = Markup("\n".join(map(_asset, ("report.css", *styles))))
    code = Markup(_asset(script))
    return (
        _environment()
        .get_template(template)
        .generate(
            policy=_policy(style, code),
            style=style,
            script=code,
            generator=generator(),
            axis=plots.axis,
            marker=plots.marker,
            **context,
        )
    )


def write_page(path: Path, parts: Iterable[str]) -> None:
    """Write a file that takes its name only when it is whole. It replaces a page of ours alone.

    Raises:
        StoreError: the file cannot be written, or is there and is no page of ours.
    """
    try:
        _spare(path)
        handle, name = tempfile.mkstemp(".part", f".{path.name}.", path.parent)
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


def _spare(path: Path) -> None:
    if not path.exists():
        return
    with path.open("rb") as file:
        head = file.read(4096)
    ours = head.startswith(_MARKDOWN) if path.suffix == ".md" else _HTML in head
    if head and not ours:
        raise StoreError(
            "this file is there already, and is no page that Assay wrote.",
            where=str(path),
            fix="Give another name, or remove it first.",
        )


def embedded(samples: Samples, names: Sequence[str], models: Sequence[str]) -> Iterator[Markup]:
    """The samples as JSON that cannot end the script element that holds it.

    Args:
        names: what each side of a sample is called; none where there is one side only.
        models: the model that spoke on each side.
    """
    told = [[visible(each) for each in texts] for texts in (names, models)]
    head, tail = msgspec.json.encode(told[0]), msgspec.json.encode(told[1])
    yield inert(b'{"names":' + head + b',"models":' + tail + b',"samples":[')
    for i, entry in enumerate(samples.entries):
        yield inert(b",\n" + entry if i else entry)
    yield Markup("]}")


def inert(json: bytes) -> Markup:
    """JSON that cannot end the script element that holds it."""
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
