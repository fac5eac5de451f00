"""The explorer: a map of usage as one page that works from a file, made of aggregates alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
from markupsafe import Markup

from assay.report.page import inert, render_page
from assay.report.text import numbered, visible
from assay.report.usage.packing import HEIGHT, WIDTH, Circle, pack
from assay.report.usage.words import facts, limits, nothing_why, title
from assay.usage.explore.changes import FALSE_ALARMS, FEWEST, Compared
from assay.usage.explore.limits import FEW
from assay.usage.explore.rates import Rates
from assay.usage.explore.view import Slices, UsageView

MOST_DRAWN = 2_500
"""So many groups of the base are drawn, the largest; all stand in the tree and the table."""

_LONGEST = 300
_DIGITS = 5


def render_explorer(view: UsageView) -> Iterator[str]:
    """The page, in pieces."""
    return render_page(
        "usage-map.html.j2",
        ("usage.css", "usage-map.css"),
        script="usage-map.js",
        title=title(view),
        view=view,
        facts=facts(view),
        limits=limits(view),
        drawn=min(MOST_DRAWN, _bases(view)),
        bases=_bases(view),
        width=f"{WIDTH:g}",
        height=f"{HEIGHT:g}",
        false_alarms=f"{FALSE_ALARMS:.0%}",
        nothing_why=nothing_why(view),
        numbered=numbered,
        sample_data=data(view),
    )


def data(view: UsageView) -> Iterator[Markup]:
    """What the script draws, as JSON that cannot end its element."""
    circles = circles_of(view)
    yield inert(b'{"groups":[')
    for number, each in enumerate(view.groups, start=1):
        cluster, circle = each.cluster, circles.get(number)
        told = [
            cluster.cluster_id,
            cluster.level,
            each.parent,
            short(cluster.name or cluster.cluster_id),
            short(cluster.summary, 600),
            [short(word, 60) for word in cluster.keywords],
            cluster.conversations,
            cluster.principals,
            int(cluster.rare),
            _round(cluster.concern),
            _round(each.share),
            _round(each.low),
            _round(each.high),
            [circle.x, circle.y, circle.r] if circle else 0,
        ]
        yield inert((b",\n" if number > 1 else b"\n") + msgspec.json.encode(told))
    rest = {
        "slices": [_slices(each) for each in view.slices],
        "comparisons": [_compared(each) for each in view.comparisons],
        "rates": [_rates(each) for each in view.rates],
        "audits": [_audit(view, each) for each in range(len(view.audits))],
        "examples": _examples(view),
        "fewest": FEWEST,
        "minimum": view.minimum_conversations,
        "total": view.record.conversations,
        "private": view.private,
        "clustered": view.clustered,
        "profile": view.record.profile,
    }
    yield inert(b"]," + msgspec.json.encode(rest)[1:])


def circles_of(view: UsageView) -> dict[int, Circle]:
    """A circle for each of the largest groups of the base, by number."""
    bases = [number for number, each in enumerate(view.groups, 1) if each.cluster.level == 0]
    bases.sort(key=lambda number: (-view.groups[number - 1].cluster.conversations, number))
    own = [view.groups[number - 1].cluster for number in bases[:MOST_DRAWN]]
    circles = pack([(each.x, each.y) for each in own], [each.conversations for each in own])
    return dict(zip(bases, circles, strict=False))


def short(text: str, most: int = _LONGEST) -> str:
    """Foreign text with what hides shown, and cut."""
    told = visible(text[:most])
    return told if len(text) <= most else told + "…"


def _bases(view: UsageView) -> int:
    return sum(each.cluster.level == 0 for each in view.groups)


def _slices(each: Slices) -> dict[str, Any]:
    """A group of which nothing is told takes a single number."""
    return {
        "kind": each.kind,
        "unit": each.unit,
        "values": [short(value, 80) for value in each.values],
        "told": [FEW if set(row) == {FEW} else row for row in each.told],
    }


def _compared(each: Compared) -> dict[str, Any]:
    return {
        "kind": each.kind,
        "first": each.first,
        "second": each.second,
        "tested": each.tested,
        "clear": each.clear,
        "few": each.few,
        "untold": each.untold,
        "n": each.conversations,
        "people": each.principals,
        "changes": [
            [c.group, *map(_round, (c.before, c.after, c.difference, c.low, c.high, c.q))]
            for c in each.changes
        ],
        "fromFew": [[c.group, _round(c.least), int(c.rising)] for c in each.from_few],
    }


def _rates(each: Rates) -> dict[str, Any]:
    return {
        "scorer": short(each.scorer, 80),
        "version": each.version[:12],
        "standing": each.standing,
        "rate": each.rate,
        "rates": [
            [r.group, *map(_round, (r.value, r.low, r.high)), r.n, r.missing, r.warning, r.why]
            for r in each.rates
        ],
    }


def _audit(view: UsageView, number: int) -> dict[str, Any]:
    each = view.audits[number]
    return {
        "scorer": short(each.scorer, 80),
        "version": each.version[:12],
        "misses": [_candidate(c) for c in each.misses],
        "alarms": [_candidate(c) for c in each.alarms],
    }


def _candidate(each: Any) -> Sequence[Any]:
    return [
        each.group,
        *map(_round, (each.concern, each.rate, each.low, each.high, each.expected, each.q)),
    ]


def _examples(view: UsageView) -> list[list[Any]]:
    return [
        [
            each.group,
            short(each.transcript_id, 100),
            short(each.account_id or "", 100),
            short((each.date or "")[:10]),
            short(each.text, 500),
        ]
        for each in view.examples
    ]


def _round(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")
