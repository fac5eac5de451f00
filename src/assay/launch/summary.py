"""A checked launch for machines and pull requests: JUnit XML, and Markdown as GitHub shows it."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from assay.formats.safe import printable
from assay.launch.result import GateResult, LaunchCheck

_MARKS = {"pass": "✅ pass", "fail": "❌ fail", "inconclusive": "❔ inconclusive"}
_MEANT = re.compile(r"[&<>|`*_\[\]#!@~\\$]|(?<=[A-Za-z]):(?=//)|(?<=www)\.")


def junit(check: LaunchCheck) -> str:
    """JUnit XML: a gate is a test case. A failed gate is a failure, an inconclusive one an error.

    A waived gate counts as skipped, with who waived it. Conditions stand in ``system-out``.
    """
    cases = []
    for gate in check.gates:
        classname = printable(f"{check.launch}.{gate.eval}.{gate.scorer}")
        case = ElementTree.Element("testcase", {"name": printable(gate.id), "classname": classname})
        if gate.waiver is not None:
            said = f"{gate.verdict}, waived by {gate.waiver.by} until {gate.waiver.expires}"
            ElementTree.SubElement(
                case, "skipped", message=printable(f"{said}: {gate.waiver.reason}")
            )
        elif gate.verdict != "pass":
            tag = "failure" if gate.verdict == "fail" else "error"
            fault = ElementTree.SubElement(
                case, tag, type=gate.verdict, message=printable(gate.reason)
            )
            fault.text = printable("\n".join(_lines(gate)))
        out = ElementTree.SubElement(case, "system-out")
        out.text = printable("\n".join([gate.reason, *_lines(gate)]))
        cases.append(case)
    waived = sum(gate.waiver is not None for gate in check.gates)
    counts = {
        "tests": len(cases),
        "failures": sum(g.verdict == "fail" and g.waiver is None for g in check.gates),
        "errors": sum(g.verdict == "inconclusive" and g.waiver is None for g in check.gates),
        "skipped": waived,
    }
    attributes = {name: str(count) for name, count in counts.items()}
    about = {"name": printable(f"assay launch {check.launch}"), "timestamp": check.checked}
    suite = ElementTree.Element("testsuite", {**about, **attributes})
    properties = ElementTree.SubElement(suite, "properties")
    for name, value in (
        ("candidate", check.candidate),
        ("verdict", check.verdict),
        ("evidence_sha256", check.evidence_sha256),
    ):
        ElementTree.SubElement(properties, "property", name=name, value=printable(value))
    suite.extend(cases)
    root = ElementTree.Element("testsuites", attributes)
    root.append(suite)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def markdown(check: LaunchCheck) -> str:
    """A summary for a pull request or a job's page: the verdict, then a table of gates.

    Names and reasons are text there: none can become a link, a mention, markup or a table cell.
    """
    lines = [
        f"## Launch {inert(check.launch)}: {check.verdict}",
        "",
        f"Candidate {inert(check.candidate)}. {inert(check.reason)}"
        f" {check.count('pass')} passed, {check.count('fail')} failed,"
        f" {check.count('inconclusive')} inconclusive.",
        "",
        "| gate | verdict | requirement | figure | bounds | n | owner |",
        "|---|---|---|---|---|---|---|",
    ]
    for gate in check.gates:
        mark = _MARKS[gate.verdict] + (" (waived)" if gate.waiver else "")
        cells = (
            inert(gate.id), mark, inert(gate.requirement), inert(gate.figure),
            inert(gate.bounds), f"{gate.n:,}/{gate.planned:,}", inert(gate.owner),
        )  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    for gate in check.gates:
        if gate.verdict != "pass" or gate.conditions:
            lines += ["", f"**{inert(gate.id)}**: {inert(gate.reason)}"]
            lines += [f"- {inert(line)}" for line in _lines(gate)]
    if check.conditions:
        lines += ["", "### Conditions", ""]
        lines += [f"- {inert(condition)}" for condition in check.conditions]
    if check.signatures:
        lines += ["", "### Sign-offs", ""]
        lines += [f"- {inert(each.words)}" for each in check.signatures]
    lines += [
        "",
        f"Checked {check.checked} by Assay {check.assay}. Evidence `{check.evidence_sha256[:16]}`.",
        "",
    ]
    return "\n".join(lines)


def _lines(gate: GateResult) -> list[str]:
    """What stands behind a verdict, line by line."""
    found = [f"To settle it: {gate.needed}."] if gate.needed else []
    found += gate.conditions
    if gate.missing:
        told = ", ".join(f"{reason} {count:,}" for reason, count in gate.missing.items())
        found.append(f"Missing: {told}.")
    if gate.method:
        found.append(f"Method: {gate.method}.")
    for proof in gate.evidence:
        found.append(f"Evidence, {proof.role}: run {proof.run} of {proof.model}.")
    return found


def inert(text: str) -> str:
    """Text with everything that Markdown or HTML gives a meaning written as an entity."""
    flat = " ".join(printable(text).split())
    return _MEANT.sub(lambda match: f"&#{ord(match[0])};", flat)
