"""Checks a launch: collects each gate's evidence, decides it, and judges the whole."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import replace
from math import inf

import msgspec

from assay.launch.collect import Collector, Found
from assay.launch.definition import Gate, LaunchDefinition
from assay.launch.evidence import Evidence, Pairs, Scores, Threshold
from assay.launch.gates import Decision, decide, shown
from assay.launch.ledger import findings_of
from assay.launch.result import GateResult, LaunchCheck, Proof, Waived, judged
from assay.records import Certificate
from assay.runs.contrast import contrasts
from assay.store.workspace import Workspace
from assay.version import __version__

MUCH_UNMATCHED = 0.05
"""A margin with a greater share of rows that stand in one run alone carries a condition."""


def gather_and_decide(
    place: Workspace, definition: LaunchDefinition, *, now: datetime.datetime | None = None
) -> LaunchCheck:
    """Every gate's verdict, and the launch's.

    Args:
        now: when certificates and waivers must hold; the present where it is None.

    Raises:
        DefinitionError: a gate asks for what its scorer cannot tell.
        NotFoundError: a run that the launch names is not there.
        AssayError: a run cannot be read.
    """
    moment = now or datetime.datetime.now(datetime.UTC)
    collector = Collector(place, definition)
    gates = tuple(
        _Checked(collector, definition, gate, moment).result() for gate in definition.gates
    )
    findings = tuple(each for each in findings_of(place, definition.name) if each.open)
    verdict, reason, conditions = judged(gates, findings)
    used = {gate.certificate for gate in gates if gate.certificate}
    certificates = [each for each in collector.certificates if each.id in used]
    return LaunchCheck(
        launch=definition.name,
        description=definition.description,
        candidate=definition.candidate.model or f"run {definition.candidate.run}",
        verdict=verdict,
        reason=reason,
        gates=gates,
        conditions=conditions,
        findings=findings,
        checked=moment.isoformat(timespec="seconds"),
        assay=__version__,
        definition=str(definition.file),
        definition_sha256=definition.sha256,
        evidence_sha256=_sealed(definition.sha256, gates, certificates),
    )


def _sealed(definition: str, gates: tuple[GateResult, ...], certificates: list[Certificate]) -> str:
    """One hash over everything that the verdict rests on."""
    told = [definition, [gate.evidence for gate in gates], certificates]
    return hashlib.sha256(msgspec.json.encode(told, order="sorted")).hexdigest()


class _Checked:
    """One gate, from its evidence to its result."""

    def __init__(
        self,
        collector: Collector,
        definition: LaunchDefinition,
        gate: Gate,
        moment: datetime.datetime,
    ) -> None:
        self._collector, self._definition, self._gate = collector, definition, gate
        self._moment = moment
        self._slice = gate.slice.columns()
        self._proofs: list[Proof] = []
        self._missing: dict[str, int] = {}
        self._certificate = ""
        self._rate = False

    def result(self) -> GateResult:
        gate = self._gate
        candidate = self._collector.candidate(gate)
        if isinstance(candidate, str):
            return self._told(_none(candidate), None, Threshold(kind="max", value=0.0))
        threshold = self._threshold(candidate)
        evidence = self._evidence(candidate)
        self._rate = candidate.scorer.bounds == (0.0, 1.0)
        return self._told(decide(threshold, gate.confidence, evidence), evidence, threshold)

    def _threshold(self, candidate: Found) -> Threshold:
        """Where the figure or the difference must lie; refuses what the scorer cannot tell."""
        gate, low_is_good = self._gate, self._low_is_good(candidate)
        least, most = candidate.scorer.bounds or (-inf, inf)
        scale = f"{gate.scorer} gives figures from {least:g} to {most:g}"
        percent = " A share is written as 0.05, not as 5." if (least, most) == (0, 1) else ""
        if gate.margin is not None:
            worse = gate.margin.worse_by_at_most
            if worse >= most - least:
                raise self._definition.problem(
                    gate,
                    "margin",
                    f"every model keeps a margin of {worse:g}: {scale}.",
                    f"Write less than {most - least:g}.{percent}",
                )
            return (
                Threshold(kind="max", value=worse)
                if low_is_good
                else Threshold(kind="min", value=-worse)
            )
        assert gate.limit is not None
        kind = "max" if gate.limit.min is None else "min"
        if (kind == "max") != low_is_good:
            right = "max" if low_is_good else "min"
            raise self._definition.problem(
                gate,
                "limit",
                f"{kind} would let a bad model pass: of {gate.scorer}, a"
                f" {'low' if low_is_good else 'high'} figure is good here.",
                f"Write {right}: instead, or set the scorer's `good` in the eval.",
            )
        value = gate.limit.max if gate.limit.min is None else gate.limit.min
        assert value is not None
        if not least <= value <= most or value == (most if low_is_good else least):
            every = value >= most if low_is_good else value <= least
            raise self._definition.problem(
                gate,
                "limit",
                f"{'every' if every else 'no'} model keeps {kind}: {value:g}, since {scale}.",
                f"Write a number between.{percent}",
            )
        return Threshold(kind="max" if low_is_good else "min", value=value)

    def _low_is_good(self, candidate: Found) -> bool:
        good = candidate.scorer.good
        if good != "by_polarity":
            return good == "low"
        polarity = self._slice.get("polarity")
        if polarity is None:
            raise self._definition.problem(
                self._gate,
                "slice",
                f"of {self._gate.scorer}, high is good on violative and bad on benign samples.",
                "Add slice: {polarity: violative}, and a second gate for benign.",
            )
        return polarity == "benign"

    def _evidence(self, candidate: Found) -> Evidence:
        gate, collector = self._gate, self._collector
        self._prove("candidate", candidate)
        concerns = [
            *collector.concerns(candidate),
            *collector.other_prompts(self._gate, candidate),
        ]
        scores: Scores | Pairs | None
        if gate.margin is None:
            scores, self._missing = collector.scores(candidate, self._slice)
        else:
            baseline = collector.baseline(gate, candidate)
            if isinstance(baseline, str):
                return Evidence(scores=None, absent=baseline)
            self._prove(f"baseline {gate.margin.against}", baseline)
            scores, self._missing = collector.pairs(candidate, baseline, self._slice)
            concerns += self._between(candidate, baseline, scores)
        if scores is None:
            return Evidence(scores=None, absent=self._empty(candidate))
        if said := collector.saturation(
            candidate, self._slice, low_is_good=self._low_is_good(candidate)
        ):
            concerns.append(said)
        now = self._moment.astimezone(datetime.UTC).isoformat(timespec="seconds")
        known = collector.known(candidate, self._slice, now)
        error, note = known.error, known.note
        if error is not None and not scores.binary:
            error, note = None, "Its values are not yes or no in this run."
        found = Evidence(
            scores=scores,
            standing=known.standing,
            standing_note=note,
            error=error,
            people=collector.people(candidate, self._slice) if gate.limit is not None else None,
        )
        if found.people is not None:
            self._prove_labels(candidate)
        if found.people is None or found.trusted:
            self._certificate = known.certificate
            concerns += known.concerns
        return replace(found, concerns=tuple(dict.fromkeys(concerns)))

    def _between(self, candidate: Found, baseline: Found, pairs: Pairs | None) -> list[str]:
        """In what the two runs differ besides the model, and what did not match."""
        found = []
        differ = [
            each
            for each in contrasts(baseline.record, candidate.record)
            if each.eval == self._gate.eval and each.what.partition(" ")[0] in _ASKED
        ]
        if differ:
            told = "; ".join(
                f"{each.what} {_short(each.baseline)} and {_short(each.candidate)}"
                for each in differ
            )
            found.append(f"Baseline and candidate were not asked alike: {told}.")
        if pairs is not None:
            alone = pairs.only_candidate + pairs.only_baseline
            if alone > MUCH_UNMATCHED * (alone + len(pairs.candidate)):
                found.append(f"{alone:,} samples stand in one of the two runs alone.")
        return found

    def _empty(self, candidate: Found) -> str:
        for column, value in self._slice.items():
            have = self._collector.values_of(candidate, column)
            if value not in have:
                listed = ", ".join(have) or "none at all"
                return (
                    f"no sample of {self._gate.eval} has {column} {value!r} (there is: {listed})."
                )
        return f"no sample of {self._gate.eval} lies in this slice of both."

    def _prove(self, role: str, found: Found) -> None:
        self._proofs.append(
            Proof(
                role=role,
                run=found.record.id,
                model=found.record.model,
                created=found.record.created,
                eval_version=found.eval.version,
                eval_hash=found.eval.hash,
                scorer_version=found.scorer.version,
                sha256=self._collector.hashes(found),
            )
        )

    def _prove_labels(self, found: Found) -> None:
        """People's labels are evidence too: a sign-off holds while they stay as they are."""
        [proof] = self._proofs
        labels = {f"labels of {found.scorer.name}": self._collector.labels_hash(found)}
        self._proofs = [msgspec.structs.replace(proof, sha256={**proof.sha256, **labels})]

    def _told(
        self, decision: Decision, evidence: Evidence | None, threshold: Threshold
    ) -> GateResult:
        gate, bounds, needed = self._gate, decision.bounds, decision.needed
        return GateResult(
            id=gate.id,
            verdict=decision.verdict,
            reason=decision.reason,
            requirement=self._requirement(threshold),
            eval=gate.eval,
            scorer=gate.scorer,
            slice=self._slice,
            surface=gate.surface,
            owner=gate.owner,
            policy=gate.policy,
            description=gate.description,
            confidence=gate.confidence,
            rate=self._rate,
            difference=gate.margin is not None,
            value=bounds.value if bounds else None,
            raw=bounds.raw if bounds else None,
            low=bounds.low if bounds else None,
            high=bounds.high if bounds else None,
            method=bounds.method if bounds else "",
            n=bounds.n if bounds else 0,
            clusters=bounds.clusters if bounds else 0,
            planned=bounds.planned if bounds else 0,
            missing=self._missing,
            standing=evidence.basis if evidence and evidence.scores is not None else None,
            labels=bounds.labels if bounds else 0,
            certificate=self._certificate or None,
            conditions=(*decision.conditions, *self._lapsed(decision)),
            needed_kind=needed.kind if needed else None,
            needed_count=needed.count if needed else None,
            needed=needed.text if needed else "",
            evidence=tuple(self._proofs),
            waiver=self._waiver(decision),
        )

    def _requirement(self, threshold: Threshold) -> str:
        gate = self._gate
        if gate.margin is not None:
            worse = shown(gate.margin.worse_by_at_most, rate=self._rate, difference=True).lstrip(
                "+"
            )
            return f"worse than {gate.margin.against} by at most {worse}"
        assert gate.limit is not None
        if gate.limit.min is not None:
            return f"at least {shown(gate.limit.min, rate=self._rate)}"
        assert gate.limit.max is not None
        return f"at most {shown(gate.limit.max, rate=self._rate)}"

    def _waiver(self, decision: Decision) -> Waived | None:
        """The waiver that holds today, if the gate needs one."""
        if decision.verdict == "pass":
            return None
        for waiver in self._definition.waivers:
            if waiver.gate == self._gate.id and self._moment.date() <= waiver.expires:
                return Waived(waiver.by, waiver.reason, waiver.expires.isoformat())
        return None

    def _lapsed(self, decision: Decision) -> list[str]:
        """Waivers that held once, so that nobody wonders why they do no more."""
        if decision.verdict == "pass":
            return []
        return [
            f"The waiver by {waiver.by} expired on {waiver.expires.isoformat()}."
            for waiver in self._definition.waivers
            if waiver.gate == self._gate.id and waiver.expires < self._moment.date()
        ]


_ASKED = (
    "version",
    "content",
    "limit",
    "epochs",
    "prompt",
    "system",
    "solver",
    "parameter",
    "scorer",
)


def _none(why: str) -> Decision:
    return decide(Threshold(kind="max", value=0.0), 0.95, Evidence(scores=None, absent=why))


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."
