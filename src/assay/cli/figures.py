"""How runs and their figures look on a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from assay.cli.output import note, print_table

if TYPE_CHECKING:
    from assay.api import Summary
    from assay.records import Estimate

_COLUMNS = (
    "eval", "scorer", "slice", "model", "value", "interval", "method",
    "n/planned", "clusters", "missing", "worst..best",
)  # fmt: skip


def print_summary(summaries: Sequence[Summary], *, every_slice: bool = False) -> None:
    """The headline figures of one run, or of several side by side; or every slice."""
    rows = []
    for summary in summaries:
        for each in summary.estimates:
            if every_slice or is_headline(each):
                rows.append((each.eval, each.scorer, _slice(each), summary.run.model, each))
    order = {name: index for index, name in enumerate(dict.fromkeys(row[0] for row in rows))}
    rows.sort(key=lambda row: (order[row[0]], row[1], row[2]))
    print_table(
        _COLUMNS,
        [line for row in rows for line in _lines(*row)],
        right=("value", "n/planned", "clusters"),
    )
    for row in rows:
        if row[4].warning and row[4].n:  # where nothing was scored, the table says so
            note(f"{row[0]} {row[1]} {row[2]} ({row[3]}): {row[4].warning}")
    note_standing([row[4] for row in rows])
    for summary in summaries:
        status = status_words(summary.run.status, alive=summary.alive)
        note(f"Run {summary.run.id}: {summary.run.model}, {status}, {summary.folder}")


def status_words(status: str, *, alive: bool) -> str:
    """How a run stands: one that was killed still says of itself that it is running."""
    return "running now" if alive else status.replace("running", "unfinished")


def is_headline(estimate: Estimate) -> bool:
    """Overall; or by polarity, where that decides what is good."""
    if estimate.good == "by_polarity":
        return set(estimate.slice) == {"polarity"}
    return not estimate.slice


def _slice(estimate: Estimate) -> str:
    return ", ".join(estimate.slice.values()) or "all"


def _lines(
    eval_name: str, scorer: str, slice_: str, model: str, each: Estimate
) -> list[tuple[str, ...]]:
    """A figure; and below a headline, what it is without the scorer's error, if that is known."""
    lines = [(eval_name, scorer, slice_, model, *cells(each))]
    if is_headline(each):
        lines += [("", "", f"  {name}", "", *shown) for name, *shown in seconds(each)]
    return lines


def seconds(each: Estimate) -> list[tuple[str, ...]]:
    """The same figure had other ways: what it is called, and its cells."""
    found: list[tuple[str, ...]] = []
    for name, second in (("corrected", each.corrected), ("by people", each.audited)):
        if second is not None:
            ends = f"[{_number(second.low)}, {_number(second.high)}]"
            shown = (_number(second.value), ends, second.method, f"{second.n:,} labels")
            found.append((name, *shown, "", "", ""))
    return found


def note_standing(estimates: Sequence[Estimate]) -> None:
    """Once for each scorer version: what vouches for it."""
    told = dict.fromkeys((each.scorer, each.scorer_version, each.standing) for each in estimates)
    for scorer, version, standing in told:
        own = [
            each for each in estimates if (each.scorer, each.scorer_version) == (scorer, version)
        ]
        bases = dict.fromkeys(each.corrected.basis for each in own if each.corrected)
        if standing == "uncertified":
            note(
                f"{scorer}: uncertified, so its error is not known. "
                f"See: assay certify {scorer} --labels FILE"
            )
        else:
            half = " (of one of the two classes nothing was labelled)" if "half" in standing else ""
            note(f"{scorer}: {standing} by {', '.join(bases) or own[0].certificate}{half}")


def cells(each: Estimate) -> tuple[str, ...]:
    """Value, interval, method, n of planned, clusters, missing, and the worst and best case."""
    missing = ", ".join(f"{reason} {count}" for reason, count in sorted(each.missing.items()))
    return (
        _number(each.value),
        f"[{_number(each.low)}, {_number(each.high)}]" if each.low is not None else "-",
        each.method,
        f"{each.n:,}/{each.planned:,}",
        f"{each.clusters:,}",
        missing or "0",
        f"{_number(each.worst)}..{_number(each.best)}" if each.missing else "",
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
