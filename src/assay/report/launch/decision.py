"""The decision page: gates in a table's words, each with the SQL of the figure it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from assay.launch import GateResult, LaunchCheck
from assay.launch.gates import Verdict
from assay.records import Finding
from assay.report.launch.view import Source
from assay.report.model import requests_words
from assay.report.sql import Place, Query, differences_sql, figures_sql
from assay.report.text import missing_by_side

STANDINGS = {
    None: "no evidence",
    "certified": "certified",
    "expired": "certificate expired",
    "uncertified": "uncertified",
    "by definition": "compares with a given target",
    "audited": "audited by people",
}


@dataclass(frozen=True)
class GateView:
    """One gate, as the table shows it."""

    gate: GateResult
    about: str
    missing: str
    missing_count: int
    standing: str
    needed: str
    queries: tuple[Query, ...]

    @property
    def slice(self) -> Mapping[str, str]:
        return self.gate.slice


@dataclass(frozen=True)
class Decision:
    """What a decision maker reads first."""

    check: LaunchCheck
    gates: tuple[GateView, ...]
    open_findings: int
    summary: str

    @property
    def queries(self) -> tuple[Query, ...]:
        """The SQL of every gate's figure."""
        return tuple(query for gate in self.gates for query in gate.queries)


def decision(
    check: LaunchCheck, sources: tuple[Source, ...], findings: tuple[Finding, ...]
) -> Decision:
    """The launch's gates, the worst verdict first, and a line that counts them."""
    order = {"fail": 0, "inconclusive": 1, "pass": 2}
    ranked = sorted(check.gates, key=lambda gate: (order[gate.verdict], gate.waiver is not None))
    counts = [f"{check.count(v)} {words}" for v, words in _COUNTED if check.count(v)]
    waived = sum(gate.waiver is not None for gate in check.gates)
    told = ", ".join(counts) + (f"; {waived} of them waived" if waived else "")
    return Decision(
        check=check,
        gates=tuple(_gate(each, sources) for each in ranked),
        open_findings=sum(each.open for each in findings),
        summary=f"{len(check.gates)} gates: {told}.",
    )


_COUNTED: tuple[tuple[Verdict, str], ...] = (
    ("fail", "failed"),
    ("inconclusive", "inconclusive"),
    ("pass", "passed"),
)


def _gate(gate: GateResult, sources: tuple[Source, ...]) -> GateView:
    return GateView(
        gate=gate,
        about=_about(gate),
        missing=missing_by_side(gate.missing),
        missing_count=sum(gate.missing.values()),
        standing=STANDINGS[gate.standing],
        needed="" if gate.needed in gate.reason else gate.needed.rstrip("."),
        queries=tuple(_queries(gate, sources)),
    )


def _about(gate: GateResult) -> str:
    """``harmful-requests, refusal, violative requests in fraud``"""
    others = [value for name, value in gate.slice.items() if name != "polarity"]
    where = f" ({', '.join(others)})" if others else ""
    surface = f", on surface {gate.surface}" if gate.surface else ""
    return f"{gate.eval}, {gate.scorer}, {requests_words(gate.slice)}{where}{surface}"


def _queries(gate: GateResult, sources: tuple[Source, ...]) -> Iterator[Query]:
    """The figure as scored; the bounds add the method that stands beside them."""
    if gate.value is None:
        return
    own, *rest = [Place(proof.run, proof.scorer_version) for proof in gate.evidence]
    names = gate.eval, gate.scorer, ()
    if not gate.difference:
        told = figures_sql([own], *names, gate.slice)
    else:
        changed = {(each.run.id, each.eval.name) for each in sources if each.by_content}
        by_content = (rest[0].run, gate.eval) in changed
        told = differences_sql(own, rest[:1], *names, by_content=by_content, only=gate.slice)
    yield Query(f"gate {gate.id}, as scored", told)
