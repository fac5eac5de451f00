"""What may be shown: groups of enough conversations from enough linked principals."""

from __future__ import annotations

from collections.abc import Sequence

from assay.usage.mapping.noise import DELTA
from assay.usage.mapping.settings import INSIGHT_CONVERSATIONS, INSIGHT_PRINCIPALS, MapSettings
from assay.usage.mapping.spent import Spent

FEW_CONVERSATIONS = "too few conversations"
FEW_PRINCIPALS = "too few linked principals"
NO_WORDS = "no words of a person"
"""Why conversations are in no group: they hold nothing that the embedder knows."""
AUDITED = "not passed by the auditor"
NOT_COUNTED = "not counted, for differential privacy"
"""Why conversations are in no noisy count: their principals have more than count, and noise."""

_HALF = 0.5
_GIANT = 0.2


def why_hidden(settings: MapSettings, conversations: int, principals: int | None) -> str | None:
    """Why a group is not shown; None where it is."""
    if conversations < settings.conversations_needed:
        return FEW_CONVERSATIONS
    if principals is not None and principals < settings.principals_needed:
        return FEW_PRINCIPALS
    return None


def warnings_of(
    settings: MapSettings, told: dict[str, int], conversations: int, shown: int, *, fallback: bool
) -> Sequence[str]:
    """What a reader must know of a map before relying on it."""
    accounts, largest = told["accounts"], told["largest"]
    found = []
    if settings.epsilon is not None:
        found.append(
            f"Differential privacy of epsilon {settings.epsilon:g} and delta {DELTA:g}, by linked "
            "principal, covers the counts and keywords of clusters.parquet and this file alone. "
            "It does not cover which groups there are, where they stand and how close they are, "
            "nor conversations.parquet."
        )
    elif settings.accounts_unknown:
        found.append(
            "ACCOUNTS UNKNOWN: minima count conversations, not people. A group may be one person's."
        )
    elif told["without_account"] > _HALF * conversations:
        found.append(
            f"{told['without_account']:,} of {conversations:,} conversations have no account; "
            "together they count as one principal."
        )
    exact = settings.epsilon is None and not settings.accounts_unknown
    if exact and largest > max(1, _GIANT * accounts):
        found.append(
            f"Links join {largest:,} of {accounts:,} accounts into one principal. A network or an "
            "organization that strangers share does so too; the map then hides more than it must."
        )
    if settings.profile == "safety":
        found.append("Safety profile: groups of few people are shown. Not for wide reading.")
    if settings.lowered:
        found.append(
            f"Minima of {settings.conversations_needed:,} conversations and "
            f"{settings.principals_needed:,} linked people, where the insight profile has "
            f"{INSIGHT_CONVERSATIONS} and {INSIGHT_PRINCIPALS}: groups of few people may be shown. "
            "Not for wide reading."
        )
    if fallback:
        found.append(
            "No local embedder is at hand, so conversations were compared by their words alone. "
            "A better map: assay models add, then assay usage map --embedder static."
        )
    if conversations and shown < _HALF * conversations:
        found.append(
            f"Shown groups hold {shown:,} of {conversations:,} "
            f"conversation{'s' if conversations != 1 else ''}: most of usage is "
            "hidden for privacy."
        )
    return found


def warnings_of_spending(spent: Sequence[Spent]) -> Sequence[str]:
    """What a reader must know of private maps of the same import that came before this."""
    if len(spent) < 2:
        return ()
    total = sum(each.epsilon for each in spent)
    return (
        f"{len(spent)} private maps were made of this import. Against whoever has seen them all, "
        f"it is epsilon {total:g} that protects, and not this map's alone, whatever was deleted in "
        "between.",
    )
