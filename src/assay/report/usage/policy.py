"""The page for policy readers: what people use a model for, and how far that can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

from assay.report.page import inert, render_page
from assay.report.text import Scale, numbered
from assay.report.usage.explorer import short
from assay.report.usage.words import (
    excluded,
    facts,
    limits,
    nothing_why,
    share,
    stability,
)
from assay.usage.explore.changes import FALSE_ALARMS, Change, Compared
from assay.usage.explore.limits import BLANK, FEW
from assay.usage.explore.view import Slices, UsageView
from assay.usage.mapping.naming import NAMELESS

MOST_TOP = 30
MOST_CHANGES = 10
_TITLES = {"time": "Periods", "language": "Languages", "surface": "Surfaces", "model": "Models"}


@dataclass(frozen=True)
class Line:
    """One row of a table of shares; ``share`` is None where it may not be told."""

    name: str
    within: tuple[str, ...]
    conversations: str
    share: float | None
    low: float | None
    high: float | None
    trend: str = ""


@dataclass(frozen=True)
class Shift:
    """A clear change, in words."""

    name: str
    words: str
    rising: bool


@dataclass(frozen=True)
class Sure:
    """A group that surely grew from few or shrank to few, in words."""

    name: str
    words: str
    rising: bool


def render_policy(view: UsageView) -> Iterator[str]:
    """The page, in pieces."""
    tops = _tops(view)
    change = _whole_span(view)
    return render_page(
        "usage-report.html.j2",
        ("usage.css", "usage-report.css"),
        script="usage-report.js",
        title=f"How people use the model: {view.record.import_name}",
        view=view,
        tops=tops[:MOST_TOP],
        more_tops=max(0, len(tops) - MOST_TOP),
        scale=_scale(tops),
        tables=_tables(view),
        time=next((each for each in view.slices if each.kind == "time"), None),
        change=change,
        sides=_sides(view, change),
        shifts=_shifts(view, change),
        from_few=_from_few(view, change),
        bounded=change is not None
        and any(None in (each.before, each.after) for each in change.changes[:MOST_CHANGES]),
        nothing_why=nothing_why(view),
        false_alarms=f"{FALSE_ALARMS:.0%}",
        excluded=excluded(view),
        excluded_share=share(view.record.conversations - view.record.shown,
                             view.record.conversations),
        stability=stability(view),
        facts=facts(view),
        limits=limits(view),
        share_plot=share_plot,
        untold_mark=untold_mark() if any('class="none"' in each.trend for each in tops) else "",
        numbered=numbered,
        sample_data=[inert(b"{}")],
    )  # fmt: skip


def share_plot(line: Line, scale: Scale) -> Markup:
    """A share as a bar, with its interval as a line."""
    if line.share is None:
        return Markup("")
    width = 100 * scale.position(line.share)
    ends = ""
    if line.low is not None and line.high is not None:
        low, high = (100 * scale.position(end) for end in (line.low, line.high))
        ends = (
            f'<line class="whisker" x1="{low:.2f}%" x2="{high:.2f}%" y1="9" y2="9"/>'
            f'<line class="whisker" x1="{low:.2f}%" x2="{low:.2f}%" y1="5" y2="13"/>'
            f'<line class="whisker" x1="{high:.2f}%" x2="{high:.2f}%" y1="5" y2="13"/>'
        )
    return Markup(  # numbers alone
        '<svg class="share" width="100%" height="18" aria-hidden="true">'
        f'<rect x="0" y="2" height="14" width="{width:.2f}%"/>{ends}</svg>'
    )


def spark(view: UsageView, group: int) -> Markup:
    """A group's share of each period as small bars; hatched where it may not be told."""
    time = next((each for each in view.slices if each.kind == "time"), None)
    if time is None:
        return Markup("")
    shares: list[float | None] = []
    for part, whole in enumerate(time.told[0]):
        own = time.told[group][part]
        shares.append(own / whole if own >= 0 and whole > 0 else None)
    if time.values and time.values[-1].startswith("outside"):
        shares.pop()
    most = max([each for each in shares if each is not None], default=0) or 1
    told = ", ".join(
        f"{name} {'not told' if each is None else f'{each:.1%}'}"
        for name, each in zip(time.values, shares, strict=False)
    )
    bars = [
        _untold(12 * n) if each is None else
        f'<rect x="{12 * n}" y="{24 - 24 * each / most:.1f}" width="9" '
        f'height="{24 * each / most:.1f}"/>'
        for n, each in enumerate(shares)
    ]  # fmt: skip
    width = 12 * len(shares)
    return Markup(
        f'<svg class="spark" role="img" width="{width}" height="26"><title>{escape(told)}</title>'
        f'<line class="base" x1="0" x2="{width - 3}" y1="24.5" y2="24.5"/>{"".join(bars)}</svg>'
    )


def _untold(x: int) -> str:
    """A hatched box over the full height: a period of which nothing is told, which is not zero."""
    strokes = "".join(f"M{x} {y + 8}L{x + 9} {y}" for y in (0, 8, 16))
    return (
        f'<g class="none"><rect x="{x + 0.5}" y="0.5" width="8" height="23"/>'
        f'<path d="{strokes}"/></g>'
    )


def untold_mark() -> Markup:
    """The box of a period that is not told, for the legend."""
    return Markup(f'<svg class="spark" width="9" height="24" aria-hidden="true">{_untold(0)}</svg>')


def _tops(view: UsageView) -> list[Line]:
    """The top groups, the largest first, with what the largest within them are called."""
    within: dict[int, list[str]] = {}
    for each in sorted(view.groups, key=lambda group: -group.cluster.conversations):
        above = view.groups[each.parent - 1].cluster.name if each.parent else ""
        if each.cluster.name != above and not each.cluster.name.startswith(NAMELESS):
            within.setdefault(each.parent, []).append(short(each.cluster.name, 80))
    found = [(number, each) for number, each in enumerate(view.groups, start=1) if each.parent == 0]
    found.sort(key=lambda pair: -pair[1].cluster.conversations)
    return [
        Line(
            name=short(each.cluster.name or each.cluster.cluster_id),
            within=tuple(within.get(number, ())[:4]),
            conversations=numbered(each.cluster.conversations, "conversation"),
            share=each.share,
            low=each.low,
            high=each.high,
            trend=spark(view, number),
        )
        for number, each in found
    ]


def _scale(lines: list[Line]) -> Scale:
    most = max((line.high or line.share or 0.0 for line in lines), default=1.0)
    return Scale(0.0, most or 1.0)


def _tables(view: UsageView) -> list[tuple[str, list[Line]]]:
    """The kinds of which anything may be told."""
    found = [(_TITLES[each.kind], _lines(view, each)) for each in view.slices]
    return [(name, lines) for name, lines in found if any(line.share for line in lines)]


def _lines(view: UsageView, slices: Slices) -> list[Line]:
    """A kind's parts, with their shares of all conversations."""
    words = {FEW: f"fewer than {view.minimum_conversations:,}", BLANK: "not told"}
    lines = []
    for value, number, (middle, low, high) in zip(
        slices.values, slices.told[0], slices.shares, strict=True
    ):
        known = number > 0
        lines.append(
            Line(
                name=short(value, 80),
                within=(),
                conversations=words.get(number, numbered(number, "conversation")),
                share=middle if known else None,
                low=low if known else None,
                high=high if known else None,
            )
        )
    return lines


def _whole_span(view: UsageView) -> Compared | None:
    """The comparison of the first period with the last."""
    own = [each for each in view.comparisons if each.kind == "time"]
    return max(own, key=lambda each: (each.second - each.first, each.second), default=None)


def _sides(view: UsageView, change: Compared | None) -> tuple[str, str]:
    if change is None:
        return "", ""
    time = next(each for each in view.slices if each.kind == "time")
    return short(time.values[change.first]), short(time.values[change.second])


def _shifts(view: UsageView, change: Compared | None) -> list[Shift]:
    """The greatest clear changes of groups at the base, in words."""
    if change is None:
        return []
    return [_shift(view, each) for each in change.changes][:MOST_CHANGES]


def _shift(view: UsageView, each: Change) -> Shift:
    def said(value: float | None) -> str:
        return f"fewer than {view.minimum_conversations:,}" if value is None else f"{value:.2%}"

    sign = "+" if each.difference > 0 else "\N{MINUS SIGN}"
    bound = "at least " if None in (each.before, each.after) else ""
    return Shift(
        name=short(view.groups[each.group - 1].cluster.name),
        words=f"{_how(each)}, {said(each.before)} to {said(each.after)}: {bound}{sign}"
        f"{abs(100 * each.difference):.2f} points "
        f"[{100 * each.low:.2f}, {100 * each.high:.2f}]",
        rising=each.difference > 0,
    )


def _how(each: Change) -> str:
    if each.difference > 0:
        return "is new" if each.before == 0 else "rose from few" if each.before is None else "rose"
    return "fell to few" if each.after is None else "fell"


def _from_few(view: UsageView, change: Compared | None) -> list[Sure]:
    """Groups that cannot be compared, but surely grew from few or shrank to few."""
    if change is None:
        return []
    few = f"fewer than {view.minimum_conversations:,}"
    return [
        Sure(
            name=short(view.groups[each.group - 1].cluster.name),
            words=f"from {few} to at least {each.least:.2%}"
            if each.rising
            else f"from at least {each.least:.2%} to {few}",
            rising=each.rising,
        )
        for each in change.from_few[:MOST_CHANGES]
    ]
