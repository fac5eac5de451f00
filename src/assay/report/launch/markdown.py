"""The launch report as Markdown, for a pull request or an archive; all names are text in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from assay.launch.summary import inert, markdown
from assay.report.launch.chapters import ChapterView, chapters
from assay.report.launch.decision import decision
from assay.report.launch.effects import effects
from assay.report.launch.html import measured
from assay.report.launch.limits import limits
from assay.report.launch.methods import methods
from assay.report.launch.tables import Other, Row, Table
from assay.report.launch.view import LaunchView
from assay.report.model import Figure
from assay.report.sql import Query


def launch_markdown(view: LaunchView) -> Iterator[str]:
    """The report, in pieces. It holds no transcripts: SQL lists those behind each table."""
    told = chapters(view)
    for part in (
        [markdown(view.check)],
        _sql(decision(view.check, view.sources, view.findings).queries),
        *(_chapter(each) for each in told),
        _ledger(view),
        _changes(view),
        _scorers(view),
        _statistics(view),
        _limits(view, told),
    ):
        for line in part:
            yield line + "\n"


def _chapter(chapter: ChapterView) -> Iterator[str]:
    yield from ("", f"## {chapter.title}", "", chapter.about, "")
    if chapter.empty:
        yield "**No evidence.** No complete run of the candidate has an eval of this chapter."
    for table in chapter.overall:
        yield from _table(table, 3, "")
    for title, tables in chapter.sections:
        yield from ("", f"### {title}")
        for table in tables:
            yield from _table(table, 4, f", by {table.label}")


def _table(table: Table, level: int, how: str) -> Iterator[str]:
    yield ""
    yield f"{'#' * level} {inert(table.eval)}, {inert(table.scorer.name)}{how}"
    yield ""
    yield f"Version {inert(table.version)}; scorer version {inert(table.scorer.version[:12])}."
    yield ""
    yield from _rows(
        ("requests", "candidate", "scored", "missing", "scorer", "beside it"),
        (_cells(row) for row in table.rows),
    )
    if table.dropped:
        yield ""
        yield f"{table.dropped:,} rows with the best figures are left out."
    yield from _sql(table.queries)


def _cells(row: Row) -> tuple[str, ...]:
    figure = row.candidate
    about = ", ".join(filter(None, (row.name, row.requests, row.direction)))
    if figure is None:
        return about, "no figure", "", "", "", ""
    estimate = figure.estimate
    clusters = f", {estimate.clusters:,} clusters" if estimate.clusters != estimate.n else ""
    missing = (
        f"{figure.missing_count:,}: {figure.missing}; worst case {figure.worst}"
        if figure.missing_count
        else "none"
    )
    warning = f"; warning: {estimate.warning}" if estimate.warning else ""
    return (
        about,
        f"{_value(figure)}, {figure.method}{warning}",
        f"{estimate.n:,} of {estimate.planned:,}{clusters}",
        missing,
        "; ".join(figure.trust),
        " / ".join(_other(each) for each in row.others),
    )


def _value(figure: Figure) -> str:
    return f"{figure.value} {figure.interval}" if figure.estimate.n else "nothing scored"


def _other(other: Other) -> str:
    told = f"{other.subject.title}: no such figure"
    if other.figure is not None:
        of = other.figure.estimate
        seconds = "".join(f", {each}" for each in other.figure.seconds)
        told = f"{other.subject.title}: {_value(other.figure)}{seconds}"
        told += f", {of.n:,} of {of.planned:,} scored"
    found = other.change
    if found is None or not found.size:
        return told
    size = f"{found.size} {found.interval}, {found.verdict}"
    return f"{told}; candidate less this {size} ({found.notes})"


def _ledger(view: LaunchView) -> Iterator[str]:
    yield from ("", "## Findings and mitigations", "")
    if not view.findings:
        yield "The ledger of this launch is empty."
    told = effects(view.findings, view.sources)
    for each in view.findings:
        state = "open" if each.open else f"closed {(each.closed or '')[:10]}"
        yield f"- {inert(each.id)}, {state}, owner {inert(each.owner)}: {inert(each.summary)}"
        for done in each.mitigations:
            effect = told.get((each.id, done.number))
            words = "no runs prove an effect yet"
            if effect is not None and done.effect is not None:
                shown = "shown" if done.effect.shown else "not shown"
                words = (
                    f"{effect.before} before, {effect.after} after,"
                    f" {effect.size} {effect.interval}, {shown}; {done.effect.n:,} pairs"
                )
            yield f"  - {inert(done.what)} (by {inert(done.by)}, {done.time[:10]}): {inert(words)}"


def _changes(view: LaunchView) -> Iterator[str]:
    yield from ("", "## Changes to evals", "")
    if not view.changes:
        yield f"Nothing differs from: {inert(', '.join(view.compared)) or 'nothing earlier'}."
        return
    yield from _rows(
        ("eval", "since", "what", "earlier", "candidate"),
        (
            (each.eval, each.since, c.what, _short(c.baseline), _short(c.candidate))
            for each in view.changes
            for c in each.contrasts
        ),
    )


def _scorers(view: LaunchView) -> Iterator[str]:
    yield from ("", "## Scorer validity", "")
    rows = []
    for each in view.standings:
        own = each.certificate
        about = f"{each.scorer.name}, version {each.scorer.version[:12]}"
        told = ("", "", "", "")
        if own is not None:
            labels = f"{own.replies:,} replies, {own.raters} raters, {own.labels}"
            dates = f"{own.made[:10]}, until {own.expires[:10]}"
            told = (measured(own.sensitivity), measured(own.specificity), labels, dates)
        rows.append((about, each.standing, *told))
    yield from _rows(("scorer", "standing", "sensitivity", "specificity", "labels", "made"), rows)


def _statistics(view: LaunchView) -> Iterator[str]:
    yield from ("", "## Statistics", "")
    for each in methods(view):
        names = f" Here: {inert('; '.join(each.names))}." if each.names else ""
        yield f"- **{each.title}.** {each.text}{names}"


def _limits(view: LaunchView, told: tuple[ChapterView, ...]) -> Iterator[str]:
    yield from ("", "## Limits: what this report cannot tell", "")
    for each in limits(view, told):
        yield f"- **{each.kind}.** {inert(each.text)}"
        yield from (f"  - {inert(place)}" for place in each.where)


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(inert, row))} |"


def _sql(queries: Sequence[Query]) -> Iterator[str]:
    if not queries:
        return
    yield from ("", "<details><summary>SQL</summary>", "")
    for query in queries:
        ticks = max(map(len, re.findall("`+", query.sql)), default=0)
        fence = "`" * max(3, ticks + 1)
        yield from (f"{inert(query.about)}:", "", f"{fence}sql", query.sql, fence, "")
    yield from ("</details>",)


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:200]}…"
