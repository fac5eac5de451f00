"""Interval dot plots as inline SVG that keeps its text size at any width and needs no script.

Horizontal positions are percentages of the drawing's width, so one drawing serves a desk screen,
a phone and paper. Series differ by shape and fill, not by colour alone; each drawing has a title
and a description that say in words what it shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup, escape

from assay.records import Estimate
from assay.report.changes import Change
from assay.report.text import Scale, figure_text, visible

Shape = Literal["disc", "diamond", "square", "ring", "unclear"]

LANE = 22
"""Height of one lane, in CSS pixels."""


@dataclass(frozen=True)
class Lane:
    """One series in a plot: what it is called, its marker, and its estimate if it has one."""

    name: str
    shape: Shape
    estimate: Estimate | None


def interval_plot(name: str, title: str, lanes: Sequence[Lane], scale: Scale) -> Markup:
    """One row of a dot plot: a lane for each series on a common scale.

    Each lane draws the value (marker), its interval (line) and, paler, the range from the worst to
    the best case that the missing scores leave open. ``name`` is an id unique in the page.
    """
    height = LANE * len(lanes) + 2
    drawn = [_lane(lane, LANE * i + LANE // 2 + 1, scale) for i, lane in enumerate(lanes)]
    told = "; ".join(_told(lane, scale) for lane in lanes)
    return _plot(name, title, told, height, [_grid(scale, height), *drawn])


def difference_plot(name: str, title: str, change: Change, scale: Scale, span: float) -> Markup:
    """A difference with its interval, around a line at no difference.

    Only a clear one has a filled marker and a colour. Paler stands how far missing scores could
    move it. ``span`` is the difference at either end; ``name`` is an id unique in the page.
    """
    height, found = LANE + 2, change.difference
    told = ", ".join(filter(None, (change.size, change.interval, change.verdict, change.notes)))
    if found.value is None or found.low is None or found.high is None:
        drawn = _text(2.0, height // 2 + 4, "start", "nothing to compare", "none")
    else:
        shape: Shape = "disc" if change.clear else "unclear"
        x, low, high = (_around(end, span) for end in (found.value, found.low, found.high))
        drawn = _line(low, high, height // 2, f"interval {shape}") + _marker(shape, x, height // 2)
        if found.missing and found.least is not None and found.greatest is not None:
            least, greatest = _around(found.least, span), _around(found.greatest, span)
            drawn = _line(least, greatest, height // 2, "open") + drawn
    zero = Markup('<line class="zero" x1="50%" x2="50%" y1="0" y2="{}"/>').format(height)
    ticks = Markup('<g class="ticks">{}</g>').format(_span_labels(scale, span, height + 12))
    return _plot(name, title, told, height, [_lines(height), zero, ticks, drawn])


def difference_axis(scale: Scale, span: float) -> Markup:
    """The ends of a column of difference plots, and no difference between them."""
    labels = _span_labels(scale, span, 12)
    return Markup('<svg class="axis" aria-hidden="true" width="100%" height="16">{}</svg>').format(
        labels
    )


def axis(scale: Scale) -> Markup:
    """The scale's ends and middle, for the head of a column of plots."""
    return Markup(
        '<svg class="axis" aria-hidden="true" width="100%" height="16">{labels}</svg>'
    ).format(labels=_tick_labels(scale, 12))


def marker(shape: Shape) -> Markup:
    """A marker by itself, for a legend."""
    return Markup('<svg class="key" aria-hidden="true" width="30" height="16">{mark}</svg>').format(
        mark=_line(10.0, 90.0, 8, f"interval {shape}") + _marker(shape, 50.0, 8)
    )


def _plot(name: str, title: str, told: str, height: int, parts: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg class="plot" role="img" width="100%" height="{height}" aria-labelledby="{name}-t"'
        ' aria-describedby="{name}-d"><title id="{name}-t">{title}</title>'
        '<desc id="{name}-d">{told}</desc>{parts}</svg>'
    ).format(
        height=height,
        name=name,
        title=visible(title),
        told=visible(told),
        parts=Markup("").join(parts),
    )


def _lane(lane: Lane, y: int, scale: Scale) -> Markup:
    estimate = lane.estimate
    if estimate is None or estimate.value is None:
        words = "no figure" if estimate is None else "nothing scored"
        return _text(2.0, y + 4, "start", f"{lane.name}: {words}", "none")
    x = _x(scale.position(estimate.value))
    ends = [x]
    parts = []
    if estimate.worst is not None and estimate.best is not None and any(estimate.missing.values()):
        bounds = sorted((estimate.worst, estimate.best))
        ends += [_x(scale.position(end)) for end in bounds]
        parts.append(_line(ends[1], ends[2], y, "open"))
    if estimate.low is not None and estimate.high is not None:
        low, high = (_x(scale.position(end)) for end in (estimate.low, estimate.high))
        ends += [low, high]
        parts.append(_line(low, high, y, f"interval {lane.shape}"))
    parts.append(_marker(lane.shape, x, y))
    parts.append(_value(min(ends), max(ends), y, scale.say(estimate.value)))
    return Markup("").join(parts)


def _value(left: float, right: float, y: int, value: str) -> Markup:
    """The value in figures, on the side of the interval that has more room."""
    if max(left, 100 - right) < 26:
        return _text(99.0, y + 4, "end", value, "value")
    if 100 - right >= left:
        return _text(right, y + 4, "start", value, "value", shift=9)
    return _text(left, y + 4, "end", value, "value", shift=-9)


def _told(lane: Lane, scale: Scale) -> str:
    if lane.estimate is None:
        return f"{lane.name}: no figure"
    return f"{lane.name}: {figure_text(lane.estimate, scale.bounds)}"


def _x(position: float) -> float:
    """Percent of the drawing's width for a position from 0 to 1; the edges leave a marker room."""
    return 2.0 + 96.0 * position


def _around(value: float, span: float) -> float:
    """Percent of the drawing's width for a difference; no difference is in the middle."""
    share = min(1.0, max(-1.0, value / span)) if span > 0 else 0.0
    return _x(0.5 + share / 2)


def _span_labels(scale: Scale, span: float, y: int) -> Markup:
    low, high = (scale.difference(end).replace(" points", " pts") for end in (-span, span))
    return (
        _text(1.0, y, "start", low, "tick")
        + _text(50.0, y, "middle", "0", "tick")
        + _text(99.0, y, "end", high, "tick")
    )


def _lines(height: int) -> Markup:
    lines = [
        Markup('<line class="grid" x1="{x}%" x2="{x}%" y1="0" y2="{height}"/>').format(
            x=_round(_x(position)), height=height
        )
        for position in (0.0, 0.25, 0.5, 0.75, 1.0)
    ]
    return Markup("").join(lines)


def _grid(scale: Scale, height: int) -> Markup:
    labels = Markup('<g class="ticks">{}</g>').format(_tick_labels(scale, height + 12))
    return _lines(height) + labels


def _tick_labels(scale: Scale, y: int) -> Markup:
    middle = (scale.low + scale.high) / 2
    return (
        _text(1.0, y, "start", _tick(scale, scale.low), "tick")
        + _text(50.0, y, "middle", _tick(scale, middle), "tick")
        + _text(99.0, y, "end", _tick(scale, scale.high), "tick")
    )


def _tick(scale: Scale, value: float) -> str:
    return f"{100 * value:.0f}%" if scale.percent else f"{value:.3g}"


def _line(x1: float, x2: float, y: int, kind: str) -> Markup:
    return Markup('<line class="{kind}" x1="{x1}%" x2="{x2}%" y1="{y}" y2="{y}"/>').format(
        kind=kind, x1=_round(x1), x2=_round(x2), y=y
    )


def _marker(shape: Shape, x: float, y: int) -> Markup:
    """A marker drawn around its own origin, which is placed by percentage."""
    body = {
        "disc": '<circle r="5.5"/>',
        "ring": '<circle r="5"/>',
        "unclear": '<circle r="4.5"/>',
        "square": '<rect x="-5" y="-5" width="10" height="10"/>',
        "diamond": '<path d="M-6.5 0L0 -6.5L6.5 0L0 6.5Z"/>',
    }[shape]
    return Markup(
        '<svg class="mark {shape}" x="{x}%" y="{y}" overflow="visible">{body}</svg>'
    ).format(shape=shape, x=_round(x), y=y, body=Markup(body))


def _text(x: float, y: int, anchor: str, text: str, kind: str, shift: int = 0) -> Markup:
    return Markup(
        '<text class="{kind}" x="{x}%" dx="{shift}" y="{y}" text-anchor="{anchor}">{text}</text>'
    ).format(kind=kind, x=_round(x), shift=shift, y=y, anchor=anchor, text=escape(visible(text)))


def _round(percent: float) -> str:
    return f"{percent:.2f}".rstrip("0").rstrip(".")
