"""The command that compares runs: compare."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from assay.cli.output import DONE, FAILED, FOUND, fail, note, print_json, print_table
from assay.cli.running import AsJson, Workspace

if TYPE_CHECKING:
    from assay.api import Comparison, Difference, Matrix
    from assay.records import Bridge, ComparedRun, Contrast, Flip

_MOST = 60
"""Settings are shortened to so many characters; --json has them whole."""


def register(app: typer.Typer) -> None:
    """Add this module's command."""
    app.command("compare")(compare)


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            help="Baseline and candidate: ids, their beginnings, or latest. "
            "Three or more make a matrix, each against the first."
        ),
    ],
    bridge: Annotated[
        str | None,
        typer.Option(help="A run of the baseline's model on the candidate's version of the evals."),
    ] = None,
    slices: Annotated[
        bool, typer.Option("--slices", help="Every slice, not the overall figures alone.")
    ] = False,
    flips: Annotated[
        bool, typer.Option("--flips", help="List the samples whose score changed.")
    ] = False,
    html: Annotated[
        Path | None, typer.Option(help="Write the comparison to this file, as a page to read.")
    ] = None,
    workspace: Workspace = Path(),
    as_json: AsJson = False,
) -> None:
    """Compare runs: what differs besides the model, then paired differences, the worst first.

    Ends with 2 where an overall figure is clearly worse.
    """
    from assay import api

    if len(runs) < 2 or (len(runs) > 2 and (bridge or flips or slices or html)):
        fail("say two runs, or three and more without --bridge, --slices, --flips and --html.")
        raise typer.Exit(FAILED)
    if len(runs) > 2:
        matrix = api.compare_many(runs, workspace=workspace)
        print_json(matrix) if as_json else _print_matrix(matrix)
        told = [each for row in matrix.rows for each in row.differences if each]
    else:
        if html is not None:
            found = api.report_comparison(*runs, out=html, bridge=bridge, workspace=workspace)
        if html is None or flips:
            found = api.compare(*runs, bridge=bridge, flips=flips, workspace=workspace)
        print_json(found) if as_json else _print_comparison(found, slices=slices, flips=flips)
        told = list(found.overall)
        if html is not None:
            note(f"Page: {html}")
    raise typer.Exit(FOUND if any(each.verdict == "worse" for each in told) else DONE)


def _print_comparison(found: Comparison, *, slices: bool, flips: bool) -> None:
    note(f"Baseline   {_named(found.baseline)}")
    note(f"Candidate  {_named(found.candidate)}")
    _print_contrasts(found.contrasts)
    _print_differences(found.overall, "Candidate less baseline")
    changed = [each.eval for each in found.contrasts if each.what == "content hash"]
    if changed and not found.bridge:
        note(
            f"Changed between the runs: {', '.join(changed)}. To tell the eval's part of the change"
            f" from the model's, run {found.baseline.model} on it as it is now, and give that run"
            " as --bridge."
        )
    if found.bridge:
        note(f"Bridge     {_named(found.bridge)}")
        _print_bridges(found.bridges, slices=slices)
    if slices:
        _print_differences(found.slices, "Slices")
        tested = sum(each.adjusted is not None for each in found.slices)
        note(
            f"Of the {tested:,} slices, worse and better are said of those that stand after"
            " Benjamini and Hochberg: of these, at most 5% are marked falsely on average."
        )
    if flips:
        _print_flips(found.flips)
    for missing in found.uncompared:
        about = ", ".join(filter(None, (missing.eval, missing.scorer)))
        note(f"Not compared: {about}: {missing.why}")
    _note_unmatched(found)
    for each in (*found.overall, *(found.slices if slices else ())):
        if each.warning:
            note(f"{each.eval} {each.scorer} {_slice(each)}: {each.warning}")


def _print_contrasts(contrasts: Sequence[Contrast]) -> None:
    if not contrasts:
        print("Nothing that the runs record differs besides the model.\n")
        return
    print_table(
        ("eval", "what", "baseline", "candidate"),
        [
            (each.eval or "(all)", each.what, _short(each.baseline), _short(each.candidate))
            for each in contrasts
        ],
        title="What differs besides the model",
    )
    print()


_COLUMNS = (
    "eval", "scorer", "slice", "verdict", "baseline", "candidate", "difference", "interval",
    "method", "n/matched", "clusters", "worse", "better", "missing", "worst..best",
)  # fmt: skip
_RIGHT = ("baseline", "candidate", "difference", "n/matched", "clusters", "worse", "better")


def _print_differences(found: Sequence[Difference], title: str) -> None:
    print_table(
        _COLUMNS,
        [(each.eval, each.scorer, _slice(each), *_cells(each)) for each in found],
        title=title,
        right=_RIGHT,
    )
    print()


def _cells(each: Difference) -> tuple[str, ...]:
    down, up = f"{each.lowered:,}", f"{each.raised:,}"
    worse, better = (up, down) if each.better == "low" else (down, up)
    if each.better is None:
        worse, better = f"{down} lower", f"{up} higher"
    return (
        each.verdict,
        _with_interval(each.baseline, each.baseline_interval),
        _with_interval(each.candidate, each.candidate_interval),
        _signed(each.value),
        _interval(each.low, each.high),
        each.method,
        f"{each.n:,}/{each.matched:,}",
        f"{each.clusters:,}",
        worse,
        better,
        _missing(each),
        f"{_signed(each.worst)}..{_signed(each.best)}" if each.missing else "",
    )


def _missing(each: Difference) -> str:
    sides = (("baseline", each.baseline_missing), ("candidate", each.candidate_missing))
    told = [
        f"{side} {reason} {count:,}"
        for side, reasons in sides
        for reason, count in sorted(reasons.items())
    ]
    return ", ".join(told) or "0"


def _print_bridges(bridges: Sequence[Bridge], *, slices: bool) -> None:
    rows: list[tuple[str, ...]] = []
    for each in bridges:
        if not slices and not each.total.overall:
            continue
        parts = [
            ("whole change", each.total),
            ("of the eval", each.from_eval),
            ("of the model", each.from_model),
        ]
        if each.unchanged and not each.from_eval.paired:
            parts.append(("of the eval, on unchanged samples", each.unchanged))
        about = (each.eval, each.scorer, _slice(each.total))
        for part, of in parts:
            n = f"{of.n:,}/{of.matched:,}" if of.paired else f"{of.n:,}"
            told = (_signed(of.value), _interval(of.low, of.high), of.method, n, of.verdict)
            rows.append((*about, part, *told))
        if each.rest:
            rows.append((*about, "rest", _signed(each.rest), "", "", "", ""))
    columns = (
        "eval", "scorer", "slice", "part", "difference", "interval", "method", "n", "verdict",
    )  # fmt: skip
    print_table(columns, rows, title="What changed with the eval", right=("difference", "n"))


def _print_flips(flips: Sequence[Flip]) -> None:
    print_table(
        ("eval", "scorer", "sample", "epoch", "verdict", "baseline", "candidate",
         "baseline's transcript", "candidate's transcript"),
        [
            (each.eval, each.scorer, each.sample_id, each.epoch, each.verdict,
             _number(each.baseline), _number(each.candidate),
             each.baseline_transcript, each.candidate_transcript)
            for each in flips
        ],
        title=f"{len(flips):,} samples whose score changed",
        right=("epoch", "baseline", "candidate"),
    )  # fmt: skip


def _note_unmatched(found: Comparison) -> None:
    for each in found.overall:
        if each.unmatched:
            note(
                f"Not matched: {each.eval} {each.scorer} {_slice(each)}:"
                f" {each.only_baseline:,} only in the baseline,"
                f" {each.only_candidate:,} only in the candidate,"
                f" {each.changed:,} with changed content, {each.repeated:,} repeated."
            )
    if found.unmatched:
        first = ", ".join(f"{each.sample_id} ({each.why})" for each in found.unmatched[:5])
        more = ", ... (--json lists up to 100 of each eval)" if len(found.unmatched) > 5 else ""
        note(f"Not matched, for instance: {first}{more}")


def _print_matrix(matrix: Matrix) -> None:
    for run, contrasts in zip(matrix.runs, matrix.contrasts, strict=True):
        note(_named(run))
        if contrasts:
            whats = ", ".join(
                dict.fromkeys(": ".join(filter(None, (c.eval, c.what))) for c in contrasts)
            )
            note(f"  differs from the first besides the model in {whats}")
    names = [run.model for run in matrix.runs]
    heads = [
        f"{name} ({run.id})" if names.count(name) > 1 else name
        for name, run in zip(names, matrix.runs, strict=True)
    ]
    rows = []
    for row in matrix.rows:
        cells = [row.eval, row.scorer, ", ".join(row.slice.values()) or "all"]
        for own, against in zip(row.estimates, row.differences, strict=True):
            if own is None:
                cells.append("-")
                continue
            told = (
                f"{_number(own.value)} {_interval(own.low, own.high)} n {own.n:,}/{own.planned:,}"
            )
            cells.append(f"{told} {against.verdict}" if against else told)
        rows.append(cells)
    print_table(("eval", "scorer", "slice", *heads), rows)
    note("worse, better and unclear are of the paired difference from the first run.")


def _named(run: ComparedRun) -> str:
    return f"{run.id}: {run.model}, {run.status}"


def _slice(of: Difference) -> str:
    return ", ".join(of.slice.values()) or "all"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _MOST else line[: _MOST - 3] + "..."


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _with_interval(value: float | None, ends: tuple[float, float] | None) -> str:
    return f"{_number(value)} {_interval(*ends)}" if ends else _number(value)


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"


def _interval(low: float | None, high: float | None) -> str:
    return "-" if low is None or high is None else f"[{_number(low)}, {_number(high)}]"
