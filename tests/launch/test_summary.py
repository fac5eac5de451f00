"""JUnit and Markdown: what machines and pull requests are told, whatever the names hold."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from assay.launch import GateResult, LaunchCheck, junit, markdown
from assay.launch.result import Proof, Waived, judged

HOSTILE = "<img src=x onerror=alert(1)> | `x` @team [a](http://e.vil) \x1b[2J\n# h & www.e.vil"


def gate(id: str = "refuses", verdict: Any = "pass", **more: Any) -> GateResult:
    fields: dict[str, Any] = {
        "id": id, "verdict": verdict, "reason": "Because.", "requirement": "at least 90%",
        "eval": "harm", "scorer": "refusal", "slice": {}, "surface": None, "owner": "Safety",
        "policy": "", "description": "", "confidence": 0.95, "rate": True, "difference": False,
        "value": 0.97, "raw": 0.97, "low": 0.93, "high": 0.99, "method": "exact", "n": 60,
        "clusters": 60, "planned": 62, "missing": {"model_error": 2}, "standing": "certified",
        "certificate": None, "conditions": (), "needed_kind": None, "needed_count": None,
        "needed": "", "evidence": (Proof("candidate", "run1", "m", "", "1", "h", "v", {}),),
    }  # fmt: skip
    return GateResult(**{**fields, **more})


def checked(*gates: GateResult, **more: Any) -> LaunchCheck:
    verdict, reason, conditions = judged(gates)
    fields: dict[str, Any] = {
        "launch": "pilot", "description": "", "candidate": "scripted/refuse", "verdict": verdict,
        "reason": reason, "gates": gates, "conditions": conditions,
        "checked": "2026-11-21T00:00:00+00:00", "assay": "0", "definition": "pilot.yaml",
        "definition_sha256": "", "evidence_sha256": "ab" * 32,
    }  # fmt: skip
    return LaunchCheck(**{**fields, **more})


WAIVER = Waived("Ada", "pilot only", "2027-01-31")


@pytest.mark.parametrize(
    ("gates", "verdict"),
    [
        ([gate()], "go"),
        ([gate(), gate("b", conditions=("Saturated.",))], "conditional"),
        ([gate(), gate("b", "fail", waiver=WAIVER)], "conditional"),
        ([gate(), gate("b", "inconclusive")], "no-go"),
        ([gate(), gate("b", "fail")], "no-go"),
        ([gate("a", "fail", waiver=WAIVER), gate("b", "inconclusive")], "no-go"),
    ],
)
def test_the_launchs_verdict(gates: list[GateResult], verdict: str) -> None:
    found, _, conditions = judged(tuple(gates))
    assert found == verdict
    assert bool(conditions) == (verdict == "conditional" or gates[0].waiver is not None)


def test_junit_counts_and_tells() -> None:
    found = checked(
        gate(),
        gate("b", "fail"),
        gate("c", "inconclusive", needed="about 39 more samples"),
        gate("d", "fail", waiver=WAIVER),
        gate("e", conditions=("Saturated.",)),
    )
    root = ElementTree.fromstring(junit(found))
    suite = root.find("testsuite")
    assert suite is not None
    counts = {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")}
    assert counts == {"tests": "5", "failures": "1", "errors": "1", "skipped": "1"}
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    assert [child.tag for child in cases["refuses"]] == ["system-out"]
    assert [child.tag for child in cases["b"]] == ["failure", "system-out"]
    error = cases["c"].find("error")
    assert error is not None
    assert "39 more samples" in (error.text or "")
    skipped = cases["d"].find("skipped")
    assert skipped is not None
    assert "Ada" in (skipped.get("message") or "")
    assert "Saturated." in (cases["e"].findtext("system-out") or "")


def hostile() -> LaunchCheck:
    proof = Proof(HOSTILE, HOSTILE, HOSTILE, HOSTILE, "1", "h", "v", {})
    bad = gate(
        HOSTILE, "inconclusive", reason=HOSTILE, eval=HOSTILE, scorer=HOSTILE, owner=HOSTILE,
        requirement=HOSTILE, needed=HOSTILE, conditions=(HOSTILE,), method=HOSTILE,
        missing={HOSTILE: 1}, evidence=(proof,), waiver=Waived(HOSTILE, HOSTILE, HOSTILE),
    )  # fmt: skip
    return checked(bad, launch=HOSTILE, candidate=HOSTILE, conditions=(HOSTILE,))


def test_hostile_names_cannot_leave_their_place_in_junit() -> None:
    root = ElementTree.fromstring(junit(hostile()))
    assert {each.tag for each in root.iter()} == {
        "testsuites", "testsuite", "properties", "property", "testcase", "skipped", "system-out",
    }  # fmt: skip
    [case] = root.iter("testcase")
    assert "\\x1b[2J" in (case.get("name") or "")


def test_hostile_names_cannot_become_markup_in_markdown() -> None:
    text = markdown(hostile())
    for forbidden in ("<img", "`x`", "@team", "](", "://", "\x1b", "\n# h", "www.e.vil"):
        assert forbidden not in text
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert {row.count("|") for row in rows} == {8}


def test_markdown_tells_the_verdict_and_what_would_settle() -> None:
    text = markdown(checked(gate(), gate("b", "inconclusive", needed="about 39 more samples")))
    assert text.startswith("## Launch pilot: no-go\n")
    assert "| b | ❔ inconclusive | at least 90% | 97% | 93% to 99% (0.95) | 60/62 |" in text
    assert "- To settle it: about 39 more samples." in text


def test_a_result_survives_json() -> None:
    found = checked(gate())
    again = msgspec.json.decode(msgspec.json.encode(found), type=LaunchCheck)
    assert again == found
