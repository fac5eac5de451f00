"""What to validate: which embedders, on which conversations, under which settings of a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assay.errors import DefinitionError, Problem
from assay.usage.mapping.settings import MapSettings

LEAST, MOST = 200, 200_000
"""Conversations that are made up."""


@dataclass(frozen=True)
class ValidationSettings:
    """What to validate, and with what.

    Attributes:
        embedders: as :class:`assay.usage.mapping.MapSettings` names them; none: the best at hand.
        labelled: a file of labelled conversations; None: they are made up.
        conversations: how many to make up.
        secrets: people whose secret is planted; 0 leaves the leak checks out.
        victims: of each kind of attack.
        names_sheet: where people say whether names are true: written where it is not there, read
            where it is.
        judge: the model that says whether names are true.
        namer: a model that names groups, in one more setting; None for none.
        writer: the model that writes the made-up conversations, in place of a grammar.
        seed: of every random choice.
    """

    embedders: Sequence[str] = ()
    labelled: Path | None = None
    conversations: int = 4000
    secrets: int = 100
    victims: int = 20
    names_sheet: Path | None = None
    judge: str | None = None
    namer: str | None = None
    writer: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        rules = [
            (
                not LEAST <= self.conversations <= MOST,
                f"{self.conversations:,} conversations cannot be made up.",
                f"Give a number from {LEAST} to {MOST:,}.",
            ),
            (
                self.secrets < 0 or self.victims < 0,
                "a number of secrets or victims is below 0.",
                "0 leaves them out.",
            ),
            (
                self.labelled is not None and self.writer is not None,
                "a file of conversations and a model that writes them exclude each other.",
                "Leave one out.",
            ),
            (
                len(set(self.embedders)) < len(self.embedders),
                "an embedder is named twice.",
                "Name each once.",
            ),
        ]
        problems = [
            Problem("assay usage validate", what, remedy) for wrong, what, remedy in rules if wrong
        ]
        if problems:
            raise DefinitionError(problems)


def setups(embedder: str, seed: int, namer: str | None = None) -> dict[str, MapSettings]:
    """The settings of a map that are compared, by name."""
    found = {
        "insight": MapSettings(embedder=embedder, seed=seed),
        "insight, minima 5 and 2": MapSettings(
            embedder=embedder, seed=seed, min_conversations=5, min_principals=2
        ),
        "epsilon 4": MapSettings(embedder=embedder, seed=seed, epsilon=4),
        "safety": MapSettings(embedder=embedder, seed=seed, profile="safety"),
    }
    if namer is not None:
        own = MapSettings(embedder=embedder, seed=seed, namer=namer)
        found[f"insight, named by {namer}"] = own
    return found
