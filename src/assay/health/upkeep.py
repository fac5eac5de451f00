"""What people owe an eval: labels, certificates, a card that was read, a policy that stands."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from pathlib import Path

from assay.evals import EvalDefinition
from assay.evals.card import check_card, parse_card
from assay.evals.definition import CARD
from assay.health.pool import Pool, Pooled
from assay.health.result import Upkeep
from assay.records import Certificate, now
from assay.runs.certificates import BY_DEFINITION, certificate_for
from assay.store.catalogue import Catalogue, exists
from assay.store.workspace import Workspace

_DATE = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
_PINNED = re.compile(r"([\w.-]+)@([\w.-]+)")
_MOST_POLICY = 1 << 20


def upkeep(
    place: Workspace, pool: Pool, certificates: Sequence[Certificate], everything: Sequence[Pooled]
) -> Upkeep:
    """What is known of an eval's upkeep.

    Args:
        everything: every run of the eval, whatever its version: people labelled those too.
    """
    labels, newest = _labels(place, everything)
    review, overdue, problems = _card(pool.definition)
    policy, changed = _policy(place.root, pool.definition)
    return Upkeep(
        labels=labels,
        newest_label=newest,
        certificates=_certificates(pool, certificates),
        review=review,
        overdue=overdue,
        card_problems=problems,
        policy=policy,
        policy_changed=changed,
    )


def _labels(place: Workspace, runs: Sequence[Pooled]) -> tuple[int, str | None]:
    if not runs or not exists(place.root):
        return 0, None
    with Catalogue(place.root) as catalogue:
        times = [label.time[:10] for each in runs for label in catalogue.labels(each.folder.id)]
    return len(times), max(times, default=None)


def _certificates(pool: Pool, certificates: Sequence[Certificate]) -> dict[str, str]:
    found: dict[str, str] = {}
    for run in pool.runs:
        for scorer in run.eval.scorers:
            if scorer.kind in BY_DEFINITION or scorer.name in found:
                continue
            held = certificate_for(certificates, scorer.version, run.folder.id, now())
            if held is None:
                found[scorer.name] = "uncertified"
            else:
                standing = held.standing(now())
                word = "expired" if standing == "expired" else "expires"
                found[scorer.name] = f"{standing}, {word} {held.expires[:10]}"
    return found


def _card(definition: EvalDefinition | None) -> tuple[str | None, bool, tuple[str, ...]]:
    if definition is None:
        return None, False, ("the eval's folder is not at hand.",)
    file = definition.folder / CARD
    problems = tuple(each.message for each in check_card(file))
    if not file.is_file():
        return None, False, problems
    section = parse_card(file.read_text(encoding="utf-8", errors="replace")).get("Review date")
    match = _DATE.search(section.text) if section else None
    review = match[0] if match else None
    overdue = review is not None and review < datetime.date.today().isoformat()
    return review, overdue, problems


def _policy(root: Path, definition: EvalDefinition | None) -> tuple[str, bool | None]:
    """Whether the policy's text is the one that the eval was written for, and how that is known.

    An eval that names ``id@version`` is compared with that policy's front matter. A policy in
    words stands in eval.yaml, so it cannot change without the eval. Else it is not known.
    """
    if definition is None:
        return "unknown: the eval's folder is not at hand", None
    said = definition.policy.strip()
    if not said:
        return "unknown: the eval names no policy", None
    policies = _policies(root)
    pinned = _PINNED.fullmatch(said)
    if pinned:
        id, version = pinned.groups()
        if id not in policies:
            return f"unknown: no file in policies/ has the id {id}", None
        current = policies[id]
        if current == version:
            return f"{id} is still version {version}", False
        return f"{id} was version {version} when the eval was written, and is {current} now", True
    if said in policies:
        now_ = f"{said}@{policies[said]}"
        return f"unknown: the eval does not say which version of it; write policy: {now_}", None
    return "in words, in eval.yaml: it cannot change without the eval", False


def _policies(root: Path) -> dict[str, str]:
    """The version of each policy by its id, from the front matter of policies/*.md."""
    found = {}
    for file in sorted((root / "policies").glob("*.md")):
        if file.stat().st_size > _MOST_POLICY:
            continue
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
        if not lines or lines[0].strip() != "---" or "---" not in (x.strip() for x in lines[1:]):
            continue
        end = next(n for n, line in enumerate(lines[1:], 1) if line.strip() == "---")
        front = dict(_pairs(lines[1:end]))
        if "id" in front and "version" in front:
            found[front["id"]] = front["version"]
    return found


def _pairs(lines: Sequence[str]) -> list[tuple[str, str]]:
    """``key: value`` lines; id and version are plain words, so no YAML need be read."""
    split = (line.partition(":") for line in lines if ":" in line and line[:1].strip())
    return [(key.strip(), value.split(" #")[0].strip().strip("\"'")) for key, _, value in split]
