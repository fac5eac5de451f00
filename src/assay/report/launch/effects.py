"""What mitigations did, in words: the figure before, after, and the paired difference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from assay.records import Effect, Finding
from assay.report.changes import between
from assay.report.launch.view import Source
from assay.report.model import requests_words
from assay.report.text import Scale, missing_by_side


@dataclass(frozen=True)
class EffectView:
    """One mitigation's effect, as the ledger shows it."""

    before: str
    after: str
    size: str
    interval: str
    requests: str
    missing: str


def effects(
    findings: Iterable[Finding], sources: Iterable[Source]
) -> Mapping[tuple[str, int], EffectView]:
    """By finding and the mitigation's number, the effect that runs show."""
    scales = {
        (each.eval.name, each.scorer.name): Scale(*each.scorer.bounds)
        for each in sources
        if each.scorer.bounds
    }
    return {
        (finding.id, each.number): _told(each.effect, scales)
        for finding in findings
        for each in finding.mitigations
        if each.effect is not None
    }


def _told(effect: Effect, scales: Mapping[tuple[str, str], Scale]) -> EffectView:
    ends = [end for end in (effect.before, effect.after) if end is not None]
    unknown = Scale(min(ends, default=0.0), max(ends, default=1.0), known=False)
    unit = Scale(0.0, 1.0) if effect.rate else unknown
    scale = scales.get((effect.eval, effect.scorer), unit)
    others = [value for name, value in effect.slice.items() if name != "polarity"]
    return EffectView(
        before=scale.say(effect.before),
        after=scale.say(effect.after),
        size="no difference known" if effect.value is None else scale.difference(effect.value),
        interval=between(effect.low, effect.high, scale),
        requests=", ".join((requests_words(effect.slice), *others)),
        missing=missing_by_side(effect.missing),
    )
