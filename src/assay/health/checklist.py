"""Questions that a good eval answers at each stage of its life, filled in where a machine can.

The stages and many of the questions follow Reuel et al. (2024), BetterBench, arXiv 2411.12990; the
words, and what counts as evidence, are ours.
"""

from __future__ import annotations

from collections.abc import Iterator

from assay.evals import EvalDefinition
from assay.evals.card import SECTIONS, parse_card
from assay.evals.definition import CARD
from assay.health.result import Answer, Check, EvalHealth
from assay.health.samples import Seen
from assay.health.verdict import percent
from assay.runs.saturation import FEWEST_MODELS

_CARD = {
    "Purpose": ("design", "Is it written what decision the eval is for?"),
    "Threat model": ("design", "Is it written who does what harm to whom?"),
    "Policy": ("design", "Is it written what counts as right and wrong?"),
    "How the samples were made": ("documentation", "Is it written how the samples were made?"),
    "How to read the result": ("documentation", "Is it written how to read a figure?"),
    "Limits": ("documentation", "Are the eval's limits written down?"),
    "Owner": ("maintenance", "Is somebody named who answers for it?"),
}
_PEOPLE = (
    ("design", "Did people who know the harm or the field take part in making it?"),
    (
        "design",
        "Do the samples stand for what users really do, and not for what was easy to write?",
    ),
    ("design", "Would a model that does well here really be safer where it counts?"),
    ("implementation", "Can somebody else run it with what is written down, and get the same?"),
    (
        "documentation",
        "Is it clear under which licence, and with whose consent, the texts are used?",
    ),
    ("maintenance", "Is there a way for others to report a wrong sample?"),
)


def checklist(
    health: EvalHealth, definition: EvalDefinition | None, seen: Seen | None
) -> tuple[Check, ...]:
    """Every question with its answer, by stage.

    Args:
        definition: the eval; None where its folder is not at hand.
        seen: what its samples tell.
    """
    found = [
        *_design(health, seen),
        *_implementation(health, definition),
        *_documentation(definition),
        *_maintenance(health),
        *_retirement(health),
        *(_check(stage, asked, "for a person", "") for stage, asked in _PEOPLE),
    ]
    order = ("design", "implementation", "documentation", "maintenance", "retirement")
    return tuple(sorted(found, key=lambda each: order.index(each.stage)))


def _design(health: EvalHealth, seen: Seen | None) -> Iterator[Check]:
    readable = seen is not None and not seen.fault
    asked = "Are samples that share an origin marked as such?"
    if seen is None or not readable:
        yield _check("design", asked, "unknown", "the samples are not at hand")
    else:
        marked = seen.clusters < seen.samples
        told = f"{seen.clusters:,} origins of {seen.samples:,} samples"
        yield _check("design", asked, "yes" if marked else "for a person", told)
    asked = "Do few samples repeat another?"
    found = health.duplicates
    if found is None:
        yield _check("design", asked, "unknown", "the samples are not at hand")
    else:
        twice = found.exact + found.near
        told = f"{found.exact:,} the same, {found.near:,} nearly the same, of {found.compared:,}"
        yield _check("design", asked, _yes(twice <= 0.01 * found.compared), told)
    asked = "Is a part of the samples held back?"
    signs = health.contamination
    held = signs.held_back if signs else 0
    answer: Answer = "unknown" if not readable else _yes(held > 0)
    yield _check("design", asked, answer, f"{held:,} samples are marked held_back")
    asked = "Do the samples carry a canary, so that leaks can be found?"
    canaries = signs.canary if signs else ()
    told = ", ".join(canaries) or "none found in eval.yaml, card or samples"
    yield _check("design", asked, "unknown" if not readable else _yes(bool(canaries)), told)
    asked = "Does it still tell models apart?"
    states = [each.state for each in health.cells]
    told = ", ".join(f"{each.scorer} {each.polarity or ''}: {each.state}" for each in health.cells)
    known = bool(states) and "unknown" not in states
    apart = known and all(each == "between" for each in states)
    yield _check("design", asked, _yes(apart) if known else "unknown", told or "no runs")


def _implementation(health: EvalHealth, definition: EvalDefinition | None) -> Iterator[Check]:
    asked = "Was it run on several models?"
    told = f"{len(health.models)} models"
    yield _check("implementation", asked, _yes(len(health.models) >= FEWEST_MODELS), told)
    asked = "Is nearly every reply scored?"
    if health.cells:
        worst = max(health.cells, key=lambda each: each.unscored.value or 0.0)
        told = f"unscored at most {percent(worst.unscored)}"
        yield _check("implementation", asked, _yes((worst.unscored.value or 0) <= 0.01), told)
    else:
        yield _check("implementation", asked, "unknown", "no runs")
    asked = "Is the scorers' own error known?"
    told_of = health.upkeep.certificates if health.upkeep else {}
    if not health.cells:
        yield _check("implementation", asked, "unknown", "no runs")
    elif not told_of:
        told = "its scorers compare with targets: no judgement enters"
        yield _check("implementation", asked, "yes", told)
    else:
        good = all(each.startswith("certified") for each in told_of.values())
        told = ", ".join(f"{name}: {standing}" for name, standing in told_of.items())
        yield _check("implementation", asked, _yes(good), told)
    asked = "Is chance in the replies measured or switched off?"
    if definition is None:
        yield _check("implementation", asked, "unknown", "the eval's folder is not at hand")
    else:
        fixed = definition.parameters.temperature == 0 or definition.solver.kind == "choice"
        told = f"temperature {definition.parameters.temperature}, epochs {definition.epochs}"
        yield _check("implementation", asked, _yes(fixed or definition.epochs > 1), told)


def _documentation(definition: EvalDefinition | None) -> Iterator[Check]:
    sections = {}
    file = definition.folder / CARD if definition else None
    if file is not None and file.is_file():
        sections = parse_card(file.read_text(encoding="utf-8", errors="replace"))
    for title, (stage, asked) in _CARD.items():
        section = sections.get(title)
        written = section is not None and section.text.strip("*_ \n") not in ("", SECTIONS[title])
        told = f"the card's section {title!r}: {'written' if written else 'missing or empty'}"
        yield _check(stage, asked, "unknown" if definition is None else _yes(written), told)


def _maintenance(health: EvalHealth) -> Iterator[Check]:
    kept = health.upkeep
    asked = "Is a day set on which somebody looks again, and is it to come?"
    if kept is None or (kept.review is None and not health.hash):
        yield _check("maintenance", asked, "unknown", "the card is not at hand")
    else:
        told = f"review date {kept.review or 'none'}"
        yield _check("maintenance", asked, _yes(bool(kept.review) and not kept.overdue), told)
    asked = "Is the policy still the one that it was written for?"
    if kept is None or kept.policy_changed is None:
        told = kept.policy if kept else "unknown"
        yield _check("maintenance", asked, "unknown", told)
    else:
        yield _check("maintenance", asked, _yes(not kept.policy_changed), kept.policy)
    asked = "Do people look at its replies from time to time?"
    labels, newest = (kept.labels, kept.newest_label) if kept else (0, None)
    told = f"{labels:,} labels by people, the newest of {newest}" if labels else "no labels"
    yield _check("maintenance", asked, _yes(labels > 0), told)
    asked = "Was it tried whether models know it by heart?"
    probes = health.contamination.probes if health.contamination else ()
    told = ", ".join(f"{each.model} on {each.made[:10]}" for each in probes) or "no probe"
    yield _check("maintenance", asked, _yes(bool(probes)), told)


def _retirement(health: EvalHealth) -> Iterator[Check]:
    gone = health.retired
    asked = "If it is retired: is there a successor, and a bridge to it?"
    told = gone.words if gone else "it is in use"
    yield _check("retirement", asked, "yes" if gone else "unknown", told)
    asked = "Is it written when the eval should be retired?"
    yield _check("retirement", asked, "for a person", f"the verdict now is: {health.verdict}")


def _check(stage: str, question: str, answer: Answer, evidence: str) -> Check:
    return Check(stage=stage, question=question, answer=answer, evidence=evidence)


def _yes(holds: bool) -> Answer:
    return "yes" if holds else "no"
