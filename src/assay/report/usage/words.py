"""What the pages on usage say in words: how a map was made, and what it cannot tell."""

from __future__ import annotations

from dataclasses import dataclass

from assay.report.text import numbered
from assay.usage.explore.view import UsageView


@dataclass(frozen=True)
class Said:
    """A name, and what is said of it."""

    label: str
    value: str


def title(view: UsageView) -> str:
    """What the page is called."""
    return f"Usage map: {view.record.import_name}"


def nothing_why(view: UsageView) -> str:
    """Why no group is shown; empty where one is."""
    if view.groups:
        return ""
    if view.private:
        return "No group is large enough, with its noise, for the map's minima."
    people = numbered(view.minimum_principals, "linked person", "linked people")
    told = (
        "No group may be shown: a group needs at least "
        f"{numbered(view.minimum_conversations, 'conversation')} of at least {people}, and none "
        "has them."
    )
    record = view.record
    if record.principals is not None and record.principals < view.minimum_principals:
        told += " All conversations are of " + (
            f"{numbered(record.principals, 'linked person', 'linked people')}."
        )
    if record.conversations < view.minimum_conversations:
        told += f" There are {numbered(record.conversations, 'conversation')} in all."
    return told


def share(part: int, whole: int) -> str:
    """A share in percent, never rounded away to nothing or all."""
    value = part / max(whole, 1)
    for places in (1, 2, 3, 4):
        told = f"{100 * value:.{places}f}"
        if part in (0, whole) or float(told) not in (0.0, 100.0):
            break
    return f"{told}%"


def excluded(view: UsageView) -> list[Said]:
    """Conversations that no shown group holds, by reason, and how much of usage they are."""
    record = view.record
    return [
        Said(reason, f"{number:,} ({share(number, record.conversations)})")
        for reason, number in sorted(record.hidden.items(), key=lambda each: -each[1])
    ]


def facts(view: UsageView) -> list[Said]:
    """How the map was made, and from what."""
    record, settings = view.record, view.record.settings
    levels = ", ".join(f"{number:,}" for number in record.clusters)
    found = [
        Said("Import", record.import_name),
        Said("Conversations", f"{record.conversations:,}"),
        Said("Linked people (principals)", _people(view)),
        Said("In groups that are shown", f"{record.shown:,} "
             f"({share(record.shown, record.conversations)})"),
        Said("Groups by level, the base first", levels),
        Said("Profile", record.profile),
        Said("Least conversations of a group", f"{view.minimum_conversations:,}"),
        Said("Least linked people of a group", f"{view.minimum_principals:,}"),
        Said("Compared by", record.embedding),
        Said("Agreement with another seed (adjusted Rand index)",
             "not known" if record.stability is None else f"{record.stability:.2f}"),
        Said("Differential privacy", "none" if record.epsilon is None
             else f"epsilon {record.epsilon:g}, by linked principal"),
        Said("Seed", str(settings.get("seed", ""))),
        Said("Made", f"{record.created[:10]} by Assay {record.assay}"),
        Said("Inputs (SHA-256)", record.inputs_sha256[:16]),
    ]  # fmt: skip
    return found + [Said(what.capitalize(), f"{n:,}") for what, n in view.imported.items()]


def stability(view: UsageView) -> str:
    """What the agreement with another seed means, in a sentence."""
    found = view.record.stability
    if found is None:
        return "How stable the groups are was not measured."
    told = (
        "Made anew with another seed, the groups agree with these by an adjusted Rand index of "
        f"{found:.2f} (1: the same groups; 0: no more than by chance). "
    )
    if found >= 0.8:
        return told + "The groups are a property of usage more than of chance."
    if found >= 0.5:
        return told + (
            "Broad groups can be relied on; where one small group ends and the next begins is "
            "partly chance."
        )
    return told + (
        "Most borders between groups are chance: read the groups as examples of what there is, "
        "and rely on no count of a single one."
    )


def limits(view: UsageView) -> list[Said]:
    """What may not be concluded from the map."""
    found = [
        Said("Rare things", "A group needs "
             f"{numbered(view.minimum_conversations, 'conversation')} of "
             f"{numbered(view.minimum_principals, 'linked person', 'linked people')} "
             "to be shown. What fewer do is not on this map, however grave."
             if view.record.profile == "insight" else
             "A single event forms no group. What happened once is not on this map."),
        Said("Intent", "The map tells what was asked, not why, nor what came of it."),
        Said("Names", "Groups are named by words that set them apart. A name is a label for "
             "finding things, not a finding; members differ."),
        Said("Shares", "Intervals say how far another sample of such usage might differ"
             + (", people counted as they act, not as conversations" if view.clustered
                and not view.private else "")
             + ". They do not cover how the groups were cut, nor what the logs left out."),
        Said("What was left out", "Only what people wrote is compared, the first 2,000 characters "
             "of a conversation; replies are not."),
    ]  # fmt: skip
    if not view.clustered:
        found.append(
            Said(
                "Accounts",
                "No account is known: minima and intervals count conversations, so a "
                "group may be one person's.",
            )
        )
    if view.private:
        found.append(
            Said(
                "Noise",
                "Counts carry noise, so that nobody's presence shows. Nothing is cut by "
                "time, language, surface or model, and nothing is compared: each such figure "
                "would spend more of the privacy budget.",
            )
        )
    elif view.minimum_conversations > 1:
        found.append(
            Said(
                "Blank cells",
                f"A figure of fewer than {view.minimum_conversations:,} "
                "conversations or "
                f"{numbered(view.minimum_principals, 'linked person', 'linked people')} "
                "is not in this file, "
                "but for how many conversations a scorer left without a value. "
                "Nor is any other figure from which such a one could be had by subtraction along "
                "a group's own parts or along the groups within a group; these stand as not told. "
                "Who knows some of the conversations, or solves all sums at once, can still bound "
                "some; differential privacy (assay usage map --epsilon) is for that.",
            )
        )
    return found


def _people(view: UsageView) -> str:
    if view.record.principals is None:
        return "not told" if view.private else "not known"
    return f"{view.record.principals:,}"
