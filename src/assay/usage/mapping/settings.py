"""What shapes a map: one value object, so that a map can be made again from what it says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from assay.errors import DefinitionError, Problem
from assay.records.usage import Profile

INSIGHT_CONVERSATIONS = 25
"""Below so many conversations a cluster is not shown, unless somebody chose otherwise."""
INSIGHT_PRINCIPALS = 10
"""Below so many linked principals a cluster is not shown, unless somebody chose otherwise."""
CLUSTER_SIZE = 100
"""Conversations in a base cluster on average; Clio's costs assume as many."""
PRIVATE_CLUSTER_SIZE = 1000
"""The same with differential privacy, whose noise would leave nothing of small clusters."""
Text = Literal["said", "facets"]
"""What stands for a conversation on a map."""
WORDS = "words"
"""The embedder that is fitted on the import itself and needs no weights."""


@dataclass(frozen=True)
class MapSettings:
    """How to make a map.

    Attributes:
        profile: ``insight`` or ``safety``.
        embedder: ``words``, or what :func:`assay.embeddings.open_embedder` knows; None: the best
            that is at hand.
        min_conversations: fewer are not shown; None: 25 for insight, 1 for safety.
        min_principals: fewer linked principals are not shown; None: 10 for insight, 1 for safety.
        epsilon: counts and keywords under differential privacy; None for none.
        accounts_unknown: count conversations only, where no account is known.
        seed: of every random choice.
        namer: ``provider/model`` that names groups and audits the names; None for no model.
        text: ``said``: what people wrote, redacted; ``facets``: what a model says they asked for.
    """

    profile: Profile = "insight"
    embedder: str | None = None
    min_conversations: int | None = None
    min_principals: int | None = None
    epsilon: float | None = None
    accounts_unknown: bool = False
    seed: int = 0
    namer: str | None = None
    text: Text = "said"

    def __post_init__(self) -> None:
        problems = [
            Problem("assay usage map", message, remedy)
            for wrong, message, remedy in self._rules()
            if wrong
        ]
        if problems:
            raise DefinitionError(problems)

    def _rules(self) -> list[tuple[bool, str, str]]:
        minima = (self.min_conversations, self.min_principals)
        epsilon = self.epsilon
        return [
            (
                not 0 <= self.seed < 2**32,
                f"the seed is {self.seed}.",
                "Give a whole number from 0 to 4294967295.",
            ),
            (
                any(each is not None and each < 1 for each in minima),
                "a minimum is below 1.",
                "Minima count conversations or people: 1 or more.",
            ),
            (
                epsilon is not None and not 0 < epsilon <= 100,
                f"epsilon is {epsilon}.",
                "Give a number above 0; 1 is strong, 10 is weak.",
            ),
            (
                epsilon is not None and self.accounts_unknown,
                "differential privacy protects people, and no account is known.",
                "Leave out --epsilon, or import accounts.",
            ),
            (
                epsilon is not None and self.namer is not None,
                "a model that sees conversations is outside of differential privacy.",
                "Leave out --epsilon or --namer.",
            ),
            (
                epsilon is not None and self.text == "facets",
                "a model that sees conversations is outside of differential privacy.",
                "Leave out --epsilon or --text facets.",
            ),
            (
                epsilon is not None and self.profile == "safety",
                "the safety profile keeps links to accounts, which no noise protects.",
                "Use --epsilon with --profile insight.",
            ),
        ]

    @property
    def conversations_needed(self) -> int:
        """The least conversations of a cluster that is shown."""
        if self.min_conversations is not None:
            return self.min_conversations
        return INSIGHT_CONVERSATIONS if self.profile == "insight" else 1

    @property
    def principals_needed(self) -> int:
        """The least linked principals of a cluster that is shown, and behind each word of it."""
        if self.min_principals is not None:
            return self.min_principals
        return INSIGHT_PRINCIPALS if self.profile == "insight" else 1

    @property
    def lowered(self) -> bool:
        """Whether the insight profile's own minima are undercut, so that few people may show."""
        return self.profile == "insight" and (
            self.conversations_needed < INSIGHT_CONVERSATIONS
            or self.principals_needed < INSIGHT_PRINCIPALS
        )

    @property
    def cluster_size(self) -> int:
        """Conversations in a base cluster, on average."""
        return CLUSTER_SIZE if self.epsilon is None else PRIVATE_CLUSTER_SIZE

    def told(self) -> dict[str, Any]:
        """Every setting by name, with the minima that hold."""
        return {
            **{name: getattr(self, name) for name in self.__dataclass_fields__},
            "min_conversations": self.conversations_needed,
            "min_principals": self.principals_needed,
            "cluster_size": self.cluster_size,
        }

    def key(self) -> bytes:
        """The settings as bytes, for the hashes that name what was made with them."""
        return msgspec.json.encode(self.told(), order="deterministic")
