"""The mitigations ledger: findings that somebody owns, what was done, and the runs that prove it.

A finding is what the audit trail's lines say of it, read in order. The trail is only ever added to,
so that no finding goes away, and what was claimed and proved when can be read there for ever.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from assay.errors import AssayError, NotFoundError
from assay.launch.effects import effect_of
from assay.launch.subjects import Subject, known_measure
from assay.records import Effect, Finding, FindingKind, Measure, Mitigation
from assay.store.catalogue import Catalogue, Entry, exists
from assay.store.workspace import Workspace

OPENED, MITIGATED, PROVED, CLOSED = (
    "opened finding",
    "mitigated finding",
    "proved mitigation",
    "closed finding",
)


def findings_of(place: Workspace, launch: str | None = None) -> tuple[Finding, ...]:
    """Findings, open ones first, then the newest.

    Args:
        launch: of that launch alone; of all, and of none, where it is None.
    """
    if not exists(place.root):
        return ()
    with Catalogue(place.root) as catalogue:
        found = [*_folded(catalogue.lines(OPENED, MITIGATED, PROVED, CLOSED)).values()][::-1]
    own = [each for each in found if launch is None or each.launch == launch]
    return tuple(sorted(own, key=lambda each: not each.open))


def finding_of(place: Workspace, id: str) -> Finding:
    """A finding by its id.

    Raises:
        NotFoundError: there is none of that id.
    """
    if exists(place.root):
        with Catalogue(place.root) as catalogue:
            return _read(catalogue, id)
    raise _unknown(id)


def opened(
    place: Workspace,
    kind: FindingKind,
    subject: Subject,
    *,
    launch: str | None,
    owner: str,
    summary: str,
) -> Finding:
    """Begin a finding. The same again, while it is open, is the one that is there.

    Raises:
        AssayError: it has no owner or no summary.
    """
    owner, summary = _need("a finding", owner=owner, summary=summary)
    told = {
        "kind": kind,
        "subject": _line(subject.name),
        "launch": launch,
        "summary": summary,
        "owner": owner,
        "measure": subject.measure,
        "sample_id": subject.sample_id,
        "epoch": subject.epoch,
    }
    with Catalogue(place.root) as catalogue, catalogue.change():
        there = _folded(catalogue.lines(OPENED, MITIGATED, PROVED, CLOSED))
        for each in there.values():
            if each.open and all(getattr(each, name) == value for name, value in told.items()):
                return each
        id = f"F{len(there) + 1}"
        catalogue.note(OPENED, id, msgspec.to_builtins(told))
        return _read(catalogue, id)


def mitigated(
    place: Workspace, id: str, what: str, by: str, runs: tuple[str, str] | None
) -> Finding:
    """Add what was done about a finding, with the runs before and after it if there are any.

    Raises:
        AssayError: the finding is closed, or the runs cannot prove anything.
    """
    what, by = _need("a mitigation", what=what, by=by)
    finding = finding_of(place, id)
    _check_open(finding)
    effect = None if runs is None else effect_of(place, finding, *runs)
    with Catalogue(place.root) as catalogue, catalogue.change():
        now = _read(catalogue, finding.id)
        _check_open(now)
        number = len(now.mitigations) + 1
        catalogue.note(MITIGATED, now.id, {"number": number, "what": what, "by": by})
        if effect is not None:
            catalogue.note(PROVED, now.id, _proof(number, effect))
        return _read(catalogue, now.id)


def proved(
    place: Workspace, id: str, number: int, runs: tuple[str, str], measure: str | None
) -> Finding:
    """Add the runs before and after a mitigation; the latest are what counts.

    Args:
        measure: what measures a cluster that was opened without one.

    Raises:
        NotFoundError: the finding has no such mitigation.
        AssayError: the finding is closed, or has a measure already, or the runs prove nothing.
    """
    finding = finding_of(place, id)
    _check_open(finding)
    if number not in {each.number for each in finding.mitigations}:
        raise NotFoundError(
            f"{finding.id} has no mitigation {number}.",
            fix=f"It has {len(finding.mitigations)}. Add one: assay finding mitigate {finding.id}",
        )
    if measure is not None:
        if finding.measure is not None:
            raise AssayError(
                f"{finding.id} is measured by {finding.measure.words}, and stays so.",
                fix="Leave --measure out.",
            )
        finding = msgspec.structs.replace(finding, measure=known_measure(place, measure))
    effect = effect_of(place, finding, *runs)
    with Catalogue(place.root) as catalogue, catalogue.change():
        _check_open(_read(catalogue, finding.id))
        catalogue.note(PROVED, finding.id, _proof(number, effect))
        return _read(catalogue, finding.id)


def closed(place: Workspace, id: str, by: str, reason: str) -> Finding:
    """Close a finding whose mitigation is shown to have worked, by the runs as they are now.

    Raises:
        AssayError: no mitigation's effect is shown: what was seen, and what would show it.
    """
    [by] = _need("closing", by=by)
    finding = finding_of(place, id)
    _check_open(finding)
    refused = [f"{finding.id} cannot be closed: no mitigation is shown to have worked."]
    for each in finding.mitigations:
        effect = each.effect and effect_of(
            place, finding, each.effect.before_run, each.effect.after_run
        )
        if effect and effect.shown:
            break
        refused.append(f"Mitigation {each.number} ({each.what}): {unproved(effect)}.")
    else:
        raise AssayError(" ".join(refused), fix=_remedy(finding))
    with Catalogue(place.root) as catalogue, catalogue.change():
        _check_open(_read(catalogue, finding.id))
        told = {"by": by, "reason": _line(reason), "mitigation": each.number, "effect": effect}
        catalogue.note(CLOSED, finding.id, msgspec.to_builtins(told))
        return _read(catalogue, finding.id)


def unproved(effect: Effect | None) -> str:
    """Why a mitigation does not close its finding, and what would."""
    if effect is None:
        return "no run before and after it was given"
    told = effect.words
    if effect.warning:
        told += f"; {effect.warning}"
    elif effect.value is not None:
        told += f", which does not exclude zero on the better side ({effect.better}er is better)"
    return f"{told}; needed: {effect.needed}"


def _remedy(finding: Finding) -> str:
    if not finding.mitigations:
        return f"Do something about it, then: assay finding mitigate {finding.id} --what TEXT ..."
    return f"With new runs: assay finding prove {finding.id} NUMBER --before RUN --after RUN"


def _read(catalogue: Catalogue, id: str) -> Finding:
    found = _folded(catalogue.lines(OPENED, MITIGATED, PROVED, CLOSED, subject=id.upper()))
    if not found:
        raise _unknown(id)
    return found[id.upper()]


def _unknown(id: str) -> NotFoundError:
    return NotFoundError(f"there is no finding {id!r}.", fix="See `assay finding list --all`.")


def _folded(lines: Iterable[Entry]) -> dict[str, Finding]:
    """The findings that the trail's lines tell of, oldest first."""
    found: dict[str, Finding] = {}
    for line in lines:
        about = {"id": line.subject, "opened": line.time, "opened_by": line.who, **line.details}
        if line.what == OPENED:
            found[line.subject] = msgspec.convert(about, Finding)
        else:
            found[line.subject] = _after(found[line.subject], line)
    return found


def _after(finding: Finding, line: Entry) -> Finding:
    """A finding with one more line read."""
    told: Mapping[str, Any] = line.details
    change = msgspec.structs.replace
    if line.what == CLOSED:
        return change(finding, closed=line.time, closed_by=told["by"], reason=told["reason"])
    if line.what == MITIGATED:
        made = Mitigation(number=told["number"], what=told["what"], by=told["by"], time=line.time)
        return change(finding, mitigations=(*finding.mitigations, made))
    effect = msgspec.convert(told["effect"], Effect)
    return change(
        finding,
        measure=finding.measure or Measure(effect.eval, effect.scorer, effect.slice),
        mitigations=tuple(
            change(each, effect=effect) if each.number == told["number"] else each
            for each in finding.mitigations
        ),
    )


def _proof(number: int, effect: Effect) -> dict[str, Any]:
    return {"number": number, "effect": msgspec.to_builtins(effect)}


def _check_open(finding: Finding) -> None:
    if not finding.open:
        raise AssayError(
            f"{finding.id} was closed by {finding.closed_by} on {(finding.closed or '')[:10]}.",
            fix="Open another finding if it has come back.",
        )


def _need(about: str, /, **told: str) -> list[str]:
    """The texts, each as one line. None may be empty."""
    for name, text in told.items():
        if not text.strip():
            raise AssayError(f"{about} needs --{name}.", fix=f"Say --{name}.")
    return [_line(text) for text in told.values()]


def _line(text: str) -> str:
    """Text as one line, so that it cannot pass for lines of ours where it is printed."""
    return " ".join(text.split())
