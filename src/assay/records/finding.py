"""A finding that somebody owns, what was done about it, and the runs that prove the effect."""

from __future__ import annotations

from typing import Literal

import msgspec

FindingKind = Literal["gate", "regression", "sample", "cluster"]


class Measure(msgspec.Struct, frozen=True):
    """What tells whether a finding is mended: an eval's scorer, in a slice of its samples."""

    eval: str
    scorer: str
    slice: dict[str, str] = {}

    @property
    def words(self) -> str:
        """As commands take it: eval/scorer, or eval/scorer/column=value,column=value."""
        parts = [self.eval, self.scorer]
        if self.slice:
            parts.append(",".join(f"{name}={value}" for name, value in self.slice.items()))
        return "/".join(parts)


class SampleChange(msgspec.Struct, frozen=True):
    """What became of the very sample that a finding is about.

    ``standing`` says whether it stands in both runs with the same content. A score is None where
    there is none, and the reason then says why.
    """

    sample_id: str
    epoch: int
    standing: str
    before: float | None
    after: float | None
    before_reason: str
    after_reason: str
    before_transcript: str | None
    after_transcript: str | None


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What a mitigation did, by two runs: the paired difference, after less before.

    ``shown``: the interval excludes zero on the better side, with the missing scores at their
    worst, by a method that does not warn. ``better`` is the direction that is good. ``least`` and
    ``greatest`` are the ends of the interval with every missing score as low, and as high, as it
    could make the difference (None where scores are missing and have no bounds). ``n`` counts
    pairs, ``missing`` by reason the samples that are not among them. ``differs`` lists in what
    the two runs differ, the mitigation among it. ``needed`` says what would show an effect that
    is not, and ``needed_samples`` how many more samples (None where no number would do). ``rate``:
    the scores lie between 0 and 1. ``standing`` says what is known of the scorer's error: it is not
    taken out of the difference. ``sample`` is there where the finding is about one.
    """

    eval: str
    scorer: str
    slice: dict[str, str]
    before_run: str
    after_run: str
    before: float | None
    after: float | None
    value: float | None
    low: float | None
    high: float | None
    confidence: float
    method: str
    n: int
    clusters: int
    missing: dict[str, int]
    shown: bool
    warning: str = ""
    better: Literal["high", "low"] = "high"
    least: float | None = None
    greatest: float | None = None
    rate: bool = False
    standing: str = "uncertified"
    differs: tuple[str, ...] = ()
    needed: str = ""
    needed_samples: int | None = None
    sample: SampleChange | None = None

    @property
    def words(self) -> str:
        """The difference with its interval: +12 points, +5 to +19 points (95%)."""
        if self.value is None or self.low is None or self.high is None:
            return "no difference: nothing to compare"
        value, low, high = (self._shown(each) for each in (self.value, self.low, self.high))
        unit = " points" if self.rate else ""
        return f"{value}{unit}, {low} to {high}{unit} ({self.confidence:.0%})"

    def _shown(self, value: float) -> str:
        return f"{100 * value if self.rate else value:+.3g}"


class Mitigation(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was done about a finding. ``effect`` is None until runs prove it."""

    number: int
    what: str
    by: str
    time: str
    effect: Effect | None = None


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A gate, regression, sample or cluster of usage that somebody answers for until it is closed.

    ``subject`` names what it is about: a gate's id, ``eval/scorer`` with its slice, a transcript's
    id, a cluster's id. ``measure`` is what its mitigations are measured by (None for a cluster that
    no eval covers yet); ``sample_id`` and ``epoch`` are a sample's. ``opened_by`` is the system's
    account. Times are ISO 8601.
    """

    id: str
    kind: FindingKind
    subject: str
    launch: str | None
    summary: str
    owner: str
    opened: str
    opened_by: str
    mitigations: tuple[Mitigation, ...] = ()
    closed: str | None = None
    closed_by: str | None = None
    reason: str = ""
    measure: Measure | None = None
    sample_id: str | None = None
    epoch: int = 1

    @property
    def open(self) -> bool:
        """Whether somebody still has to do something about it."""
        return self.closed is None

    @property
    def shown(self) -> bool:
        """Whether some mitigation's effect is shown: what closing it demands."""
        return any(each.effect is not None and each.effect.shown for each in self.mitigations)
