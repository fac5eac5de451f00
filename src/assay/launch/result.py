"""What checking a launch says: each gate's verdict with its evidence, and the launch's own."""

from __future__ import annotations

from typing import Literal

import msgspec

from assay.launch.evidence import Standing
from assay.launch.gates import Verdict, shown
from assay.records import Finding

LaunchVerdict = Literal["go", "conditional", "no-go"]


class Proof(msgspec.Struct, frozen=True):
    """One run that a gate rests on.

    ``sha256`` holds the hash of each of the run's files, and of people's labels of it, where these
    are evidence.
    """

    role: str
    run: str
    model: str
    created: str
    eval_version: str
    eval_hash: str
    scorer_version: str
    sha256: dict[str, str]


class Waived(msgspec.Struct, frozen=True):
    """Who lets a gate pass that did not, why, and until when (the last day, ISO 8601)."""

    by: str
    reason: str
    expires: str


class GateResult(msgspec.Struct, frozen=True, kw_only=True):
    """One gate's verdict with all that it rests on.

    ``value`` is the figure that decides (a difference, where the requirement is a margin), freed of
    the scorer's error where it was measured; ``raw`` is as scored. ``low`` and ``high`` are one-
    sided bounds, each at ``confidence``, with missing scores at their worst; an end is infinite
    (null in JSON) where nothing bounds it. ``missing`` counts unscored rows by reason, in the
    candidate's run and, for a margin, in the baseline's. ``labels`` counts people's labels of the
    candidate's run, where they are in the bounds. ``conditions`` weaken a pass; beside
    another verdict they are remarks. ``needed`` says what would settle an inconclusive gate, and
    ``needed_count`` how many of it (None where no number would do, or none is known).
    """

    id: str
    verdict: Verdict
    reason: str
    requirement: str
    eval: str
    scorer: str
    slice: dict[str, str]
    surface: str | None
    owner: str
    policy: str
    description: str
    confidence: float
    rate: bool
    difference: bool
    value: float | None
    raw: float | None
    low: float | None
    high: float | None
    method: str
    n: int
    clusters: int
    planned: int
    missing: dict[str, int]
    standing: Standing | None
    certificate: str | None
    conditions: tuple[str, ...]
    needed_kind: str | None
    needed_count: int | None
    needed: str
    evidence: tuple[Proof, ...]
    waiver: Waived | None = None
    labels: int = 0

    @property
    def figure(self) -> str:
        """The figure that decides, in words; a dash where there is none."""
        return "-" if self.value is None else self._shown(self.value)

    @property
    def bounds(self) -> str:
        """Both one-sided bounds with their confidence, in words; a dash where there are none."""
        if self.low is None or self.high is None:
            return "-"
        return f"{self._shown(self.low)} to {self._shown(self.high)} ({self.confidence:.4g})"

    @property
    def as_scored(self) -> str:
        """The figure as scored, in words, where the scorer's error was taken out of it."""
        return "" if self.raw is None or self.raw == self.value else self._shown(self.raw)

    def _shown(self, value: float) -> str:
        return shown(value, rate=self.rate, difference=self.difference)


class Signature(msgspec.Struct, frozen=True):
    """A named person's word on a launch, and whether it still holds.

    ``holds``: nothing has changed since. ``void``: ``changes`` says what did. ``expired``: its last
    day has passed. ``account`` is the system's account that it was given from.
    """

    by: str
    role: str
    account: str
    signed: str
    conditions: tuple[str, ...]
    expires: str | None
    verdict: str
    evidence_sha256: str
    standing: Literal["holds", "void", "expired"]
    changes: tuple[str, ...]

    @property
    def words(self) -> str:
        """The sign-off in one line, the standing first."""
        until = f", until {self.expires}" if self.expires else ""
        told = f"{self.by} ({self.role}) signed {self.verdict} on {self.signed[:10]}{until}"
        if self.conditions:
            told += f", with conditions: {'; '.join(self.conditions)}"
        if self.changes:
            told += f". Void because {'; '.join(self.changes)}"
        return f"{self.standing}: {told}."


class LaunchCheck(msgspec.Struct, frozen=True, kw_only=True):
    """A launch's verdict.

    ``go``: every gate passed, and nothing weakens that. ``conditional``: every gate passed or was
    waived, with conditions; each of the launch's open ``findings`` is one. ``no-go``: a gate
    failed, or lacks evidence, and nobody waived it.
    ``definition_sha256`` is of the launch's file; ``evidence_sha256`` covers that file, the files
    of every run, people's labels of it and every certificate that the verdict rests on. Neither
    ``signatures`` nor the ledger change a gate's verdict.
    """

    launch: str
    description: str
    candidate: str
    verdict: LaunchVerdict
    reason: str
    gates: tuple[GateResult, ...]
    conditions: tuple[str, ...]
    checked: str
    assay: str
    definition: str
    definition_sha256: str
    evidence_sha256: str
    signatures: tuple[Signature, ...] = ()
    findings: tuple[Finding, ...] = ()

    def count(self, verdict: Verdict) -> int:
        """How many gates have that verdict."""
        return sum(gate.verdict == verdict for gate in self.gates)


def judged(
    gates: tuple[GateResult, ...], findings: tuple[Finding, ...] = ()
) -> tuple[LaunchVerdict, str, tuple[str, ...]]:
    """The launch's verdict from its gates', the reason, and the conditions.

    Args:
        findings: the launch's open ones; each is a condition, whatever the gates say.

    Every gate must pass, so no correction for their number is needed: see ``docs/concepts``.
    """
    standing = [gate for gate in gates if gate.verdict != "pass" and gate.waiver is None]
    failed = [gate.id for gate in standing if gate.verdict == "fail"]
    open_ = [gate.id for gate in standing if gate.verdict == "inconclusive"]
    conditions = (*_conditions(gates), *map(_still_open, findings))
    if failed:
        return "no-go", f"Failed: {', '.join(failed)}.", conditions
    if open_:
        return "no-go", f"Not enough evidence: {', '.join(open_)}.", conditions
    if conditions:
        return "conditional", "Every gate passed or was waived, with conditions.", conditions
    return "go", "Every gate passed.", ()


def _still_open(finding: Finding) -> str:
    """Said by what never changes while it is open, so that work on it voids no sign-off."""
    return (
        f"finding {finding.id} ({finding.kind} {finding.subject}, owner {finding.owner}) is open:"
        f" {finding.summary}"
    )


def _conditions(gates: tuple[GateResult, ...]) -> list[str]:
    found = []
    for gate in gates:
        if gate.waiver is not None and gate.verdict != "pass":
            waiver = gate.waiver
            found.append(
                f"{gate.id}: {gate.verdict}, waived by {waiver.by} until {waiver.expires}:"
                f" {waiver.reason}"
            )
        elif gate.verdict == "pass":
            found += [f"{gate.id}: {condition}" for condition in gate.conditions]
    return found
